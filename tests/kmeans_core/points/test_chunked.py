"""ChunkedRows and memory maps: the bits of a fit in memory, checked passes, no copy of the rows."""

import itertools
import pickle
import tracemalloc

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from kmeans_core import (
    ChunkedRows,
    KMeans,
    MiniBatchKMeans,
    assign,
)
from kmeans_core.points import row_chunks
from kmeans_core.points.assign_boxes import BoxAssigner
from kmeans_core.points.assign_dense import (
    ChangedCentersAssigner,
    RowFilterAssigner,
    SettlingAssigner,
)
from kmeans_core.points.checks import as_points
from kmeans_core.points.chunked import points_of

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")


def cut(X, cuts, *forms):
    """X in chunks, which take the forms in turn."""
    limits = itertools.pairwise([0, *cuts, X.shape[0]])
    turns = itertools.cycle(forms or (lambda rows: rows,))
    pieces = [(a, b, next(turns)) for a, b in limits]
    return ChunkedRows(lambda: (form(X[a:b]) for a, b, form in pieces))


def fitted(model):
    found = model.labels_, model.cluster_centers_, model.inertia_, model.cluster_inertias_
    return [np.asarray(one).tolist() for one in found], model.n_iter_, model.stopped_by_


def bits_of(events):
    arrays = [(event.labels.tolist(), event.centers.tolist()) for event in events]
    names = "inertia", "center_shift", "n_moved", "n_relocated"
    return arrays, [[getattr(event, name) for name in names] for event in events]


VALUES = {
    "halves": lambda rng, shape: rng.integers(0, 5, size=shape) / 2,
    "tenths": lambda rng, shape: rng.integers(0, 6, size=shape) * 0.1,
    "floats": lambda rng, shape: rng.normal(size=shape),
    "few different rows": lambda rng, shape: np.eye(*shape)[rng.integers(0, 4, size=shape[0])],
}
WEIGHTS = {
    "none": lambda rng, n: None,
    "whole": lambda rng, n: rng.integers(0, 3, size=n) + np.eye(n)[0],
    "any": lambda rng, n: rng.random(n),
}


@given(
    values=st.sampled_from(sorted(VALUES)),
    weights=st.sampled_from(sorted(WEIGHTS)),
    form=st.sampled_from([np.asarray, sp.csr_array, np.float32]),
    cuts=st.lists(st.integers(0, 60), max_size=6),
    most_sums=st.sampled_from([0, 2**15]),
    tol=st.sampled_from([0.0, 1e-2]),
    seed=st.integers(0, 1000),
)
@settings(max_examples=60)
def test_a_fit_has_the_bits_of_a_fit_in_memory(
    events_of, values, weights, form, cuts, most_sums, tol, seed
):
    rng = np.random.default_rng(seed)
    X = form(VALUES[values](rng, (60, 4)))
    sample_weight = WEIGHTS[weights](rng, 60)
    dense = X.toarray() if sp.issparse(X) else X
    # Far centers begin with empty clusters, which are relocated.
    init = dense[rng.integers(0, 60, size=5)] + np.array([0, 0, 0, 9, 99])[:, None]
    one, other = (KMeans(5, init=init, tol=tol, max_iter=25) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch:
        # Chunks of sums of eight rows, or sums in order.
        patch.setattr(row_chunks, "LEAST_ROWS", 8)
        patch.setattr(row_chunks, "MOST_SUMS", most_sums)
        expected = events_of(one, X, sample_weight=sample_weight)
        found = events_of(other, cut(X, sorted(cuts)), sample_weight=sample_weight)
    assert bits_of(found) == bits_of(expected)
    assert fitted(other) == fitted(one)
    assert other.cluster_centers_.dtype == one.cluster_centers_.dtype


@pytest.mark.parametrize("n_threads", [1, 2])
@pytest.mark.parametrize("weights", sorted(WEIGHTS))
def test_several_chunks_of_sums_without_patches(weights, n_threads):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(13_000, 3))
    sample_weight = WEIGHTS[weights](rng, len(X)) if weights != "whole" else np.arange(13_000) % 3
    rows = cut(X, [1, 4_000, 4_097, 12_000])
    how = {"init": X[:6], "n_threads": n_threads, "max_iter": 40}
    one = KMeans(6, **how).fit(X, sample_weight=sample_weight)
    other = KMeans(6, **how).fit(rows, sample_weight=sample_weight)
    assert one.n_iter_ > 16  # the sums were added up again
    assert fitted(other) == fitted(one)
    assert other.predict(rows).tolist() == assign(rows, other.cluster_centers_).tolist()
    assert other.predict(rows).tolist() == other.labels_.tolist()
    assert other.score(rows, sample_weight=sample_weight) == -other.inertia_
    assert other.transform(rows).tolist() == one.transform(X).tolist()


