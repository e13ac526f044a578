"""scikit-learn's estimator protocol: a table of behaviours, each compared with its KMeans.

The table ``behaviour`` has each promise in words, and a function that tests it. Most
functions take ``make``, which makes our model or scikit-learn's: a behaviour must hold for both.
"""

import copy
import io
import pickle
import re
from collections.abc import Callable
from contextlib import redirect_stdout
from typing import Any

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
import scipy.sparse as sp
import sklearn
from behaviours import Table, groups
from sklearn import exceptions
from sklearn.base import clone
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from kmeans_core import ConvergenceWarning, KMeans, NotFittedError
from kmeans_core.errors import as_scikit_learn_knows_it

Make = Callable[..., Any]

behaviour = Table()


# Protocol ---------------------------------------------------------------------------------------


@behaviour("clone, pickle, deepcopy and joblib keep parameters and results")
def copies(make: Make) -> None:
    X = groups()
    model = make(3, n_init=2, random_state=0).fit(X)
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    assert not hasattr(fresh, "labels_")
    for twin in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model)):
        assert twin.predict(X).tolist() == model.labels_.tolist()
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    assert joblib.load(file).predict(X).tolist() == model.labels_.tolist()


@behaviour("works in a pipeline and in a grid search")
def meta_estimators(make: Make) -> None:
    X = groups()
    pipeline = make_pipeline(StandardScaler(), make(3, n_init=1, random_state=0))
    assert sorted(set(pipeline.fit_predict(X))) == [0, 1, 2]
    search = GridSearchCV(make(n_init=1, random_state=0), {"n_clusters": [2, 3, 5]}, cv=3).fit(X)
    assert search.best_params_ == {"n_clusters": 5}


@behaviour("parameters are stored as given, and an unknown one is an error")
def parameters(make: Make) -> None:
    init = np.zeros((2, 2))
    model = make("seven", init=init)
    assert model.get_params()["init"] is init
    assert model.set_params() is model
    assert model.set_params(tol=5).tol == 5
    with pytest.raises(ValueError, match=r"Invalid parameter 'k' for estimator KMeans\("):
        model.set_params(k=3)
    repr(model)


@behaviour("a parameter that cannot be used is named in fit, fit_predict and fit_transform")
def parameter_messages(make: Make) -> None:
    X = groups()
    for wrong in (
        {"n_clusters": 0},
        {"n_clusters": 2.5},
        {"max_iter": -1},
        {"tol": "small"},
        {"algorithm": "elcan"},
        {"init": "kmeans++"},
        {"n_init": 0},
        {"copy_x": "yes"},
        {"verbose": -3},
        {"random_state": "seed"},
    ):
        (name,) = wrong
        for method in ("fit", "fit_predict", "fit_transform"):
            with pytest.raises(ValueError, match=f"The '{name}' parameter of KMeans must be "):
                getattr(make(**wrong), method)(X)
    with pytest.raises(
        ValueError, match=re.escape("must be an int in the range [1, inf). Got 0 instead.")
    ):
        make(0).fit(X)


@behaviour("before fit, predict and transform raise scikit-learn's NotFittedError")
def not_fitted(make: Make) -> None:
    for method in ("predict", "transform", "score"):
        with pytest.raises(exceptions.NotFittedError, match="not fitted yet"):
            getattr(make(2), method)(groups())
    with pytest.raises(exceptions.NotFittedError):
        make(2).get_feature_names_out()


@behaviour("another number of features is an error in known words")
def n_features(make: Make) -> None:
    model = make(2, n_init=1, random_state=0).fit(groups(d=4))
    assert model.n_features_in_ == 4
    for method in (model.predict, model.transform, model.score):
        with pytest.raises(
            ValueError, match="X has 1 features, but KMeans is expecting 4 features as input"
        ):
            method(groups(d=1))
        with pytest.raises(ValueError, match="KMeans is expecting 4 features as input"):
            method(sp.csr_matrix(groups(d=1)))


def named(X: np.ndarray, names: str) -> pd.DataFrame:
    return pd.DataFrame(X, columns=list(names))


