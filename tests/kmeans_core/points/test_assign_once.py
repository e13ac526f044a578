"""Rows that are checked, labeled and measured block by block, against whole passes over them."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.cluster

from kmeans_core import KMeans, assign, reference
from kmeans_core.kernels.centers import weighted_total
from kmeans_core.points import checks, dense, sparse
from kmeans_core.points.assign_boxes import BoxAssigner
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
    monkeypatch.setattr(dense, "BLOCK_BYTES", 1)
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
    for n_bytes in (1, 2**15, 2**30):
        monkeypatch.setattr(dense, "BLOCK_BYTES", n_bytes)
        for n_threads in (1, 2):
            model = model_of(centers, n_threads)
            assert model.predict(rows).tolist() == labels.tolist()
            score = model.score(rows, sample_weight=weights)
            assert score == -float(weighted_total(weights, own))
            assert model.score(rows) == -float(weighted_total(np.ones(len(rows)), own))


def test_rows_that_are_sorted_into_boxes_get_the_same_labels():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(3_000, 1))
    centers = rows[:1_500]
    points = as_points(rows)
    assert isinstance(points.assigner(1_500, n_calls=1), BoxAssigner)
    labels, own = np.empty(3_000, dtype=np.int32), np.empty(3_000)
    points.assign_once(centers, labels, own)
    assert labels.tolist() == reference.nearest(rows, centers).tolist()
    assert own.tolist() == ((rows - centers[labels]) ** 2)[:, 0].tolist()


# CSR ------------------------------------------------------------------------------------------


def csr_rows(n_samples, n_features, dtype, index_type=np.int32, seed=0):
    """Rows of 0 to 9 stored values; one in ten is empty, also the first and the last."""
    rng = np.random.default_rng(seed)
    X = np.zeros((n_samples, n_features))
    for row in X[1:-1]:
        if rng.random() < 0.9:
            row[rng.choice(n_features, rng.integers(1, 10), replace=False)] = rng.normal()
    csr = sp.csr_array(X.astype(dtype))
    return sp.csr_array(
        (csr.data, csr.indices.astype(index_type), csr.indptr.astype(index_type)), csr.shape
    )


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("n_bytes", [1, 2_000, 2**30])
def test_a_bad_csr_matrix_has_the_same_error_in_every_block(n_bytes, n_threads, monkeypatch):
    monkeypatch.setattr(sparse, "ONCE_BYTES", n_bytes)
    X = csr_rows(400, 30, np.float64)
    centers = X[1:4].toarray()
    model = model_of(centers, n_threads)
    n_stored = X.nnz

    def damaged(array, place, value):
        parts = {"data": X.data.copy(), "indices": X.indices.copy(), "indptr": X.indptr.copy()}
        parts[array][place] = value
        bad = X.copy()
        bad.data, bad.indices, bad.indptr = parts.values()
        return bad

    bad = [
        damaged("data", at, value) for at in (0, n_stored // 2, -1) for value in (np.nan, -np.inf)
    ]
    bad += [damaged("indices", at, j) for at in (0, n_stored // 2, -1) for j in (-1, 30, 2**31 - 1)]
    bad += [damaged("indptr", at, p) for at in (1, 200, 399) for p in (-1, n_stored + 1, 2**31 - 1)]
    ends = (0, -1), (0, 1), (400, -1), (400, 1), (400, n_stored + 1)
    bad += [damaged("indptr", *end) for end in ends]
    for matrix in bad:
        with pytest.raises(ValueError, match=r"contains|Malformed") as error:
            as_points(matrix, n_threads=n_threads)
        for call in (model.predict, model.score, lambda X: assign(X, centers, n_threads=n_threads)):
            with pytest.raises(ValueError, match=r"contains|Malformed") as found:
                call(matrix)
            assert str(found.value) == str(error.value)


@pytest.mark.parametrize("n_bytes", [1, 2_000, 2**30])
@pytest.mark.parametrize("place", [1, 200, 398])
def test_unsorted_and_repeated_indices_are_put_right_in_every_block(place, n_bytes, monkeypatch):
    monkeypatch.setattr(sparse, "ONCE_BYTES", n_bytes)
    X = csr_rows(400, 30, np.float64)
    dense_rows = X.toarray()
    begin = X.indptr[place]
    X.data = np.insert(X.data, begin, [1.0, 2.0, 4.0])
    X.indices = np.insert(X.indices, begin, [29, 3, 29]).astype(np.int32)
    X.indptr[place + 1 :] += 3
    dense_rows[place, 29] += 5.0
    dense_rows[place, 3] += 2.0
    before = X.indices.copy()
    for n_clusters in (3, 20):
        model = model_of(dense_rows[5 : 5 + n_clusters], 1)
        assert model.predict(X).tolist() == model.predict(dense_rows).tolist()
        assert model.score(X) == pytest.approx(model.score(dense_rows), rel=1e-12)
    assert X.indices.tolist() == before.tolist()


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("index_type", [np.int32, np.int64])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_clusters", [2, 7, 20])
def test_csr_labels_and_scores_of_blocks_are_those_of_whole_passes(
    n_clusters, dtype, index_type, n_threads, monkeypatch, always_threads
):
    X = csr_rows(500, 40, dtype, index_type, seed=n_clusters)
    centers = csr_rows(n_clusters + 2, 40, np.float64, seed=99).toarray()[1:-1] + 0.001
    expected = reference.nearest(X.toarray().astype(np.float64), centers)
    points = as_points(X, n_threads=1)
    labels = expected.astype(np.int32)  # as in fits; int64 would be compiled once more
    whole = -float(weighted_total(np.ones(500), points.own_distances(centers, labels)))
    theirs = sklearn.cluster.KMeans(n_clusters, init=centers.astype(dtype), n_init=1, max_iter=1)
    theirs.fit(X.toarray()).cluster_centers_ = centers.astype(dtype)
    # Sound rows need no second check.
    monkeypatch.setattr(checks, "as_csr", None)
    for n_bytes in (1, 2_000, 2**30):
        monkeypatch.setattr(sparse, "ONCE_BYTES", n_bytes)
        model = model_of(centers, n_threads)
        assert model.predict(X).tolist() == expected.tolist()
        assert model.score(X) == whole
        assert whole == pytest.approx(theirs.score(X.toarray()), rel=1e-5)


def test_rows_that_overflow_are_checked_twice_and_labeled():
    X = sp.csr_array(np.array([[1e300, 0.0], [0.0, 1e200], [1.0, 2.0]]))
    model = model_of(np.array([[1e300, 0.0], [0.0, 1e200], [0.0, 0.0]]), 1)
    with np.errstate(all="ignore"):
        assert model.predict(X).tolist() == [0, 1, 2]
