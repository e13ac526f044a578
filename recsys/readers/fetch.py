"""Downloads a MovieLens release, checks its hash and unpacks it; all of it or nothing."""

import hashlib
import json
import os
import re
import ssl
import tempfile
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from recsys.data.ratings import RatingsError
from recsys.printable import message, shortened
from recsys.readers.archives import ArchiveError, open_zip, unpack
from recsys.readers.download import download
from recsys.readers.formats import find_release

BASE_URL = "https://files.grouplens.org/datasets/movielens/"
# Written into the folder before it gets its final name: what was fetched, and how it was checked.
RECORD = "fetched.json"
LARGEST_RECORD = 100_000
# For a zip whose size is not known; the largest release has 335 million bytes.
MOST_BYTES = 1_000_000_000


class FetchError(RuntimeError):
    """A release could not be fetched; the message says why, and how to do it by hand."""

    def __init__(self, reason: str) -> None:
        # What a server or a zip says may be anything, and a traceback prints it raw.
        super().__init__(message(reason))


@dataclass(frozen=True)
class KnownRelease:
    """One release that can be fetched.

    Attributes
    ----------
    name : str
        Its name, and that of its zip without `.zip`.
    bytes : int or None
        Size of the zip, where it is known.
    sha256, md5 : str or None
        Hashes of the zip, in hexadecimal, where they are known.
    users, movies, ratings : int
        How much is in it.
    note : str or None
        What one should know before using it.
    max_bytes : int
        The download stops beyond this size where `bytes` is not known.
    """

    name: str
    bytes: int | None
    sha256: str | None
    md5: str | None
    users: int
    movies: int
    ratings: int
    note: str | None
    max_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Fetched:
    """A release that lies unpacked on this machine.

    Attributes
    ----------
    folder : Path
        Where it is; `load_ratings` takes it.
    downloaded : bool
        Whether this call downloaded it; False if it was there already.
    verified : bool
        Whether its zip was checked against a known hash. False also for a folder that was put
        there by hand.
    sha256 : str or None
        Hash of the zip it came from; None for a folder that was put there by hand.
    note : str or None
        What one should know before using it.
    """

    folder: Path
    downloaded: bool
    verified: bool
    sha256: str | None
    note: str | None


def known_releases() -> dict[str, KnownRelease]:
    """The releases that `fetch` knows, by name.

    Returns
    -------
    dict of str to KnownRelease

    Examples
    --------
    >>> list(known_releases())
    ['ml-100k', 'ml-1m', 'ml-25m', 'ml-32m', 'ml-latest-small']
    >>> known_releases()["ml-25m"].ratings
    25000095
    """
    text = resources.files("recsys.readers").joinpath("releases.json").read_text("utf-8")
    return {entry["name"]: KnownRelease(**entry) for entry in json.loads(text)}


def fetch(
    release: str | KnownRelease,
    *,
    to: str | os.PathLike[str] | None = None,
    accept_unverified: bool = False,
    progress: bool = False,
    base_url: str = BASE_URL,
    timeout: float = 30,
    deadline: float = 3600,
) -> Fetched:
    """Download a release and unpack it, unless it is there already.

    The zip is downloaded and unpacked in a temporary folder beside the final one, and the result
    is renamed when it is complete: a fetch that fails or is interrupted leaves no release. Where
    several processes fetch one release at once, one of them puts it there and all return it.

    The download stops beyond the size of the zip that is known (else beyond `max_bytes` of the
    release), when it takes too long, and when the server sends an encoded file. The zip is not
    unpacked if that would take more than 100 times its size.

    Parameters
    ----------
    release : str or KnownRelease
        The name of a known release, or a description of another one.
    to : path, optional
        The folder to put the release's own folder in; without it, the user's cache.
    accept_unverified : bool
        Download a release whose hash is not known; the result then has the hash found.
    progress : bool
        Show a progress bar on standard error.
    base_url : str
        The folder of the zip on the server.
    timeout : float
        Seconds to wait for the server to answer or to go on. A server is given up that sends
        fewer than 1,000 bytes a second on average over so many seconds.
    deadline : float
        Seconds for the whole download.

    Returns
    -------
    Fetched

    Raises
    ------
    FetchError
        If the name is not known, the hash is not known and `accept_unverified` is not set, or
        anything goes wrong on the way.

    Examples
    --------
    >>> fetch("ml-2m")
    Traceback (most recent call last):
    recsys.readers.fetch.FetchError: no release 'ml-2m'; known are ml-100k, ml-1m, ml-25m, ml-32m,
    ml-latest-small
    """
    if isinstance(release, str):
        known = known_releases()
        if release not in known:
            raise FetchError(f"no release {release!r}; known are {', '.join(known)}")
        release = known[release]
    # Only fetching needs pooch, and what it brings is slow to import.
    import pooch  # type: ignore[import-untyped]

    parent = Path(to) if to is not None else Path(pooch.os_cache("recsys"))
    url = f"{base_url.rstrip('/')}/{release.name}.zip"
    try:
        if (parent / release.name).exists():
            return _already_there(parent / release.name, release)
        if not (release.sha256 or release.md5 or accept_unverified):
            raise FetchError(
                "no hash of it is known to check it by; to fetch it all the same, pass "
                "--accept-unverified (accept_unverified=True)"
            )
        return _download(release, url, parent, progress, timeout, deadline)
    # requests' exceptions are OSErrors; a damaged zip is a ValueError.
    except (OSError, ValueError, RuntimeError) as error:
        raise FetchError(
            f"{release.name} was not fetched: {_reason(error, timeout)}. By hand: open {url} in a "
            "browser, unpack the zip, and pass its folder with --data FOLDER (load_ratings)."
        ) from error


