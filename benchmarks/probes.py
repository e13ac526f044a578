"""Probes in processes of their own: peak memory, compilation, and fits on a busy machine."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.client import Client, WorkerError
from benchmarks.contestants import OURS
from benchmarks.rounds import Effort, Key, Workers


def megabytes(key: Key, path: Path, tiny: Path, numba_cache: Path, effort: Effort) -> float | None:
    """Peak memory of one call beyond input, libraries and compiled code; None if it failed.

    A tiny task first loads the libraries and the compiled code. Memory that the first call on the
    real task allocates and keeps is counted.
    """
    with Client(*key, numba_cache=numba_cache) as client:
        try:
            client.ask("load", within=effort.patience, path=str(tiny))
            client.ask("call", within=effort.patience)
            client.ask("load", within=effort.patience, path=str(path))
            return float(client.ask("memory", within=effort.patience)["megabytes"])
        except WorkerError:
            return None


def first_calls(n_threads: int, path: Path, effort: Effort) -> dict[str, float]:
    """Seconds of our first call in a process, with an empty and with a warm cache of kernels."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        for state in ("empty cache", "warm cache"):
            with Client(OURS, n_threads, numba_cache=Path(folder)) as client:
                client.ask("load", within=effort.patience, path=str(path))
                answer = client.ask("call", within=effort.patience)
            found[state] = float(answer["seconds"][0])
    return found


@contextmanager
def busy(n_processors: int) -> Iterator[None]:
    """Keep all processors busy, each with a process that never rests."""
    loops = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(n_processors)
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def slowdowns(
    path: Path, keys: list[Key], workers: Workers, effort: Effort, seeds: int
) -> dict[str, Any]:
    """Seconds of a task while the processors are idle, and while they are kept busy."""
    found: dict[str, Any] = {}
    for key in keys:
        workers.get(key).ask("load", within=effort.patience, path=str(path))
        workers.get(key).ask("call", within=effort.patience)
        found[f"{key[0]}, {key[1]} threads"] = {}

    def rounds(state: str) -> None:
        taken: dict[Key, list[float]] = {key: [] for key in keys}
        for turn in range(effort.repeats):
            for key in keys:
                answer = workers.get(key).ask(
                    "call",
                    within=effort.patience,
                    seed=turn % seeds,
                    seconds=3 * effort.visit_seconds,
                    at_most=10,
                )
                taken[key].append(statistics.median(answer["seconds"]))
                workers.get(key).settle()
        for key in keys:
            found[f"{key[0]}, {key[1]} threads"][state] = statistics.median(taken[key])

    rounds("quiet")
    with busy(max(n for _, n in keys)):
        rounds("busy")
    for key in keys:
        workers.get(key).ask("drop", within=effort.patience)
    for times in found.values():
        times["slowdown"] = times["busy"] / times["quiet"]
    return found
