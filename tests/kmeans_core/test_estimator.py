"""KMeans as an estimator: fitted attributes, errors, feature names, transform, output."""

import pickle

import numpy as np
import pandas as pd
import pytest
import sklearn.cluster
from sklearn.base import clone

from kmeans_core import InvalidParameterError, KMeans

X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])


# Parameters -----------------------------------------------------------------------------------


def test_defaults_are_sklearns():
    ours, theirs = KMeans().get_params(), sklearn.cluster.KMeans().get_params()
    assert {name: ours[name] for name in theirs} == theirs
    added = {"on_iteration", "n_threads", "missing", "shrinkage"}
    assert set(ours) - set(theirs) == added


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_clusters": 0}, "an int in the range [1, inf). Got 0 instead."),
        ({"n_clusters": 2.0}, "an int in the range [1, inf). Got 2.0 instead."),
        ({"n_clusters": True}, "an int in the range [1, inf). Got True instead."),
        ({"n_clusters": "8"}, "an int in the range [1, inf). Got '8' instead."),
        ({"init": "random rows"}, "a callable or an array-like. Got 'random rows' instead."),
        ({"init": None}, "a callable or an array-like. Got None instead."),
        (
            {"n_init": 0},
            "a str among {'auto'} or an int in the range [1, inf). Got 0 instead.",
        ),
        (
            {"n_init": "warn"},
            "a str among {'auto'} or an int in the range [1, inf). Got 'warn' instead.",
        ),
        ({"max_iter": 0}, "an int in the range [1, inf). Got 0 instead."),
        ({"tol": -1e-3}, "a float in the range [0.0, inf). Got -0.001 instead."),
        ({"tol": np.nan}, "a float in the range [0.0, inf). Got nan instead."),
        ({"tol": np.inf}, "a float in the range [0.0, inf). Got inf instead."),
        ({"tol": "0"}, "a float in the range [0.0, inf). Got '0' instead."),
        ({"verbose": -1}, "an int in the range [0, inf) or a bool. Got -1 instead."),
        ({"random_state": -1}, "a numpy Generator or None. Got -1 instead."),
        ({"random_state": "a"}, "a numpy Generator or None. Got 'a' instead."),
        ({"copy_x": 1}, "a bool. Got 1 instead."),
        ({"algorithm": "full"}, "a str among {'lloyd', 'elkan'}. Got 'full' instead."),
        ({"on_iteration": 5}, "a callable or None. Got 5 instead."),
        ({"n_threads": 0}, "an int in the range [1, inf) or None. Got 0 instead."),
    ],
)
def test_a_bad_parameter_is_named_in_fit_and_only_there(params, message):
    model = KMeans().set_params(**params)
    assert model.get_params()[next(iter(params))] is next(iter(params.values()))
    for method in (model.fit, model.fit_predict, model.fit_transform):
        with pytest.raises(InvalidParameterError) as caught:
            method(X)
        name = next(iter(params))
        start = f"The {name!r} parameter of KMeans must be "
        assert str(caught.value).startswith(start)
        assert str(caught.value).endswith(message)
        assert isinstance(caught.value, ValueError)
        assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    "params",
    [
        {"n_clusters": np.int64(2)},
        {"tol": 0},
        {"tol": np.float32(0.5)},
        {"verbose": False},
        {"random_state": np.uint32(3)},
        {"copy_x": np.bool_(True)},
        {"algorithm": np.str_("elkan")},
        {"n_init": np.int32(2)},
        {"random_state": np.random.default_rng(0)},
    ],
)
def test_numpys_own_scalars_are_parameters_too(params):
    assert KMeans(**({"n_clusters": 2, "random_state": 0} | params)).fit(X).inertia_ == 16.0


def test_a_model_can_be_cloned_and_pickled():
    model = KMeans(2, init=X[[0, 3]], n_init=1, tol=0.5, random_state=3).fit(X)
    unfitted = clone(model)
    assert np.array_equal(unfitted.init, model.init)
    assert {**unfitted.get_params(), "init": 0} == {**model.get_params(), "init": 0}
    assert not hasattr(unfitted, "labels_")
    copy = pickle.loads(pickle.dumps(model))
    assert copy.predict(X).tolist() == model.labels_.tolist()
    assert copy.transform(X).tobytes() == model.transform(X).tobytes()
    assert copy.inertia_ == model.inertia_


