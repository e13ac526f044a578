"""The benchmark suite's logic on tiny work: the same data, the same work, no time asserted."""

import os
import sys
import warnings
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import (
    agreement,
    client,
    compare,
    invented,
    roofline,
    rounds,
    table,
    task,
    workloads,
)
from benchmarks.client import Client, WorkerError
from benchmarks.contestants import ALL, DEFAULT, OURS
from benchmarks.rounds import Effort
from benchmarks.task import Fit, Silhouette, Sweep, Task

ROWS = {row.name: row for row in workloads.ROWS}


@pytest.fixture(scope="module")
def tiny() -> dict[str, Task]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: row.make("tiny") for name, row in ROWS.items()}


def equal(one: Task, other: Task) -> bool:
    def plain(X: Any) -> Any:
        return X.toarray() if sp.issparse(X) else X

    return all(
        np.array_equal(plain(getattr(one, name)), plain(getattr(other, name)))
        and np.asarray(plain(getattr(one, name))).dtype
        == np.asarray(plain(getattr(other, name))).dtype
        for name in Task.__dataclass_fields__
    )


# Workloads ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_the_same_each_time_and_on_disk(
    name: str, tiny: dict[str, Task], tmp_path: Path
) -> None:
    if not name.startswith(("W1", "W2", "W3a")):  # these read ratings, which is tested elsewhere
        assert equal(tiny[name], ROWS[name].make("tiny"))
    task.save(tiny[name], tmp_path / "row.npz")
    loaded = task.load(tmp_path / "row.npz")
    assert equal(tiny[name], loaded)
    assert loaded.is_sparse == tiny[name].is_sparse


@pytest.mark.parametrize("name", ROWS)
def test_sparse_rows_are_what_every_contestant_takes(name: str, tiny: dict[str, Task]) -> None:
    X = tiny[name].X
    if tiny[name].is_sparse:
        assert X.format == "csr"
        assert X.indices.dtype == X.indptr.dtype == np.int32
        assert X.has_sorted_indices
    else:
        assert X.flags.c_contiguous


@pytest.mark.parametrize("name", [name for name in ROWS if name.startswith(("W4", "W5", "W7"))])
def test_given_centers_are_rows_of_the_data(name: str, tiny: dict[str, Task]) -> None:
    work = tiny[name]
    rows = {row.tobytes() for row in (work.X.toarray() if work.is_sparse else work.X)}
    assert work.centers.dtype == work.X.dtype
    assert len(work.centers) == work.n_clusters
    assert all(center.tobytes() in rows for center in work.centers)


def test_means_of_rows_as_centers() -> None:
    X = sp.csr_array(np.arange(12.0).reshape(6, 2))
    work = workloads.fixed_from_means(X, 2, 5)
    chosen = np.random.default_rng(1).permutation(6)
    halves = (chosen[:3], chosen[3:])
    np.testing.assert_allclose(work.centers, [X.toarray()[half].mean(axis=0) for half in halves])


def test_ratings_have_peoples_habits() -> None:
    X = invented.ratings_matrix(1_000, 3_000, 60_000, seed=0)
    assert X.shape == (1_000, 3_000)
    assert X.nnz == 60_000
    assert set(X.data.tolist()) == {half / 2 for half in range(1, 11)}
    steps = np.diff(X.indices)
    inside = np.ones(len(steps), dtype=bool)
    inside[X.indptr[1:-1] - 1] = False
    assert np.all(steps[inside] > 0)  # no film twice, films ascend
    by_film = np.sort(np.bincount(X.indices, minlength=3_000))[::-1]
    assert by_film[:300].sum() > 0.3 * X.nnz  # a tenth of the films has far more than a tenth
    by_user = np.diff(X.indptr)
    assert by_user.min() >= 1
    assert np.mean(by_user) > 1.2 * np.median(by_user)


def test_images_have_a_rim_of_zeros_and_256_shades() -> None:
    X = invented.stroke_images(200, seed=0)
    images = X.reshape(200, 28, 28)
    assert X.dtype == np.float32
    assert X.min() == 0
    assert 0.9 < X.max() <= 1
    np.testing.assert_allclose(X * 255, np.round(X * 255), atol=1e-4)
    assert not images[:, 0].any()
    assert not images[:, :, -1].any()
    assert 0.03 < np.mean(X > 0) < 0.4