@behaviour("column names are remembered, compared in known words, and forgotten on refit")
def feature_names(make: Make) -> None:
    X = groups()
    model = make(2, n_init=1, random_state=0).fit(named(X, "abc"))
    assert model.feature_names_in_.dtype == object
    assert model.feature_names_in_.tolist() == ["a", "b", "c"]
    with pytest.warns(
        UserWarning, match="X does not have valid feature names, but KMeans was fitted"
    ):
        model.predict(X)
    head = "The feature names should match those that were passed during fit.\n"
    for names, words in (
        (
            "abz",
            head + "Feature names unseen at fit time:\n- z\n"
            "Feature names seen at fit time, yet now missing:\n- c\n",
        ),
        ("bac", head + "Feature names must be in the same order as they were in fit.\n"),
    ):
        with pytest.raises(ValueError, match=re.escape(words)):
            model.predict(named(X, names))
    model.fit(X)
    assert not hasattr(model, "feature_names_in_")
    with pytest.warns(UserWarning, match="X has feature names, but KMeans was fitted without"):
        model.predict(named(X, "abc"))
    with pytest.raises(TypeError, match="Feature names are only supported if all input features"):
        model.fit(pd.DataFrame(X, columns=["a", 1, "c"]))


@behaviour("set_output and the global configuration give frames with X's index")
def output_frames(make: Make) -> None:
    X = named(groups(), "abc").set_index(np.arange(60) + 1000)
    model = make(2, n_init=1, random_state=0).set_output(transform="pandas").fit(X)
    for frame in (model.transform(X), model.fit_transform(X), clone(model).fit_transform(X)):
        assert frame.columns.tolist() == ["kmeans0", "kmeans1"]
        assert frame.index.tolist() == X.index.tolist()
    assert isinstance(model.predict(X), np.ndarray)
    frame = model.set_output(transform="polars").transform(X)
    assert isinstance(frame, pl.DataFrame)
    assert frame.columns == ["kmeans0", "kmeans1"]
    assert model.set_output() is model
    assert isinstance(model.transform(X), pl.DataFrame)
    assert isinstance(model.set_output(transform="default").transform(X), np.ndarray)
    plain = make(2, n_init=1, random_state=0).fit(X)
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(plain.transform(X), pd.DataFrame)


@behaviour("names of output features, and the check of the input ones")
def output_names(make: Make) -> None:
    model = make(2, n_init=1, random_state=0).fit(named(groups(), "abc"))
    names = model.get_feature_names_out()
    assert names.dtype == object
    assert names.tolist() == ["kmeans0", "kmeans1"]
    assert model.get_feature_names_out(["a", "b", "c"]).tolist() == names.tolist()
    with pytest.raises(ValueError, match="input_features is not equal to feature_names_in_"):
        model.get_feature_names_out(["a", "b", "z"])
    unnamed = make(2, n_init=1, random_state=0).fit(groups())
    with pytest.raises(ValueError, match="input_features should have length equal"):
        unnamed.get_feature_names_out(["a"])


@behaviour("metadata routing passes sample_weight to the methods that requested it")
def routing(make: Make) -> None:
    X = groups()
    with pytest.raises(RuntimeError, match="metadata routing is enabled"):
        make(2).set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        unasked = make(2).get_metadata_routing()
        assert unasked.fit.requests == unasked.score.requests == {"sample_weight": None}
        model = make(3, random_state=0, n_init=1).set_fit_request(sample_weight=True)
        assert clone(model).get_metadata_routing().fit.requests == {"sample_weight": True}
        assert model.get_metadata_routing().score.requests == {"sample_weight": None}
        both = clone(model).set_score_request(sample_weight="mass").get_metadata_routing()
        assert both.fit.requests == {"sample_weight": True}
        assert both.score.requests == {"sample_weight": "mass"}
        weights = np.zeros(len(X))
        weights[:3] = 1.0
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, model).fit(X, sample_weight=weights)
        assert pipeline[-1].inertia_ == pytest.approx(0.0, abs=1e-12)


@behaviour("verbose prints the beginning, each iteration and the end to sys.stdout")
def verbose(make: Make) -> None:
    X = groups()
    for tol, end in (
        (0.0, r"strict convergence\.$"),
        (10.0, r"center shift \S+ within tolerance "),
    ):
        out = io.StringIO()
        with redirect_stdout(out):
            make(3, init=X[:3], n_init=1, tol=tol, verbose=1).fit(X)
        text = out.getvalue()
        assert text.startswith("Initialization complete\nIteration 0, inertia ")
        assert re.search(r"Converged at iteration \d+: " + end, text.strip())


# The table, run ---------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [KMeans, ScikitKMeans], ids=["ours", "scikit-learn"])
@pytest.mark.parametrize("shown", behaviour.shown, ids=behaviour.words)
def test_behaviour(shown: Callable[[Make], None], make: Make) -> None:
    shown(make)


# Of ours alone ----------------------------------------------------------------------------------

