"""Subclasses with other parameters, compared with subclasses of scikit-learn's KMeans."""

import pickle
import sys

import numpy as np
import pytest
from behaviours import groups
from sklearn.base import clone
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from kmeans_core import InvalidParameterError, KMeans

X = groups()


def subclasses(base):
    """Classes over one base that scikit-learn can fit and pickle can find by name."""

    class Fewer(base):
        def __init__(self, n_clusters=2, random_state=0):
            super().__init__(n_clusters, random_state=random_state)

    class Rest(base):
        def __init__(self, n_clusters=2, **rest):
            super().__init__(n_clusters, random_state=0, **rest)

    class Renamed(base):
        def __init__(self, k=3, *, seed=0):
            self.k = k
            self.seed = seed
            super().__init__(n_clusters=k, random_state=seed)

    class Constants(base):
        def __init__(self, tol=1e-3):
            super().__init__(4, n_init=2, random_state=1, max_iter=7, algorithm="elkan", tol=tol)

    class Nothing(base):
        def __init__(self):
            super().__init__(2, random_state=0)

    class More(base):
        def __init__(self, n_clusters=3, scaler=None, *, random_state=0):
            super().__init__(n_clusters, random_state=random_state)
            self.scaler = scaler

        def fit(self, X, y=None, sample_weight=None):
            return super().fit(self.scaler.fit_transform(X) if self.scaler else X)

    class ByHand(base):
        def __init__(self, n_clusters=3, random_state=0):
            self.n_clusters, self.random_state = n_clusters, random_state
            self.init, self.n_init, self.max_iter, self.tol = "k-means++", "auto", 300, 1e-4
            self.verbose, self.copy_x, self.algorithm = 0, True, "lloyd"

    class Late(Fewer):
        def __init__(self, random_state=5):
            super().__init__(random_state=random_state)

    made = (Fewer, Rest, Renamed, Constants, Nothing, More, ByHand, Late)
    for cls in made:
        cls.__qualname__ = f"{base.__module__.split('.')[0]}_{cls.__name__}"
        setattr(sys.modules[__name__], cls.__qualname__, cls)
    return {cls.__name__: cls for cls in made}


OURS, THEIRS = subclasses(KMeans), subclasses(ScikitKMeans)
NAMES = sorted(OURS)


@pytest.mark.parametrize("name", NAMES)
def test_it_fits_as_scikit_learns_does(name):
    ours, theirs = OURS[name]().fit(X), THEIRS[name]().fit(X)
    assert ours.labels_.tolist() == theirs.labels_.tolist()
    assert ours.n_iter_ == theirs.n_iter_
    assert OURS[name]().fit_predict(X).tolist() == theirs.labels_.tolist()
    assert ours.predict(X).tolist() == theirs.predict(X).tolist()
    assert ours.get_feature_names_out().tolist() == theirs.get_feature_names_out().tolist()


@pytest.mark.parametrize("name", NAMES)
def test_its_parameters_are_those_of_its_own_init(name):
    ours, theirs = OURS[name](), THEIRS[name]()
    assert ours.get_params() == theirs.get_params()
    assert list(ours.get_params()) == list(theirs.get_params())
    assert repr(ours) == repr(theirs) == f"{name}()"
    for parameter in ours.get_params():
        assert repr(OURS[name](**{parameter: 7})) == f"{name}({parameter}=7)"
        assert repr(OURS[name]().set_params(**{parameter: 7})) == f"{name}({parameter}=7)"
        assert OURS[name](**{parameter: 7}).get_params()[parameter] == 7
    for unknown in ("max_iter", "rest", "n_threads"):
        with pytest.raises(ValueError, match=f"Invalid parameter '{unknown}' for estimator {name}"):
            ours.set_params(**{unknown: 3})


@pytest.mark.parametrize("name", NAMES)
def test_clones_and_pickles_are_of_its_own_class(name):
    model = OURS[name]().fit(X)
    fresh = clone(model)
    assert type(fresh) is OURS[name]
    assert fresh.get_params() == model.get_params()
    assert not hasattr(fresh, "labels_")
    assert fresh.fit(X).labels_.tolist() == model.labels_.tolist()
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(model, protocol))
        assert type(twin) is OURS[name]
        assert twin.predict(X).tolist() == model.predict(X).tolist()
        assert vars(twin).keys() >= vars(model).keys()