def test_rows_are_chosen_by_name_or_by_how_it_begins() -> None:
    assert [row.name for row in workloads.chosen("W6")] == ["W6-10", "W6-100", "W6-25M"]
    assert [row.name for row in workloads.chosen("W4,W1b")] == ["W1b", "W4"]
    with pytest.raises(ValueError, match="no row 'W9'"):
        workloads.chosen("W9")


# The same work ------------------------------------------------------------------------------------


def answers_of(name: str, work: Task) -> dict[int, Any]:
    found = {}
    run = ALL[name](len(os.sched_getaffinity(0))).prepare(work)
    for seed in range(work.seeds):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = run(seed)
        found[seed] = agreement.described(work, result)
        if isinstance(result, Fit):
            found[seed]["labels"] = result.labels
    return found


EXPECTED: dict[str, Any] = {}


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", [name for name in client.installed() if name != DEFAULT])
def test_contestants_do_the_same_work(name: str, row: str, tiny: dict[str, Task]) -> None:
    work = tiny[row]
    if ALL[name].cannot(work):
        assert name != OURS
        return
    if row not in EXPECTED:
        EXPECTED[row] = answers_of(DEFAULT, work)
    found, expected = answers_of(name, work), EXPECTED[row]
    if name == OURS or work.kind in ("lloyd", "silhouette"):
        assert agreement.differs(work, found, expected) is None
    else:  # other random numbers, and few starts at this size: the same order of inertia
        inertia = np.array([[np.sum(a[0]["inertia"])] for a in (found, expected)])
        assert inertia[0] < 1.5 * inertia[1]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", client.installed())
def test_a_call_leaves_nothing_behind_for_the_next(
    name: str, row: str, tiny: dict[str, Task], tmp_path: Path
) -> None:
    task.save(tiny[row], tmp_path / "row.npz")
    work, untouched = task.load(tmp_path / "row.npz"), tiny[row]
    if ALL[name].cannot(work):
        return
    run = ALL[name](len(os.sched_getaffinity(0))).prepare(work)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first, *others = [agreement.described(work, run(0)) for _ in range(3)]
    assert not any(agreement.changed(work, other, first) for other in others)
    assert equal(work, untouched)


def test_inertia_is_that_of_the_definition_dense_and_sparse() -> None:
    X = np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]])
    fit = Fit(np.array([0, 0, 1]), np.array([[1.0, 1.0], [3.0, 3.0]]))
    assert agreement.inertia(X, fit) == 1.0 + 2.0 + 1.0
    assert agreement.inertia(sp.csr_array(X), fit) == 4.0
    assert agreement.inertia(X.astype(np.float32), fit) == 4.0


def lloyd_answer(labels: list[int], inertia: float) -> dict[int, Any]:
    return {0: {"labels": np.array(labels), "inertia": inertia}}


def test_other_labels_at_another_inertia_differ() -> None:
    work = Task("lloyd", np.zeros((4, 1)))
    expected = lloyd_answer([0, 0, 1, 1], 1.0)
    assert agreement.differs(work, lloyd_answer([0, 0, 1, 1], 2.0), expected) is None
    assert agreement.differs(work, lloyd_answer([0, 1, 1, 1], 1.00005), expected) is None
    assert agreement.differs(work, lloyd_answer([0, 1, 1, 1], 1.001), expected) is not None
    # Less work left over can be fewer iterations too many: it is not the same work.
    assert agreement.differs(work, lloyd_answer([0, 1, 1, 1], 0.999), expected) is not None


def test_fewer_iterations_than_asked_are_other_work() -> None:
    work = Task("lloyd", np.zeros((4, 1)), max_iter=5, iterations=5)
    expected = lloyd_answer([0, 0, 1, 1], 1.0)
    expected[0]["iterations"] = 3  # it converged early: even the reference has no ratio then
    assert agreement.differs(work, expected, expected) == "made 3 iterations, not 5"
    to_the_end = Task("lloyd", np.zeros((4, 1)), max_iter=300, iterations=5)
    assert agreement.differs(to_the_end, expected, expected) is None


def test_random_starts_may_be_better_but_not_worse() -> None:
    work = Task("starts", np.zeros((4, 1)))
    expected = {seed: {"inertia": 10.0} for seed in range(3)}
    assert agreement.differs(work, {0: {"inertia": 9.0}, 1: {"inertia": 10.9}}, expected) is None
    assert agreement.differs(work, {0: {"inertia": 10.2}}, expected) == "mean inertia +2.0%"
    assert agreement.differs(work, {0: {"inertia": np.nan}}, expected) is not None
    assert agreement.differs(work, {}, expected) == "no answer to compare"


