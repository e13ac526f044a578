"""Workloads: the same each time and on disk, with the statistics that they claim."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from benchmarks import invented, task, workloads
from benchmarks.task import Task

ROWS = {row.name: row for row in workloads.ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_the_same_each_time_and_on_disk(
    equal: Callable[[Task, Task], bool], name: str, tiny: dict[str, Task], tmp_path: Path
) -> None:
    if not name.startswith(("W1", "W2", "W3a")):  # these read ratings, which other tests cover
        assert equal(tiny[name], ROWS[name].make("tiny"))
    task.save(tiny[name], tmp_path / "row.npz")
    loaded = task.load(tmp_path / "row.npz")
    assert equal(tiny[name], loaded)
    assert loaded.is_sparse == tiny[name].is_sparse


@pytest.mark.parametrize("name", ROWS)
def test_every_contestant_accepts_the_form_of_the_data(name: str, tiny: dict[str, Task]) -> None:
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


def test_ratings_are_like_those_of_users() -> None:
    X = invented.ratings_matrix(1_000, 3_000, 60_000, seed=0)
    assert X.shape == (1_000, 3_000)
    assert X.nnz == 60_000
    assert set(X.data.tolist()) == {half / 2 for half in range(1, 11)}
    steps = np.diff(X.indices)
    inside = np.ones(len(steps), dtype=bool)
    inside[X.indptr[1:-1] - 1] = False
    assert np.all(steps[inside] > 0)  # items ascend, and no item is there twice
    by_item = np.sort(np.bincount(X.indices, minlength=3_000))[::-1]
    assert by_item[:300].sum() > 0.3 * X.nnz  # a tenth of the items has far more than a tenth
    by_user = np.diff(X.indptr)
    assert by_user.min() >= 1
    assert np.mean(by_user) > 1.2 * np.median(by_user)


def test_images_have_a_border_of_zeros_and_256_shades() -> None:
    X = invented.stroke_images(2_000, seed=9)
    images = X.reshape(2_000, 28, 28)
    assert X.dtype == np.float32
    assert X.min() == 0
    assert 0.9 < X.max() <= 1
    np.testing.assert_allclose(X * 255, np.round(X * 255), atol=1e-4)
    assert not images[:, 0].any()
    assert not images[:, :, -1].any()
    assert not images[:, -1].any()
    assert not images[:, :, 0].any()
    assert 0.18 < np.mean(X > 0) < 0.20  # MNIST: .191
    assert 0.11 < np.mean(X) < 0.15  # MNIST: .131


def test_rows_are_chosen_by_name_or_by_its_beginning() -> None:
    assert [row.name for row in workloads.chosen("W6")] == ["W6-10", "W6-100", "W6-25M"]
    assert [row.name for row in workloads.chosen("W4,W1b")] == ["W1b", "W4"]
    with pytest.raises(ValueError, match="no row 'W9'"):
        workloads.chosen("W9")
