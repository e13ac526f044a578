"""KMeans as a drop-in replacement: a table of behaviours, each compared with scikit-learn's.

The table ``behaviour`` has each promise in words, and a function that tests it. Most
functions take ``make``, which makes our model or scikit-learn's: a behaviour must hold for both.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from behaviours import Table, groups
from sklearn import exceptions
from sklearn.cluster import KMeans as ScikitKMeans

from kmeans_core import KMeans

Make = Callable[..., Any]

behaviour = Table()


# Stopping ---------------------------------------------------------------------------------------


@behaviour("an empty cluster takes the farthest row, and three iterations follow")
def relocation(make: Make) -> None:
    X = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 1.0], [1.0, 1.0]])
    for data in (X, sp.csr_matrix(X)):
        model = make(2, init=np.array([[0.5, 0.5], [3.0, 3.0]]), n_init=1, tol=0).fit(data)
        assert model.n_iter_ == 3
        assert model.inertia_ == pytest.approx(0.25)
        assert sorted(model.cluster_centers_.tolist()) == [[0.25, 0.0], [0.75, 1.0]]


@behaviour("more clusters than distinct rows: a warning, consecutive labels, n_iter_ 1")
def duplicates(make: Make) -> None:
    X = np.array([[0.0, 0.0], [1.0, 1.0], [1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    with pytest.warns(exceptions.ConvergenceWarning) as caught:
        model = make(5, init=X, n_init=1).fit(X)
    assert str(caught[0].message) == (
        "Number of distinct clusters (4) found smaller than n_clusters (5). "
        "Possibly due to duplicate points in X."
    )
    assert model.n_iter_ == 1


@behaviour("max_iter ends a fit without a warning, and labels_ is still predict(X)")
def max_iter(make: Make) -> None:
    X = groups()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model = make(4, init=X[:4], n_init=1, max_iter=2, tol=0).fit(X)
    assert model.n_iter_ == 2
    assert model.labels_.tolist() == model.predict(X).tolist()


@behaviour("predict(cluster_centers_) is 0, 1, 2, ...")
def centers_predict_themselves(make: Make) -> None:
    for dtype in (np.float32, np.float64):
        X = groups().astype(dtype)
        for data in (X, sp.csr_matrix(X)):
            model = make(5, n_init=1, random_state=0).fit(data)
            assert model.predict(model.cluster_centers_).tolist() == [0, 1, 2, 3, 4]


@behaviour("elkan and lloyd give the same, and elkan with one cluster warns")
def elkan(make: Make) -> None:
    X = groups()
    one, other = (
        make(4, init=X[:4], n_init=1, tol=0, algorithm=name).fit(X) for name in ("lloyd", "elkan")
    )
    assert one.labels_.tolist() == other.labels_.tolist()
    assert one.n_iter_ == other.n_iter_
    with pytest.warns(RuntimeWarning, match="algorithm='elkan' doesn't make sense for a single"):
        make(1, algorithm="elkan", n_init=1).fit(X)


# First centers ----------------------------------------------------------------------------------


@behaviour("a callable gets centered data if X is dense, and X itself if it is sparse")
def callable_gets_centerd_data(make: Make) -> None:
    X = groups()
    seen = []

    def init(X: Any, n_clusters: int, random_state: Any) -> Any:
        seen.append(X)
        return np.zeros((n_clusters, X.shape[1])) + np.arange(n_clusters)[:, None]

    model = make(3, init=init, n_init=1, max_iter=1).fit(X)
    np.testing.assert_allclose(seen[0].mean(axis=0), 0, atol=1e-12)
    other = make(3, init=X.mean(axis=0) + np.arange(3)[:, None], n_init=1, max_iter=1).fit(X)
    assert model.labels_.tolist() == other.labels_.tolist()
    make(3, init=init, n_init=1, max_iter=1).fit(sp.csr_matrix(X))
    np.testing.assert_array_equal(seen[1].toarray(), X)


@behaviour("given centers of the wrong shape: clusters are named first, then features")
def init_shapes(make: Make) -> None:
    X = groups()
    for wrong, words in (
        (np.zeros((2, 2)), r"initial centers \(2, 2\) does not match the number of clusters 3"),
        (np.zeros((3, 2)), r"\(3, 2\) does not match the number of features of the data 3"),
    ):
        for init in (wrong, lambda X, k, random_state, wrong=wrong: wrong):
            with pytest.raises(ValueError, match=words):
                make(3, init=init, n_init=1).fit(X)


@behaviour("given centers are neither changed nor shared, whatever their dtype")
def init_is_not_touched(make: Make) -> None:
    X = groups()
    for dtype in (np.int32, np.int64, np.float32, np.float64):
        init = X[:3].astype(dtype)
        before = init.copy()
        model = make(3, init=init, n_init=1).fit(X)
        assert not np.shares_memory(model.cluster_centers_, init)
        np.testing.assert_array_equal(init, before)


@behaviour("more clusters than rows is an error that names both")
def too_few_rows(make: Make) -> None:
    with pytest.raises(ValueError, match=r"n_samples=3 should be >= n_clusters=4"):
        make(4).fit(groups(n=3))


# Weights ----------------------------------------------------------------------------------------


@behaviour("weights affect the first centers; a row of weight 0 is never a center")
def weights_steer_init(make: Make) -> None:
    X = groups()
    weights = np.zeros(len(X))
    weights[5:12] = 1.0
    for init in ("k-means++", "random"):
        model = make(7, init=init, n_init=1, max_iter=1, random_state=0)
        centers = model.fit(X, sample_weight=weights).cluster_centers_
        np.testing.assert_allclose(np.sort(centers, axis=0), np.sort(X[5:12], axis=0))


@behaviour("a row of weight 0 does not affect centers, only the variance that scales tol")
def weight_zero(make: Make) -> None:
    X = np.random.default_rng(0).normal(size=(300, 2))
    far = np.vstack([X, [[60.0, 0.0]]])
    weights = np.append(np.ones(300), 0.0)
    without, beside = (
        make(4, init=X[:4], n_init=1, tol=0).fit(data, sample_weight=w)
        for data, w in ((X, weights[:300]), (far, weights))
    )
    assert beside.labels_[:300].tolist() == without.labels_.tolist()
    np.testing.assert_allclose(beside.cluster_centers_, without.cluster_centers_, rtol=1e-12)
    assert beside.n_iter_ == without.n_iter_
    stopped, sooner = (
        make(4, init=X[:4], n_init=1, tol=1e-3).fit(data, sample_weight=w)
        for data, w in ((X, weights[:300]), (far, weights))
    )
    assert sooner.n_iter_ < stopped.n_iter_ < without.n_iter_


@behaviour("weights of the wrong length, in 2-D, or all 0 are errors; a scalar is not")
def weight_errors(make: Make) -> None:
    X = groups()
    for wrong in (np.ones(3), np.ones((len(X), 2))):
        with pytest.raises(ValueError, match=r"Sample weights|sample_weight"):
            make(2).fit(X, sample_weight=wrong)
    with pytest.raises(ValueError, match=r"weight.*zero"):
        make(2).fit(X, sample_weight=np.zeros(len(X)))
    make(2, random_state=0).fit(X, sample_weight=2.0)
    make(2, random_state=0).fit(X, sample_weight=[1] * len(X))
    make(2, random_state=0).fit(X, sample_weight=pd.Series(np.ones(len(X))))


# Data -------------------------------------------------------------------------------------------


@behaviour("float32 stays float32; integers, bools and float16 become float64")
def dtypes(make: Make) -> None:
    X = np.round(groups() * 4)
    for given, wanted in (
        (np.float32, np.float32),
        (np.float64, np.float64),
        (np.int64, np.float64),
        (np.float16, np.float64),
        (object, np.float64),
    ):
        model = make(3, n_init=1, random_state=0).fit(X.astype(given))
        assert model.cluster_centers_.dtype == wanted
        assert model.transform(X.astype(given)).dtype == wanted
        assert model.labels_.dtype == np.int32
        assert isinstance(model.inertia_, float)


@behaviour("NaN and infinity are errors in fit, predict and transform")
def not_finite(make: Make) -> None:
    model = make(2, n_init=1, random_state=0).fit(groups())
    for bad, words in ((np.nan, "NaN"), (np.inf, "inf")):
        X = groups()
        X[7, 1] = bad
        for call in (make(2).fit, model.predict, model.transform, model.score):
            for data in (X, sp.csr_matrix(X)):
                with pytest.raises(ValueError, match=words):
                    call(data)


@behaviour("complex, empty, featureless, 1-D and non-numeric data are errors in known words")
def refused_data(make: Make) -> None:
    for X, error, words in (
        (np.ones((4, 2)) * 1j, ValueError, "Complex data not supported"),
        (np.ones((0, 3)), ValueError, r"0 sample\(s\)"),
        (np.ones((12, 0)), ValueError, r"0 feature\(s\) \(shape=\(12, 0\)\) while a minimum of 1"),
        (np.ones(5), ValueError, "Reshape your data"),
        (np.array([[{}, 1]] * 3, dtype=object), TypeError, "argument must be .* string.* number"),
    ):
        with pytest.raises(error, match=words):
            make(2).fit(X)


@behaviour("CSR and dense give the same, also with weights, and a fit on one predicts the other")
def sparse_formats(make: Make) -> None:
    X = np.where(groups() > 3, groups(), 0.0)
    weights = np.arange(1.0, 1.0 + len(X))
    dense = make(3, init=X[[0, 7, 14]], n_init=1, tol=0).fit(X, sample_weight=weights)
    for kind in (sp.csr_matrix, sp.csr_array):
        data = kind(X)
        model = make(3, init=X[[0, 7, 14]], n_init=1, tol=0).fit(data, sample_weight=weights)
        assert model.labels_.tolist() == dense.labels_.tolist()
        assert model.predict(X).tolist() == dense.predict(data).tolist()
        np.testing.assert_allclose(model.cluster_centers_, dense.cluster_centers_, atol=1e-12)


@behaviour("copy_x=False leaves X unchanged")
def copy_x(make: Make) -> None:
    X = groups() + 100
    before = X.copy()
    make(3, copy_x=False, n_init=1, random_state=0).fit(X)
    np.testing.assert_allclose(X, before, rtol=1e-12)


# The table, run ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [KMeans, ScikitKMeans], ids=["ours", "scikit-learn"])
@pytest.mark.parametrize("shown", behaviour.shown, ids=behaviour.words)
def test_behaviour(shown: Callable[[Make], None], make: Make) -> None:
    shown(make)
