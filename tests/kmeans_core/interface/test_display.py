"""How models look in notebooks, with scikit-learn and without."""

import subprocess
import sys

import numpy as np
import pytest
import sklearn
from behaviours import groups
from sklearn.cluster import KMeans as ScikitKMeans
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr

from kmeans_core import KMeans
from kmeans_core.interface import display

X = groups()


@pytest.mark.parametrize("make", [KMeans, ScikitKMeans])
def test_scikit_learns_display_where_it_is_loaded(make):
    model = make(7, n_init=1, tol=0.125)
    page = model._repr_html_()
    assert "sk-container" in page
    assert "0.125" in page
    assert "Not fitted" in page
    bundle = model._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/plain", "text/html"}
    assert bundle["text/plain"] == repr(model)
    fitted = model.fit(X)._repr_html_()
    assert "Fitted" in fitted
    assert "cluster_centers_" in fitted
    assert "KMeans" in estimator_html_repr(make_pipeline(StandardScaler(), model))


@pytest.mark.parametrize("make", [KMeans, ScikitKMeans])
def test_the_configuration_may_ask_for_text(make):
    with sklearn.config_context(display="text"):
        assert not hasattr(make(2), "_repr_html_")
        assert make(2)._repr_mimebundle_() == {"text/plain": "KMeans(n_clusters=2)"}
    assert hasattr(make(2), "_repr_html_")


@pytest.mark.parametrize("make", [KMeans, ScikitKMeans])
def test_the_number_of_output_features(make):
    assert not hasattr(make(2), "_n_features_out")
    assert make(3, n_init=1).fit(X)._n_features_out == 3


@pytest.fixture
def alone(monkeypatch):
    """Hides scikit-learn, as if it were not loaded."""
    monkeypatch.setattr(display, "sys", type("Sys", (), {"modules": {}}))


@pytest.mark.usefixtures("alone")
def test_a_small_table_without_scikit_learn():
    model = KMeans(2, random_state=0)
    page = model._repr_html_()
    assert page.startswith("<table><caption")
    assert "<b>KMeans (not fitted)</b>" in page
    assert page.count("<tr>") == len(model.get_params())
    assert "n_clusters</th>" in page
    assert "<code>0.0001</code>" in page
    assert "<b>KMeans (fitted)</b>" in model.fit(X)._repr_html_()
    assert model._repr_mimebundle_() == {
        "text/plain": repr(model),
        "text/html": model._repr_html_(),
    }


@pytest.mark.usefixtures("alone")
def test_values_are_escaped_and_short():
    class Named(KMeans):
        def __init__(self, note="<script>alert('&')</script>", init=None, missing="error"):
            super().__init__(init=init, missing=missing)
            self.note = note

    page = Named(init=np.random.default_rng(0).normal(size=(900, 3)).tolist())._repr_html_()
    assert "<script>" not in page
    assert "&lt;script&gt;alert(&#x27;&amp;&#x27;)&lt;/script&gt;" in page
    assert "…</code>" in page
    assert len(page) < 1500


def test_scikit_learn_is_not_loaded_for_it():
    code = """
import sys
from kmeans_core import KMeans
model = KMeans(2, random_state=0).fit([[0.0], [9.0]])
assert "(fitted)" in model._repr_html_() and "(fitted)" in model._repr_mimebundle_()["text/html"]
assert "sklearn" not in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=120)
