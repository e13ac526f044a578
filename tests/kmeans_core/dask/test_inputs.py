"""What ``kmeans_core.dask`` accepts, and one clear error for the rest; lazy answers."""

import importlib
import pickle
import sys

import numpy as np
import pytest
import scipy.sparse as sp

pytest.importorskip("distributed", reason="dask is not installed: pip install '.[dask]'")

import dask
import dask.array as da
import dask.dataframe as dd
import pandas as pd

import kmeans_core
from kmeans_core.dask import KMeans, silhouette_score

X = np.random.default_rng(0).integers(0, 10, (60, 3)) / 2
INIT = X[:4]


@pytest.fixture(scope="module")
def expected():
    return kmeans_core.KMeans(4, init=INIT).fit(X)


def test_arrays_of_csr_and_arrays_cut_between_features(threads, expected):
    blocks = da.from_array(X, chunks=(25, 2))
    model = KMeans(4, init=INIT).fit(blocks)
    assert model.inertia_ == expected.inertia_
    assert model.predict(blocks).compute().tolist() == expected.labels_.tolist()
    blocks = da.from_array(X, chunks=(25, 3)).map_blocks(sp.csr_array)
    model.fit(blocks)
    # CSR has its own formula for distances.
    assert model.inertia_ == pytest.approx(expected.inertia_, rel=1e-12)
    assert model.labels_.chunks == ((25, 25, 10),)
    np.testing.assert_array_equal(model.labels_.compute(), expected.labels_)
    np.testing.assert_array_equal(model.predict(blocks).compute(), expected.labels_)
    np.testing.assert_allclose(model.transform(blocks).compute(), expected.transform(X), atol=1e-9)


def test_a_frame_has_names_and_unknown_sizes(threads, expected):
    frame = dd.from_pandas(pd.DataFrame(X, columns=["a", "b", "c"]), npartitions=4)
    frame = frame[frame.a >= 0]  # the sizes of its partitions are unknown now
    weights = frame.b * 0 + 2
    model = KMeans(4, init=INIT).fit(frame, sample_weight=weights)
    assert model.inertia_ == 2 * expected.inertia_
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(model.labels_.compute(), expected.labels_)
    np.testing.assert_array_equal(model.predict(frame).compute(), expected.labels_)
    np.testing.assert_array_equal(model.transform(frame).compute(), expected.transform(X))
    with pytest.raises(ValueError, match="feature names should match"):
        model.predict(frame.rename(columns={"a": "z"}))


def test_delayed_blocks_and_lazy_answers(threads, expected):
    parts = [dask.delayed(sp.csr_array(part)) for part in np.array_split(X, 3)]
    model = KMeans(4, init=INIT)
    np.testing.assert_array_equal(model.fit_predict(parts).compute(), expected.labels_)
    labels = model.predict(parts)
    assert isinstance(labels, da.Array)
    assert labels.dtype == np.int32
    np.testing.assert_array_equal(labels.compute(), expected.labels_)
    blocks = da.from_array(X.astype(np.float32), chunks=(20, 3))
    distances = model.fit_transform(blocks)
    assert distances.shape == (60, 4)
    assert distances.dtype == distances.compute().dtype == np.float32


def test_the_answers_to_no_rows_are_empty(threads, expected):
    model = KMeans(4, init=INIT).fit(da.from_array(X, chunks=(30, 3)))
    blocks = da.from_array(X, chunks=(30, 3))
    none = blocks[blocks[:, 0] < 0]
    assert model.predict(none).compute().shape == (0,)
    assert model.transform(none).compute().shape == (0, 4)


def test_a_pickle_leaves_the_labels_on_the_cluster(threads):
    blocks = da.from_array(X, chunks=(30, 3))
    model = KMeans(4, init=INIT).fit(blocks)
    again = pickle.loads(pickle.dumps(model))
    assert not hasattr(again, "labels_")
    assert again.score(blocks) == -model.inertia_