def test_one_row_in_each_chunk_and_chunks_of_every_form():
    X = np.random.default_rng(1).integers(0, 9, size=(60, 3)).astype(float)
    forms = [
        sp.csc_array,
        lambda rows: rows.tolist(),
        pd.DataFrame,
        lambda rows: pa.record_batch(list(rows.T), names=["a", "b", "c"]),
        lambda rows: rows.astype(np.int8),
    ]
    expected = fitted(KMeans(4, init=X[:4]).fit(X))
    for rows in (cut(X, range(1, 60)), cut(X, [0, 7, 20, 21, 50], *forms)):
        assert fitted(KMeans(4, init=X[:4]).fit(rows)) == expected


@pytest.mark.parametrize("init", ["random", "k-means||", lambda X, k, random_state: np.eye(k, 4)])
def test_the_first_centers_are_those_of_a_fit_in_memory(init):
    X = np.random.default_rng(0).normal(size=(300, 4))
    how = {"init": init, "random_state": 3, "n_init": 2}
    rows = cut(X - X.mean(axis=0), [100]) if callable(init) else cut(X, [100])
    other = KMeans(4, **how).fit(rows)
    if not callable(init):
        assert fitted(other) == fitted(KMeans(4, **how).fit(X))
        return
    # A callable gets the chunks as they are.
    assert fitted(other) == fitted(KMeans(4, init=np.eye(4)).fit(X - X.mean(axis=0)))


def test_plusplus_over_chunks_is_scalable_plusplus():
    X = np.random.default_rng(0).normal(size=(300, 4))
    one = KMeans(5, init="k-means||", random_state=0).fit(X)
    assert fitted(KMeans(5, random_state=0).fit(cut(X, [7]))) == fitted(one)


def test_the_mean_variance_is_that_of_all_rows():
    X = np.random.default_rng(0).normal(size=(500, 3)) * [1, 10, 100] + 1e6
    for rows in (cut(X, [1, 2, 400]), cut(X, [250], sp.csr_array, np.asarray)):
        points = points_of(rows, n_threads=1, missing="error")
        assert points.mean_variance() == pytest.approx(np.mean(np.var(X, axis=0)), rel=1e-9)


def test_rounds_of_passes_are_few():
    X = np.random.default_rng(0).normal(size=(9_000, 2))
    n_passes = 0

    def factory():
        nonlocal n_passes
        n_passes += 1
        return [X[:5_000], X[5_000:]]

    model = KMeans(4, init=X[:4], tol=0, max_iter=8).fit(ChunkedRows(factory))
    # The first check, one pass for each iteration, one more for the second, which moves most rows,
    # and then new sums, final labels and final distances.
    assert model.n_iter_ == 8
    assert n_passes <= 1 + 8 + 1 + 3


# Files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["C", "F"])
def test_npy_files_in_sequence(tmp_path, order):
    X = np.random.default_rng(0).normal(size=(50, 3))
    paths = [tmp_path / "a.npy", tmp_path / "b.npy"]
    np.save(paths[0], np.asarray(X[:20], order=order))
    np.save(paths[1], np.asarray(X[20:], order=order))
    expected = fitted(KMeans(4, init=X[:4]).fit(X))
    for chunk_rows in (None, 7):
        rows = ChunkedRows.from_npy(paths, chunk_rows=chunk_rows)
        assert fitted(KMeans(4, init=X[:4]).fit(rows)) == expected


def test_parquet_columns_in_the_order_asked_for(tmp_path):
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(50, 3)), columns=["a", "b", "c"])
    frame["name"] = "x"
    frame.to_parquet(tmp_path / "X.parquet", row_group_size=11)
    X = frame[["c", "a"]].to_numpy()
    rows = ChunkedRows.from_parquet(tmp_path / "X.parquet", ["c", "a"], chunk_rows=7)
    assert fitted(KMeans(3, init=X[:3]).fit(rows)) == fitted(KMeans(3, init=X[:3]).fit(X))
    with pytest.raises(ValueError, match=r"X.parquet has no column 'd'. It has \['a', 'b'"):
        KMeans(2).fit(ChunkedRows.from_parquet(tmp_path / "X.parquet", ["a", "d"]))


def test_parquet_columns_by_default(tmp_path):
    frame = pd.DataFrame(np.eye(3), columns=["a", "b", "c"], index=[7, 9, 8])
    frame.to_parquet(tmp_path / "X.parquet")  # stores the index as a column
    path = tmp_path / "X.parquet"
    cases = [(None, ("a", "b", "c")), ("b", ("b",)), ((name for name in "ca"), ("c", "a"))]
    for asked, names in cases:
        rows = ChunkedRows.from_parquet(path, asked)
        assert rows.columns == names
        assert list(KMeans(2, random_state=0).fit(rows).feature_names_in_) == list(names)
    twice = pa.table([[1.0], [2.0]], names=["a", "a"])
    pq.write_table(twice, tmp_path / "twice.parquet")
    with pytest.raises(ValueError, match=r"twice.parquet has several columns 'a'"):
        KMeans(1).fit(ChunkedRows.from_parquet(tmp_path / "twice.parquet"))


@pytest.mark.parametrize("chunk_rows", [0, -1, 1.5, True])
def test_the_rows_of_a_chunk_are_a_count(chunk_rows):
    for read in (ChunkedRows.from_npy, ChunkedRows.from_parquet):
        with pytest.raises(ValueError, match="chunk_rows must be an int in the range"):
            read("X", chunk_rows=chunk_rows)


