"""The end of a fit: why it stopped, and the size and the inertia of each cluster."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from gaps import BOTH, gaps
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import KMeans

pytestmark = [
    pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning"),
]


def assert_recounted(model, X, weights):
    """A recount by row: the cluster, and the weighted squared distance over known cells."""
    centers = model.cluster_centers_.astype(np.float64)
    squares = np.nansum((X - centers[model.labels_]) ** 2, axis=1)
    table = pd.DataFrame({"cluster": model.labels_, "inertia": squares * weights})
    groups = table.groupby("cluster").inertia
    every = range(len(centers))
    sizes = groups.size().reindex(every, fill_value=0)
    inertias = groups.sum().reindex(every, fill_value=0.0)
    assert model.cluster_sizes_.tolist() == sizes.tolist()
    assert model.cluster_inertias_.dtype == np.float64
    np.testing.assert_allclose(model.cluster_inertias_, inertias, rtol=1e-9, atol=1e-9)
    distances = model.inertia_ - getattr(model, "penalty_", 0.0)
    assert model.cluster_inertias_.sum() == pytest.approx(distances, rel=1e-9, abs=1e-9)


# A listener makes the loop run; without one these fits are compiled.
LISTENERS = st.sampled_from([None, lambda event: None])


@given(data=st.data(), make=st.sampled_from([np.asarray, sp.csr_array]), listener=LISTENERS)
def test_sizes_and_inertias_are_those_of_a_recount(float_cases, data, make, listener):
    case = data.draw(float_cases)
    weights = np.ones(len(case.X)) if case.weights is None else case.weights
    for init, n_init in ((case.init, 1), ("k-means++", 3)):
        model = case.model(init=init, n_init=n_init, random_state=0, on_iteration=listener)
        model.fit(make(case.X), sample_weight=case.weights)
        assert_recounted(model, case.X, weights)


@given(case=gaps(empty_rows=True), form=BOTH)
def test_unknown_cells_and_rows_add_nothing_to_inertias(case, form):
    model = case.model(n_init=1).fit(form(case.X), sample_weight=case.weights)
    assert_recounted(model, case.X, case.weights)


def test_clusters_without_rows_have_size_0(storage):
    X = np.repeat([[0.0, 1.0], [1.0, 0.0], [9.0, 9.0]], 3, axis=0)
    model = KMeans(5, random_state=0).fit(storage(X))
    assert sorted(model.cluster_sizes_.tolist()) == [0, 0, 3, 3, 3]
    assert model.cluster_inertias_.tolist() == [0.0] * 5


@pytest.mark.parametrize(
    ("params", "reason"),
    [
        ({"tol": 0.0}, "strict convergence"),
        ({"tol": 100.0}, "tolerance"),
        ({"tol": 0.0, "max_iter": 1}, "max_iter"),
        ({"on_iteration": lambda event: True}, "on_iteration"),
    ],
)
@pytest.mark.parametrize("listens", [False, True])
def test_the_reason_of_the_end_is_kept(storage, params, reason, listens):
    # From these centers the first iteration moves a center, and the second moves no row.
    X = storage(np.array([[0.0], [2.0], [10.0], [12.0]]))
    listener = {"on_iteration": lambda event: None} if listens else {}
    model = KMeans(2, init=[[0.0], [12.0]], **(listener | params)).fit(X)
    assert model.stopped_by_ == reason


def test_only_fit_finds_them():
    X = np.array([[0.0], [2.0], [10.0], [12.0]])
    names = ("stopped_by_", "cluster_sizes_", "cluster_inertias_")
    restored = KMeans(2)
    restored.cluster_centers_ = np.array([[1.0], [11.0]])
    assert restored.predict(X).tolist() == [0, 0, 1, 1]
    assert not any(hasattr(restored, name) for name in names)
    fitted = pickle.loads(pickle.dumps(KMeans(2, random_state=0).fit(X)))
    assert fitted.cluster_sizes_.tolist() == [2, 2]
    assert fitted.cluster_inertias_.tolist() == [2.0, 2.0]
    assert fitted.fit(X[:3]).cluster_sizes_.sum() == 3