# Fitted attributes ---------------------------------------------------------------------------


def test_fitted_attributes(storage):
    model = KMeans(2, random_state=0)
    before = set(vars(model))
    assert model.fit(storage(X)) is model
    new = set(vars(model)) - before
    as_in_sklearn = {"cluster_centers_", "labels_", "inertia_", "n_iter_", "n_features_in_"}
    assert new == as_in_sklearn | {"stopped_by_", "cluster_sizes_", "cluster_inertias_"}
    assert model.cluster_centers_.dtype == np.float64
    assert model.labels_.dtype == np.int32
    assert type(model.n_iter_) is int
    assert model.inertia_ == 16.0
    assert model.n_features_in_ == 2
    assert model.cluster_centers_.flags.writeable
    assert model.labels_.flags.writeable


def test_predict_and_transform_leave_the_model_alone():
    model = KMeans(2, random_state=0).fit(X)
    model.cluster_centers_.flags.writeable = False
    model.labels_.flags.writeable = False
    before = pickle.dumps(model)
    model.predict(X)
    model.transform(X)
    model.score(X)
    assert pickle.dumps(model) == before


def test_y_is_ignored_and_is_the_second_argument(storage):
    expected = KMeans(2, random_state=0).fit(storage(X), sample_weight=[1, 1, 1, 1, 1, 5])
    args = storage(X), "anything", [1, 1, 1, 1, 1, 5]
    model = KMeans(2, random_state=0).fit(*args)
    assert model.cluster_centers_.tolist() == expected.cluster_centers_.tolist()
    assert KMeans(2, random_state=0).fit_predict(*args).tolist() == expected.labels_.tolist()
    assert KMeans(2, random_state=0).fit_transform(*args).tobytes() == (
        expected.transform(storage(X)).tobytes()
    )
    assert model.score(*args) == expected.score(storage(X), sample_weight=args[2])


def test_transform_by_hand(storage):
    model = KMeans(2, init=[[1.0, 2.0], [10.0, 2.0]], n_init=1).fit(storage(X))
    distances = model.transform(storage(np.array([[1.0, 2.0], [4.0, 6.0], [0.0, 0.0]])))
    expected = [[0.0, 9.0], [5.0, 52**0.5], [5**0.5, 104**0.5]]
    assert distances.tolist() == expected


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_centers_are_at_distance_exactly_zero_of_themselves(blobs, storage, dtype):
    data = (blobs(200, 7, 9, share_zero=0.3) * 1e3).astype(dtype)
    model = KMeans(9, random_state=0).fit(storage(data))
    distances = model.transform(storage(model.cluster_centers_))
    assert distances.dtype == dtype
    assert np.all(np.diagonal(distances) == 0)
    assert np.all(distances[~np.eye(9, dtype=bool)] > 0)


def test_score_is_minus_the_weighted_inertia(storage):
    model = KMeans(2, random_state=0).fit(storage(X))
    assert model.score(storage(X)) == -16.0
    assert model.score(storage(X), sample_weight=[1, 2, 0, 0, 0, 0.5]) == -(2 * 4 + 0.5 * 4)
    assert type(model.score(storage(X))) is float


def test_rows_are_predicted_one_by_one_as_together(blobs, storage):
    data = blobs(50, 3, 4, share_zero=0.3)
    model = KMeans(4, random_state=0).fit(data)
    one_by_one = [int(model.predict(storage(row[None]))[0]) for row in data]
    assert one_by_one == model.predict(storage(data)).tolist() == model.labels_.tolist()
    distances = np.vstack([model.transform(storage(row[None])) for row in data])
    assert distances.tobytes() == model.transform(storage(data)).tobytes()


def test_a_model_predicts_rows_of_another_float_dtype(storage):
    model = KMeans(2, random_state=0).fit(storage(X.astype(np.float32)))
    assert model.predict(storage(X)).tolist() == model.labels_.tolist()
    assert model.transform(storage(X)).dtype == np.float64


# Names of features ----------------------------------------------------------------------------


def frame(*names) -> pd.DataFrame:
    return pd.DataFrame(X, columns=list(names))


