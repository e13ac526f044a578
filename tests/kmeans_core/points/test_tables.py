"""Tables of any kind: missing values of every library, dates, odd cells, column names, memory."""

import datetime
import decimal
import fractions
import tracemalloc
import warnings
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from kmeans_core import (
    KMeans,
    kmeans_plusplus,
    silhouette_samples,
    silhouette_score,
    sweep_k,
)
from kmeans_core.points.checks import as_points
from kmeans_core.points.tables import feature_names, which_missing

NAN = np.nan

# Row 1 lacks its second value.
HOLED = np.array([[1.0, 2.0], [0.0, NAN], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 2.0]])
FULL = np.where(np.isnan(HOLED), 7.0, HOLED)


def cells_of(table: np.ndarray, missing: Any) -> list[list[Any]]:
    """Rows of Python numbers with a given marker for missing values."""
    return [[missing if np.isnan(x) else x for x in row] for row in table.tolist()]


def in_pandas(dtype: Any, as_numbers: Any = int) -> Any:
    def make(table: np.ndarray) -> Any:
        columns = [
            pd.array([pd.NA if np.isnan(x) else as_numbers(x) for x in column], dtype=dtype)
            for column in table.T.tolist()
        ]
        return pd.DataFrame(dict(zip("ab", columns, strict=True)))

    return make


def mixed_frame(table: np.ndarray) -> Any:
    nullable = in_pandas("Int64")(table)
    nullable["a"] = table[:, 0]
    return nullable


def sparse_frame(fill_value: float) -> Any:
    def make(table: np.ndarray) -> Any:
        arrays = [pd.arrays.SparseArray(column, fill_value=fill_value) for column in table.T]
        return pd.DataFrame(dict(zip("ab", arrays, strict=True)))

    return make


def object_array(missing: Any) -> Any:
    return lambda table: np.array(cells_of(table, missing), dtype=object)


def in_arrow(kind: Any, as_numbers: Any = float) -> Any:
    def make(table: np.ndarray) -> Any:
        columns = [
            pa.array([None if np.isnan(x) else as_numbers(x) for x in column], kind)
            for column in table.T.tolist()
        ]
        return pa.table(dict(zip("ab", columns, strict=True)))

    return make


def dictionary_table(table: np.ndarray) -> Any:
    plain = in_arrow(pa.float64())(table)
    return pa.table({name: plain[name].dictionary_encode() for name in plain.column_names})


def in_polars(kind: Any) -> Any:
    return lambda table: pl.DataFrame(cells_of(table, None), schema=["a", "b"], orient="row").cast(
        kind
    )


def datetimes(unit: str, kind: str = "M8") -> Any:
    def make(table: np.ndarray) -> Any:
        numbers = np.where(np.isnan(table), 0, table).astype("i8").astype(f"{kind}[{unit}]")
        numbers[np.isnan(table)] = "NaT"
        return numbers

    return make


