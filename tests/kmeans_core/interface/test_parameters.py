"""Parameters: numbers of every type work like Python's numbers, or one error names them."""

import decimal
import fractions
import itertools
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from kmeans_core import (
    InvalidParameterError,
    KMeans,
    kmeans_plusplus,
    silhouette_samples,
    silhouette_score,
    sweep_k,
    warmup,
)
from kmeans_core.errors import shown
from kmeans_core.points.checks import as_points, as_random_stream

X = np.random.default_rng(0).normal(size=(40, 2)) + np.repeat([[0.0], [9.0], [20.0], [44.0]], 10, 0)
HOLED = np.where((X > 45.0) & [True, False], np.nan, X)
LABELS = np.arange(40) % 3

WHOLE = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.intc]
REAL = [np.float16, np.float32, np.float64, np.longdouble, fractions.Fraction]

# No parameter accepts any of these.
NO_NUMBER = [np.nan, np.inf, -np.inf, 1j, "3", b"3", [3], {}, np.array(3), np.array([3]), pd.NA]
NO_NUMBER += [pd.NaT, decimal.Decimal(3), np.datetime64("2020"), object(), np.longdouble("nan")]
NO_WHOLE = [*NO_NUMBER, 3.0, np.float32(3), fractions.Fraction(3), True, np.bool_(True), None]
NO_REAL = [*NO_NUMBER, True, np.bool_(True), None, 10**400, fractions.Fraction(10**400), 10**5000]
NO_REAL += [-1, -1e-300, np.longdouble("-1e-4000")]
if np.finfo(np.longdouble).max > np.finfo(np.float64).max:
    NO_REAL += [np.longdouble("1e4000")]
TOO_SMALL = [0, -1, np.int8(-1), -(2**63), -(10**400), -(10**5000), -np.inf]
HUGE = [2**31, 2**63 - 1, 2**63, 2**64, 10**400, 10**5000, np.uint64(2**64 - 1)]


def fitted(**params: Any) -> Any:
    """Labels, centers and other results of a model with a fixed seed."""
    given = HOLED if params.get("missing") == "ignore" else X
    model = KMeans(**{"n_clusters": 3, "random_state": 0} | params).fit(given)
    labels = model.predict(given).tolist()
    assert labels == model.labels_.tolist()
    return labels, model.cluster_centers_.tolist(), model.inertia_, model.n_iter_


def swept(ks: Any = (2, 3), **params: Any) -> Any:
    result = sweep_k(X, ks, **{"random_state": 0, "n_init": 2} | params)
    return result.ks.tolist(), result.labels.tolist(), result.silhouette.tolist()


def seeded(**params: Any) -> Any:
    return kmeans_plusplus(X, **{"n_clusters": 3, "random_state": 0} | params)[1].tolist()


def scored(**params: Any) -> Any:
    return silhouette_score(X, LABELS, **{"random_state": 0, "sample_size": 35} | params)


def scored_each(**params: Any) -> Any:
    return silhouette_samples(X, LABELS, **params).tolist()


WHOLE_PARAMETERS = [
    (fitted, "n_clusters", 3),
    (fitted, "n_init", 3),
    (fitted, "max_iter", 3),
    (fitted, "verbose", 0),
    (fitted, "random_state", 3),
    (fitted, "n_threads", 3),
    (swept, "n_init", 3),
    (swept, "max_iter", 3),
    (swept, "random_state", 3),
    (swept, "n_threads", 3),
    (seeded, "n_clusters", 3),
    (seeded, "random_state", 3),
    (seeded, "n_local_trials", 3),
    (scored, "sample_size", 30),
    (scored, "random_state", 3),
    (scored, "n_threads", 3),
    (scored_each, "n_threads", 3),
]
OPTIONAL = {"random_state", "n_threads", "n_local_trials", "sample_size"}


def ids(case: Any) -> Any:
    return f"{case[0].__name__} {case[1]}" if isinstance(case, tuple) else None


@pytest.mark.parametrize("case", WHOLE_PARAMETERS, ids=ids)
def test_whole_numbers_of_every_width_are_the_same_number(case):
    use, name, number = case
    expected = use(**{name: number})
    for kind in WHOLE:
        assert use(**{name: kind(number)}) == expected


@pytest.mark.parametrize("case", WHOLE_PARAMETERS, ids=ids)
def test_a_value_that_is_not_a_whole_number_is_one_error(case):
    use, name, _ = case
    for wrong in NO_WHOLE:
        if wrong is None and name in OPTIONAL:
            continue
        if name == "verbose" and isinstance(wrong, bool | np.bool_):
            continue
        if (use, name) == (scored, "random_state") and isinstance(wrong, bool | np.bool_):
            wrong = "True"
        with pytest.raises(InvalidParameterError, match=f"{name}|cannot be used to seed") as error:
            use(**{name: wrong})
        assert len(str(error.value)) < 400
    smallest = 0 if name in ("verbose", "random_state") else 1
    for wrong in TOO_SMALL:
        if not (wrong == 0 and smallest == 0):
            with pytest.raises(InvalidParameterError):
                use(**{name: wrong})