def test_a_grid_search_sets_its_parameters():
    for base in (OURS, THEIRS):
        search = GridSearchCV(base["Fewer"](), {"n_clusters": [2, 5]}, cv=3).fit(X)
        assert search.best_params_ == {"n_clusters": 5}


def test_parameters_of_a_nested_estimator():
    for base in (OURS, THEIRS):
        model = base["More"](scaler=StandardScaler())
        assert model.get_params()["scaler__with_mean"] is True
        assert "scaler__with_mean" not in model.get_params(deep=False)
        assert model.set_params(scaler__with_mean=False, n_clusters=2) is model
        assert (model.scaler.with_mean, model.n_clusters) == (False, 2)
        model.set_params(scaler=MinMaxScaler(), scaler__clip=True)
        assert model.scaler.clip is True
        with pytest.raises(ValueError, match="Invalid parameter 'nothing' for estimator MinMax"):
            model.set_params(scaler__nothing=1)
        with pytest.raises(ValueError, match="Invalid parameter 'scalar'"):
            model.set_params(scalar__clip=True)
        copied = clone(model)
        assert copied.scaler is not model.scaler
        assert copied.scaler.clip is True
    with pytest.raises(ValueError, match=r"Invalid parameter 'n_clusters__deep' for estimator"):
        OURS["More"]().set_params(n_clusters__deep=1)


@pytest.mark.parametrize("base", [KMeans, ScikitKMeans])
def test_parameters_without_names_are_refused_with_scikit_learns_error(base):
    class Positional(base):
        def __init__(self, *args):
            super().__init__(*args)

    for question in (
        lambda model: model.get_params(),
        lambda model: model.set_params(n_clusters=3),
        lambda model: model.fit(X),
        clone,
    ):
        with pytest.raises(RuntimeError, match="always specify their parameters in the signature"):
            question(Positional(2))


@pytest.mark.parametrize("base", [KMeans, ScikitKMeans])
def test_an_argument_that_is_not_kept_is_an_attribute_error(base):
    class Forgetful(base):
        def __init__(self, n_clusters=2, extra=1):
            super().__init__(n_clusters)

    with pytest.raises(AttributeError, match="'Forgetful' object has no attribute 'extra'"):
        Forgetful().get_params()
    with pytest.raises(AttributeError, match="extra"):
        clone(Forgetful())


def test_the_repr_of_a_model_never_fails():
    class Forgetful(KMeans):
        def __init__(self, *args, extra=1, **rest):
            super().__init__(*args)

    assert repr(Forgetful(2)) == "Forgetful()"


@pytest.mark.parametrize("base", [KMeans, ScikitKMeans])
def test_a_parameter_that_no_init_sets_is_an_attribute_error_in_fit(base):
    class Short(base):
        def __init__(self, n_clusters=2):
            self.n_clusters = n_clusters

    with pytest.raises(AttributeError, match="'Short' object has no attribute '") as caught:
        Short().fit(X)
    if base is KMeans:
        assert str(caught.value).endswith(
            "'init', which fit needs: call super().__init__() in Short.__init__, or set the "
            "attribute there."
        )


def test_a_constant_that_cannot_be_used_is_named():
    class Wrong(KMeans):
        def __init__(self, n_clusters=2):
            super().__init__(n_clusters, tol=-1.0)

    with pytest.raises(InvalidParameterError, match=r"The 'tol' parameter of Wrong must be .* -1"):
        Wrong().fit(X)


def test_a_subclass_may_set_parameters_that_scikit_learn_does_not_have():
    class Gappy(KMeans):
        def __init__(self, n_clusters=2):
            super().__init__(n_clusters, missing="ignore", shrinkage=0.5, random_state=0)

    data = np.where((X > 5) & [True, True, False], np.nan, X)
    model = Gappy().fit(data)
    same = KMeans(2, missing="ignore", shrinkage=0.5, random_state=0).fit(data)
    assert model.labels_.tolist() == same.labels_.tolist()
    assert clone(model).fit(data).score(data) == same.score(data)
