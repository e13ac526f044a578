"""Where the command writes: answers to standard output, notices to standard error."""

import io
import os
import sys
from contextlib import suppress

from recsys.printable import message, printable


class OutputError(Exception):
    """Standard output cannot be written: the answer is lost."""


def open_streams() -> None:
    """Give the process the standard streams that it was started without.

    Otherwise the next file that is opened takes their number, and what is meant for the terminal
    is written into it.
    """
    # Standard output that is closed cannot be written, and an answer that is lost is an error.
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free, which is this one.
            os.open(os.devnull, flags)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # A title in letters that the terminal cannot show is no reason to stop.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def answer(*lines: str) -> None:
    """Print lines of an answer; no character of theirs reaches the terminal as a control.

    Raises
    ------
    BrokenPipeError
        If whoever reads the answer stopped.
    OutputError
        If it cannot be written for another reason.
    """
    _write("".join(f"{printable(line)}\n" for line in lines))


def flush() -> None:
    """See to it that all answers are written.

    Raises
    ------
    BrokenPipeError, OutputError
        As :func:`answer`.
    """
    _write("", flush=True)


def tell(notice: str) -> None:
    """Print a notice of the command on standard error, on one line."""
    complain(f"recsys: {notice}")


def complain(text: str) -> None:
    """Print one line on standard error. That nobody can read it is no reason to fail."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(message(text), file=sys.stderr)


def settle() -> None:
    """Flush both streams; what cannot be written is dropped.

    Python would try again when it exits, and end with an exit code of its own.
    """
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)


def shows_progress() -> bool:
    """Whether standard error is a terminal, where a progress bar can be drawn."""
    try:
        return sys.stderr is not None and sys.stderr.isatty()
    except ValueError:  # it is closed
        return False


def _write(text: str, flush: bool = False) -> None:
    try:
        print(text, end="", flush=flush)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"standard output cannot be written: {reason}") from error
