"""Rounds: all contestants, at each number of threads, do a row in turn."""

import statistics
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import agreement
from benchmarks.client import Client, WorkerError
from benchmarks.contestants import ALL, DEFAULT, OURS
from benchmarks.task import Task

# The most calls in a visit.
VISIT_CALLS = 10


@dataclass(frozen=True)
class Effort:
    """How much time a row may take."""

    # The number of rounds.
    repeats: int = 7
    # A contestant that has used this time at one number of threads is not called again, so that
    # slow contestants are timed once.
    max_seconds: float = 20.0
    # Short calls are repeated in a visit until this time has passed.
    visit_seconds: float = 0.1

    @property
    def patience(self) -> float:
        """A call that takes longer than this is stopped."""
        return max(60.0, 5 * self.max_seconds)


@dataclass
class Entry:
    """The times and answers of one contestant at one number of threads."""

    # The median seconds of a call in each visit, and the seconds of all calls.
    visits: list[float] = field(default_factory=list)
    used: float = 0.0
    # By seed.
    answers: dict[int, Any] = field(default_factory=dict)
    # Why there is no time.
    failed: str | None = None
    # The longest wait, in seconds, until its threads were idle after a visit.
    idle_after: float = 0.0

    @property
    def seconds(self) -> float:
        return statistics.median(self.visits)


Key = tuple[str, int]


class Workers:
    """One long-lived worker for each contestant and number of threads; its first use starts it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clients: dict[Key, Client] = {}

    def get(self, key: Key) -> Client:
        if key not in self.clients or self.clients[key].process.poll() is not None:
            self.clients[key] = Client(*key, numba_cache=self.folder / "numba")
        return self.clients[key]

    def close(self) -> None:
        for client in self.clients.values():
            client.close()


def keys_of(task: Task, names: list[str], threads: list[int]) -> list[Key]:
    """The contestants and numbers of threads that do the task; the most threads come first."""
    return [
        (name, n)
        for name in names
        if ALL[name].cannot(task) is None
        for n in sorted(threads, reverse=True)
        if n == 1 or not ALL[name].single_threaded
    ]


def run(task: Task, path: Path, keys: list[Key], workers: Workers, effort: Effort) -> Any:
    """Time a task; the result holds the Entry of each key."""
    entries = {key: Entry() for key in keys}
    for key in keys:
        if any(entries[other].failed for other in keys if other[0] == key[0]):
            entries[key].failed = "not tried: failed with more threads"
        else:
            _warm_up(task, key, entries[key], path, workers, effort)
    for turn in range(effort.repeats):
        # Every other round goes backwards, so that no contestant always follows the same one.
        for key in keys if turn % 2 == 0 else keys[::-1]:
            entry = entries[key]
            if entry.failed or (entry.visits and entry.used > effort.max_seconds):
                continue
            _visit(task, key, entry, turn % task.seeds, workers, effort)
    for key in keys:
        if not entries[key].failed:
            workers.get(key).ask("drop", within=effort.patience)
    return entries


def _warm_up(
    task: Task, key: Key, entry: Entry, path: Path, workers: Workers, effort: Effort
) -> None:
    """Load the task and call once; the call counts only if it is too slow to be repeated."""
    try:
        workers.get(key).ask("load", within=effort.patience, path=str(path))
    except WorkerError as error:
        entry.failed = str(error)
        return
    _visit(task, key, entry, 0, workers, effort, seconds=0.0)
    # The first call of kmeans_core may include compilation, so it never counts.
    if key[0] == OURS:
        entry.used = 0.0
    if entry.used <= effort.max_seconds:
        entry.visits.clear()


def _visit(
    task: Task,
    key: Key,
    entry: Entry,
    seed: int,
    workers: Workers,
    effort: Effort,
    seconds: float | None = None,
) -> None:
    client = workers.get(key)
    new = seed not in entry.answers
    labels = workers.folder / "labels.npy"
    labels.unlink(missing_ok=True)
    try:
        answer = client.ask(
            "call",
            within=effort.patience,
            seed=seed,
            seconds=effort.visit_seconds if seconds is None else seconds,
            at_most=VISIT_CALLS,
            labels=str(labels) if new else None,
        )
    except WorkerError as error:
        entry.failed = str(error)
        return
    taken = answer.pop("seconds")
    entry.used += sum(taken)
    entry.visits.append(statistics.median(taken))
    if new:
        entry.answers[seed] = answer
        if labels.exists():
            answer["labels"] = np.load(labels)
    elif agreement.changed(task, answer, entry.answers[seed]):
        entry.failed = "gives another answer to the same call"
    entry.idle_after = max(entry.idle_after, client.settle())


def summary(task: Task, entries: dict[Key, Entry]) -> dict[str, Any]:
    """For each contestant: seconds at each number of threads, the better one, and agreement."""
    reference = _reference(entries)
    found: dict[str, Any] = {}
    for name in dict.fromkeys(key[0] for key in entries):
        own = {n: entry for (other, n), entry in entries.items() if other == name}
        timed = {n: entry for n, entry in own.items() if not entry.failed}
        if not timed:
            found[name] = {"failed": next(iter(own.values())).failed}
            continue
        best = min(timed, key=lambda n: timed[n].seconds)
        found[name] = {
            "seconds": timed[best].seconds,
            "threads": best,
            "by_threads": {
                str(n): {
                    "seconds": entry.seconds,
                    "visits": entry.visits,
                    "idle_after": entry.idle_after,
                }
                for n, entry in sorted(timed.items())
            },
            "answers": {
                str(seed): {what: number for what, number in answer.items() if what != "labels"}
                for seed, answer in timed[best].answers.items()
            },
            "differs": agreement.differs(task, timed[best].answers, reference),
        }
    return found


def _reference(entries: dict[Key, Entry]) -> dict[int, Any]:
    """The answers of scikit-learn's default, or of kmeans_core if there are no such answers."""
    for name in (DEFAULT, OURS):
        for (other, _), entry in entries.items():
            if other == name and not entry.failed:
                return entry.answers
    return {}


def left_out(task: Task, names: list[str]) -> dict[str, str]:
    """The contestants that do not do the task, and why."""
    return {name: reason for name in names if (reason := ALL[name].cannot(task))}
