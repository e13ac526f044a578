"""Downloads one file within limits of size and time, even from a hostile server."""

import os
import socket
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from recsys.printable import shortened

# A download stops if the server sends fewer bytes a second than this during one timeout.
LEAST_SPEED = 1000
# Chunks are small, so that the bytes of a slow server are counted soon.
CHUNK_BYTES = 1 << 13
# An answer may take several timeouts: a server may have several addresses, and may redirect.
ANSWER_TIMEOUTS = 4
# The seconds between two checks of a download.
_CHECK_INTERVAL = 0.05


class DownloadError(RuntimeError):
    """A download was stopped; the message says why."""


def download(
    url: str,
    path: Path,
    *,
    most_bytes: int,
    timeout: float,
    deadline: float,
    progress: bool = False,
) -> None:
    """Download a file without content encoding; after an error, ``path`` may hold a part of it.

    It raises a DownloadError if the file has more than ``most_bytes``; if an answer takes too long;
    if fewer than 1,000 bytes a second come during one ``timeout`` (seconds); if the whole download
    takes longer than ``deadline`` (seconds); if the file is encoded; or if the server redirects
    from an encrypted connection to one that is not encrypted. It raises an OSError if the
    connection fails (errors of `requests` are OSErrors), or if the file cannot be written.
    """
    with path.open("wb") as file:
        running = _Download(url, file, most_bytes, timeout, progress)
        try:
            running.start()
            _watch(running, timeout, deadline)
        finally:
            running.abandon()
    if running.error is not None:
        raise running.error


def _watch(running: "_Download", timeout: float, deadline: float) -> None:
    """Wait for the end of a download; raise a DownloadError if it takes too long."""
    begun = looked = time.monotonic()
    seen = 0
    while not running.done.wait(_CHECK_INTERVAL):
        now = time.monotonic()
        if now - begun > deadline:
            raise DownloadError(
                f"the download was not complete after {deadline:g} seconds (for a longer "
                "deadline, pass --deadline SECONDS or deadline=)"
            )
        if not running.answered.is_set():
            looked = now
            if now - begun > ANSWER_TIMEOUTS * timeout:
                raise DownloadError(f"no answer within {ANSWER_TIMEOUTS * timeout:g} seconds")
        elif now - looked > timeout:
            if running.n_bytes - seen < LEAST_SPEED * timeout:
                raise DownloadError(
                    f"the server sent only {running.n_bytes - seen:,} bytes in {timeout:g} seconds"
                )
            looked, seen = now, running.n_bytes


class _Download(threading.Thread):
    """One download in its own thread, so that another thread can limit its time.

    The connection's own timeout is not enough: it starts again with every byte, also in a header.
    """

    def __init__(
        self, url: str, file: BinaryIO, most_bytes: int, timeout: float, progress: bool
    ) -> None:
        # A daemon thread does not keep the process alive while it waits for a server.
        super().__init__(name="recsys download", daemon=True)
        self.url, self.file = url, file
        self.most_bytes, self.timeout, self.progress = most_bytes, timeout, progress
        self.n_bytes = 0
        self.error: BaseException | None = None
        self.answered, self.done = threading.Event(), threading.Event()
        self._abandoned = False
        self._lock = threading.Lock()
        self._sockets: list[socket.socket] = []

    def run(self) -> None:
        import pooch  # type: ignore[import-untyped]

        with ExitStack() as responses:

            def on_response(response: Any, **_: Any) -> None:
                # pooch leaves the connection of a failed download open.
                responses.callback(response.close)
                self._check_response(response)

            try:
                fetch = pooch.HTTPDownloader(
                    progressbar=self.progress,
                    chunk_size=CHUNK_BYTES,
                    timeout=self.timeout,
                    # Few encoded bytes can decode to a huge file, and the hash is of plain bytes.
                    headers={"Accept-Encoding": "identity"},
                    hooks={"response": on_response},
                )
                fetch(self.url, self, None)
            except BaseException as error:
                self.error = error
        with self._lock:
            for opened in self._sockets:
                opened.close()
            self._sockets.clear()
        self.done.set()

    def abandon(self) -> None:
        """Stop the download: a read that waits for the server ends at once."""
        with self._lock:
            self._abandoned = True
            for opened in self._sockets:
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)

    # The file that pooch writes to --------------------------------------------------------------

    def write(self, chunk: bytes) -> int:
        # The file is closed only after `abandon`, and `abandon` waits for this lock.
        with self._lock:
            if self._abandoned:
                raise DownloadError("the download was stopped")
            self.n_bytes += len(chunk)
            if self.n_bytes > self.most_bytes:
                raise DownloadError(f"the server sent more than {self.most_bytes:,} bytes")
            return self.file.write(chunk)

    def flush(self) -> None:
        """Do nothing: pooch calls this after each chunk, and closing the file writes it."""

    # The answer of the server -------------------------------------------------------------------

    def _check_response(self, response: Any) -> None:
        with self._lock:
            if self._abandoned:
                raise DownloadError("the download was stopped")
            # `abandon` gets its own handle of the connection, because two threads must not close
            # one response. An answer without a body has no connection.
            with suppress(OSError, ValueError):
                self._sockets.append(socket.socket(fileno=os.dup(response.raw.fileno())))
        if response.is_redirect:
            # Otherwise requests reads the body of a redirect to its end.
            response.close()
            _check_redirect(response.url, response.headers["location"])
            return
        self.answered.set()
        if response.status_code >= 400:
            return
        encoding = response.headers.get("content-encoding", "identity")
        if encoding.strip().lower() not in ("", "identity"):
            raise DownloadError(f"the server sent an encoded file ({shortened(encoding)!r})")
        claimed = response.headers.get("content-length", "0")
        if not (claimed.isascii() and claimed.isdigit()):
            raise DownloadError(f"the server sent a wrong length ({shortened(claimed)!r})")
        if len(claimed) > 18 or int(claimed) > self.most_bytes:
            raise DownloadError(
                f"the server offers {shortened(claimed)} bytes, more than {self.most_bytes:,}"
            )


def _check_redirect(url: str, location: str) -> None:
    """Raise a DownloadError if a redirect leaves an encrypted connection."""
    scheme = urlsplit(location).scheme.lower()
    if urlsplit(url).scheme == "https" and scheme not in ("", "https"):
        raise DownloadError(
            f"the server redirects to an address that is not encrypted ({shortened(location)!r})"
        )
