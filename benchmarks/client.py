"""The parent's side of a worker: starts it, sends commands, and waits until it is idle."""

import json
import os
import select
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Self

from benchmarks.contestants import ALL

ROOT = Path(__file__).parents[1]


class WorkerError(RuntimeError):
    """A worker failed, died, or took too long."""


class Client:
    """A worker process of one contestant at one number of threads.

    The number of threads is set in the environment before anything is imported. How threads wait is
    left at each library's default. kmeans_core keeps its compiled code in ``numba_cache``.
    """

    def __init__(self, name: str, n_threads: int, numba_cache: Path) -> None:
        self.name, self.n_threads = name, n_threads
        threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
        environment = {
            **os.environ,
            **{variable: str(n_threads) for variable in threads},
            "NUMBA_CACHE_DIR": str(numba_cache),
        }
        environment.pop("OMP_WAIT_POLICY", None)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", name, str(n_threads)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, do: str, within: float, **command: Any) -> dict[str, Any]:
        """The answer to a command; without an answer ``within`` these seconds, the worker ends."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps({"do": do, **command}).encode() + b"\n")
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise WorkerError("died") from error
        ready, _, _ = select.select([self.process.stdout], [], [], within)
        if not ready:
            self.close()
            raise WorkerError(f"longer than {within:.0f} s")
        line = self.process.stdout.readline()
        if not line:
            raise WorkerError(f"died with exit code {self.process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise WorkerError(answer["error"])
        return answer

    def settle(self, patience: float = 2.0) -> float:
        """Wait until the worker uses no processor, and return the seconds that this took.

        Threads of OpenMP and BLAS spin for a while after their work, and the next contestant must
        not pay for that.
        """
        begun, before = time.perf_counter(), self._ticks()
        while time.perf_counter() - begun < patience:
            # A tick is 10 ms, so a thread that spins is seen within 25.
            time.sleep(0.025)
            now = self._ticks()
            if now == before:
                break
            before = now
        return time.perf_counter() - begun

    def _ticks(self) -> int:
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        except OSError:  # no /proc, or no process
            return 0
        times = stat.rpartition(")")[2].split()[11:13]
        return sum(int(part) for part in times)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def thread_counts() -> list[int]:
    """One thread, and all threads that this process may use."""
    return sorted({1, len(os.sched_getaffinity(0))})


def installed() -> list[str]:
    """The contestants whose package is installed."""
    found = []
    for name, contestant in ALL.items():
        try:
            version(contestant.package)
        except PackageNotFoundError:
            continue
        found.append(name)
    return found
