"""A server on this machine that sends whatever a test says, and helpers for failing fetches."""

import hashlib
import io
import socket
import socketserver
import threading
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from recsys.readers.fetch import FetchError, KnownRelease, fetch

RATINGS = "userId,movieId,rating,timestamp\n7,1,4.5,100\n"
MOVIES = "movieId,title,genres\n1,Up (2009),Animation\n"
FILES = {"ml-tiny/ratings.csv": RATINGS, "ml-tiny/movies.csv": MOVIES}
# Seconds. These tests take far less, so a test that takes longer hangs.
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
    """Answers each request by calling `answer` with the socket."""

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
        """Do nothing: in these tests clients go away."""


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
    """Tries a fetch that must fail and leave nothing behind, and returns the message."""
    # The deadline ends the test if another limit does not work.
    options.setdefault("deadline", HANG)
    with pytest.raises(FetchError) as caught:
        fetch(release, to=to, base_url=server.url, accept_unverified=True, **options)
    assert list(to.iterdir()) == []
    message = str(caught.value)
    assert len(message) < 3000
    assert message.isprintable()
    assert f"open {server.url}ml-tiny.zip in a browser" in message
    return message


def threads_end() -> None:
    """Waits for the threads of downloads, which must end with their download."""
    for thread in threading.enumerate():
        if thread.name == "recsys download":
            thread.join(HANG)
            assert not thread.is_alive()