def test_sweeps_compare_inertia_where_clusters_have_rows_and_silhouettes() -> None:
    work = Task("sweep", np.zeros((10, 1)), ks=(2, 5, 9))

    def answer(inertia: list[float], silhouette: list[float]) -> dict[int, Any]:
        return {0: agreement.described(work, Sweep(inertia, silhouette))}

    expected = answer([10.0, 1.0, 0.0], [0.5, 0.4, np.nan])
    assert agreement.differs(work, answer([10.0, 1.0, 3.0], [0.5, 0.4, np.nan]), expected) is None
    worse = answer([10.0, 1.1, 0.0], [0.5, 0.4, np.nan])
    assert agreement.differs(work, worse, expected) == "mean inertia +5.0%"
    flat = answer([10.0, 1.0, 0.0], [0.4, 0.3, np.nan])
    assert agreement.differs(work, flat, expected) == "mean silhouette -0.100"


@pytest.mark.parametrize(("dtype", "allowed"), [(np.float64, 1e-6), (np.float32, 1e-3)])
def test_scores_agree_to_what_the_floats_hold(dtype: type, allowed: float) -> None:
    work = Task("silhouette", np.zeros((4, 1), dtype=dtype))

    def answer(score: float) -> dict[int, Any]:
        return {0: agreement.described(work, Silhouette(score))}

    assert agreement.differs(work, answer(0.5 + allowed / 2), answer(0.5)) is None
    assert agreement.differs(work, answer(0.5 + allowed * 2), answer(0.5)) is not None


# Rounds -------------------------------------------------------------------------------------------


class FakeClient:
    """Takes the seconds it is told, and writes down when it was called."""

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


def test_who_fails_is_told_and_is_not_tried_with_fewer_threads(tmp_path: Path) -> None:
    workers = FakeWorkers(tmp_path, {OURS: 0.1, DEFAULT: 0.1}, fails=DEFAULT)
    work, entries = run_rounds(workers, [1, 2])
    assert entries[DEFAULT, 2].failed == "no"
    assert entries[DEFAULT, 1].failed == "not tried: failed with more threads"
    found = rounds.summary(work, entries)
    assert found[DEFAULT] == {"failed": "no"}
    assert found[OURS]["seconds"] == 0.1
    assert set(found[OURS]["by_threads"]) == {"1", "2"}


def test_who_answers_otherwise_the_next_time_has_no_time(tmp_path: Path) -> None:
    workers = FakeWorkers(tmp_path, {OURS: 0.1, DEFAULT: 0.1}, drifts=DEFAULT)
    work, entries = run_rounds(workers, [1])
    reason = "answers the same call otherwise the next time"
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


# Roofline and table -------------------------------------------------------------------------------


def test_flops_by_hand() -> None:
    dense = Task("lloyd", np.zeros((10, 3)), n_clusters=4, iterations=5)
    assert roofline.flops(dense) == 2 * 30 * 4 * 6
    starts = Task("starts", np.zeros((10, 3)), n_clusters=4, iterations=5, n_init=2)
    assert roofline.flops(starts) == 2 * (2 * 30 * 4 * 6 + 2 * 30 * (1 + 3 * 3))
    X = sp.csr_array(np.array([[1.0, 0.0], [1.0, 2.0], [1.0, 0.0]]))
    # Three pairs: four operations each, and two for the one feature that all three pairs share.
    assert roofline.flops(Task("silhouette", X)) == 3 * 4 + 3 * 2
    assert roofline.flops(Task("silhouette", X.toarray())) == 3 * 4 + 3 * 2 * 2
    sweep = Task("sweep", np.zeros((10, 3)), ks=(2, 4), n_init=1, iterations_by_k=(5, 6))
    fits = 2 * 30 * (2 * 6 + 4 * 7) + 2 * 30 * (1 + 1 * 2) + 2 * 30 * (1 + 3 * 3)
    assert roofline.flops(sweep) == fits + 2 * (45 * 4 + 45 * 6)