TABLES: dict[str, Any] = {
    "Float64": in_pandas("Float64"),
    "Float32": in_pandas("Float32"),
    "Int64": in_pandas("Int64"),
    "UInt8": in_pandas("UInt8"),
    "arrow double": in_pandas("double[pyarrow]"),
    "arrow int": in_pandas("int64[pyarrow]"),
    "arrow decimal": in_pandas(pd.ArrowDtype(pa.decimal128(5, 2)), decimal.Decimal),
    "categories": in_pandas("category"),
    "string": in_pandas("string", str),
    "objects of a frame": lambda table: pd.DataFrame(
        cells_of(table, pd.NA), columns=["a", "b"], dtype=object
    ),
    "mixed": mixed_frame,
    "sparse, 0": sparse_frame(0.0),
    "sparse, NaN": sparse_frame(NAN),
    "objects, NA": object_array(pd.NA),
    "objects, None": object_array(None),
    "objects, NaT": object_array(pd.NaT),
    "objects, numpy's NaT": object_array(np.datetime64("NaT", "s")),
    "objects, NaT of a duration": object_array(np.timedelta64("NaT", "ns")),
    "objects, NaN": object_array(NAN),
    "objects, decimal NaN": object_array(decimal.Decimal("NaN")),
    "objects, signaling NaN": object_array(decimal.Decimal("sNaN")),
    "objects, null": object_array(pa.scalar(None)),
    "objects, masked": lambda table: pd.DataFrame(table).mask(np.isnan(table), pd.NA),
    "list, None": lambda table: cells_of(table, None),
    "list, NA": lambda table: cells_of(table, pd.NA),
    "list, nan": lambda table: table.tolist(),
    "dates": datetimes("s"),
    "dates, ns": datetimes("ns"),
    "durations": datetimes("us", "m8"),
    "frame of dates": lambda table: pd.DataFrame(datetimes("ns")(table), columns=["a", "b"]),
    "polars": in_polars(pl.Float64),
    "polars, int": in_polars(pl.Int16),
    "polars, decimal": in_polars(pl.Decimal(10, 2)),
    "arrow table": in_arrow(pa.float64()),
    "arrow table, float": in_arrow(pa.float32()),
    "arrow table, int": in_arrow(pa.int8(), int),
    "arrow table, decimal": in_arrow(pa.decimal128(5, 2), decimal.Decimal),
    "arrow table, dates": in_arrow(pa.timestamp("s"), int),
    "arrow table, text": in_arrow(pa.string(), str),
    "arrow table, dictionary": dictionary_table,
    "arrow batch": lambda table: in_arrow(pa.float64())(table).to_batches()[0],
    "arrow table in pieces": lambda table: pa.concat_tables(
        [in_arrow(pa.float64())(part) for part in (table[:1], table[1:4], table[4:])]
    ),
}
BOOLS = np.array([[1.0, 1.0], [0.0, NAN], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
BOOL_TABLES: dict[str, Any] = {
    "boolean": in_pandas("boolean", bool),
    "arrow bool": in_pandas("bool[pyarrow]", bool),
    "polars, bool": in_polars(pl.Boolean),
    "arrow table, bool": in_arrow(pa.bool_(), bool),
    "objects, bool": lambda table: np.array(
        [[None if np.isnan(x) else bool(x) for x in row] for row in table], dtype=object
    ),
}
CASES = [(name, make, HOLED) for name, make in TABLES.items()] + [
    (name, make, BOOLS) for name, make in BOOL_TABLES.items()
]


@pytest.fixture(params=CASES, ids=[case[0] for case in CASES])
def holed(request: pytest.FixtureRequest) -> tuple[Any, np.ndarray]:
    """A table with a missing value in row 1, column 1, and the values that it means."""
    _, make, table = request.param
    return make(table), table


def test_a_missing_value_is_named_by_its_place_everywhere(holed):
    X, table = holed
    model = KMeans(2, random_state=0).fit(np.nan_to_num(table))
    labels = np.arange(6) % 2
    for use in (
        KMeans(2).fit,
        KMeans(2).fit_predict,
        model.predict,
        model.transform,
        model.score,
        lambda X: silhouette_samples(X, labels),
        lambda X: silhouette_score(X, labels, sample_size=4),
        lambda X: sweep_k(X, [2]),
        lambda X: kmeans_plusplus(X, 2),
    ):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # of names that were not seen in fit
            with pytest.raises(ValueError, match="Input X contains NaN: the first at row 1, col"):
                use(X)
    with pytest.raises(ValueError, match="Input init contains NaN: the first at row 1, column 1"):
        KMeans(6, init=X).fit(np.nan_to_num(table))


def test_a_missing_value_is_unknown_with_missing_ignore(holed):
    X, table = holed
    unnamed = np.array(table)
    params = {"n_clusters": 2, "random_state": 0, "missing": "ignore"}
    model, expected = KMeans(**params).fit(X), KMeans(**params).fit(unnamed)
    np.testing.assert_allclose(model.cluster_centers_, expected.cluster_centers_, rtol=1e-6)
    assert model.labels_.tolist() == expected.labels_.tolist()
    assert model.predict(X).tolist() == expected.labels_.tolist()
    np.testing.assert_allclose(model.transform(X), expected.transform(unnamed), rtol=1e-6)
    assert model.score(X) == pytest.approx(expected.score(unnamed), rel=1e-6)
    labels = np.arange(6) % 2
    scores = silhouette_samples(unnamed, labels, missing="ignore")
    assert silhouette_samples(X, labels, missing="ignore").tolist() == scores.tolist()
    sampled = {"sample_size": 5, "random_state": 0, "missing": "ignore"}
    assert silhouette_score(X, labels, **sampled) == silhouette_score(unnamed, labels, **sampled)


@pytest.mark.parametrize("name", [*TABLES, *BOOL_TABLES])
def test_without_a_missing_value_a_table_is_the_array_it_looks_like(name):
    make, table = {case[0]: case[1:] for case in CASES}[name]
    whole = np.where(np.isnan(table), 1.0, table)
    points = as_points(make(whole))
    assert points.X.tolist() == whole.tolist()
    assert points.dtype == (np.float32 if name in ("Float32", "arrow table, float") else np.float64)
    model = KMeans(2, random_state=0).fit(make(whole))
    assert model.labels_.tolist() == KMeans(2, random_state=0).fit(whole).labels_.tolist()


def test_a_callable_init_is_given_numbers():
    def init(X: Any, n_clusters: int, random_state: Any) -> Any:
        assert X.dtype == np.float64
        return X[:n_clusters]

    given = TABLES["Int64"](FULL)
    assert KMeans(2, init=init, n_init=1).fit(given).labels_.tolist() == [0, 1, 0, 0, 0, 0]
    holed = TABLES["Int64"](HOLED)
    with pytest.raises(ValueError, match=r"Input init\(X\) contains NaN: the first at row 1"):
        KMeans(2, init=init, n_init=1, missing="ignore").fit(holed)


# Dates ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["D", "s", "ns"])
def test_dates_are_the_numbers_of_their_unit_as_in_scikit_learn(unit):
    sklearn = pytest.importorskip("sklearn.cluster")
    days = np.array([["2020-01-01"], ["2020-01-02"], ["2021-03-01"]], f"M8[{unit}]")
    expected = sklearn.KMeans(1, n_init=1).fit(days).cluster_centers_
    np.testing.assert_allclose(KMeans(1).fit(days).cluster_centers_, expected, rtol=1e-12)
    assert as_points(days).X.tolist() == days.astype("i8").astype(float).tolist()


WHEN = [datetime.datetime(2020, 1, 1), datetime.datetime(2021, 1, 1)]


@pytest.mark.parametrize(
    "X",
    [
        pd.DataFrame({"when": pd.to_datetime(WHEN), "x": [1.0, 2.0]}),
        pd.DataFrame({"when": pd.to_datetime(WHEN), "x": pd.array([1.0, pd.NA], dtype="Float64")}),
        pd.DataFrame({"when": pd.to_datetime(WHEN, utc=True)}),
        pa.table({"x": [1.0, 2.0], "when": WHEN}),
        np.array([[WHEN[0], 1.0], [WHEN[1], 2.0]], dtype=object),
    ],
    ids=["frame", "nullable frame", "zone", "arrow", "objects"],
)
@pytest.mark.parametrize("missing", ["error", "ignore"])
def test_dates_beside_numbers_are_refused(X, missing):
    with pytest.raises(TypeError, match=r"X (holds an object|has columns of dates)"):
        KMeans(1, missing=missing).fit(X)


def test_no_null_among_dates_of_polars_becomes_a_number():
    for columns in ({"when": [WHEN[0], None]}, {"when": [WHEN[0], None], "x": [1.0, 2.0]}):
        with pytest.raises(ValueError, match="contains NaN: the first at row 1, column 0"):
            KMeans(1).fit(pl.DataFrame(columns))


# Odd cells --------------------------------------------------------------------------------------


def test_numbers_of_every_class_are_read():
    cells = [[decimal.Decimal("0.5"), fractions.Fraction(1, 4)], [np.longdouble(2), np.int8(3)]]
    cells += [[np.bool_(True), "1.5"], [10**20, b"2"]]
    expected = [[0.5, 0.25], [2.0, 3.0], [1.0, 1.5], [1e20, 2.0]]
    assert as_points(np.array(cells, dtype=object)).X.tolist() == expected
    cells[0][0] = None
    holed = as_points(np.array(cells, dtype=object), missing="ignore")
    assert holed.csr[0].tolist() == [0.25, 2, 3, 1, 1.5, 1e20, 2]


@pytest.mark.parametrize(
    ("cell", "error", "message"),
    [
        (10**400, ValueError, "a number that float64 cannot hold: 1000.* at row 1, column 0"),
        (-(10**400), ValueError, "a number that float64 cannot hold: -1000.* at row 1, column 0"),
        (10**5000, ValueError, "a number that float64 cannot hold: <int> at row 1, column 0"),
        (fractions.Fraction(10**400), ValueError, "float64 cannot hold: Fraction"),
        ("one", ValueError, "a value that is not a number: 'one' at row 1, column 0"),
        ("", ValueError, "a value that is not a number: '' at row 1, column 0"),
        (1j, ValueError, "Complex data not supported"),
        ({}, TypeError, r"not dict \(\{\} at row 1, column 0\)"),
        (WHEN[0], TypeError, "not datetime .* at row 1, column 0"),
        (object, TypeError, "not type .* at row 1, column 0"),
    ],
    ids=[
        "int",
        "negative",
        "long",
        "fraction",
        "word",
        "empty",
        "1j",
        "{}",
        "date",
        "type",
    ],
)
@pytest.mark.parametrize("missing", ["error", "ignore"])
def test_the_first_cell_that_is_not_a_number_is_named(cell, error, message, missing):
    X = np.array([[1, 2], [cell, 3], ["two", 4]], dtype=object)
    with pytest.raises(error, match=message) as caught:
        KMeans(2, missing=missing).fit(X)
    assert len(str(caught.value)) < 400


def test_a_decimal_that_float64_cannot_hold_is_infinity():
    X = np.array([[1.0, 2.0], [decimal.Decimal("1e400"), None]], dtype=object)
    with pytest.raises(ValueError, match="infinity: the first at row 1, column 0"):
        KMeans(2, missing="ignore").fit(X)


def test_a_cell_of_an_arrow_table_is_named_by_its_place_in_the_table():
    words = pa.chunked_array([["1", "2"], ["3", None, "x"]])
    table = pa.table({"a": [1.0, 2.0, 3.0, 4.0, 5.0], "b": words})
    with pytest.raises(ValueError, match="not a number: 'x' at row 4, column 1"):
        KMeans(2).fit(table)


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((3, 2), dtype=[("a", "f8"), ("b", "f8")]),
        np.zeros((3, 2), dtype="V8"),
        pa.table({"a": [[1.0, 2.0], [2.0, 3.0]]}),
        pa.table({"a": [{"b": 1.0}, {"b": 2.0}]}),
        pl.DataFrame({"a": [[1.0, 2.0], [2.0, 3.0]]}),
        pd.DataFrame({"a": pd.interval_range(0, 2)}),
        pd.DataFrame({"a": pd.interval_range(0, 2), "b": pd.array([1, None], dtype="Int64")}),
        pd.DataFrame({"a": pd.period_range("2020", periods=2)}),
        [[1.0], [[2.0]]],
    ],
)
def test_input_that_is_not_a_table_of_numbers_is_one_error(X):
    with pytest.raises((ValueError, TypeError), match=r"^X "):
        KMeans(1).fit(X)


