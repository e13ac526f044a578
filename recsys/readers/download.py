"""Downloads one file within limits of size and time, whatever the server does."""

import os
import socket
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from recsys.printable import shortened

# A server that sends fewer bytes than this in a second, for as long as the timeout, is given up.
LEAST_SPEED = 1000
# Small, so that a slow server is seen to be going on.
CHUNK_BYTES = 1 << 13
# An answer may take several timeouts: a server has several addresses, and may lead elsewhere.
ANSWER_TIMEOUTS = 4
# How often a download is looked at, in seconds.
_GLANCE = 0.05


class DownloadError(RuntimeError):
    """A download was stopped; the message says at which limit."""


def download(
    url: str,
    path: Path,
    *,
    most_bytes: int,
    timeout: float,
    deadline: float,
    progress: bool = False,
) -> None:
    """Download a file as it is on the server, without any encoding on the way.

    Parameters
    ----------
    url : str
    path : Path
        Where the file is written. It may be left unfinished.
    most_bytes : int
        The download stops beyond this size.
    timeout : float
        Seconds to wait for the server to answer or to go on. It must send 1,000 bytes a second
        at least, on average over so many seconds.
    deadline : float
        Seconds for everything.
    progress : bool
        Show a progress bar on standard error.

    Raises
    ------
    DownloadError
        If a limit is passed, or the server sends an encoded file or leads to a place that is not
        safe.
    OSError
        If the connection fails (those of `requests` are OSErrors), or the file cannot be written.
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
    """Wait for the end of a download; a DownloadError if that takes too long."""
    begun = looked = time.monotonic()
    seen = 0
    while not running.done.wait(_GLANCE):
        now = time.monotonic()
        if now - begun > deadline:
            raise DownloadError(
                f"the download was not complete after {deadline:g} seconds (for more, pass "
                "--deadline SECONDS, deadline=)"
            )
        if not running.answered.is_set():
            looked = now
            if now - begun > ANSWER_TIMEOUTS * timeout:
                raise DownloadError(f"no answer within {ANSWER_TIMEOUTS * timeout:g} seconds")
        elif now - looked > timeout:
            if running.n_bytes - seen < LEAST_SPEED * timeout:
                raise DownloadError(
                    f"the server sent {running.n_bytes - seen:,} bytes in {timeout:g} seconds"
                )
            looked, seen = now, running.n_bytes


class _Download(threading.Thread):
    """One download in a thread of its own, so that its time can be limited.

    A timeout of the connection starts anew with every byte that arrives, and a header may be
    dripped too: only somebody who stands outside can stop that.
    """

    def __init__(
        self, url: str, file: BinaryIO, most_bytes: int, timeout: float, progress: bool
    ) -> None:
        # A daemon: it may still wait for a server when nobody waits for it any more.
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
                # pooch itself leaves the connection of a failed download open.
                responses.callback(response.close)
                self._check_response(response)

            try:
                fetch = pooch.HTTPDownloader(
                    progressbar=self.progress,
                    chunk_size=CHUNK_BYTES,
                    timeout=self.timeout,
                    # A small file that decodes to a large one, and a hash of other bytes.
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
        """Stop as soon as can be: a read that waits for the server ends at once."""
        with self._lock:
            self._abandoned = True
            for opened in self._sockets:
                with suppress(OSError):
                    opened.shutdown(socket.SHUT_RDWR)

    # What pooch writes to -----------------------------------------------------------------------

    def write(self, chunk: bytes) -> int:
        # While this holds the lock, the file is not closed.
        with self._lock:
            if self._abandoned:
                raise DownloadError("the download was stopped")
            self.n_bytes += len(chunk)
            if self.n_bytes > self.most_bytes:
                raise DownloadError(f"the server sent more than {self.most_bytes:,} bytes")
            return self.file.write(chunk)

    def flush(self) -> None:
        """pooch asks for this after each chunk; the file is complete once it is closed."""

    # What the server says -----------------------------------------------------------------------

    def _check_response(self, response: Any) -> None:
        with self._lock:
            if self._abandoned:
                raise DownloadError("the download was stopped")
            # Another handle of the same connection: a response is not closed from two threads.
            # An answer without a body has none.
            with suppress(OSError, ValueError):
                self._sockets.append(socket.socket(fileno=os.dup(response.raw.fileno())))
        if response.is_redirect:
            # requests would read the body of a redirect to its end.
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
            raise DownloadError(f"the server tells no length ({shortened(claimed)!r})")
        if len(claimed) > 18 or int(claimed) > self.most_bytes:
            raise DownloadError(
                f"the server offers {shortened(claimed)} bytes, more than {self.most_bytes:,}"
            )


def _check_redirect(url: str, location: str) -> None:
    """A DownloadError for a redirect that leaves an encrypted connection."""
    scheme = urlsplit(location).scheme.lower()
    if urlsplit(url).scheme == "https" and scheme not in ("", "https"):
        raise DownloadError(
            f"the server leads to an address that is not encrypted ({shortened(location)!r})"
        )