def _already_there(folder: Path, release: KnownRelease) -> Fetched:
    try:
        find_release(folder)
    except RatingsError as error:
        raise FetchError(f"{folder} is in the way, it is not a release ({error})") from error
    record = folder / RECORD
    if not os.path.lexists(record):
        return Fetched(folder, False, False, None, release.note)
    verified, sha256 = _read_record(record)
    return Fetched(folder, False, verified, sha256, release.note)


def _read_record(record: Path) -> tuple[bool, str]:
    """Whether the zip of a release was checked, and its hash; anybody may have edited the file."""
    try:
        if not record.is_file():
            raise ValueError("it is not a regular file")
        with record.open("rb") as stream:
            data = stream.read(LARGEST_RECORD + 1)
        if len(data) > LARGEST_RECORD:
            raise ValueError(f"it has more than {LARGEST_RECORD:,} bytes")
        found = json.loads(data)
        verified, sha256 = found["verified"], found["sha256"]
        if not isinstance(verified, bool):
            raise ValueError("verified is neither true nor false")
        if not (isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)):
            raise ValueError("sha256 is not a hash")
    # A RuntimeError is what Python says of lists in lists without end.
    except (OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        reason = f"no {error}" if isinstance(error, LookupError) else str(error)
        raise FetchError(
            f"{record} is not a record of a download ({shortened(reason)}); remove it to take the "
            "release as it is, or remove its folder to fetch it again"
        ) from error
    return verified, sha256


def _download(
    release: KnownRelease,
    url: str,
    parent: Path,
    progress: bool,
    timeout: float,
    deadline: float,
) -> Fetched:
    parent.mkdir(parents=True, exist_ok=True)
    # The dot keeps what a killed process leaves behind from looking like a release.
    with tempfile.TemporaryDirectory(dir=parent, prefix=f".{release.name}-") as scratch:
        archive = Path(scratch, "download.zip")
        download(
            url,
            archive,
            most_bytes=release.max_bytes if release.bytes is None else release.bytes,
            timeout=timeout,
            deadline=deadline,
            progress=progress,
        )
        sha256 = _checked_sha256(archive, release)
        with open_zip(archive) as members:
            unpack(members, Path(scratch, "unpacked"))
        unpacked = Path(str(find_release(Path(scratch, "unpacked")).folder))
        verified = bool(release.sha256 or release.md5)
        record = {"url": url, "sha256": sha256, "verified": verified}
        (unpacked / RECORD).write_text(json.dumps(record), encoding="utf-8")
        folder = parent / release.name
        try:
            unpacked.rename(folder)
        except OSError:
            if not folder.exists():
                raise
            # Somebody else was faster, and put the same there.
            return _already_there(folder, release)
    return Fetched(folder, True, verified, sha256, release.note)


def _checked_sha256(archive: Path, release: KnownRelease) -> str:
    """The hash of the zip, after comparing it with the size and the hashes that are known."""
    size = archive.stat().st_size
    if release.bytes is not None and size != release.bytes:
        raise FetchError(f"the server sent {size:,} bytes, and the release has {release.bytes:,}")
    found = {}
    for name, known in (("sha256", release.sha256), ("md5", release.md5)):
        with archive.open("rb") as stream:
            found[name] = hashlib.file_digest(stream, name).hexdigest()
        if known and found[name] != known.lower():
            raise FetchError(
                f"its {name} is {found[name]}, not {known}: the download is damaged, or the file "
                "on the server is another one now"
            )
    return found["sha256"]


def _reason(error: BaseException, timeout: float) -> str:
    """What went wrong, in words for the person who asked for the release."""
    import requests

    chain = [error]
    while before := chain[-1].__cause__ or chain[-1].__context__:
        chain.append(before)
    for cause in chain:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"the server's certificate is not valid ({cause.verify_message})"
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answered {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {timeout:g} seconds"
    if isinstance(error, requests.RequestException):
        return f"the connection failed ({chain[-1]})"
    if isinstance(error, ArchiveError):
        return f"what was downloaded is not a sound zip ({error})"
    return str(error) or type(error).__name__