def test_names_are_kept_and_dropped_again():
    model = KMeans(2, random_state=0).fit(frame("a", "b"))
    assert model.feature_names_in_.tolist() == ["a", "b"]
    assert model.feature_names_in_.dtype == object
    model.predict(frame("a", "b"))  # no warning
    for nameless in (X, frame(0, 1), frame(("a", 1), ("b", 2))):
        model.fit(frame("a", "b"))
        model.fit(nameless)
        assert not hasattr(model, "feature_names_in_")
        model.predict(nameless)


@pytest.mark.parametrize("method", ["predict", "transform", "score"])
def test_names_on_one_side_only_warn(method):
    model = KMeans(2, random_state=0).fit(frame("a", "b"))
    message = "X does not have valid feature names, but KMeans was fitted with feature names"
    with pytest.warns(UserWarning, match=message) as caught:
        getattr(model, method)(X)
    assert caught[0].filename == __file__
    model.fit(X)
    message = "X has feature names, but KMeans was fitted without feature names"
    with pytest.warns(UserWarning, match=message):
        getattr(model, method)(frame("a", "b"))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (("b", "a"), "Feature names must be in the same order as they were in fit.\n"),
        (
            ("a", "z"),
            "unseen at fit time:\n- z\nFeature names seen at fit time, yet now missing:\n- b\n",
        ),
        (("a", "b", "d", "c"), "Feature names unseen at fit time:\n- c\n- d\n"),
        (("a",), "Feature names seen at fit time, yet now missing:\n- b\n"),
        ("ghijklmn"[:8], "unseen at fit time:\n- g\n- h\n- i\n- j\n- k\n- ...\n"),
    ],
)
def test_other_names_are_refused_with_sklearns_words(names, text):
    data = pd.DataFrame(np.ones((6, len(names))), columns=list(names))
    model = KMeans(2, random_state=0).fit(frame("a", "b"))
    with pytest.raises(ValueError, match="The feature names should match those") as caught:
        model.predict(data)
    assert text in str(caught.value)
    with pytest.raises(ValueError, match="The feature names should match those") as theirs:
        sklearn.cluster.KMeans(2, random_state=0).fit(frame("a", "b")).predict(data)
    assert str(caught.value) == str(theirs.value)


def test_mixed_names_are_refused_before_any_work():
    iterations = []
    model = KMeans(2, on_iteration=iterations.append)
    with pytest.raises(TypeError, match=r"input has \['int', 'str'\] as feature name"):
        model.fit(frame("a", 1))
    assert iterations == []


# What it prints -------------------------------------------------------------------------------


def printed(model, capsys, data) -> str:
    capsys.readouterr()
    model.fit(data)
    return capsys.readouterr().out


def test_silent_unless_asked(capsys, blobs):
    assert printed(KMeans(3, random_state=0), capsys, blobs(50, 2, 3)) == ""


@pytest.mark.parametrize("tol", [0, 0.3])
def test_verbose_prints_the_same_as_sklearn(capsys, tol):
    data = np.array([[0.0], [1.0], [10.0], [12.0], [13.0]])
    params = {"n_clusters": 2, "init": [[0.0], [1.0]], "n_init": 1, "tol": tol, "verbose": 1}
    ours = printed(KMeans(**params), capsys, data).splitlines()
    theirs = printed(sklearn.cluster.KMeans(**params), capsys, data).splitlines()
    assert len(ours) == len(theirs) >= 4
    assert ours[0] == "Initialization complete"
    for line, their_line in zip(ours, theirs, strict=True):
        words = line.rstrip(".").split()
        their_words = their_line.rstrip(".").split()
        assert len(words) == len(their_words)
        for word, their_word in zip(words, their_words, strict=True):
            # Figures differ in the last digit, as sklearn centers the data.
            if "." in word or "e-" in word:
                assert float(word) == pytest.approx(float(their_word), rel=1e-9)
            else:
                assert word == their_word
    assert ours[-1].startswith("Converged at iteration")


def test_verbose_and_a_listener_go_together(capsys):
    iterations = []
    model = KMeans(
        2, random_state=0, verbose=True, on_iteration=lambda e: iterations.append(e.iteration)
    )
    out = printed(model, capsys, X)
    assert out.count("Iteration") == len(iterations) == model.n_iter_
