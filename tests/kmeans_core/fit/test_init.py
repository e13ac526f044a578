"""First centers: every form of table is accepted, and errors call them init."""

from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import scipy.sparse as sp

from kmeans_core import KMeans

X = np.random.default_rng(0).normal(size=(40, 2)) + np.repeat([[0.0], [9.0], [20.0], [44.0]], 10, 0)
GOOD = X[[0, 10, 20]]
BAD_INITS: list[tuple[str, Any, type[Exception], str]] = [
    (
        "NaN",
        [[np.nan, 1], [2, 3], [4, 5]],
        ValueError,
        "Input {} contains NaN: the first at row 0, ",
    ),
    ("inf", [[0, 1], [2, np.inf], [4, 5]], ValueError, "Input {} contains infinity: .* row 1, col"),
    ("NA", [[0, 1], [2, pd.NA], [4, 5]], ValueError, "Input {} contains NaN: .* row 1, column 1"),
    ("NaN, CSR", sp.csr_array([[0, 1], [2, np.nan], [4, 5]]), ValueError, "Input {} contains NaN"),
    ("words", [["a", "b"]] * 3, ValueError, "{} holds a value that is not a number: 'a' at row 0"),
    ("objects", [[{}, 1]] * 3, TypeError, "{} holds an object that is not a number"),
    ("complex", GOOD + 1j, ValueError, "Complex data not supported: {} holds"),
    ("huge", [[10**400, 1]] * 3, ValueError, "{} holds a number that float64 cannot hold"),
    (
        "ragged",
        [[1, 2], [3], [4, 5]],
        ValueError,
        "{} cannot be read as one array: .*inhom",
    ),
    ("flat", GOOD[0], ValueError, r"Expected 2D array, got 1D .*\({} has shape \(2,\)\)"),
    ("cube", GOOD[None], ValueError, r"Expected 2D array, got 3D .*\({} has shape"),
    ("empty", np.empty((0, 2)), ValueError, r"0 sample\(s\) .* required for {}\."),
    ("no feature", np.empty((3, 0)), ValueError, r"0 feature\(s\) .* required for {}\."),
    ("few", GOOD[:2], ValueError, r"initial centers \(2, 2\) .* number of clusters 3 \({}\)"),
    ("many", X, ValueError, r"initial centers \(40, 2\) .* number of clusters 3 \({}\)"),
    ("wide", np.ones((3, 5)), ValueError, r"features of the data 2 \({}\)"),
    ("wide CSR", sp.csr_array((3, 10**9)), ValueError, r"features of the data 2 \({}\)|{} has 3"),
    ("huge CSR", sp.csr_array((3, 10**13)), ValueError, "{} has 3 rows and 10000000000000 columns"),
    ("1-D sparse", sp.coo_array(GOOD[0]), ValueError, r"got 1D sparse array instead \({}\)"),
    ("masked", np.ma.masked_greater(GOOD, 9), ValueError, "{} is a masked array"),
    ("fields", np.zeros((3, 2), [("a", "f8")]), TypeError, "{} has dtype"),
]


def bad_csr() -> Any:
    matrix = sp.csr_array(GOOD)
    matrix.indices = matrix.indices + 7
    return matrix


BAD_INITS += [
    ("malformed", bad_csr(), ValueError, "Malformed sparse matrix {}: row 0 .*; {} has 2")
]


@pytest.mark.parametrize("bad", BAD_INITS, ids=lambda bad: bad[0])
@pytest.mark.parametrize("storage", [np.asarray, sp.csr_array])
@pytest.mark.parametrize("missing", ["error", "ignore"])
def test_errors_for_bad_first_centers_call_them_init(bad, storage, missing):
    _, init, error, message = bad
    with pytest.raises(error, match=message.replace("{}", "init")):
        KMeans(3, init=init, n_init=1, missing=missing).fit(storage(X))
    with pytest.raises(error, match=message.replace("{}", r"init\(X\)")):
        KMeans(3, init=lambda *_, **__: init, n_init=1, missing=missing).fit(storage(X))


@pytest.mark.parametrize(
    "init", ["kmeans++", b"random", 5, None, {1: 2}, {3}, range(6), iter(GOOD), np.nan]
)
def test_an_invalid_init_is_named(init):
    with pytest.raises((ValueError, TypeError), match="init"):
        KMeans(3, init=init, n_init=1).fit(X)


def test_first_centers_beyond_float32_are_named():
    with pytest.raises(
        ValueError, match=r"Input init contains 1e\+300 at row 1, column 0, which f"
    ):
        KMeans(2, init=[[0, 1], [1e300, 2]], n_init=1).fit(X.astype(np.float32))


@pytest.mark.parametrize(
    "init",
    [
        GOOD.tolist(),
        np.asfortranarray(GOOD),
        GOOD.astype(np.float32),
        GOOD.astype(int),
        sp.csr_array(GOOD),
        sp.lil_matrix(GOOD),
        pd.DataFrame(GOOD),
        pd.DataFrame(GOOD).convert_dtypes(),
        pl.DataFrame(GOOD),
        pa.table({"a": GOOD[:, 0], "b": GOOD[:, 1]}),
        GOOD.astype(object),
        GOOD.astype(np.longdouble),
        lambda X, n_clusters, random_state: X[[0, 10, 20]],
    ],
)
def test_first_centers_of_every_form_are_used(init):
    expected = KMeans(3, init=GOOD, n_init=1).fit(X)
    model = KMeans(3, init=init, n_init=1).fit(X)
    assert model.labels_.tolist() == expected.labels_.tolist()
