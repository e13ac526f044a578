"""Rounds: the order of calls, and contestants that fail, are slow or are missing."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import client, rounds, task
from benchmarks.client import Client, WorkerError
from benchmarks.contestants import ALL, DEFAULT, OURS
from benchmarks.rounds import Effort
from benchmarks.task import Task


class FakeClient:
    """Claims a given number of seconds, and records its calls."""

    def __init__(self, key: rounds.Key, seconds: float, calls: list[Any], does: str) -> None:
        self.key, self.seconds, self.calls, self.does = key, seconds, calls, does

    def ask(self, do: str, within: float, **command: Any) -> dict[str, Any]:
        if do != "call":
            return {}
        if self.does == "fails":
            raise WorkerError("no")
        self.calls.append((self.key, command["seed"]))
        score = 0.5 + 0.1 * len(self.calls) if self.does == "drifts" else 0.5
        return {"seconds": [self.seconds], "score": score}

    def settle(self) -> float:
        return 0.0


class FakeWorkers:
    def __init__(self, folder: Path, seconds: dict[str, float], **does: str) -> None:
        self.folder, self.seconds, self.does = folder, seconds, does
        self.calls: list[Any] = []

    def get(self, key: rounds.Key) -> FakeClient:
        does = [what for what, name in self.does.items() if name == key[0]]
        return FakeClient(key, self.seconds[key[0]], self.calls, "".join(does))


def run_rounds(workers: FakeWorkers, threads: list[int], n_rounds: int = 2) -> Any:
    work = Task("silhouette", np.zeros((4, 1)), seeds=3)
    keys = rounds.keys_of(work, list(workers.seconds), threads)
    effort = Effort(repeats=n_rounds, max_seconds=5.0)
    return work, rounds.run(work, Path(), keys, workers, effort)  # type: ignore[arg-type]


def test_contestants_take_turns_and_every_other_round_goes_backwards(tmp_path: Path) -> None:
    workers = FakeWorkers(tmp_path, {OURS: 0.1, DEFAULT: 0.1})
    _, entries = run_rounds(workers, [1], n_rounds=4)
    ours, theirs = (OURS, 1), (DEFAULT, 1)
    assert workers.calls == [
        (ours, 0), (theirs, 0),  # untimed
        (ours, 0), (theirs, 0), (theirs, 1), (ours, 1), (ours, 2), (theirs, 2), (theirs, 0),
        (ours, 0),
    ]  # fmt: skip
    assert all(len(entry.visits) == 4 for entry in entries.values())


def test_a_slow_contestant_is_timed_once_and_ours_never_by_its_first_call(tmp_path: Path) -> None:
    _, entries = run_rounds(FakeWorkers(tmp_path, {OURS: 6.0, DEFAULT: 6.0}), [1])
    assert entries[DEFAULT, 1].visits == entries[OURS, 1].visits == [6.0]
    workers = FakeWorkers(tmp_path, {OURS: 6.0, DEFAULT: 6.0})
    run_rounds(workers, [1])
    assert [key[0] for key, _ in workers.calls] == [OURS, DEFAULT, OURS]


def test_a_failure_is_reported_and_not_tried_with_fewer_threads(tmp_path: Path) -> None:
    workers = FakeWorkers(tmp_path, {OURS: 0.1, DEFAULT: 0.1}, fails=DEFAULT)
    work, entries = run_rounds(workers, [1, 2])
    assert entries[DEFAULT, 2].failed == "no"
    assert entries[DEFAULT, 1].failed == "not tried: failed with more threads"
    found = rounds.summary(work, entries)
    assert found[DEFAULT] == {"failed": "no"}
    assert found[OURS]["seconds"] == 0.1
    assert set(found[OURS]["by_threads"]) == {"1", "2"}


def test_a_contestant_whose_answer_changes_has_no_time(tmp_path: Path) -> None:
    workers = FakeWorkers(tmp_path, {OURS: 0.1, DEFAULT: 0.1}, drifts=DEFAULT)
    work, entries = run_rounds(workers, [1])
    reason = "gives another answer to the same call"
    assert rounds.summary(work, entries)[DEFAULT] == {"failed": reason}
    assert not entries[OURS, 1].failed


def test_the_better_number_of_threads_counts() -> None:
    work = Task("silhouette", np.zeros((4, 1)))
    entries = {
        (OURS, 1): rounds.Entry([0.3, 0.1, 0.2], answers={0: {"score": 0.5}}),
        (OURS, 2): rounds.Entry([0.4, 0.5, 0.1], answers={0: {"score": 0.5}}),
    }
    found = rounds.summary(work, entries)[OURS]
    assert (found["seconds"], found["threads"]) == (0.2, 1)


def test_missing_peers_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def only_ours(package: str) -> str:
        if package != "kmeans-core":
            raise PackageNotFoundError
        return "1"

    monkeypatch.setattr(client, "version", only_ours)
    assert client.installed() == [OURS]


def test_contestants_are_left_out_of_tasks_that_they_cannot_do() -> None:
    restarts = Task("restarts", np.zeros((4, 9)))
    assert rounds.left_out(restarts, list(ALL)) == {
        "scikit-learn n_jobs": "differs from scikit-learn in silhouettes only",
        "faiss super": "is asked for fixed iterations only",
        **dict.fromkeys(["mlpack hamerly", "mlpack elkan", "mlpack dualtree"], "has no restarts"),
    }
    lloyd = Task("lloyd", np.zeros((4, 9)))
    assert set(rounds.left_out(lloyd, list(ALL))) == {"scikit-learn n_jobs", "mlpack dualtree"}
    assert set(rounds.left_out(Task("lloyd", np.zeros((4, 8))), list(ALL))) == {
        "scikit-learn n_jobs"
    }
    silhouette = Task("silhouette", sp.csr_array(np.eye(4)))
    able = ALL.keys() - rounds.left_out(silhouette, list(ALL)).keys()
    assert able == {OURS, DEFAULT, "scikit-learn n_jobs"}


def test_a_worker_answers_fails_and_is_stopped(tmp_path: Path, tiny: dict[str, Task]) -> None:
    path = tmp_path / "row.npz"
    task.save(tiny["W3c"], path)
    with Client(OURS, 1, numba_cache=tmp_path / "numba") as worker:
        worker.ask("load", within=120, path=str(path))
        answer = worker.ask("call", within=120, labels=str(tmp_path / "labels.npy"))
        assert len(answer["seconds"]) == 1
        assert -1 <= answer["score"] <= 1
        assert len(worker.ask("call", within=120, seconds=1e9, at_most=3)["seconds"]) == 3
        if Path("/proc/self/clear_refs").exists():
            assert worker.ask("memory", within=120)["megabytes"] >= 0
        assert worker.settle() < 2
        with pytest.raises(WorkerError, match="FileNotFoundError"):
            worker.ask("load", within=120, path=str(tmp_path / "none.npz"))
        with pytest.raises(WorkerError, match="longer than 0 s"):
            worker.ask("load", within=0, path=str(path))
        assert worker.process.poll() is not None