# Columns of tables ------------------------------------------------------------------------------


def test_names_of_arrow_tables_are_kept_and_compared():
    table = pa.table({"left": [0.0, 1.0, 9.0], "right": [0.0, 2.0, 9.0]})
    model = KMeans(2, random_state=0).fit(table)
    assert model.feature_names_in_.tolist() == ["left", "right"]
    assert model.predict(table).tolist() == model.labels_.tolist()
    assert model.predict(table.to_batches()[0]).tolist() == model.labels_.tolist()
    assert model.predict(pl.from_arrow(table)).tolist() == model.labels_.tolist()
    with pytest.raises(ValueError, match="must be in the same order"):
        model.predict(table.select(["right", "left"]))
    with pytest.raises(ValueError, match="unseen at fit time:\n- other"):
        model.transform(table.rename_columns(["left", "other"]))


def test_names_are_those_of_scikit_learn():
    validation = pytest.importorskip("sklearn.utils.validation")
    frame = pd.DataFrame({"a": [1.0], "b": [2.0]})
    for table in (frame, pl.from_pandas(frame), pa.Table.from_pandas(frame), frame.to_numpy()):
        theirs = validation._get_feature_names(table)
        ours = feature_names(table)
        assert (ours is None) == (theirs is None)
        assert ours is None or ours.tolist() == theirs.tolist()


def test_an_arrow_table_is_copied_only_once():
    n_bytes = 8 * 400_000
    for kind in (np.int64, np.float64):
        table = pa.table({name: np.arange(400_000, dtype=kind) for name in "abcd"})
        tracemalloc.start()
        points = as_points(table)
        feature_names(table)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert points.X[3].tolist() == [3.0] * 4
        # The array of 4 columns, and a copy of one column.
        assert peak < 6 * n_bytes


def test_a_loop_over_objects_with_nan_does_not_warn() -> None:
    # Python 3.12 specializes the comparison after some calls. It then marks NaN as invalid.
    cells = np.array([0.0] * 2000 + [np.nan] + [1.0] * 50, dtype=object)
    for _ in range(20):
        assert np.flatnonzero(which_missing(cells)).tolist() == [2000]
