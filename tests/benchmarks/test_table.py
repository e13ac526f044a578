"""Roofline and tables, worked by hand, and results without a ratio."""

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import compare, roofline, table
from benchmarks.contestants import DEFAULT, OURS
from benchmarks.task import Task


def test_flops_by_hand() -> None:
    dense = Task("lloyd", np.zeros((10, 3)), n_clusters=4, iterations=5)
    assert roofline.flops(dense) == 2 * 30 * 4 * 6
    restarts = Task("restarts", np.zeros((10, 3)), n_clusters=4, iterations=5, n_init=2)
    assert roofline.flops(restarts) == 2 * (2 * 30 * 4 * 6 + 2 * 30 * (1 + 3 * 3))
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


def test_ours_has_no_ratio_if_it_did_other_work() -> None:
    row = made_row(ours=entry(0.1, differs="by far"), sklearn=entry(2.0))
    assert table.ratio(row["contestants"], DEFAULT) is None
    assert not table.met(row)
    assert "| differs (2) | differs (1.5) | no |" in table.results({"W": row}, "full")


def test_every_target_must_be_met() -> None:
    row = made_row(ours=entry(1.0), sklearn=entry(2.0), faiss=entry(1.4))
    assert not table.met(row)  # 1.4 times as fast as faiss; the target is 1.5
    row = made_row(ours=entry(1.0), sklearn=entry(2.0), faiss=entry(1.6))
    assert table.met(row)
    row["targets"]["megabytes"] = 64
    assert not table.met(row)  # not measured
    row["megabytes"] = {OURS: 65.0}
    assert not table.met(row)
    row["megabytes"] = {OURS: 63.0}
    assert table.met(row)


def test_the_tables_show_every_figure() -> None:
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