@pytest.mark.parametrize(
    "huge",
    HUGE,
    ids=lambda number: f"{number.bit_length()} bits" if isinstance(number, int) else "uint64",
)
def test_huge_whole_numbers_work_or_are_one_error(huge):
    for use, name in (
        (fitted, "max_iter"),
        (swept, "max_iter"),
        (fitted, "n_threads"),
        (swept, "n_threads"),
        (scored, "n_threads"),
        (scored_each, "n_threads"),
        (scored, "sample_size"),
    ):
        assert use(**{name: huge}) == use(**{name: 1000})
    assert fitted(max_iter=huge, missing="ignore") == fitted(missing="ignore")
    for use in (fitted, seeded):
        with pytest.raises(ValueError, match=r"n_samples=40 should be >= n_clusters=\S{1,210}$"):
            use(n_clusters=huge)
    with pytest.raises(ValueError, match="n_samples=40 should be >= n_clusters="):
        swept(ks=[2, huge])
    for use in (fitted, swept):
        with pytest.raises(InvalidParameterError, match="restarts would never end: ask for"):
            use(n_init=huge)
    with pytest.raises(InvalidParameterError, match=r"'n_local_trials' .* in the range \[1, 4096"):
        seeded(n_local_trials=huge)
    if huge >= 2**32:
        for use in (fitted, swept, seeded, scored):
            with pytest.raises(InvalidParameterError, match="seed"):
                use(random_state=huge)


REAL_PARAMETERS = [
    (fitted, "tol", {}),
    (swept, "tol", {}),
    (fitted, "shrinkage", {"missing": "ignore"}),
]


@pytest.mark.parametrize("case", REAL_PARAMETERS, ids=ids)
def test_real_numbers_of_every_kind_are_the_same_number(case):
    use, name, params = case
    for number in (0.5, 0.0, -0.0, 2.0):
        expected = use(**{name: number}, **params)
        for kind in REAL:
            assert use(**{name: kind(number)}, **params) == expected
    assert use(**{name: np.int8(2)}, **params) == use(**{name: 2}, **params) == expected
    # The number itself, not the nearest number of its dtype.
    for kind in (np.float16, np.longdouble):
        assert use(**{name: kind(0.1)}, **params) == use(**{name: float(kind(0.1))}, **params)


@pytest.mark.parametrize("case", REAL_PARAMETERS, ids=ids)
def test_a_value_that_is_not_a_finite_number_from_0_is_one_error(case):
    use, name, params = case
    for wrong in NO_REAL:
        with pytest.raises(InvalidParameterError, match=f"The '{name}' parameter of ") as error:
            use(**{name: wrong}, **params)
        assert len(str(error.value)) < 400


def test_a_tolerance_is_not_rounded_to_its_own_kind():
    # 6e-8 is the least float16. Times a variance in float16 it would be 0 or infinite.
    for tol, scale in ((6e-8, 1e-3), (60000.0, 1e6)):
        expected = KMeans(3, tol=float(np.float16(tol)), random_state=0).fit(X * scale)
        model = KMeans(3, tol=np.float16(tol), random_state=0).fit(X * scale)
        assert model.n_iter_ == expected.n_iter_
        assert model.labels_.tolist() == expected.labels_.tolist()


def test_a_shrinkage_that_overflows_is_one_error():
    for shrinkage in (1.7e308, np.longdouble(1e308)):
        with pytest.raises(
            InvalidParameterError, match=r"shrinkage=1.*e\+308 times the mean of a fe"
        ):
            fitted(shrinkage=shrinkage, missing="ignore")
    with pytest.warns(UserWarning, match="distinct clusters"):
        labels, centers, inertia, _ = fitted(shrinkage=1e300, missing="ignore")
    assert np.isfinite(centers).all()
    assert np.isfinite(inertia)
    assert len(set(labels)) == 1


def test_parameters_stay_the_objects_that_were_given():
    given = {"n_clusters": np.int8(3), "tol": np.longdouble(0.1), "max_iter": 2**70}
    model = KMeans(**given).fit(X)
    for name, value in given.items():
        assert getattr(model, name) is value
        assert model.get_params()[name] is value


def test_a_number_of_threads_is_checked_after_fit_too():
    model = KMeans(3, random_state=0).fit(X)
    assert model.set_params(n_threads=10**400).predict(X).tolist() == model.labels_.tolist()
    for wrong in (0, 2.5, "2", np.nan):
        with pytest.raises(InvalidParameterError, match="n_threads must be an int in the range"):
            model.set_params(n_threads=wrong).predict(X)


