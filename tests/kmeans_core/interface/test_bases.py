"""Models are instances of scikit-learn's classes once it is loaded, whichever is imported first."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pandas as pd
import pytest
from behaviours import groups
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin, clone
from sklearn.cluster import Birch, FeatureAgglomeration
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.compose import ColumnTransformer
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import all_estimators, get_tags
from sklearn.utils.metaestimators import available_if

from kmeans_core import KMeans
from kmeans_core.interface import bases
from kmeans_core.interface.bases import LateBases

X = groups()


# The first question after scikit-learn was imported ---------------------------------------------


class My(KMeans):
    def __init__(self, n_clusters=2, random_state=0):
        super().__init__(n_clusters, random_state=random_state)


@pytest.fixture
def old():
    """A model that was fitted before scikit-learn was imported."""
    model = My().fit(X)
    LateBases.__bases__ = bases._FIRST_BASES
    assert BaseEstimator not in My.__mro__
    yield model
    bases.add_bases()


def rebuilt(model, protocol):
    return [pickle.loads(dumps(model, protocol)) for dumps in (pickle.dumps, pickle._dumps)]


@pytest.mark.parametrize(
    "question",
    [
        lambda old: isinstance(old, BaseEstimator),
        lambda old: isinstance(old, ClusterMixin),
        lambda old: isinstance(old, (str, TransformerMixin)),
        lambda old: isinstance(old, My) and not isinstance(old, ScikitKMeans),
        lambda old: set(Birch(n_clusters=old, threshold=0.5).fit(X).labels_) == {0, 1},
        lambda old: type(clone(old)) is My,
        lambda old: old.__class__.__name__ == "My" and old.__class__ is My,
        lambda old: old.__class__.__qualname__ == "My" and old.__class__.__module__ == __name__,
        lambda old: type(old.__class__(3)) is My and type(old.__class__(n_clusters=3)) is My,
        lambda old: isinstance(old.__class__, type),
        lambda old: {type(twin) for p in range(6) for twin in rebuilt(old, p)} == {My},
        lambda old: type(copy.copy(old)) is type(copy.deepcopy(old)) is My,
        lambda old: issubclass(type(My(3)), TransformerMixin),
        lambda old: get_tags(old).estimator_type == "clusterer",
        lambda old: "sk-" in old._repr_html_(),
        lambda old: make_pipeline(StandardScaler(), old).fit_predict(X).size == len(X),
        lambda old: joblib.hash(old) == joblib.hash(old),
    ],
)
def test_the_first_question_has_the_same_answer_as_later_ones(old, question):
    assert question(old)
    for model in (old, My(3), KMeans(2), clone(old)):
        for theirs in (BaseEstimator, ClusterMixin, TransformerMixin):
            assert isinstance(model, theirs)
            assert issubclass(type(model), theirs)
        assert model.__class__ is type(model)
    assert question(old)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_of_any_protocol_come_first(old, protocol):
    for twin in rebuilt(old, protocol):
        assert type(twin) is My
        assert twin.predict(X).tolist() == old.labels_.tolist()


def test_the_class_can_be_changed(old):
    assert isinstance(old, BaseEstimator)
    old.__class__ = KMeans
    assert type(old) is old.__class__ is KMeans
    with pytest.raises(TypeError):
        old.__class__ = int


ORDERS = {
    "sklearn first": ("from sklearn.base import BaseEstimator, ClusterMixin", ""),
    "ours first": ("", "from sklearn.base import BaseEstimator, ClusterMixin"),
}


@pytest.mark.parametrize("order", ORDERS)
def test_either_import_may_come_first(order):
    first, last = ORDERS[order]
    # scikit-learn's checks run in a process that has imported it first in another test.
    run(
        f"""
import pickle, sys
{first}
from kmeans_core import KMeans
model = KMeans(2, random_state=0).fit([[0.0], [1.0], [9.0]])
assert ("sklearn" in sys.modules) == {bool(first)}
pickled = pickle.dumps(model)
{last}
assert isinstance(model, BaseEstimator) and isinstance(model, ClusterMixin)
assert isinstance(pickle.loads(pickled), BaseEstimator) and issubclass(KMeans, ClusterMixin)
from sklearn.base import clone
from sklearn.cluster import Birch
assert type(clone(model)) is type(pickle.loads(pickle.dumps(model))) is KMeans
Birch(n_clusters=model, threshold=.1).fit([[0.0], [1.0], [9.0]])
"""
        + (CHECKS if order == "ours first" else "")
    )


CHECKS = """
import warnings
from sklearn.utils.estimator_checks import check_estimator
warnings.simplefilter("ignore")
results = check_estimator(model, on_fail=None, on_skip=None)
# scikit-learn excuses its own KMeans from these two: first centers are drawn by row.
excused = {"check_sample_weight_equivalence_on_" + kind + "_data" for kind in ("dense", "sparse")}
failed = {result["check_name"] for result in results if result["status"] == "failed"}
assert len(results) > 50 and failed <= excused, failed
"""


def run(code: str) -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_a_subclass_that_names_their_classes_first_still_works():
    # Such a class cannot be made after the bases were added, nor from scikit-learn's KMeans.
    run(
        """