# What scikit-learn excuses its own KMeans from: it draws other random rows from repeated data.
EXCUSED = {
    f"check_sample_weight_equivalence_on_{kind}_data": "first centers are drawn by row"
    for kind in ("dense", "sparse")
}


@pytest.mark.filterwarnings("ignore:Number of distinct clusters:UserWarning")
@pytest.mark.filterwarnings("ignore:algorithm=.elkan. doesn.t make sense:RuntimeWarning")
@pytest.mark.parametrize(
    "params",
    [
        {},
        {"n_init": 1},
        {"init": "random"},
        {"init": "random", "algorithm": "elkan", "n_clusters": 2},
        {"algorithm": "elkan", "tol": 0.0, "max_iter": 5},
        {"n_threads": 1, "random_state": 3, "copy_x": False},
    ],
    ids=str,
)
def test_scikit_learns_estimator_checks(params: dict[str, Any]) -> None:
    model = KMeans(**params)
    results = check_estimator(model, expected_failed_checks=EXCUSED, on_skip=None)
    ended = {result["check_name"]: result["status"] for result in results}
    assert len(ended) > 45
    # check_array_api_input is skipped unless scikit-learn dispatches array libraries.
    assert {name for name, status in ended.items() if status == "skipped"} <= {
        "check_array_api_input"
    }
    assert {name for name, status in ended.items() if status == "xfail"} <= set(EXCUSED)
    assert {*ended.values()} <= {"passed", "skipped", "xfail"}


def test_an_unknown_container_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="transform must be 'default', 'pandas', 'polars' or None"):
        KMeans(2).set_output(transform="xarray")


def test_every_sparse_format_is_accepted() -> None:
    X = np.where(groups() > 3, groups(), 0.0)
    dense = KMeans(3, init=X[[0, 7, 14]], tol=0).fit(X)
    for name in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        for kind in (sp.csr_matrix, sp.csr_array):
            data = kind(X).asformat(name)
            model = KMeans(3, init=X[[0, 7, 14]], tol=0).fit(data)
            assert model.labels_.tolist() == dense.labels_.tolist()
            assert dense.predict(data).tolist() == dense.labels_.tolist()
    wide = sp.csr_array(X)
    wide.indices, wide.indptr = wide.indices.astype(np.int64), wide.indptr.astype(np.int64)
    assert KMeans(3, init=X[[0, 7, 14]], tol=0).fit(wide).labels_.tolist() == dense.labels_.tolist()


def test_another_float_dtype_than_the_models_predicts() -> None:
    X = groups()
    model = KMeans(3, random_state=0).fit(X.astype(np.float32))
    assert model.predict(X).tolist() == model.labels_.tolist()


def test_exceptions_and_warnings_survive_another_process() -> None:
    error = exceptions.NotFittedError
    for own in (NotFittedError, ConvergenceWarning):
        both = as_scikit_learn_knows_it(own)
        assert issubclass(both, own)
        assert both.__name__ == own.__name__
        assert type(pickle.loads(pickle.dumps(both("words")))) is both
    assert issubclass(as_scikit_learn_knows_it(NotFittedError), error)
    with pytest.raises(NotFittedError, match="not fitted yet"):
        joblib.Parallel(n_jobs=2)(joblib.delayed(KMeans(2).predict)([[0.0]]) for _ in range(2))


@pytest.mark.parametrize("kind", ["dense", "csr"])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("init", ["k-means++", "random"])
@pytest.mark.parametrize("weighted", [False, True])
def test_the_same_seed_gives_scikit_learns_result(
    kind: str, dtype: Any, init: str, weighted: bool
) -> None:
    for seed in range(4):
        X = np.where(groups(seed, n=200, d=5) > 1, groups(seed, n=200, d=5), 0.0).astype(dtype)
        data = sp.csr_matrix(X) if kind == "csr" else X
        weights = np.random.default_rng(seed).integers(1, 5, size=200) if weighted else None
        ours, theirs = (
            make(6, init=init, n_init=3, random_state=seed).fit(data, sample_weight=weights)
            for make in (KMeans, ScikitKMeans)
        )
        assert ours.labels_.tolist() == theirs.labels_.tolist()
        assert ours.n_iter_ == theirs.n_iter_
        assert ours.inertia_ == pytest.approx(
            theirs.inertia_, rel=1e-9 if dtype == np.float64 else 1e-5
        )


def test_a_generator_is_a_seed_too() -> None:
    X = groups()
    one, other = (
        KMeans(4, n_init=2, random_state=np.random.default_rng(7)).fit(X) for _ in range(2)
    )
    assert one.labels_.tolist() == other.labels_.tolist()
