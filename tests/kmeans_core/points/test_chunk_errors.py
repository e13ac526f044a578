"""ChunkedRows: what is refused, and errors that name the chunk and the row."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kmeans_core import (
    ChunkedRows,
    ConvergenceWarning,
    KMeans,
    MiniBatchKMeans,
    kmeans_plusplus,
)

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")


A, B = np.eye(3), 2 * np.eye(3)


def broken():
    yield A
    raise OSError("the disk is gone")


def not_finite(value):
    rows = B.copy()
    rows[2, 1] = value
    return rows


@pytest.mark.parametrize(
    ("factory", "kind", "message"),
    [
        (broken, OSError, r"Cannot read chunk 1 of X \(from row 3\): the disk is gone"),
        (lambda: [A, not_finite(np.nan)], ValueError, r"chunk 1 of X \(from row 3\) contains NaN"),
        (lambda: [A, not_finite(np.inf)], ValueError, "infinity: the first at row 2, column 1"),
        (lambda: [A, [[1.0, None, 2.0]]], ValueError, r"\(from row 3\) contains NaN.* column 1"),
        (lambda: [A, B[:, :2]], ValueError, "chunk 1 .* has 2, but the first chunk has 3"),
        (lambda: [A, np.ones(3)], ValueError, r"Expected 2D.*chunk 1 of X \(from row 3\)"),
        (lambda: [A, [["a", "b", "c"]]], ValueError, "chunk 1 of X"),
        (list, ValueError, "no rows: the factory returned no chunks"),
        (lambda: [A[:0]], ValueError, "no rows: the factory returned no chunks"),
        (lambda: [A[:1]], ValueError, "n_samples=1 should be >= n_clusters=2"),
        (lambda: 7, TypeError, "return an iterator of chunks: 'int' object is not iterable"),
        (lambda: A, TypeError, "an iterator of chunks, .* It returned one ndarray"),
        (lambda: pd.DataFrame(A), TypeError, "It returned one DataFrame"),
        (lambda: [pd.DataFrame(A, columns=["a", 1, 2])], TypeError, "Feature names are only"),
    ],
)
def test_what_chunks_cannot_be_used(factory, kind, message):
    with pytest.raises(kind, match=message):
        KMeans(2).fit(ChunkedRows(factory))


def test_an_error_of_the_factory_gets_the_place():
    def read():
        yield A
        raise KeyError("b")

    with pytest.raises(KeyError) as caught:
        KMeans(2).fit(ChunkedRows(read))
    assert caught.value.__notes__ == [
        "It was raised when ChunkedRows asked for chunk 1 of X (from row 3)."
    ]


def test_a_factory_that_returns_other_rows_later():
    one = iter([A, B])
    turns = itertools.count()
    cases = [
        (lambda: one, "ended after 0 chunks with 0 rows, but the first pass found 2 chunks"),
        (lambda: [A, B][: 2 - next(turns)], "ended after 1 chunks with 3 rows"),
        (lambda: [A, B, B][: 2 + next(turns)], r"chunk 2 of X \(from row 6\) has another shape"),
        (lambda: [A, B[next(turns) :]], r"chunk 1 of X \(from row 3\) has another shape"),
        (lambda: [A, B.astype(f"f{4 << next(turns)}")], r"chunk 1 of X .*dtype"),
        (lambda: [A, B + next(turns)], r"chunk 1 of X .*first row.*make new ChunkedRows"),
    ]
    for factory, message in cases:
        turns = itertools.count()
        with pytest.raises(ValueError, match=message):
            KMeans(2).fit(ChunkedRows(factory))


@pytest.mark.parametrize(
    "form", [lambda frame: frame, pa.Table.from_pandas, pa.RecordBatch.from_pandas, pl.from_pandas]
)
def test_frames_with_columns_in_another_order(form):
    frame = pd.DataFrame(A, columns=["a", "b", "c"])
    rows = ChunkedRows(lambda: [A, form(frame), form(frame[["b", "a", "c"]])])
    message = r"chunk 2 .* has \['b', 'a', 'c'\], but .* \['a', 'b', 'c'\]. All chunks need"
    with pytest.raises(ValueError, match=message):
        KMeans(2).fit(rows)


def test_column_names_are_those_of_the_fit():
    frame = pd.DataFrame(np.vstack([A, B]), columns=["a", "b", "c"])
    rows = ChunkedRows(lambda: [A, frame[3:]])
    model = KMeans(2, random_state=0).fit(rows)
    assert list(model.feature_names_in_) == ["a", "b", "c"]
    assert model.predict(frame).tolist() == model.labels_.tolist()
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(ChunkedRows(lambda: [frame[["b", "a", "c"]]]))
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(ChunkedRows(lambda: [A]))


@pytest.mark.parametrize("given", [[A, B], (chunk for chunk in [A, B]), "X.npy"])
def test_only_a_function_can_be_read_again(given):
    with pytest.raises(TypeError, match="a function that returns a new iterator of chunks"):
        ChunkedRows(given)


def test_a_list_of_arrays_is_no_chunks():
    with pytest.raises(ValueError, match="Expected 2D array, got 3D array"):
        KMeans(2).fit([A, B])


def test_what_chunks_are_not_for():
    rows = ChunkedRows(lambda: [A, B])
    with pytest.raises(ValueError, match="missing='ignore' cannot be used with ChunkedRows"):
        KMeans(2, missing="ignore").fit(rows)
    with pytest.raises(TypeError, match="never joined into one array"):
        kmeans_plusplus(rows, 2)
    with pytest.raises(TypeError, match="For MiniBatchKMeans, call partial_fit on each chunk"):
        MiniBatchKMeans(2).fit(rows)
    with pytest.raises(ValueError, match="X has 3 features, but KMeans is expecting 2 features"):
        KMeans(1).fit(A[:, :2]).predict(rows)


@pytest.mark.parametrize("large", [1e60, -1e60])
def test_weights_are_checked_against_the_values_of_all_chunks(large):
    rows = ChunkedRows(lambda: [A, large * B])
    with pytest.raises(ValueError, match="sample_weight overflows"):
        KMeans(2, random_state=0).fit(rows, sample_weight=np.full(6, 1e190))
    with pytest.raises(ValueError, match=r"expected \(6,\): one for each row"):
        KMeans(2).fit(rows, sample_weight=[1.0])


def test_a_fit_with_too_few_different_rows_warns():
    with pytest.warns(ConvergenceWarning, match=r"clusters \(1\) found smaller than n_clusters"):
        KMeans(2, random_state=0).fit(ChunkedRows(lambda: [np.ones((3, 2))] * 2))
