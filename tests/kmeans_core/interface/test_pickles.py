"""Pickled models: they keep their version, and parameters that they lack get the default."""

import copy
import pickle
import re
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
from sklearn import exceptions

import kmeans_core
from kmeans_core import InconsistentVersionWarning, KMeans
from kmeans_core.interface import protocol

X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
GAPS = np.where(X == 0.0, np.nan, X)
KEY = "_kmeans_core_version"


def loaded(model: KMeans, state: dict) -> KMeans:
    """The model from a pickle with this state."""
    rebuild, arguments, *_ = model.__reduce_ex__(4)
    twin = rebuild(*arguments)
    twin.__setstate__(state)
    return twin


class Fewer(KMeans):
    def __init__(self, n_clusters=3, extra="as before", **rest):
        super().__init__(n_clusters, random_state=0, **rest)
        self.extra = extra


class Slotted(KMeans):
    __slots__ = ("note",)


def test_the_version_is_one_everywhere():
    assert kmeans_core.__version__ == version("kmeans-core")
    assert re.fullmatch(r"\d+\.\d+\.\d+", kmeans_core.__version__)


def test_the_version_is_in_the_pickle_and_not_in_the_model():
    model = KMeans(2, random_state=0).fit(X)
    assert model.__getstate__()[KEY] == kmeans_core.__version__
    assert kmeans_core.__version__.encode() in pickle.dumps(model)
    assert KMeans().__getstate__()[KEY] == kmeans_core.__version__
    for twin in (pickle.loads(pickle.dumps(model)), copy.copy(model), copy.deepcopy(model)):
        assert vars(twin).keys() == vars(model).keys()
        assert list(vars(twin)) == list(vars(model))
        assert not hasattr(twin, KEY)
    assert not hasattr(model, KEY)


@pytest.mark.parametrize("missing", ["error", "ignore"])
@pytest.mark.parametrize("name", sorted(KMeans().get_params()))
def test_a_parameter_that_the_state_lacks_takes_its_default(name, missing):
    model = KMeans(2, missing=missing, random_state=0).fit(X)
    state = model.__getstate__()
    del state[name]
    twin = loaded(model, state)
    assert twin.get_params() == {**model.get_params(), name: KMeans().get_params()[name]}
    repr(twin)
    assert twin.predict(X).tolist() == model.labels_.tolist()
    assert twin.score(X) == model.score(X)
    assert name not in state  # the caller's state is as it was


def test_a_state_of_only_the_centers_predicts():
    model = KMeans(2, random_state=0).fit(X)
    twin = loaded(model, {"cluster_centers_": model.cluster_centers_})
    assert repr(twin) == "KMeans()"
    assert twin.predict(X).tolist() == model.labels_.tolist()
    assert twin.transform(X).tolist() == model.transform(X).tolist()
    assert twin.set_params(n_clusters=2).fit(X).inertia_ == 16.0


@pytest.mark.parametrize("params", [{}, {"missing": "ignore"}], ids=str)
def test_any_fitted_attribute_except_the_centers_may_be_missing(params):
    data = GAPS if params else X
    model = KMeans(2, random_state=0, **params).fit(data)
    for name in [name for name in vars(model) if name.endswith("_")]:
        state = model.__getstate__()
        del state[name]
        twin = loaded(model, state)
        if name == "cluster_centers_":
            with pytest.raises(kmeans_core.NotFittedError):
                twin.predict(data)
            continue
        assert twin.predict(data).tolist() == model.labels_.tolist()
        assert twin.transform(data).tolist() == model.transform(data).tolist()
        assert twin.score(data) == model.score(data)
        assert twin.get_feature_names_out().tolist() == ["kmeans0", "kmeans1"]
        assert twin.n_features_in_ == 2
        repr(twin)


