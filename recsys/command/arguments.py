"""Reads the arguments of the command, and refuses bad ones in one line."""

import argparse
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from recsys.command import terminal
from recsys.files import check_writable
from recsys.printable import shortened

# Exit code.
BAD_INPUT = 2


class OneLineParser(argparse.ArgumentParser):
    """A parser that reports bad arguments in one line, as for every other bad input."""

    def error(self, message: str) -> Any:
        terminal.complain(f"{self.prog}: error: {message} (see {self.prog} --help)")
        self.exit(BAD_INPUT)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None:
            _check_name(action, value, list(action.choices))

    def _print_message(self, message: str, file: Any = None) -> None:
        # Help may also be written to a full disk or a closed pipe.
        if file is sys.stdout:
            terminal.answer(*message.removesuffix("\n").split("\n"))
        else:
            terminal.complain(message)


class Names(argparse.Action):
    """Takes names with blanks or commas between them. ``const`` are those that exist."""

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        names = [name.strip() for text in values for name in text.split(",") if name.strip()]
        for name in names:
            _check_name(self, name, self.const)
        setattr(namespace, self.dest, names)


def _check_name(action: argparse.Action, name: Any, known: Sequence[Any]) -> None:
    if name not in known:
        near = get_close_matches(str(name), known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        listed = ", ".join(map(str, known))
        raise argparse.ArgumentError(
            action, f"there is no {shortened(str(name))!r}{hint} (choose from {listed})"
        )


def whole(text: str) -> int:
    """Read a whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"must be a whole number, not {shortened(text)!r}"
        ) from None


def positive(text: str) -> int:
    """Read a whole number of at least 1."""
    value = whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def fits(text: str) -> int:
    """Read a number of fits from which stability can be measured, as `kmeans_core.sweep_k` does."""
    value = whole(text)
    if value != 0 and not 2 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"must be 0, or 2 to 1000, not {value}")
    return value


def seed(text: str) -> int:
    """Read a whole number that numpy accepts as a seed."""
    value = whole(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be 0 to 2**32 - 1, not {value}")
    return value


def port(text: str) -> int:
    """Read the number of a port; 0 means a free one."""
    value = whole(text)
    if not 0 <= value < 2**16:
        raise argparse.ArgumentTypeError(f"must be 0 to 65535, not {value}")
    return value


def writable_file(text: str) -> Path:
    """Read the path of a file, and check before the work starts that the file can be written."""
    path = Path(text)
    try:
        check_writable(path)
    except IsADirectoryError:
        raise argparse.ArgumentTypeError(f"{path} is a folder, not a file") from None
    except FileNotFoundError as error:
        raise argparse.ArgumentTypeError(f"there is no folder {error.filename}") from None
    except OSError as error:
        reason = f"{error.filename} cannot be written to: {error.strerror}"
        raise argparse.ArgumentTypeError(reason) from None
    return path


def years(text: str) -> tuple[int, int]:
    """Read a year, or the first and the last of several years: 1990-1999."""
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text.strip())
    if not found:
        raise argparse.ArgumentTypeError(f"must be a year or FIRST-LAST, not {shortened(text)!r}")
    first, last = int(found[1]), int(found[2] or found[1])
    if last < first:
        raise argparse.ArgumentTypeError(f"must begin with the earlier year, not {text}")
    return first, last


def ks(text: str) -> range:
    """Read numbers of clusters, written as START:STOP:STEP."""
    try:
        ks = range(*(int(part) for part in text.split(":")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"must be START:STOP or START:STOP:STEP, not {text}"
        ) from None
    if not ks or min(ks[0], ks[-1]) < 2:
        raise argparse.ArgumentTypeError(f"must name numbers of at least 2, not {text}")
    return ks