from kmeans_core import KMeans
from sklearn.base import BaseEstimator, clone
class Odd(BaseEstimator, KMeans):
    pass
X = [[0.0], [1.0], [9.0]]
assert clone(Odd(2, random_state=0)).fit(X).inertia_ == KMeans(2, random_state=0).fit(X).inertia_
assert isinstance(Odd(), BaseEstimator) and not isinstance(KMeans(), BaseEstimator)
"""
    )
    for base in (type(KMeans(2)), ScikitKMeans):
        with pytest.raises(TypeError, match="consistent method resolution"):
            type("Odd", (BaseEstimator, base), {})
        fine = type("Fine", (base, ClusterMixin, BaseEstimator), {})
        assert fine(2, n_init=1).fit(X).predict(X).max() == 1


def test_a_half_imported_scikit_learn_is_ignored():
    run(
        """
import sys, types
import kmeans_core
sys.modules["sklearn.base"] = half = types.ModuleType("sklearn.base")
half.BaseEstimator = type("BaseEstimator", (), {})
model = kmeans_core.KMeans(2).fit([[0.0], [1.0]])
assert not isinstance(model, half.BaseEstimator)
assert model.__class__ is kmeans_core.KMeans
"""
    )


def test_methods_stay_ours():
    theirs = {"get_params", "set_params", "set_output", "fit_predict", "fit_transform", "__repr__",
              "__getstate__", "__setstate__", "__sklearn_tags__", "get_metadata_routing",
              "_repr_html_", "_repr_mimebundle_"}  # fmt: skip
    for name in theirs:
        owner = next(cls for cls in KMeans.__mro__ if name in vars(cls))
        assert owner.__module__.startswith("kmeans_core."), name
    assert not hasattr(KMeans.transform, "__wrapped__")


# What scikit-learn does with an instance of its classes -----------------------------------------


@pytest.mark.parametrize("make", [KMeans, ScikitKMeans])
def test_birch_takes_it_for_its_last_step(make):
    model = make(2, random_state=0, n_init=1)
    birch = Birch(n_clusters=model, threshold=0.5).fit(X)
    assert set(birch.labels_) == {0, 1}
    assert clone(birch).fit(X).labels_.tolist() == birch.labels_.tolist()
    assert not hasattr(model, "unknown_")


def test_meta_estimators_give_the_same_as_with_scikit_learns_kmeans():
    y = np.arange(len(X)) % 2
    frame = pd.DataFrame(X, columns=["a", "b", "c"])

    def uses(make):
        model = make(3, random_state=0, n_init=1)
        yield Birch(n_clusters=model, threshold=0.5).fit_predict(X)
        yield make_pipeline(StandardScaler(), model, LogisticRegression()).fit(X, y).predict(X)
        yield FeatureUnion([("a", model), ("b", StandardScaler())]).fit_transform(X)
        union = FeatureUnion([("a", model)]).set_output(transform="pandas")
        yield union.fit_transform(frame).to_numpy()
        columns = ColumnTransformer([("k", model, ["a", "b"])], remainder="passthrough")
        yield columns.set_output(transform="pandas").fit_transform(frame).to_numpy()
        yield columns.get_feature_names_out() == [
            "k__kmeans0", "k__kmeans1", "k__kmeans2", "remainder__c"]  # fmt: skip
        yield FrozenEstimator(clone(model).fit(X)).fit(X, None).predict(X)
        search = GridSearchCV(model, {"n_clusters": [2, 3, 5], "tol": [0, 1e-4]}, n_jobs=2)
        yield search.fit(X).predict(X)
        pooled = FeatureAgglomeration(2).set_output(transform="pandas")
        yield make_pipeline(pooled, model).fit_predict(frame)

    for ours, theirs in zip(uses(KMeans), uses(ScikitKMeans), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_a_subclass_may_use_scikit_learns_conditional_methods():
    class Silent(KMeans):
        @available_if(lambda self: self.n_clusters > 2)
        def score(self, X):
            return super().score(X)

    assert not hasattr(Silent(2), "score")
    assert "score" not in dir(Silent(2))
    assert Silent(3, random_state=0).fit(X).score(X) < 0


def test_a_subclass_that_transforms_is_framed_as_scikit_learns():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    for make in (KMeans, ScikitKMeans):

        class Squared(make):
            def transform(self, X):
                return np.asarray(super().transform(X)) ** 2

        out = Squared(2, n_init=1, random_state=0).set_output(transform="pandas").fit(frame)
        assert out.transform(frame).columns.tolist() == ["squared0", "squared1"]


def test_it_is_not_among_scikit_learns_own_estimators():
    assert all(module.__module__.startswith("sklearn.") for _, module in all_estimators("cluster"))