def test_the_larger_of_arithmetic_and_memory_is_the_bound() -> None:
    work = Task("lloyd", np.zeros((10, 3)), n_clusters=4, iterations=5)
    fast_memory = roofline.Machine({8: 1440.0}, bandwidth=1e9)
    assert roofline.bound(work, fast_memory) == roofline.Bound(1.0, "arithmetic")
    slow_memory = roofline.Machine({8: 1e12}, bandwidth=24.0)
    assert roofline.bound(work, slow_memory) == roofline.Bound(10.0, "memory")
    large = Task("lloyd", np.zeros((2**20, 8)), n_clusters=4, iterations=5)
    assert roofline.bytes_read(large) == 6 * large.n_bytes


def test_the_machine_has_rates() -> None:
    machine = roofline.measured(2, size=64, megabytes=1)
    assert set(machine.gemm) == {4, 8}
    assert all(rate > 0 for rate in [*machine.gemm.values(), machine.bandwidth])


def entry(seconds: float, differs: str | None = None) -> dict[str, Any]:
    by_threads = {"1": {"seconds": seconds, "visits": [seconds], "idle_after": 0.0}}
    return {"seconds": seconds, "threads": 1, "by_threads": by_threads, "differs": differs}


def made_row(**contestants: dict[str, Any]) -> dict[str, Any]:
    names = {"ours": OURS, "sklearn": DEFAULT}
    return {
        "work": "work",
        "targets": {"against_scikit_learn": 2, "against_fastest": 1.5, "megabytes": None},
        "contestants": {names.get(name, name): found for name, found in contestants.items()},
        "left_out": {"scipy": "takes no sparse matrix"},
        "bound": {"seconds": 0.5, "limit": "memory"},
        "megabytes": {},
        "first_calls": None,
    }


def test_a_peer_that_did_other_work_has_no_ratio() -> None:
    row = made_row(ours=entry(1.0), sklearn=entry(2.0), faiss=entry(0.1, differs="by far"))
    assert table.fastest_peer(row["contestants"]) == DEFAULT
    assert table.ratio(row["contestants"], "faiss") is None
    assert table.ratio(row["contestants"], DEFAULT) == 2.0
    assert table.met(row)


def test_ours_has_no_ratio_where_it_did_other_work() -> None:
    row = made_row(ours=entry(0.1, differs="by far"), sklearn=entry(2.0))
    assert table.ratio(row["contestants"], DEFAULT) is None
    assert not table.met(row)
    assert "| differs (2) | differs (1.5) | no |" in table.results({"W": row}, "full")


def test_all_that_is_asked_must_be_met() -> None:
    row = made_row(ours=entry(1.0), sklearn=entry(2.0), faiss=entry(1.4))
    assert not table.met(row)  # 1.4 times as fast as faiss, where 1.5 is asked
    row = made_row(ours=entry(1.0), sklearn=entry(2.0), faiss=entry(1.6))
    assert table.met(row)
    row["targets"]["megabytes"] = 64
    assert not table.met(row)  # not measured
    row["megabytes"] = {OURS: 65.0}
    assert not table.met(row)
    row["megabytes"] = {OURS: 63.0}
    assert table.met(row)


def test_the_tables_say_everything() -> None:
    row = made_row(ours=entry(1.0), sklearn=entry(2.5), faiss=entry(1.6), mlpack={"failed": "died"})
    row["megabytes"], row["first_calls"] = {OURS: 3.2}, {"empty cache": 9.0, "warm cache": 0.123}
    line = table.results({"W": row}, "full").splitlines()[-1]
    assert line == ("| W | work | 1 (1) | 2.5 (1) | faiss 1.6 (1) | 2.50 (2) | 1.60 (1.5) | yes |")
    assert table.results({"W": row}, "quick").endswith("| - |")
    line = table.costs({"W": row}).splitlines()[-1]
    assert line == "| W | .5 (memory) | 2.0 | kmeans_core 3 | 9 | .123 |"
    everyone = table.everyone({"W": row})
    assert "| W | mlpack | - | died |" in everyone
    assert "| W | scipy | left out | takes no sparse matrix |" in everyone


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.00432, ".00432"), (0.0000104, ".0000104"), (12.34, "12.3"), (123.4, "123")],
)
def test_seconds_have_three_digits(seconds: float, text: str) -> None:
    row = made_row(ours=entry(seconds))
    assert f"| {text} (1) |" in table.results({"W": row}, "full")


def test_an_unknown_row_is_an_error_before_anything_is_timed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roofline, "measured", lambda threads: pytest.fail("measured already"))
    with pytest.raises(ValueError, match="no row 'W9'"):
        compare.main(["--only", "W9"])
