"""Sparse matrices: valid ones equal their dense copies, malformed ones raise one error."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core import KMeans, kmeans_plusplus, silhouette_samples, sweep_k
from kmeans_core.points import memory
from kmeans_core.points.checks import as_points

# Rows 0 to 3: columns 1 | 0 | | 0 1 2.
X = np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0], [0.0, 0.0, 0.0], [5.0, 4.0, 3.0]])
FORMATS = ("csr", "csc", "bsr", "coo", "lil", "dok", "dia")


def uses() -> dict[str, Any]:
    fitted = KMeans(2, random_state=0).fit(X)
    unknown = KMeans(2, random_state=0, missing="ignore").fit(X)
    labels = [0, 0, 1, 1]
    return {
        "fit": KMeans(2).fit,
        "fit, ignore": KMeans(2, missing="ignore").fit,
        "predict": fitted.predict,
        "predict, ignore": unknown.predict,
        "transform": fitted.transform,
        "score": fitted.score,
        "silhouette": lambda X: silhouette_samples(X, labels),
        "silhouette, ignore": lambda X: silhouette_samples(X, labels, missing="ignore"),
        "k-means++": lambda X: kmeans_plusplus(X, 2),
        "sweep": lambda X: sweep_k(X, [2]),
        "init": lambda bad: KMeans(4, init=bad).fit(X),
    }


def refused_everywhere(bad: Any, message: str) -> None:
    for name, use in uses().items():
        if name.endswith("ignore") and bad.format in ("bsr", "dia"):
            continue
        called = "init" if name == "init" else "X"
        with pytest.raises(ValueError, match=f"Malformed sparse matrix {called}: {message}"):
            use(bad)


# Sound ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kind", ["matrix", "array"])
@pytest.mark.parametrize("dtype", ["f8", "f4", "i8", "i1", "?"])
def test_every_format_class_and_dtype_equals_its_dense_copy(form, kind, dtype):
    class Mine(getattr(sp, f"{form}_{kind}")):
        """A class that a user might write."""

    dense = X.astype(dtype)
    expected = KMeans(2, random_state=0).fit(dense)
    for matrix in (getattr(sp, f"{form}_{kind}")(dense), Mine(dense)):
        points = as_points(matrix)
        assert points.dtype == (np.float32 if dtype == "f4" else np.float64)
        assert points.take(np.arange(4)).tolist() == dense.astype(float).tolist()
        model = KMeans(2, random_state=0).fit(matrix)
        assert model.labels_.tolist() == expected.labels_.tolist()
        assert model.inertia_ == expected.inertia_
        assert matrix.toarray().tolist() == dense.tolist()


@pytest.mark.parametrize("form", ["csr", "csc", "bsr"])
@pytest.mark.parametrize("dtypes", [("i8", "i8"), ("i4", "i8"), ("i2", "i2"), (">i4", ">i8")])
def test_indices_of_every_width_are_read_and_become_of_one_width(form, dtypes):
    matrix = getattr(sp, f"{form}_array")(X)
    matrix.indices, matrix.indptr = (
        array.astype(dtype)
        for array, dtype in zip((matrix.indices, matrix.indptr), dtypes, strict=True)
    )
    points = as_points(matrix)
    assert points.take(np.arange(4)).tolist() == X.tolist()
    _, indices, indptr = points.csr
    # Only CSR can be used without a copy.
    expected = np.int64 if form == "csr" and dtypes == ("i8", "i8") else np.int32
    assert indices.dtype == indptr.dtype == expected


@pytest.mark.parametrize("form", ["coo", "lil", "dok", "dia"])
def test_other_formats_become_csr_with_short_indices(form):
    _, indices, indptr = as_points(getattr(sp, f"{form}_array")(X)).csr
    assert indices.dtype == indptr.dtype == np.int32


def test_arrays_with_gaps_are_read():
    matrix = sp.csr_array(X)
    for name in ("data", "indices", "indptr"):
        setattr(matrix, name, np.repeat(getattr(matrix, name), 2)[::2])
    assert not matrix.data.flags.c_contiguous
    points = as_points(matrix)
    assert points.csr[0].flags.c_contiguous
    assert points.take(np.arange(4)).tolist() == X.tolist()


def test_diagonals_may_be_short_long_or_beyond_the_matrix():
    for width in (1, 2, 3, 5):
        for offsets in ([0], [-3, 2], [0, -1, 1], [99, -99, 0], [10**15, -(10**15)]):
            data = np.arange(1.0, 1.0 + width * len(offsets)).reshape(len(offsets), width)
            matrix = sp.dia_array((data, np.array(offsets)), shape=X.shape)
            expected = np.zeros(X.shape)
            for diagonal, offset in zip(data, offsets, strict=True):
                for column in range(min(width, 3)):
                    if 0 <= column - offset < 4:
                        expected[column - offset, column] = diagonal[column]
            assert as_points(matrix).take(np.arange(4)).tolist() == expected.tolist()


def test_cells_that_come_twice_add_up_in_every_format():
    coo = sp.coo_array((np.array([1, 2, 4], "i1"), ([0, 0, 1], [2, 2, 0])), shape=(2, 3))
    csc = sp.csc_array(coo.shape)
    csc.data, csc.indices, csc.indptr = np.array([4.0, 1, 2]), np.array([1, 0, 0]), [0, 1, 1, 3]
    lil = sp.lil_array(coo.shape)
    lil.rows[0], lil.data[0], lil.rows[1], lil.data[1] = [2, 2], [1.0, 2.0], [0], [4.0]
    for matrix in (coo, csc, lil):
        points = as_points(matrix)
        assert points.take(np.arange(2)).tolist() == [[0, 0, 3], [4, 0, 0]]
        assert points.n_stored == 2


def test_values_of_lists_and_dictionaries_may_be_numbers_of_any_class():
    lil, dok = sp.lil_array(X), sp.dok_array(X)
    lil.data[3] = [np.float32(5), True, "1.5"]
    dok[3, 1], dok[3, 2] = True, np.int8(7)
    assert as_points(lil).take(np.array([3])).tolist() == [[5, 1, 1.5]]
    assert as_points(dok).take(np.array([3])).tolist() == [[5, 1, 7]]
    for matrix in (lil, dok):
        missing = as_points(matrix, missing="ignore")
        assert missing.n_stored == 5
    lil.data[3] = [None, float("nan"), 1.0]
    assert as_points(lil, missing="ignore").n_stored == 3
    with pytest.raises(ValueError, match="contains NaN: the first at row 3, column 0"):
        as_points(lil)


# Malformed --------------------------------------------------------------------------------------


def with_arrays(form: str, **arrays: Any) -> Any:
    matrix = getattr(sp, f"{form}_array")(X, **({"blocksize": (1, 1)} if form == "bsr" else {}))
    if "coords" in arrays:
        matrix.coords = arrays.pop("coords")
    for name, array in arrays.items():
        setattr(matrix, name, array)
    return matrix


def with_list(name: str, row: int, new: Any, other: Any = None) -> Any:
    matrix = sp.lil_array(X)
    getattr(matrix, name)[row] = new
    if other is not None:
        matrix.data[row] = other
    return matrix


def with_cell(key: Any, value: Any = 1.0) -> Any:
    matrix = sp.dok_array(X)
    matrix._dict[key] = value
    return matrix


def diagonals(**arrays: Any) -> Any:
    matrix = sp.dia_array((np.ones((2, 3)), np.array([0, 1])), shape=X.shape)
    for name, array in arrays.items():
        setattr(matrix, name, array)
    return matrix


MALFORMED: list[tuple[Any, str]] = [
    (lambda: with_list("rows", 2, [10**9], [1.0]), r"the column index 1000000000 is outside 0..2"),
    (lambda: with_list("rows", 2, [2**62], [1.0]), r"the column index 4611\d+ is outside 0..2"),
    (lambda: with_list("rows", 2, [10**30], [1.0]), r"the column index 1000\d+ is outside 0..2"),
    (lambda: with_list("rows", 2, [-1], [1.0]), r"the column index -1 is outside 0..2"),
    (lambda: with_list("rows", 2, [1.0], [1.0]), r"the column index 1.0 is not a whole number"),
    (lambda: with_list("rows", 2, ["1"], [1.0]), r"the column index '1' is not a whole number"),
    (lambda: with_list("rows", 3, [0, 1]), "row 3 has 2 column indices for 3 data"),
    (lambda: with_list("data", 0, [1.0, 2.0]), "row 0 has 1 column indices for 2 data"),
    (lambda: with_list("rows", 1, None), "row 1 of rows is None, not a list"),
    (lambda: with_list("rows", 1, "a"), "row 1 of rows is 'a', not a list"),
    (lambda: with_list("data", 1, 5.0), "row 1 of data is 5.0, not a list"),
    (lambda: with_arrays("lil", rows=sp.lil_array(X).rows[:2]), "rows has 2 lists for 4 rows"),
    (lambda: with_arrays("lil", data=sp.lil_array(X).data[:0]), "data has 0 lists for 4 rows"),
    (lambda: with_arrays("lil", rows=None), "rows is not an array of lists"),
    (lambda: with_arrays("lil", _shape=(9, 3)), "rows has 4 lists for 9 rows"),
    (lambda: with_arrays("lil", _shape=(4, 1)), r"the column index \d is outside 0..0"),
    (lambda: with_cell((10**9, 0)), r"the row index 1000000000 is outside 0..3"),
    (lambda: with_cell((0, 3)), r"the column index 3 is outside 0..2"),
    (lambda: with_cell((-1, 0)), r"the row index -1 is outside 0..3"),
    (lambda: with_cell((0.5, 0)), r"the row index 0.5 is not a whole number"),
    (lambda: with_cell(("a", 0)), r"the row index 'a' is not a whole number"),
    (lambda: with_cell(7), "the key 7 is not a pair of row and column index"),
    (lambda: with_cell((0, 1, 2)), r"the key \(0, 1, 2\) is not a pair"),
    (lambda: with_arrays("dok", _dict=None), "it has no dictionary of cells"),
    (lambda: diagonals(offsets=np.array([0])), "1 offsets for 2 diagonals"),
    (lambda: diagonals(offsets=np.array([0, 1, 2])), "3 offsets for 2 diagonals"),
    (lambda: diagonals(offsets=np.array([1, 1])), "two diagonals have the same offset"),
    (lambda: diagonals(offsets=np.array([0.0, 1.0])), "offsets must be signed integers, not flo"),
    (lambda: diagonals(offsets=None), "data must be 2-D and offsets 1-D"),
    (lambda: diagonals(data=np.ones(3)), "data must be 2-D and offsets 1-D"),
    (lambda: with_arrays("bsr", data=np.ones((5, 3, 1))), "blocks of 3 rows do not divide 4 rows"),
    (lambda: with_arrays("bsr", data=np.ones((5, 1, 2))), "blocks of 2 columns do not divide 3 co"),
    (lambda: with_arrays("bsr", data=np.ones((2, 1, 1))), "indptr ends at 5, but there are 2 data"),
    (lambda: with_arrays("bsr", data=np.ones((5, 0, 1))), r"data must be 3-D.* \(5, 0, 1\)"),
    (lambda: with_arrays("bsr", data=np.ones(5)), r"data must be 3-D"),
    (lambda: with_arrays("bsr", indices=np.array([0, 1, 2, 0, -1])), "block row 3 has block colu"),
    (lambda: with_arrays("csc", indptr=np.array([0, 3, 2, 5])), "indptr falls from 3 to 2 at colu"),
    (lambda: with_arrays("csc", indptr=np.array([0, 2, 4])), "indptr has 3 entries for 3 columns"),
    (lambda: with_arrays("csc", indices=np.array([1, 3, 0, 3, 4])), "column 2 has row index 4"),
    (lambda: with_arrays("csr", indices=None), "data, indices and indptr must be 1-D"),
    (lambda: with_arrays("csr", data=[[1.0], [2.0, 3.0]]), "data is not an array"),
    (
        lambda: with_arrays("csr", _shape=(4, 2)),
        r"row 3 has column index 2; (X|init) has 2 columns",
    ),
    (lambda: with_arrays("csr", _shape=(5, 3)), "indptr has 5 entries for 5 rows, but must have 6"),
    (lambda: with_arrays("csr", _shape=(4, -3)), r"its shape is \(4, -3\)"),
    (lambda: with_arrays("csr", _shape=(4, 3.0)), r"its shape is \(4, 3.0\)"),
    (lambda: with_arrays("csr", _shape=(4, 2**70)), r"its shape is \(4, 1180"),
    (lambda: with_arrays("csr", _shape=None), "its shape is None"),
    (
        lambda: with_arrays("csr", data=np.ma.masked_equal([1.0, 2, 5, 4, 3], 5)),
        "data is a masked array with masked values",
    ),
    (
        lambda: with_arrays("coo", coords=(np.array([0, 1, 3, 3, 9]), np.array([1, 0, 0, 1, 2]))),
        r"a row index is outside 0..3",
    ),
    (
        lambda: with_arrays("coo", coords=(np.array([0.0, 1, 3, 3, 3]), np.array([1, 0, 0, 1, 2]))),
        "row indices must be signed integers, not float64",
    ),
    (lambda: with_arrays("coo", coords=(np.array([0, 1]),)), "coords must be two arrays"),
    (
        lambda: with_arrays("coo", coords=(np.array([[0, 1, 3, 3, 3]]), np.array([1, 0, 0, 1, 2]))),
        "data and row indices must be 1-D",
    ),
]


@pytest.mark.parametrize("number", range(len(MALFORMED)))
def test_a_malformed_matrix_is_one_error_everywhere(number):
    make, message = MALFORMED[number]
    refused_everywhere(make(), message)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (["a", "1", "1", "1", "1"], ValueError, "The data of X holds a value that is not a number"),
        ([{}, 1, 1, 1, 1], TypeError, "The data of X holds an object that is not a number: .*dict"),
        ([10**400, 1, 1, 1, 1], ValueError, "a number that float64 cannot hold"),
        ([1j, 1, 1, 1, 1], ValueError, "Complex data not supported"),
        ([np.inf, 1, 1, 1, 1], ValueError, "X contains infinity: the first at row 0, column 1"),
    ],
)
@pytest.mark.parametrize("form", ["csr", "coo", "lil", "dok"])
def test_values_that_are_not_finite_numbers_are_refused(form, data, error, message):
    matrix = getattr(sp, f"{form}_array")(X)
    if form == "lil":
        matrix.data[0] = data[:1]
    elif form == "dok":
        matrix._dict[0, 1] = data[0]
    else:
        matrix.data = np.array(data, dtype=object)
    with pytest.raises(error, match=message):
        KMeans(2).fit(matrix)


def test_an_unknown_format_is_refused():
    class Other(sp.csr_array):
        _format = "spiral"

    with pytest.raises(ValueError, match="sparse matrix of the unknown format 'spiral': convert"):
        KMeans(2).fit(Other(X))


def test_arrays_of_one_dimension_are_refused():
    # Not every scipy makes CSR of one dimension.
    for flat in (sp.coo_array(X[0]), sp.dok_array(X[0]), with_arrays("csr", _shape=(3,))):
        with pytest.raises(ValueError, match="Expected 2D array, got 1D sparse array instead"):
            KMeans(1).fit(flat)


# Huge -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
def test_a_shape_that_asks_for_more_memory_than_there_is_is_refused(form):
    if form in ("csr", "bsr"):
        matrices = [getattr(sp, f"{form}_array")((4, 10**13))]
    elif form == "csc":
        matrices = [sp.csc_array((10**13, 4))]
    elif form == "lil":
        matrices = [sp.lil_array((4, 10**13))]
    else:
        matrices = [
            getattr(sp, f"{form}_array")(
                (np.ones((1, 1)), [0]) if form == "dia" else shape, shape=shape
            )
            for shape in ((4, 10**13), (10**13, 4))
        ]
    for matrix in matrices:
        for missing in ("error",) if form in ("bsr", "dia") else ("error", "ignore"):
            with pytest.raises(ValueError, match=r"X has .*10000000000000.* need .* GB, but there"):
                KMeans(2, missing=missing).fit(matrix)


def test_centers_that_memory_cannot_hold_are_refused(monkeypatch):
    monkeypatch.setattr(memory, "available_memory", lambda: 2 * 2**30)
    wide = sp.csr_array(([1.0, 2.0], ([0, 1], [7, 8])), shape=(60, 10**7))
    as_points(wide)
    for use in (
        KMeans(20).fit,
        lambda X: sweep_k(X, [20]),
        lambda X: kmeans_plusplus(X, 20),
    ):
        with pytest.raises(ValueError, match="and 20 centers with a number for each column need "):
            use(wide)


def test_the_memory_there_is():
    available = memory.available_memory()
    assert 2**26 < available <= 2**63


# The hunt ---------------------------------------------------------------------------------------


def test_damaged_matrices_equal_their_dense_copy_or_raise_an_error():
    script = Path(__file__).parents[1] / "malformed_matrices.py"
    done = subprocess.run(
        [sys.executable, str(script), "0", "600"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # A crash shows in the return code. The last line of stderr names the last trial.
    assert done.returncode == 0, f"{done.stdout[-3000:]}\nlast: {done.stderr[-300:]}"
    assert "same as its twin" in done.stdout
    assert "refused" in done.stdout
