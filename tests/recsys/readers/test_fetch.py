"""Fetching a release from a server on this machine: its result, and every way it can fail."""

import dataclasses
import hashlib
import io
import json
import shutil
import socket
import ssl
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recsys.readers.fetch import BASE_URL, Fetched, FetchError, KnownRelease, fetch, known_releases
from recsys.readers.movielens import load_release

RATINGS = "userId,movieId,rating,timestamp\n7,1,4.5,100\n"
MOVIES = "movieId,title,genres\n1,Up (2009),Animation\n"


def zipped(members: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return buffer.getvalue()


GOOD = zipped(
    {"ml-tiny/README.txt": "x", "ml-tiny/ratings.csv": RATINGS, "ml-tiny/movies.csv": MOVIES}
)


def described(
    data: bytes = GOOD, *, name: str = "ml-tiny", hashes=("sha256", "md5")
) -> KnownRelease:
    """Describe a release whose zip is `data`; only the named hashes are known."""
    found = {key: hashlib.new(key, data).hexdigest() for key in hashes}
    return KnownRelease(name, None, found.get("sha256"), found.get("md5"), 1, 1, 1, "A note.")


class Server:
    """Answers on 127.0.0.1. `files` maps a path to (status, body, claimed length)."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.files: dict[str, tuple[int, bytes, int]] = {}
        self.asked: list[str] = []
        self.hold = threading.Event()
        self.holding = False
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append(self.path)
                if server.holding:
                    server.hold.wait(10)
                status, body, length = server.files.get(self.path, (404, b"no", 2))
                self.send_response(status)
                self.send_header("Content-Length", str(length))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.handle_error = lambda *args: None  # type: ignore[method-assign]
        if context:
            self.http.socket = context.wrap_socket(self.http.socket, server_side=True)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self.http.server_address[1]}/data/"
        self.thread = threading.Thread(
            target=self.http.serve_forever, kwargs={"poll_interval": 0.01}
        )
        self.thread.start()

    def offer(self, data: bytes, name: str = "ml-tiny", length: int | None = None) -> None:
        self.files[f"/data/{name}.zip"] = (200, data, len(data) if length is None else length)

    def close(self) -> None:
        self.hold.set()
        self.http.shutdown()
        self.http.server_close()
        self.thread.join()


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    # Requests must not go through a proxy of the machine.
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    server.offer(GOOD)
    yield server
    server.close()


def failure(release: KnownRelease, server: Server, to: Path, **options) -> str:
    """Tries a fetch that must fail and leave no release, and returns the message."""
    before = sorted(to.iterdir()) if to.is_dir() else None
    with pytest.raises(FetchError) as caught:
        fetch(release, to=to, base_url=server.url, **options)
    message = str(caught.value)
    assert "\n" not in message
    assert f"open {server.url}{release.name}.zip in a browser" in message
    assert "unpack" in message
    assert "--data FOLDER" in message
    if before is not None:
        assert sorted(to.iterdir()) == before
    else:
        assert not to.is_dir() or not list(to.iterdir())
    return message


# Success --------------------------------------------------------------------------------------


def test_a_release_arrives_checked_and_readable(server, tmp_path):
    fetched = fetch(described(), to=tmp_path / "new" / "data", base_url=server.url)
    assert fetched == Fetched(
        folder=tmp_path / "new" / "data" / "ml-tiny",
        downloaded=True,
        verified=True,
        sha256=hashlib.sha256(GOOD).hexdigest(),
        note="A note.",
    )
    assert load_release(fetched.folder).ratings["rating"].tolist() == [4.5]
    assert (fetched.folder / "README.txt").is_file()
    assert [path.name for path in fetched.folder.parent.iterdir()] == ["ml-tiny"]


def test_the_second_time_needs_no_network_and_says_the_same(server, tmp_path):
    first = fetch(described(), to=str(tmp_path), base_url=server.url)
    server.files.clear()
    second = fetch(described(), to=str(tmp_path), base_url=server.url)
    assert second == dataclasses.replace(first, downloaded=False)
    assert server.asked == ["/data/ml-tiny.zip"]


def test_a_flat_zip_arrives_too(server, tmp_path):
    flat = zipped({"ratings.csv": RATINGS, "movies.csv": MOVIES})
    server.offer(flat)
    fetched = fetch(described(flat), to=tmp_path, base_url=server.url.rstrip("/"))
    assert fetched.folder == tmp_path / "ml-tiny"
    assert len(load_release(fetched.folder).ratings) == 1


def test_without_a_folder_it_goes_to_the_users_cache(server, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    import pooch

    fetched = fetch(described(), base_url=server.url)
    assert fetched.folder == Path(pooch.os_cache("recsys")) / "ml-tiny"
    shutil.rmtree(fetched.folder)


def test_a_folder_that_was_unpacked_by_hand_is_taken_as_it_is(server, tmp_path):
    (tmp_path / "ml-tiny").mkdir()
    (tmp_path / "ml-tiny" / "ratings.csv").write_text(RATINGS)
    (tmp_path / "ml-tiny" / "movies.csv").write_text(MOVIES)
    fetched = fetch(described(), to=tmp_path, base_url=server.url)
    assert fetched == Fetched(tmp_path / "ml-tiny", False, False, None, "A note.")
    assert server.asked == []


def test_without_a_known_hash_it_must_be_asked_for_and_the_hash_is_reported(server, tmp_path):
    release = described(hashes=())
    message = failure(release, server, tmp_path)
    assert "no hash" in message
    assert "--accept-unverified" in message
    assert server.asked == []

    fetched = fetch(release, to=tmp_path, accept_unverified=True, base_url=server.url)
    assert (fetched.verified, fetched.sha256) == (False, hashlib.sha256(GOOD).hexdigest())
    again = fetch(release, to=tmp_path, base_url=server.url)
    assert again == dataclasses.replace(fetched, downloaded=False)


def test_a_progress_bar_is_shown_only_if_asked_for(server, tmp_path, capsys):
    fetch(described(), to=tmp_path / "quiet", base_url=server.url)
    quiet = capsys.readouterr()
    assert (quiet.out, quiet.err) == ("", "")
    fetch(described(), to=tmp_path / "loud", base_url=server.url, progress=True)
    loud = capsys.readouterr()
    assert loud.out == ""
    assert "100%" in loud.err


# Failure --------------------------------------------------------------------------------------


@pytest.mark.parametrize("known", [("sha256",), ("md5",), ("sha256", "md5")])
def test_another_hash_is_refused_and_nothing_is_left(server, tmp_path, known):
    server.offer(zipped({"ml-tiny/ratings.csv": RATINGS, "ml-tiny/movies.csv": MOVIES}))
    message = failure(described(hashes=known), server, tmp_path / "data")
    assert f"its {known[0]} is " in message
    assert hashlib.new(known[0], GOOD).hexdigest() in message
    assert server.asked


def test_both_hashes_are_compared(server, tmp_path):
    release = dataclasses.replace(described(), md5="0" * 32)
    assert "its md5 is " in failure(release, server, tmp_path)


def test_accepting_the_unverified_does_not_accept_another_hash(server, tmp_path):
    release = dataclasses.replace(described(), sha256="0" * 64)
    assert "its sha256 is " in failure(release, server, tmp_path, accept_unverified=True)


def test_a_server_without_the_file_is_reported(server, tmp_path):
    server.files.clear()
    assert "the server answered 404 Not Found" in failure(described(), server, tmp_path)


@pytest.mark.parametrize("hashes", [(), ("sha256",)])
def test_a_body_that_breaks_off_is_reported(server, tmp_path, hashes):
    server.offer(GOOD[:-50], length=len(GOOD))
    release = described(hashes=hashes)
    assert "connection failed" in failure(release, server, tmp_path, accept_unverified=True)


def test_a_file_that_is_not_a_zip_is_reported(server, tmp_path):
    server.offer(b"<html>moved</html>")
    release = described(hashes=())
    assert "not a sound zip" in failure(release, server, tmp_path, accept_unverified=True)


def test_a_zip_without_ratings_is_reported(server, tmp_path):
    other = zipped({"ml-tiny/photo.txt": "x"})
    server.offer(other)
    assert "no ratings" in failure(described(other), server, tmp_path)


@pytest.mark.parametrize(
    "name", ["../evil.txt", "ml-tiny/../../evil.txt", "/tmp/evil.txt", "C:\\evil"]
)
def test_a_zip_that_would_write_elsewhere_is_refused(server, tmp_path, name):
    evil = zipped({"ml-tiny/ratings.csv": RATINGS, "ml-tiny/movies.csv": MOVIES, name: "x"})
    server.offer(evil)
    message = failure(described(evil), server, tmp_path / "a" / "b")
    assert "the zip is not safe: " in message
    assert "leads outside its folder" in message or name.startswith("/")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_port_without_a_server_is_reported(server, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server.url = f"http://127.0.0.1:{taken.getsockname()[1]}/data/"
        message = failure(described(), server, tmp_path)
    assert "the connection failed (" in message
    assert "refused" in message.lower()


def test_a_server_that_does_not_answer_is_reported(server, tmp_path):
    server.holding = True
    message = failure(described(), server, tmp_path, timeout=0.2)
    assert "no answer within 0.2 seconds" in message


def test_a_place_that_cannot_be_written_is_reported(server, tmp_path):
    (tmp_path / "file").write_text("x")
    message = failure(described(), server, tmp_path / "file")
    assert str(tmp_path / "file") in message


def test_another_folder_in_the_way_is_left_alone(server, tmp_path):
    (tmp_path / "ml-tiny").mkdir()
    (tmp_path / "ml-tiny" / "mine.txt").write_text("x")
    assert "is in the way" in failure(described(), server, tmp_path)
    assert (tmp_path / "ml-tiny" / "mine.txt").read_text() == "x"
    assert server.asked == []


CERTIFICATE_AUTHORITY = """
[ca]
default_ca = only
[only]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
x509_extensions = names
[any]
commonName = supplied
[names]
subjectAltName = IP:127.0.0.1
"""


def self_signed(folder: Path, last_year: int) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1, good from 2024 to the end of a year, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command to make a certificate with")
    (folder / "ca.cnf").write_text(CERTIFICATE_AUTHORITY)
    (folder / "index.txt").write_text("")
    (folder / "serial").write_text("01")
    request = "req -new -newkey rsa:2048 -nodes -keyout key -out request -subj /CN=127.0.0.1"
    sign = "ca -batch -notext -config ca.cnf -selfsign -keyfile key -in request -out certificate"
    dates = f"-startdate 20240101000000Z -enddate {last_year}1231000000Z"
    for command in (request, f"{sign} {dates}"):
        made = subprocess.run(["openssl", *command.split()], cwd=folder, capture_output=True)
        assert made.returncode == 0, made.stderr.decode()
    return folder / "certificate", folder / "key"


@pytest.mark.parametrize(
    ("last_year", "reason"), [(2024, "certificate has expired"), (2040, "self")]
)
def test_a_certificate_that_is_not_valid_is_reported_and_never_passed_over(
    tmp_path, monkeypatch, last_year, reason
):
    certificate, key = self_signed(tmp_path, last_year)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    if last_year == 2024:
        # This certificate is trusted, and only its date is wrong.
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server = Server(context)
    try:
        server.offer(GOOD)
        message = failure(described(), server, tmp_path / "data")
    finally:
        server.close()
    assert f"the server's certificate is not valid ({reason}" in message
    assert server.asked == []


# Known releases -------------------------------------------------------------------------------


def test_only_published_hashes_are_known():
    releases = known_releases()
    assert list(releases) == ["ml-100k", "ml-1m", "ml-25m", "ml-32m", "ml-latest-small"]
    assert {name for name, release in releases.items() if not (release.sha256 or release.md5)} == {
        "ml-latest-small"
    }
    for release in releases.values():
        assert len(release.sha256 or "0" * 64) == 64
        assert len(release.md5 or "0" * 32) == 32
    assert releases["ml-100k"].sha256.startswith("50d2a982c669")
    assert releases["ml-1m"].md5.startswith("c4d9eecf")
    assert BASE_URL == "https://files.grouplens.org/datasets/movielens/"


def test_todays_latest_small_is_said_not_to_be_that_of_2016():
    note = known_releases()["ml-latest-small"].note
    assert "610" in note
    assert "671" in note
    assert "2016" in note


def test_the_record_has_the_address_and_the_hash(server, tmp_path):
    fetched = fetch(described(), to=tmp_path, base_url=server.url)
    record = json.loads((fetched.folder / "fetched.json").read_text())
    assert record["url"] == f"{server.url}ml-tiny.zip"
    assert record["sha256"] == fetched.sha256
