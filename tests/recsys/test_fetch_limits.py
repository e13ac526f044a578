"""Fetching from servers that never end, lie or lead astray, and from many processes at once."""

import dataclasses
import gzip
import hashlib
import io
import os
import signal
import socket
import socketserver
import stat
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recsys.download import DownloadError, download
from recsys.fetch import FetchError, KnownRelease, fetch

RATINGS = "userId,movieId,rating,timestamp\n7,1,4.5,100\n"
MOVIES = "movieId,title,genres\n1,Up (2009),Animation\n"
FILES = {"ml-tiny/ratings.csv": RATINGS, "ml-tiny/movies.csv": MOVIES}
# Far more than any of these should take; a test that gets there hangs.
HANG = 60


def zipped(files: dict[str, str], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


GOOD = zipped(FILES)


def described(data: bytes = GOOD, *, size: int | None = None, checked: bool = True) -> KnownRelease:
    sha256 = hashlib.sha256(data).hexdigest() if checked else None
    return KnownRelease("ml-tiny", size, sha256, None, 1, 1, 1, None)


Answer = Callable[[socket.socket], None]


class Server(socketserver.ThreadingTCPServer):
    """Answers each request with what a function writes to the socket."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.answer: Answer = lambda connection: None
        self.requests: list[bytes] = []
        self.closing = threading.Event()
        server = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                asked = b""
                while b"\r\n\r\n" not in asked and (more := self.request.recv(4096)):
                    asked += more
                server.requests.append(asked)
                server.answer(self.request)

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is what these tests are about."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.closing.set()
    server.shutdown()
    server.server_close()
    thread.join()


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


def whole(data: bytes, *lines: str) -> Answer:
    return lambda connection: connection.sendall(
        head(f"Content-Length: {len(data)}", "Connection: close", *lines) + data
    )


def endless(server: Server, first: bytes, piece: bytes, pause: float = 0.0) -> Answer:
    """Sends pieces until the client goes away."""

    def answer(connection: socket.socket) -> None:
        connection.sendall(first)
        while not server.closing.wait(pause):
            connection.sendall(piece)

    return answer


def failure(release: KnownRelease, server: Server, to: Path, **options: object) -> str:
    """Fetches what must fail, which leaves nothing behind."""
    with pytest.raises(FetchError) as caught:
        fetch(release, to=to, base_url=server.url, accept_unverified=True, **options)
    assert list(to.iterdir()) == []
    message = str(caught.value)
    assert len(message) < 3000
    assert message.isprintable()
    assert f"open {server.url}ml-tiny.zip in a browser" in message
    return message


def threads_end() -> None:
    """Waits for the threads of downloads, which must not outlive what they were started for."""
    for thread in threading.enumerate():
        if thread.name == "recsys download":
            thread.join(HANG)
            assert not thread.is_alive()


# More than was agreed ---------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [(), ("Transfer-Encoding: chunked",)])
def test_more_than_the_known_size_is_not_taken(server, tmp_path, encoding):
    piece = b"x" * 65536
    if encoding:
        piece = b"10000\r\n" + piece + b"\r\n"
    server.answer = endless(server, head("Connection: close", *encoding), piece)
    message = failure(described(size=1000), server, tmp_path)
    assert "sent more than 1,000 bytes" in message
    threads_end()


def test_more_than_the_limit_is_not_taken_where_no_size_is_known(server, tmp_path):
    server.answer = endless(server, head("Connection: close"), b"x" * 65536)
    release = dataclasses.replace(described(), max_bytes=300_000)
    assert "sent more than 300,000 bytes" in failure(release, server, tmp_path)


def test_what_is_written_stays_within_the_limit(server, tmp_path):
    server.answer = endless(server, head("Connection: close"), b"x" * 65536)
    with pytest.raises(DownloadError):
        download(server.url, tmp_path / "file", most_bytes=100_000, timeout=30, deadline=60)
    assert (tmp_path / "file").stat().st_size <= 100_000


@pytest.mark.parametrize("length", ["936000000", "9" * 5000])
def test_a_larger_file_is_refused_before_it_is_downloaded(server, tmp_path, length):
    server.answer = endless(server, head(f"Content-Length: {length}"), b"x", pause=0.01)
    message = failure(described(size=1000), server, tmp_path)
    assert f"the server offers {length[:20]}" in message
    assert "more than 1,000" in message
    threads_end()


@pytest.mark.parametrize("length", ["-5", "1e3", "\x1b[31m", "five", "\xb2"])
def test_a_length_that_is_none_is_told(server, tmp_path, length):
    first = head(f"Content-Length: {length}", "Connection: close")
    server.answer = lambda connection: connection.sendall(first + GOOD)
    failure(described(), server, tmp_path)


def test_fewer_bytes_than_known_are_told(server, tmp_path):
    server.answer = whole(GOOD[:100])
    message = failure(described(size=len(GOOD)), server, tmp_path)
    assert f"the server sent 100 bytes, and the release has {len(GOOD):,}" in message


def test_a_body_that_ends_early_is_told(server, tmp_path):
    server.answer = lambda connection: connection.sendall(
        head(f"Content-Length: {len(GOOD)}", "Connection: close") + GOOD[:50]
    )
    assert "the connection failed" in failure(described(), server, tmp_path)


@pytest.mark.parametrize("name", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "made-up"])
def test_an_encoded_file_is_refused(server, tmp_path, name):
    bomb = gzip.compress(bytes(50_000_000))
    server.answer = whole(bomb, f"Content-Encoding: {name}")
    assert f"the server sent an encoded file ('{name}')" in failure(described(), server, tmp_path)


def test_no_encoding_is_asked_for(server, tmp_path):
    server.answer = whole(GOOD)
    assert fetch(described(), to=tmp_path, base_url=server.url).downloaded
    assert b"Accept-Encoding: identity\r\n" in server.requests[0]


# Without an end ---------------------------------------------------------------------------------


def test_a_drip_of_bytes_is_given_up(server, tmp_path):
    server.answer = endless(server, head("Content-Length: 900000"), b"x", pause=0.02)
    message = failure(described(), server, tmp_path, timeout=0.5)
    assert " bytes in 0.5 seconds" in message
    threads_end()


@pytest.mark.parametrize(
    "first", [b"HTTP/1.1 200 OK\r\nX-Long: ", b"HTTP/1.1 100 Continue\r\nX: ", b""]
)
def test_a_drip_of_header_is_given_up(server, tmp_path, first):
    server.answer = endless(server, first, b"x", pause=0.02)
    assert "no answer within 1 seconds" in failure(described(), server, tmp_path, timeout=0.25)


def test_a_download_that_goes_on_ends_at_the_deadline(server, tmp_path):
    server.answer = endless(server, head("Connection: close"), b"x" * 9000, pause=0.02)
    message = failure(described(), server, tmp_path, timeout=0.2, deadline=1)
    assert "not complete after 1 seconds" in message
    assert "--deadline" in message
    threads_end()


def test_a_slow_download_within_the_limits_arrives(server, tmp_path):
    data = zipped({**FILES, "ml-tiny/more": os.urandom(4000).hex()}, zipfile.ZIP_STORED)

    def answer(connection: socket.socket) -> None:
        connection.sendall(head(f"Content-Length: {len(data)}"))
        for at in range(0, len(data), 500):
            connection.sendall(data[at : at + 500])
            time.sleep(0.01)

    server.answer = answer
    assert fetch(described(data), to=tmp_path, base_url=server.url, timeout=5).downloaded


# Elsewhere --------------------------------------------------------------------------------------


def redirect(location: str, body: bytes = b"") -> bytes:
    return head(f"Location: {location}", "Connection: close", status="302 Found") + body


def test_a_redirect_is_followed(server, tmp_path):
    def answer(connection: socket.socket) -> None:
        to_other = len(server.requests) == 1
        connection.sendall(redirect("/other.zip") if to_other else head("Connection: close") + GOOD)

    server.answer = answer
    assert fetch(described(), to=tmp_path, base_url=server.url).downloaded
    assert server.requests[1].startswith(b"GET /other.zip ")


def test_redirects_in_a_circle_end(server, tmp_path):
    server.answer = lambda connection: connection.sendall(redirect("/ml-tiny.zip"))
    assert "Exceeded 30 redirects" in failure(described(), server, tmp_path)


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x.zip", "data:,x", "http://[", "\x1b[31m:x"]
)
def test_a_redirect_to_another_scheme_is_refused(server, tmp_path, location):
    server.answer = lambda connection: connection.sendall(redirect(location))
    failure(described(), server, tmp_path)


def test_a_redirect_with_an_endless_body_is_not_read(server, tmp_path):
    def answer(connection: socket.socket) -> None:
        if len(server.requests) > 1:
            connection.sendall(head("Connection: close") + GOOD)
        else:
            endless(server, redirect("/other.zip"), b"x" * 1000, pause=0.01)(connection)

    server.answer = answer
    assert fetch(described(), to=tmp_path, base_url=server.url, timeout=5).downloaded


def test_a_redirect_away_from_an_encrypted_connection_is_refused():
    from recsys.download import _check_redirect

    with pytest.raises(DownloadError, match="not encrypted"):
        _check_redirect("https://127.0.0.1/x.zip", "http://127.0.0.1/x.zip")
    _check_redirect("https://127.0.0.1/x.zip", "https://127.0.0.1/y.zip")
    _check_redirect("https://127.0.0.1/x.zip", "/y.zip")
    _check_redirect("http://127.0.0.1/x.zip", "http://127.0.0.1/y.zip")


# Zips -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip_is_told(server, tmp_path, compression):
    data = zipped({**FILES, "ml-tiny/more": os.urandom(2000).hex()}, compression)
    # Inside the compressed data of the last member.
    for at in range(len(data) // 3, len(data) - 300, 97):
        spoiled = data[:at] + bytes(byte ^ 0xA5 for byte in data[at : at + 8]) + data[at + 8 :]
        server.answer = whole(spoiled)
        assert "not a sound zip" in failure(described(checked=False), server, tmp_path)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(server, tmp_path):
    bomb = zipped({**FILES, "ml-tiny/bomb": "\0" * 30_000_000})
    server.answer = whole(bomb)
    message = failure(described(bomb), server, tmp_path)
    assert "not safe" in message
    assert "more than 100 times as many" in message


def with_member(member: zipfile.ZipInfo, text: str) -> bytes:
    buffer = io.BytesIO(GOOD)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(member, text)
    return buffer.getvalue()


def test_a_link_in_a_zip_is_refused(server, tmp_path):
    link = zipfile.ZipInfo("ml-tiny/link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    data = with_member(link, "/etc/passwd")
    server.answer = whole(data)
    assert "'ml-tiny/link' is a link" in failure(described(data), server, tmp_path)


def test_a_name_twice_in_a_zip_is_refused(server, tmp_path):
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = with_member(zipfile.ZipInfo("ml-tiny/ratings.csv"), "x")
    server.answer = whole(data)
    assert "is in it twice" in failure(described(data), server, tmp_path)


@pytest.mark.parametrize(
    "name", ["ml-tiny//x", "/x", "ml-tiny/\x1b[31m/../../x", "x" * 300, "ml-tiny/ratings.csv/x"]
)
def test_a_name_that_cannot_be_written_is_refused(server, tmp_path, name):
    data = with_member(zipfile.ZipInfo(name), "x")
    server.answer = whole(data)
    failure(described(data), server, tmp_path)


# Places -----------------------------------------------------------------------------------------

HASH = "a" * 64


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"[]",
        b"null",
        b"{}",
        b"3",
        b'"text"',
        b"\xff\xfe\x00",
        b"\x00" * 1000,
        b"[" * 90_000,
        b"{" * 200_000,
        b'{"verified": 1, "sha256": "%s"}' % HASH.encode(),
        b'{"verified": true}',
        b'{"verified": true, "sha256": null}',
        b'{"verified": true, "sha256": "\\u001b[31m"}',
        b'{"sha256": "%s"}' % HASH.encode(),
        b'{"verified": true, "sha256": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_record_that_is_none_is_an_error_that_names_it(tmp_path, record):
    folder = tmp_path / "ml-tiny"
    folder.mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    (folder / "fetched.json").write_bytes(record)
    with pytest.raises(FetchError) as caught:
        fetch(described(), to=tmp_path)
    message = str(caught.value)
    assert f"{folder / 'fetched.json'} is not a record of a download (" in message
    assert "remove it" in message
    assert message.isprintable()
    assert len(message) < len(str(tmp_path)) + 600


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("nowhere")])
def test_a_record_that_is_no_file_is_an_error_that_names_it(tmp_path, make):
    (tmp_path / "ml-tiny").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    make(tmp_path / "ml-tiny" / "fetched.json")
    with pytest.raises(FetchError, match=r"fetched\.json is not a record .* not a regular file"):
        fetch(described(), to=tmp_path)


FETCH = """
import resource, sys
from pathlib import Path
from recsys.fetch import FetchError, KnownRelease, fetch
url, to, sha256, most = sys.argv[1:]
if int(most):
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(most), int(most)))
print("ready", flush=True)
sys.stdin.readline()
try:
    found = fetch(KnownRelease("ml-tiny", None, sha256, None, 1, 1, 1, None), to=to, base_url=url)