def test_subclasses_take_the_defaults_of_all_their_inits():
    model = Fewer(tol=0.5).fit(X)
    state = model.__getstate__()
    for name in ("extra", "n_clusters", "shrinkage", "tol"):
        del state[name]
    twin = loaded(model, state)
    assert (twin.extra, twin.n_clusters, twin.shrinkage, twin.tol) == ("as before", 3, 0.0, 1e-4)
    assert repr(twin) == "Fewer()"
    assert twin.predict(X).tolist() == model.labels_.tolist()


def test_values_in_slots_are_pickled_too():
    model = Slotted(2, random_state=0).fit(X)
    model.note = "kept"
    for protocol_number in range(2, pickle.HIGHEST_PROTOCOL + 1):
        twin = pickle.loads(pickle.dumps(model, protocol_number))
        assert twin.note == "kept"
        assert twin.predict(X).tolist() == model.labels_.tolist()
        assert not hasattr(twin, KEY)


# Versions ---------------------------------------------------------------------------------------


def as_of(written_by) -> dict:
    state = KMeans(2, random_state=0).fit(X).__getstate__()
    if written_by is None:
        del state[KEY]
    else:
        state[KEY] = written_by
    return state


@pytest.mark.parametrize(
    ("current", "written_by"),
    [
        ("0.1.0", "0.1.0"),
        ("0.1.0", "0.9.3"),
        ("0.1.0", None),
        ("0.7.0", None),
        ("1.4.2", "1.5"),
        ("1.4.2", "1.0.0.dev3"),
        ("10.0", "10.2"),
    ],
)
def test_another_minor_version_is_loaded_in_silence(monkeypatch, current, written_by):
    monkeypatch.setattr(protocol, "__version__", current)
    twin = loaded(KMeans(), {**as_of(written_by), "a_later_parameter": 5})
    assert twin.predict(X).tolist() == twin.labels_.tolist()
    assert repr(twin) == "KMeans(n_clusters=2, random_state=0)"
    assert twin.get_params() == KMeans(2, random_state=0).get_params()


@pytest.mark.parametrize(
    ("current", "written_by"),
    [
        ("0.1.0", "1.0.0"),
        ("0.1.0", "2.3"),
        ("1.4.2", "0.9.3"),
        ("1.0.0", None),
        ("1.0.0", "10.0.0"),
        ("0.1.0", "no version"),
        ("0.1.0", ""),
        ("0.1.0", 7),
        ("0.1.0", [1, 2]),
    ],
)
def test_another_major_version_warns_and_is_loaded(monkeypatch, current, written_by):
    monkeypatch.setattr(protocol, "__version__", current)
    state = as_of(written_by)
    with pytest.warns(InconsistentVersionWarning, match="Fit it again, or load it with") as caught:
        twin = loaded(KMeans(), state)
    said = f"pickled by kmeans_core {written_by or ('0.1.0' if written_by is None else '')}"
    assert said in str(caught[0].message)
    assert f"this is kmeans_core {current}" in str(caught[0].message)
    assert twin.predict(X).tolist() == twin.labels_.tolist()


def test_the_warning_names_the_line_that_loads_and_is_scikit_learns_too(monkeypatch):
    model = KMeans(2)
    with monkeypatch.context() as patch:
        patch.setattr(protocol, "__version__", "3.0.0")
        pickled = pickle.dumps(model)
    with pytest.warns(exceptions.InconsistentVersionWarning, match="This KMeans was pickled") as w:
        pickle.loads(pickled)
    assert w[0].filename == __file__
    twin = pickle.loads(pickle.dumps(w[0].message))
    assert type(twin) is type(w[0].message)
    assert str(twin) == str(w[0].message)


def test_pickles_of_before_versions_can_be_loaded():
    # Written by 0.1.0 when pickles named no version: KMeans(2, random_state=0).fit(X).
    file = Path(__file__).parent / "data" / "kmeans_0.1.0.pickle"
    model = pickle.loads(file.read_bytes())
    assert model.predict(X).tolist() == model.labels_.tolist()
    assert model.inertia_ == 16.0
    assert repr(model) == "KMeans(n_clusters=2, random_state=0)"
    assert model.score(X) == -16.0