def test_chunks_of_files_can_be_pickled_and_streamed(tmp_path):
    X = np.random.default_rng(0).normal(size=(30, 2))
    np.save(tmp_path / "X.npy", X)
    rows = pickle.loads(pickle.dumps(ChunkedRows.from_npy(tmp_path / "X.npy", chunk_rows=10)))
    one, other = (MiniBatchKMeans(3, random_state=0) for _ in range(2))
    for chunk, expected in zip(rows, np.split(X, 3), strict=True):
        one.partial_fit(chunk)
        other.partial_fit(expected)
    assert np.array_equal(one.cluster_centers_, other.cluster_centers_)


def test_parquet_is_not_buffered_as_a_whole(tmp_path):
    X = np.random.default_rng(0).random((60_000, 10))
    frame = pd.DataFrame(X, columns=list("abcdefghij"))
    frame.to_parquet(tmp_path / "X.parquet", row_group_size=2_000)
    before, most = pa.total_allocated_bytes(), 0
    for _ in ChunkedRows.from_parquet(tmp_path / "X.parquet", chunk_rows=1_000)._read(1):
        most = max(most, pa.total_allocated_bytes() - before)
    assert most < 0.2 * X.nbytes


def test_files_that_hold_no_matrix_of_numbers(tmp_path):
    np.save(tmp_path / "flat.npy", np.arange(3.0))
    np.savez(tmp_path / "many.npz", X=np.eye(3))
    np.save(tmp_path / "objects.npy", np.array([[None]]), allow_pickle=True)
    with pytest.raises(ValueError, match=r"flat.npy does not hold one 2-D array of numbers"):
        KMeans(2).fit(ChunkedRows.from_npy(tmp_path / "flat.npy"))
    (tmp_path / "short.npy").write_bytes((tmp_path / "objects.npy").read_bytes()[:90])
    (tmp_path / "empty.npy").write_bytes(b"")
    (tmp_path / "pickle.npy").write_bytes(pickle.dumps([1.0]))
    for name in ("many.npz", "objects.npy", "short.npy", "empty.npy", "pickle.npy"):
        with pytest.raises(ValueError, match=f"Cannot read .*{name} as .npy: ") as caught:
            KMeans(2).fit(ChunkedRows.from_npy(tmp_path / name))
        assert "allow_pickle" not in str(caught.value)  # no way out: it would run foreign code
    with pytest.raises(ValueError, match=r"Cannot read .*flat.npy as Parquet: "):
        KMeans(2).fit(ChunkedRows.from_parquet(tmp_path / "flat.npy"))
    with pytest.raises(OSError, match=r"Cannot read chunk 0 .*absent.parquet"):
        KMeans(2).fit(ChunkedRows.from_parquet([tmp_path / "absent.parquet"]))


@pytest.mark.parametrize(("kind", "init"), [("map", "k-means++"), ("npy", "k-means||")])
def test_no_copy_of_the_rows_is_held(tmp_path, kind, init):
    X = np.random.default_rng(0).random((30_000, 48))
    X[X < 0.9] = 0.0  # an array in memory would be kept as CSR too
    np.save(tmp_path / "X.npy", X)
    how = {"init": init, "random_state": 0, "max_iter": 3}
    expected = KMeans(22, **how).fit(X)
    n_bytes = X.nbytes
    del X
    if kind == "map":
        rows = np.load(tmp_path / "X.npy", mmap_mode="r")
    else:
        rows = ChunkedRows.from_npy(tmp_path / "X.npy", chunk_rows=1_000)
    model = KMeans(22, **how).fit(rows)  # compiles kernels
    tracemalloc.start()
    try:
        model.fit(rows)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 0.3 * n_bytes
    assert model.labels_.tolist() == expected.labels_.tolist()
    assert model.cluster_centers_.tolist() == expected.cluster_centers_.tolist()


@pytest.mark.parametrize(
    ("n_features", "n_clusters", "kept"), [(2, 130, BoxAssigner), (40, 520, SettlingAssigner)]
)
def test_a_map_is_fitted_in_place_with_the_same_bits(tmp_path, n_features, n_clusters, kept):
    X = np.random.default_rng(0).normal(size=(3_000, n_features))
    np.save(tmp_path / "X.npy", X)
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    points, in_memory = as_points(mapped), as_points(X)
    assert np.shares_memory(points.X, mapped)
    assert np.shares_memory(as_points(mapped, missing="ignore").X, mapped)
    # In memory, sorted rows, bounds and distances of k-means++ are kept.
    assert type(in_memory.assigner(n_clusters)) is kept
    assert type(points.assigner(n_clusters)) in (RowFilterAssigner, ChangedCentersAssigner)
    trials = points.trials(np.ones(3_000), 2, exact=False)
    trials.begin(0)
    assert trials.distances.size == 0
    how = {"random_state": 0, "max_iter": 8}
    one, other = (KMeans(n_clusters, **how).fit(rows) for rows in (X, mapped))
    assert fitted(other) == fitted(one)