def with_nan():
    bad = X.copy()
    bad[41, 2] = np.nan
    return bad


@pytest.mark.parametrize(
    ("given", "weights", "message"),
    [
        (X, None, "use kmeans_core.KMeans"),
        (da.from_array(X[:, 0], chunks=5), None, "Expected 2D array"),
        (da.from_array(with_nan(), chunks=(25, 3)), None, "partition 1, row 16, column 2 .row 41"),
        (
            [dask.delayed(sp.csr_array(part)) for part in np.array_split(with_nan(), 2)],
            None,
            "NaN: the first in partition 1, row 11, column 2 .row 41",
        ),
        ([dask.delayed(X), dask.delayed(X[:, :2])], None, "Partition 1 of X has 2 features"),
        ([dask.delayed(X), dask.delayed(X[0])], None, "Partition 1 of X is not a matrix"),
        ([dask.delayed(X[:0])], None, "is empty"),
        ([dask.delayed(X[:3])], None, "n_samples=3 should be >= n_clusters=4"),
        ([dask.delayed(X.astype(complex))], None, "Complex data not supported: Partition 0"),
        ([dask.delayed(X)], np.ones(3), "one for each row"),
        ([dask.delayed(X)], [dask.delayed(np.ones(3))], "3 entries, but X has 60 rows"),
        ([dask.delayed(X)], -np.ones(60), "negative: the first is -1.0 in partition 0, row 0"),
        ([dask.delayed(X)], np.full(60, np.nan), "not finite: the first is nan"),
        ([dask.delayed(X)], np.zeros(60), "at least one non-zero"),
        ([dask.delayed(X)], np.full(60, 1e99), "scale all weights"),
    ],
)
def test_what_cannot_be_used_is_one_clear_error(threads, given, weights, message):
    with pytest.raises((ValueError, TypeError), match=message):
        KMeans(4, init=INIT).fit(given, sample_weight=weights)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"init": "k-means"}, "'init' parameter of KMeans must be a str among"),
        ({"init": INIT[:, :2]}, "number of features of the data 3"),
        ({"init_max_iter": -1}, "'init_max_iter'"),
        ({"n_threads": None}, "'n_threads'"),
        ({"oversampling_factor": 0}, "'oversampling_factor'"),
    ],
)
def test_parameters_are_checked(threads, params, message):
    with pytest.raises(ValueError, match=message):
        KMeans(4, **params).fit([dask.delayed(X)])


def test_without_a_client_the_error_says_how_to_make_one():
    with pytest.raises(ValueError, match=r"make a dask.distributed.Client\(\)"):
        KMeans(4, init=INIT).fit([dask.delayed(X)])


def test_one_line_says_what_to_install_without_dask(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ImportError, match=r'pip install "\.\[dask\]" in a clone'):
        importlib.reload(kmeans_core.dask)


@pytest.mark.parametrize("storage", ["dense", "CSR", "frame"])
def test_the_silhouette_of_a_sample_is_that_of_memory(threads, expected, storage):
    labels = expected.labels_
    blocks = {
        "dense": da.from_array(X, chunks=(25, 3)),
        "CSR": [dask.delayed(sp.csr_matrix(part)) for part in np.array_split(X, 4)],
        "frame": dd.from_pandas(pd.DataFrame(X), npartitions=2),
    }[storage]
    rows = sp.csr_array(X) if storage == "CSR" else X
    for size in (40, 100):
        whole = kmeans_core.silhouette_score(rows, labels, sample_size=size, random_state=1)
        found = silhouette_score(blocks, labels, sample_size=size, random_state=1)
        assert found == whole
    lazy = da.from_array(labels, chunks=7)
    assert silhouette_score(blocks, lazy, sample_size=100, random_state=1) == found
    with pytest.raises(ValueError, match="labels has 10 entries, but X has 60 rows"):
        silhouette_score(blocks, lazy[:10])
