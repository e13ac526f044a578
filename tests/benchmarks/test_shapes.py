"""The grid of shapes: its data, its pairs of calls and its summary."""

from dataclasses import asdict

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import environment, shape_pictures, shapes
from benchmarks.shapes import Shape
from benchmarks.worker import megabytes_of


@pytest.mark.parametrize("quick", [True, False])
def test_the_grid_keeps_its_caps_and_has_every_kind(quick):
    grid = shapes.grid(quick)
    assert len(set(grid)) == len(grid) > 10
    for shape in grid:
        assert shape.n * shape.d * shape.density <= 2e7
        assert shape.n * shape.d * shape.density * shape.k <= 2e9
        assert shape.k <= max(2, shape.n // 3)
    assert {shape.kind for shape in grid} == {"random", "sorted", *shapes.TIES}
    assert {shape.density < 1 for shape in grid} == {True, False}


@pytest.mark.parametrize("density", [1.0, 0.1])
@pytest.mark.parametrize("kind", ["random", "sorted", *shapes.TIES])
def test_data_have_their_shape_and_kind(kind, density):
    shape = Shape(200, 20, 4, "float32", density, kind)
    X, centers = shapes.data_of(shape)
    assert X.shape == (200, 20)
    assert centers.shape == (4, 20)
    assert X.dtype == centers.dtype == np.float32
    assert sp.issparse(X) == (density < 1)
    dense = X.toarray() if sp.issparse(X) else X
    n_distinct = len(np.unique(dense, axis=0))
    if kind == "equal centers":
        assert centers[0].tolist() == centers[1].tolist()
    if kind == "equal rows":
        assert n_distinct <= 2
    if kind == "one-hot":
        assert np.all(np.sum(dense != 0, axis=1) == 1)
    if kind == "empty rows":
        assert 40 < np.sum(~dense.any(axis=1)) < 170
    if kind == "constant columns":
        assert np.sum(np.ptp(dense, axis=0) == 0) >= 2
    if kind == "integers":
        assert np.array_equal(dense, np.round(dense))
    again = shapes.data_of(shape)[0]
    assert (again != X).sum() == 0 if sp.issparse(X) else np.array_equal(X, again)


def test_a_shape_is_measured_beside_its_peer(monkeypatch):
    monkeypatch.setattr(shapes, "VISIT", 0.0)
    found = shapes.measured(Shape(60, 2, 3, "float64"), shapes.scikit_learn)
    assert set(found) == {"fit", "k-means++", "predict", "transform", "score", "silhouette"}
    assert all(ours > 0 and theirs > 0 for ours, theirs in found.values())


def test_an_operation_that_seems_slower_is_measured_again(monkeypatch):
    pairs = []

    def paired(ours, theirs, n_pairs):
        pairs.append(n_pairs)
        return [2.0, 1.0]

    monkeypatch.setattr(shapes, "_paired", paired)
    shapes.measured(Shape(60, 2, 3, "float64"), shapes.scikit_learn)
    assert pairs == [shapes.PAIRS, shapes.PAIRS_AGAIN] * 6


def answers():
    return [
        {
            "peer": "scikit-learn",
            "shape": {
                "n": n,
                "d": 2,
                "k": 2,
                "dtype": "float32",
                "density": density,
                "kind": "random",
            },
            "seconds": {"fit": [1.0, ratio], "predict": [1.0, 2.0]},
        }
        for n, density, ratio in ((300, 1.0, 0.5), (300, 0.1, 2.0), (3000, 1.0, 4.0))
    ]


def test_the_summary_counts_and_names_the_worst():
    lines = shapes.summary("scikit-learn", answers()).splitlines()
    assert lines[1] == "fit: 1 of 3 slower, geometric mean: all 1.59, CSR 2.00"
    assert lines[2] == "predict: 0 of 3 slower, geometric mean: all 2.00, CSR 2.00"
    assert lines[4] == "  0.50  fit, dense 300 x 2, k=2, float32"


def test_the_summary_compares_ties_with_random_rows_of_the_same_shape():
    of_kind = {"one-hot": 3.0, "random": 2.0, "sorted": 1.0}
    measured = {Shape(9, 2, 2, "float32", 1.0, kind): of_kind[kind] for kind in of_kind}
    measured[Shape(8, 2, 2, "float32", 1.0, "one-hot")] = 9.0  # no random rows have this shape
    found = [
        {"peer": "ours", "shape": asdict(shape), "seconds": {"fit": [seconds, 1.0]}}
        for shape, seconds in measured.items()
    ]
    lines = shapes.summary("ours", found).splitlines()
    assert lines[-2:] == [
        "  1.50  fit, dense 9 x 2, k=2, float32, one-hot",
        "  0.50  fit, dense 9 x 2, k=2, float32, sorted",
    ]


def test_the_summary_compares_each_shape_with_its_neighbours():
    times = {100: 1.0, 1000: 20.0, 10_000: 100.0}  # between 1 and 100 lie 10
    found = [
        {
            "peer": "ours",
            "shape": asdict(Shape(n, 2, 2, "float32", 1.0)),
            "seconds": {"fit": [t, 1]},
        }
        for n, t in times.items()
    ]
    lines = shapes.summary("ours", found).splitlines()
    first = lines.index("Our time divided by that between its neighbours: 1 of 1 above 1.3:")
    assert lines[first + 1] == "  2.00  n: fit, dense 1000 x 2, k=2, float32"


def test_a_process_that_dies_is_an_error(monkeypatch):
    monkeypatch.setattr(shapes.sys, "executable", "false")
    with pytest.raises(SystemExit, match="The process of scikit-learn ended with 1"):
        list(shapes._answers("scikit-learn", []))


def test_pictures_are_drawn(tmp_path):
    shape_pictures.draw(answers(), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"shapes-dense.png", "shapes-sparse.png"}


def test_variables_that_slow_a_peer_down_are_cleared():
    clean = environment.at_their_best({"OPENBLAS_CORETYPE": "Haswell", "HOME": "/home/ada"})
    assert clean == {"HOME": "/home/ada"}
    assert "BLAS" in environment.blas_in_use() or "openblas" in environment.blas_in_use()


def test_memory_that_a_call_frees_counts_at_its_peak():
    kept = np.ones(10_000_000)  # 76 MB, which are there before
    assert 45 < megabytes_of(lambda: np.ones(6_000_000)) < 60
    assert megabytes_of(lambda: kept[0]) < 10