def test_many_trials_are_drawn():
    _, indices = kmeans_plusplus(X, 4, random_state=0, n_local_trials=np.int8(100))
    assert sorted(indices // 10) == [0, 1, 2, 3]
    assert seeded(n_local_trials=100) == seeded(n_local_trials=np.int64(100))


# Random rows ------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", [np.asarray, sp.csr_array])
def test_random_rows_need_as_many_rows_with_weight(storage):
    weights = np.zeros(40)
    weights[[3, 30]] = 1.0
    model = KMeans(2, init="random", random_state=0).fit(storage(X), sample_weight=weights)
    assert model.inertia_ == 0.0
    message = "init='random' draws n_clusters=3 different rows, but only 2 rows have a positive w"
    with pytest.raises(ValueError, match=message):
        KMeans(3, init="random", random_state=0).fit(storage(X), sample_weight=weights)
    weights[[1, 3]] = 1e-323, 1e3  # the share of row 1 is 0
    with pytest.raises(ValueError, match=message):
        KMeans(3, init="random", random_state=0).fit(storage(X), sample_weight=weights)


# Numbers of clusters ----------------------------------------------------------------------------


def test_one_number_of_clusters_is_a_list_of_one():
    expected = swept(ks=[3])
    for ks in (3, np.int8(3), np.array([3], np.int8), (3,), {3}, iter([3]), pd.Series([3])):
        assert swept(ks=ks) == expected
    assert swept(ks=np.array([2, 3, 5, 7], np.int8)) == swept(ks=[2, 3, 5, 7])
    many = [*range(2, 30)]
    assert swept(ks=np.array(many, np.uint8)) == swept(ks=many)  # the sum of ks is more than 255


@pytest.mark.parametrize("ks", [None, 5.0, np.nan, np.array(3), object(), True])
def test_invalid_numbers_of_clusters_are_one_error(ks):
    with pytest.raises(InvalidParameterError, match="ks must be an iterable, such as a list"):
        swept(ks=ks)
    with pytest.raises(InvalidParameterError, match="n_clusters must be an iterable, such as a l"):
        warmup(ks)


@pytest.mark.parametrize("ks", ["23", [2, "3"], [2, None], [[2, 3]], [2, 2.0], [True], [0], [-1]])
def test_every_number_of_clusters_is_checked(ks):
    with pytest.raises(InvalidParameterError, match="'n_clusters' parameter of KMeans must be"):
        swept(ks=ks)
    with pytest.raises(InvalidParameterError, match="'n_clusters' parameter of warmup must be"):
        warmup(ks)


def test_endless_numbers_of_clusters_are_refused_at_once():
    # The error names the largest k of a range, or the first k that is too large.
    for ks, too_large in ((itertools.count(2), 41), (range(2, 10**12), 10**12 - 1)):
        with pytest.raises(ValueError, match=f"n_samples=40 should be >= n_clusters={too_large}"):
            swept(ks=ks)


def test_parameters_of_a_sweep_are_named():
    for name, wrong in (("n_init", 0), ("max_iter", "3"), ("tol", -1), ("random_state", -1)):
        with pytest.raises(InvalidParameterError, match=f"The {name!r} parameter of sweep_k must"):
            swept(**{name: wrong})
    with pytest.raises(InvalidParameterError, match="'on_k' parameter of sweep_k must be a calla"):
        swept(on_k=3)


def test_warmup_takes_one_number_and_one_dtype():
    warmup(np.int8(3), dtypes=np.float64, sparse=False)
    warmup(3, dtypes="float64", sparse=False)
    for huge in (2**16 + 1, 10**400):
        with pytest.raises(InvalidParameterError, match=r"must be an int in the range \[1, 65536"):
            warmup([3, huge])


# Seeds ------------------------------------------------------------------------------------------


def test_seeds_of_any_width():
    expected = np.random.RandomState(7).uniform()
    for kind in WHOLE:
        assert as_random_stream(kind(7)).uniform() == expected
    for wrong in (-1, 2**32, 10**5000, np.int8(-1), np.nan, decimal.Decimal(3), np.array(3)):
        with pytest.raises(InvalidParameterError, match="cannot be used to seed"):
            as_random_stream(wrong)


def test_a_shown_value_is_short_and_never_an_error():
    class Rude:
        def __repr__(self) -> str:
            raise RuntimeError("no")

    assert shown(3) == "3"
    assert shown(10**5000) == "<int>"
    assert shown(Rude()) == "<Rude>"
    assert len(shown(10**400)) == 203
    assert len(shown("a" * 10**6)) == 203


def test_huge_numbers_in_x_are_one_error():
    for value in (10**400, -(10**400), 2**1024):
        with pytest.raises(ValueError, match=r"X holds a number that float64 cannot hold: -?1"):
            as_points([[1, 2], [value, 3]])
    assert as_points([[2**1023, 2**64]]).X.tolist() == [[2.0**1023, 2.0**64]]
