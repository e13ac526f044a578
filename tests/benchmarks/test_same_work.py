"""Contestants do the same work, and other work is reported."""

import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from threadpoolctl import threadpool_limits

from benchmarks import agreement, client, task, workloads
from benchmarks.contestants import ALL, DEFAULT, OURS
from benchmarks.task import Fit, Silhouette, Sweep, Task

ROWS = {row.name: row for row in workloads.ROWS}


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
    else:  # other random numbers and few restarts: the inertia has the same order
        inertia = np.array([[np.sum(a[0]["inertia"])] for a in (found, expected)])
        assert inertia[0] < 1.5 * inertia[1]


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("name", client.installed())
def test_a_call_leaves_nothing_behind_for_the_next(
    equal: Callable[[Task, Task], bool], name: str, row: str, tiny: dict[str, Task], tmp_path: Path
) -> None:
    task.save(tiny[row], tmp_path / "row.npz")
    work, untouched = task.load(tmp_path / "row.npz"), tiny[row]
    if ALL[name].cannot(work):
        return
    # With two threads, mlpack's Hamerly gives different answers to the same call.
    run = ALL[name](1).prepare(work)
    with warnings.catch_warnings(), threadpool_limits(1):
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
    # A lower inertia can come from more iterations, so it is not the same work.
    assert agreement.differs(work, lloyd_answer([0, 1, 1, 1], 0.999), expected) is not None


def test_fewer_iterations_than_given_are_other_work() -> None:
    work = Task("lloyd", np.zeros((4, 1)), max_iter=5, iterations=5)
    expected = lloyd_answer([0, 0, 1, 1], 1.0)
    expected[0]["iterations"] = 3  # it converged early, so even the reference has no ratio
    assert agreement.differs(work, expected, expected) == "made 3 iterations, not 5"
    to_the_end = Task("lloyd", np.zeros((4, 1)), max_iter=300, iterations=5)
    assert agreement.differs(to_the_end, expected, expected) is None


def test_fewer_batches_than_given_are_other_work() -> None:
    work = Task("minibatch", np.zeros((4, 1)), max_iter=2, iterations=8, batch_size=1)
    expected = {0: {"inertia": 10.0, "iterations": 8}}
    assert agreement.differs(work, {0: {"inertia": 9.0, "iterations": 8}}, expected) is None
    stopped = {0: {"inertia": 10.0, "iterations": 7}}
    assert agreement.differs(work, stopped, expected) == "made 7 iterations, not 8"
    worse = {0: {"inertia": 10.2, "iterations": 8}}
    assert agreement.differs(work, worse, expected) == "mean inertia +2.0%"


def test_restarts_may_be_better_but_not_worse() -> None:
    work = Task("restarts", np.zeros((4, 1)))
    expected = {seed: {"inertia": 10.0} for seed in range(3)}
    assert agreement.differs(work, {0: {"inertia": 9.0}, 1: {"inertia": 10.9}}, expected) is None
    assert agreement.differs(work, {0: {"inertia": 10.2}}, expected) == "mean inertia +2.0%"
    assert agreement.differs(work, {0: {"inertia": np.nan}}, expected) is not None
    assert agreement.differs(work, {}, expected) == "no answer to compare"


def test_sweeps_compare_silhouettes_and_the_inertia_of_clusters_with_rows() -> None:
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
def test_scores_agree_to_the_precision_of_the_floats(dtype: type, allowed: float) -> None:
    work = Task("silhouette", np.zeros((4, 1), dtype=dtype))

    def answer(score: float) -> dict[int, Any]:
        return {0: agreement.described(work, Silhouette(score))}

    assert agreement.differs(work, answer(0.5 + allowed / 2), answer(0.5)) is None
    assert agreement.differs(work, answer(0.5 + allowed * 2), answer(0.5)) is not None
