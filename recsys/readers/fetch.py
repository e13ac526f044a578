"""Downloads a MovieLens release, checks its hash and unpacks it, all or nothing."""

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
# This file in the folder of a release says where the zip came from, its hash, and whether the hash
# was known. It is written before the folder gets its final name.
RECORD = "fetched.json"
LARGEST_RECORD = 100_000
# The limit for a zip of unknown size. The largest release has 335 million bytes.
MOST_BYTES = 1_000_000_000


class FetchError(RuntimeError):
    """A release could not be fetched; the message says why, and how to fetch it by hand."""

    def __init__(self, reason: str) -> None:
        # The reason may hold text from a server or a zip. A traceback prints it as it is.
        super().__init__(message(reason))


@dataclass(frozen=True)
class KnownRelease:
    """A release that can be fetched; its zip is called `name`.zip."""

    name: str
    # The size and the hashes (hexadecimal) of the zip, if they are known.
    bytes: int | None
    sha256: str | None
    md5: str | None
    # The numbers of users, movies and ratings in the release.
    users: int
    movies: int
    ratings: int
    # A warning to read before using the release.
    note: str | None
    # The download stops beyond this size if `bytes` is not known.
    max_bytes: int = MOST_BYTES


@dataclass(frozen=True)
class Fetched:
    """An unpacked release on this machine.

    Attributes
    ----------
    folder : Path
        The folder of the release. `load_ratings` takes it.
    downloaded : bool
        True if this call downloaded the release, False if it was there already.
    verified : bool
        True if the zip was checked against a known hash. It is False for a folder that was put
        there by hand.
    sha256 : str or None
        The hash of the zip. It is None for a folder that was put there by hand.
    note : str or None
        A warning to read before using the release.
    """

    folder: Path
    downloaded: bool
    verified: bool
    sha256: str | None
    note: str | None


def known_releases() -> dict[str, KnownRelease]:
    """List the releases that `fetch` knows, by name.

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

    The zip is downloaded and unpacked in a temporary folder beside the final one. The result is
    renamed when it is complete, so a fetch that fails or is interrupted leaves no release. If
    several processes fetch one release at once, one of them writes it and all return it.

    The download stops if it takes too long or if the server sends an encoded file. It also stops
    beyond the size of the zip, or beyond `max_bytes` of the release if the size is not known. The
    zip is not unpacked if the result would be more than 100 times its size.

    Parameters
    ----------
    release : str or KnownRelease
        The name of a known release, or a description of another release.
    to : path, optional
        The folder that the release's own folder goes into. The default is the user's cache.
    accept_unverified : bool
        Also download a release whose hash is not known. The result has the hash of its zip.
    progress : bool
        Show a progress bar on standard error.
    base_url : str
        The folder of the zip on the server.
    timeout : float
        The seconds to wait for an answer and for more bytes. The server must send at least 1,000
        bytes a second, averaged over this time.
    deadline : float
        The seconds for the whole download.

    Returns
    -------
    Fetched
        The folder of the release.

    Raises
    ------
    FetchError
        If the name is not known, if no hash is known and `accept_unverified` is False, or if the
        download, a check or the unpacking fails.

    Examples
    --------
    >>> fetch("ml-2m")
    Traceback (most recent call last):
    recsys.readers.fetch.FetchError: no release 'ml-2m'; choose one of ml-100k, ml-1m, ml-25m,
    ml-32m, ml-latest-small
    """
    if isinstance(release, str):
        known = known_releases()
        if release not in known:
            raise FetchError(f"no release {release!r}; choose one of {', '.join(known)}")
        release = known[release]
    # pooch is slow to import, and only fetching needs it.
    import pooch  # type: ignore[import-untyped]

    parent = Path(to) if to is not None else Path(pooch.os_cache("recsys"))
    url = f"{base_url.rstrip('/')}/{release.name}.zip"
    try:
        if (parent / release.name).exists():
            return _already_there(parent / release.name, release)
        if not (release.sha256 or release.md5 or accept_unverified):
            raise FetchError(
                "no hash is known to check it; to fetch it without a check, pass "
                "--accept-unverified (accept_unverified=True)"
            )
        return _download(release, url, parent, progress, timeout, deadline)
    # Exceptions of requests are OSErrors. A damaged zip raises a ValueError.
    except (OSError, ValueError, RuntimeError) as error:
        raise FetchError(
            f"{release.name} was not fetched: {_reason(error, timeout)}. By hand: open {url} in a "
            "browser, unpack the zip, and pass its folder with --data FOLDER (load_ratings)."
        ) from error


def _already_there(folder: Path, release: KnownRelease) -> Fetched:
    try:
        find_release(folder)
    except RatingsError as error:
        raise FetchError(f"{folder} is in the way: it is not a release ({error})") from error
    record = folder / RECORD
    if not os.path.lexists(record):
        return Fetched(folder, False, False, None, release.note)
    verified, sha256 = _read_record(record)
    return Fetched(folder, False, verified, sha256, release.note)


def _read_record(record: Path) -> tuple[bool, str]:
    """Read whether the zip of a release was checked, and its hash. The file may hold anything."""
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
            raise ValueError("verified is not true or false")
        if not (isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)):
            raise ValueError("sha256 is not a hash")
    # Deeply nested lists raise a RuntimeError.
    except (OSError, ValueError, LookupError, TypeError, RuntimeError) as error:
        reason = f"no {error}" if isinstance(error, LookupError) else str(error)
        raise FetchError(
            f"{record} is not a record of a download ({shortened(reason)}); remove it to use the "
            "release as it is, or remove its folder to fetch the release again"
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
    # A killed process leaves this folder behind. Its name starts with a dot, so that it does not
    # look like a release.
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
            # Another process was faster.
            return _already_there(folder, release)
    return Fetched(folder, True, verified, sha256, release.note)


def _checked_sha256(archive: Path, release: KnownRelease) -> str:
    """Compare the zip with the known size and hashes, and return its sha256."""
    size = archive.stat().st_size
    if release.bytes is not None and size != release.bytes:
        raise FetchError(f"the server sent {size:,} bytes, but the release has {release.bytes:,}")
    found = {}
    for name, known in (("sha256", release.sha256), ("md5", release.md5)):
        with archive.open("rb") as stream:
            found[name] = hashlib.file_digest(stream, name).hexdigest()
        if known and found[name] != known.lower():
            raise FetchError(
                f"its {name} is {found[name]}, not {known}: the download is damaged, or the file "
                "on the server has changed"
            )
    return found["sha256"]


def _reason(error: BaseException, timeout: float) -> str:
    """Say in plain words what went wrong."""
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
        return f"the downloaded file is not a sound zip ({error})"
    return str(error) or type(error).__name__
