"""Loaded by the workers that a command starts: Ctrl-C is for the command, which stops them."""

import signal
from typing import Any


def dask_setup(worker: Any) -> None:
    """Dask calls it in the main thread of a new worker."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