except FetchError as error:
    print(error)
    sys.exit(3)
except KeyboardInterrupt:
    sys.exit(130)
print(found.folder, found.verified, found.sha256)
"""


def fetching(server: Server, to: Path, most_bytes: int = 0) -> subprocess.Popen[str]:
    """A process that says when it is ready, and fetches once it is sent a line."""
    sha256 = hashlib.sha256(GOOD).hexdigest()
    return subprocess.Popen(
        [sys.executable, "-c", FETCH, server.url, str(to), sha256, str(most_bytes)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def begin(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    assert running.stdin is not None
    assert running.stdout.readline() == "ready\n"
    running.stdin.write("\n")
    running.stdin.flush()


def test_eight_at_once_all_have_it(server, tmp_path):
    everybody = threading.Barrier(8)

    def answer(connection: socket.socket) -> None:
        # Nobody has it before everybody has asked: all of them come to the rename.
        everybody.wait(HANG)
        whole(GOOD)(connection)

    server.answer = answer
    processes = [fetching(server, tmp_path) for _ in range(8)]
    for running in processes:
        begin(running)
    for running in processes:
        out, err = running.communicate(timeout=HANG)
        assert running.returncode == 0, out + err
        assert out == f"{tmp_path / 'ml-tiny'} True {hashlib.sha256(GOOD).hexdigest()}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["ml-tiny"]
    assert len(server.requests) == 8


def test_a_full_disk_is_told(server, tmp_path):
    server.answer = whole(GOOD)
    running = fetching(server, tmp_path, most_bytes=100)
    begin(running)
    out, err = running.communicate(timeout=HANG)
    assert (running.returncode, err) == (3, "")
    assert "File too large" in out
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_fetch_leaves_nothing(server, tmp_path):
    server.answer = endless(server, head("Content-Length: 9000000"), b"x" * 20_000, pause=0.02)
    running = fetching(server, tmp_path)
    begin(running)
    end = time.monotonic() + HANG
    while not list(tmp_path.glob(".*/download.zip")) and time.monotonic() < end:
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=HANG)
    assert (running.returncode, out, err) == (130, "", "")
    assert list(tmp_path.iterdir()) == []
