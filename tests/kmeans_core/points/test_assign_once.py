"""Rows that are checked, labeled and measured block by block, against whole passes over them."""

import numpy as np
import pytest

from kmeans_core import KMeans, assign, reference
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.points import dense
from kmeans_core.points.checks import as_points

SHAPES = [(37, 3), (50, 17), (33, 1)]


def model_of(centers, n_threads):
    model = KMeans(len(centers), n_threads=n_threads)
    model.cluster_centers_ = centers.astype(np.float64)
    return model


def refusals(bad, centers, n_threads):
    """The errors of all calls that read rows once, and of the check of all rows."""
    model = model_of(centers, n_threads)
    calls = [
        lambda: as_points(bad, n_threads=n_threads),
        lambda: assign(bad, centers, n_threads=n_threads),
        lambda: model.predict(bad),
        lambda: model.score(bad),
        lambda: model.score(bad, sample_weight=np.full(len(bad), -1.0)),
        lambda: model.transform(bad),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="contains") as error:
            call()
        yield str(error.value)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_bad_value_is_named_wherever_it_stands(shape, dtype, value, monkeypatch):
    monkeypatch.setattr(dense, "BLOCKS", 0)
    rows = np.random.default_rng(0).normal(size=shape).astype(dtype)
    kind = "NaN" if np.isnan(value) else "infinity"
    for row, column in np.ndindex(shape):
        bad = rows.copy()
        bad[row, column] = value
        expected = f"Input X contains {kind}: the first at row {row}, column {column}."
        assert set(refusals(bad, rows[:2], 1)) == {expected}


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_first_of_many_bad_values_is_named_in_every_block(dtype, n_threads):
    rows = np.random.default_rng(1).normal(size=(30_000, 20)).astype(dtype)
    block = dense.BLOCK_BYTES // rows[0].nbytes
    for row in (0, block - 40, block, block + 40, 29_999):
        bad = rows.copy()
        bad[row, 7], bad[row:, 19] = -np.inf, np.nan
        expected = f"Input X contains infinity: the first at row {row}, column 7."
        assert set(refusals(bad, rows[:20], n_threads)) == {expected}


@pytest.mark.parametrize("shape", [(40, 3), (2000, 40)])
def test_rows_that_become_csr_or_boxes_are_checked(shape):
    rows = np.zeros(shape)
    rows[:, 0] = np.arange(len(rows))
    for n_clusters in (2, 40):
        bad = rows.copy()
        bad[-1, -1] = np.inf
        named = f"row {len(rows) - 1}, column {shape[1] - 1}"
        assert all(named in text for text in refusals(bad, rows[:n_clusters], 1))
    if shape[0] >= 64:
        assert all(named in text for text in refusals(bad, rows[:64], 1))


def test_the_largest_floats_are_finite():
    for dtype in (np.float32, np.float64):
        most = np.finfo(dtype).max
        rows = np.array([[most, -most, 0.0], [-0.0, np.finfo(dtype).smallest_subnormal, most]])
        assert as_points(rows.astype(dtype)).is_finite()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("n_features", "n_clusters"), [(3, 4), (20, 2), (20, 9), (150, 3)])
def test_labels_and_scores_of_blocks_have_the_bits_of_whole_passes(
    dtype, n_features, n_clusters, monkeypatch
):
    rng = np.random.default_rng(2)
    rows = np.round(rng.normal(size=(2_000, n_features)), 1).astype(dtype)
    centers, weights = rows[:n_clusters].astype(np.float64), rng.random(2_000)
    weights = weights.astype(dtype).astype(np.float64)
    labels = reference.nearest(rows.astype(np.float64), centers)
    own = np.zeros(len(rows))
    for j in range(n_features):
        own += (rows[:, j].astype(np.float64) - centers[labels, j]) ** 2
    for n_bytes, n_blocks in ((1, 0), (2**15, 0), (2**30, 0), (1, 8)):
        monkeypatch.setattr(dense, "BLOCK_BYTES", n_bytes)
        monkeypatch.setattr(dense, "BLOCKS", n_blocks)
        for n_threads in (1, 2):
            model = model_of(centers, n_threads)
            assert model.predict(rows).tolist() == labels.tolist()
            score = model.score(rows, sample_weight=weights)
            assert score == -float(weighted_total(weights, own))
            assert model.score(rows) == -float(weighted_total(np.ones(len(rows)), own))
