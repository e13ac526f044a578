"""A worker: one contestant at one number of threads in a process of its own.

It reads one JSON command from each line and answers each with one line. :mod:`benchmarks.client`
starts it, with the thread settings in its environment.
"""

import ctypes
import gc
import json
import os
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import agreement, contestants, environment, task
from benchmarks.task import Fit, Task


class Worker:
    """Holds the contestant and at most one task."""

    def __init__(self, contestant: contestants.Contestant) -> None:
        self.contestant = contestant
        self.task: Task | None = None
        self.run: contestants.Run | None = None

    def about(self) -> dict[str, Any]:
        return {"blas": environment.blas_in_use()}

    def load(self, path: str) -> dict[str, Any]:
        self.drop()
        self.task = task.load(Path(path))
        self.run = self.contestant.prepare(self.task)
        return {}

    def drop(self) -> dict[str, Any]:
        self.task = self.run = None
        gc.collect()
        return {}

    def call(
        self, seed: int = 0, seconds: float = 0.0, at_most: int = 1, labels: str | None = None
    ) -> dict[str, Any]:
        """Time calls until ``seconds`` have passed; describe the last answer, untimed."""
        assert self.run is not None
        assert self.task is not None
        taken: list[float] = []
        while not taken or (sum(taken) < seconds and len(taken) < at_most):
            begun = time.perf_counter()
            result = self.run(seed)
            taken.append(time.perf_counter() - begun)
        if labels is not None and isinstance(result, Fit):
            np.save(labels, np.asarray(result.labels))
        return {"seconds": taken, **agreement.described(self.task, result)}

    def memory(self) -> dict[str, Any]:
        run = self.run
        assert run is not None
        return {"megabytes": megabytes_of(lambda: run(0))}


def megabytes_of(call: Callable[[], Any]) -> float:
    """Megabytes of a call at its peak, beyond the memory of the process before the call."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    # Linux resets the peak. getrusage's ru_maxrss would still include the peak of loading.
    Path("/proc/self/clear_refs").write_text("5")
    before = _status("VmRSS")
    call()
    return max(0, _status("VmHWM") - before) / 1024


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))


def main() -> None:
    name, n_threads = sys.argv[1], int(sys.argv[2])
    # The pipe carries answers only, so text that a library prints goes to the error stream.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    worker = Worker(contestants.ALL[name](n_threads))
    for line in sys.stdin:
        command = json.loads(line)
        try:
            answer = getattr(worker, command.pop("do"))(**command)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
