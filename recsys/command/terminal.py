"""Where the command writes: answers to standard output, notices to standard error."""

import io
import os
import sys
from contextlib import suppress

from recsys.printable import message, printable

# Codes for bold letters. `answer` prints them as they are, and escapes other control characters.
BOLD, PLAIN = "\x1b[1m", "\x1b[0m"


class OutputError(Exception):
    """Standard output cannot be written: the answer is lost."""


def open_streams() -> None:
    """Open the standard streams that the process was started without.

    Otherwise the next file that the process opens gets the number of a missing stream, and the
    text for the terminal goes into that file.
    """
    # A closed standard output opens for reading only: a lost answer must be an error.
    for number, flags in ((0, os.O_RDONLY), (1, os.O_RDONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            # This opens the lowest free number, which is ``number``.
            os.open(os.devnull, flags)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        # The command does not stop for a title in letters that the terminal cannot show.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def answer(*lines: str) -> None:
    """Print the lines of an answer, with control characters written out.

    If the reader of the answer has stopped, it raises a BrokenPipeError; if the answer cannot be
    written for another reason, it raises an OutputError.
    """
    _write("".join(f"{_safe(line)}\n" for line in lines))


def flush() -> None:
    """Write all answers that are still in the buffer; errors are those of :func:`answer`."""
    _write("", flush=True)


def tell(notice: str) -> None:
    """Print a notice of the command on standard error, in one line."""
    complain(f"recsys: {notice}")


def complain(text: str) -> None:
    """Print one line on standard error; do nothing if it cannot be written."""
    if sys.stderr is not None:
        with suppress(OSError, ValueError):
            print(message(text), file=sys.stderr)


def settle() -> None:
    """Flush both streams, and drop the text that cannot be written.

    Otherwise Python tries again when it exits, and then sets its own exit code.
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
    except ValueError:  # standard error is closed
        return False


def writes_to_terminal() -> bool:
    """Whether standard output is a terminal."""
    try:
        return sys.stdout is not None and sys.stdout.isatty()
    except ValueError:  # standard output is closed
        return False


def _safe(line: str) -> str:
    if not writes_to_terminal():
        return printable(line)
    parts = line.split(BOLD)
    return BOLD.join(PLAIN.join(map(printable, part.split(PLAIN))) for part in parts)


def _write(text: str, flush: bool = False) -> None:
    try:
        print(text, end="", flush=flush)
    except BrokenPipeError:
        raise
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OutputError(f"standard output cannot be written: {reason}") from error
