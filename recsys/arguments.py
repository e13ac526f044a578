"""What arguments of the command may be: read, or refused in one line."""

import argparse
import os
from pathlib import Path
from typing import Any

# Exit code.
BAD_INPUT = 2


class OneLineParser(argparse.ArgumentParser):
    """Bad arguments are one line, as every other bad input is."""

    def error(self, message: str) -> Any:
        self.exit(BAD_INPUT, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}") from None


def positive(text: str) -> int:
    """A whole number from 1 up."""
    value = whole(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, not {value}")
    return value


def seed(text: str) -> int:
    """A whole number that numpy takes as a seed."""
    value = whole(text)
    if not 0 <= value < 2**32:
        raise argparse.ArgumentTypeError(f"must be 0 to 2**32 - 1, not {value}")
    return value


def writable_file(text: str) -> Path:
    """A file that can be written, found out before the work rather than after it."""
    path = Path(text)
    if path.is_dir():
        raise argparse.ArgumentTypeError(f"{path} is a folder, not a file")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {path.parent}")
    if not os.access(path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"the folder {path.parent} cannot be written to")
    return path


def ks(text: str) -> range:
    """Numbers of clusters, as START:STOP:STEP."""
    try:
        ks = range(*(int(part) for part in text.split(":")))
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(
            f"must be START:STOP or START:STOP:STEP, not {text}"
        ) from None
    if not ks or min(ks[0], ks[-1]) < 2:
        raise argparse.ArgumentTypeError(f"must name numbers from 2 up, not {text}")
    return ks
