"""Rows without known cells: a fit sets them aside, and they go to the heaviest cluster."""

import warnings

import numpy as np
import pytest
from gaps import BOTH, gaps, rated
from hypothesis import given

from kmeans_core import KMeans

pytestmark = [
    pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore:Rows without any known cell:UserWarning"),
]


@given(case=gaps(empty_rows=True), form=BOTH)
def test_rows_without_known_cells_change_nothing(events_of, case, form):
    known = ~np.isnan(case.X).all(axis=1)
    for init in (case.init, "k-means++", "random"):
        if (
            isinstance(init, str)
            and init == "random"
            and np.sum(case.weights[known] > 0) < len(case.init)
        ):
            continue
        model = case.model(init=init, n_init=1, random_state=0)
        other = case.model(init=init, n_init=1, random_state=0)
        events = events_of(model, form(case.X), sample_weight=case.weights)
        others = events_of(other, form(case.X[known]), sample_weight=case.weights[known])
        assert len(events) == len(others)
        assert model.cluster_centers_.tobytes() == other.cluster_centers_.tobytes()
        assert model.inertia_ == other.inertia_
        weight_in_clusters = np.bincount(
            other.labels_, case.weights[known], minlength=len(case.init)
        )
        assert model.labels_[known].tolist() == other.labels_.tolist()
        assert set(model.labels_[~known]) <= {int(np.argmax(weight_in_clusters))}
        assert model.heaviest_cluster_ == other.heaviest_cluster_ == np.argmax(weight_in_clusters)
        for event in events:
            assert event.labels.shape == (len(case.X),)


def test_one_warning_counts_them(form):
    X = rated()
    X[[0, 7, 9]] = np.nan
    model = KMeans(3, random_state=0, missing="ignore")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        model.fit(form(X))
        model.predict(form(X))
    assert [str(warning.message) for warning in caught] == [
        "Rows without any known cell: 3. They get the label of the heaviest cluster, and the fit "
        "ignores them."
    ]
    assert caught[0].category is UserWarning
    assert caught[0].filename == __file__


def test_the_heaviest_cluster_takes_them_by_weight(form):
    n = np.nan
    X = np.array([[1.0, n], [1.0, 1.0], [1.0, n], [9.0, 9.0], [n, n]])
    seen = []
    for weights, heaviest in (([1, 1, 1, 1, 1], 0), ([1, 1, 1, 3, 9], 0), ([1, 1, 1, 4, 1], 1)):
        model = KMeans(2, init=[[1.0, 1.0], [9.0, 9.0]], missing="ignore")
        model.on_iteration = lambda event: seen.append((event.labels.copy(), event.labels.flags))
        model.fit(form(X), sample_weight=weights)
        assert model.labels_.tolist() == [0, 0, 0, 1, heaviest]
        assert model.heaviest_cluster_ == heaviest
        assert model.labels_.dtype == np.int32
        assert model.predict(form(X)).tolist() == model.labels_.tolist()
        assert seen[-1][0].tolist() == model.labels_.tolist()
        assert not seen[-1][1].writeable
        assert model.predict(form(np.full((2, 2), n))).tolist() == [heaviest] * 2
        assert model.score(form(np.full((2, 2), n))) == 0.0


def test_a_listener_may_stop_a_fit_with_such_rows(form):
    X = rated()
    X[5] = np.nan
    model = KMeans(4, random_state=0, missing="ignore", on_iteration=lambda event: True)
    model.fit(form(X))
    assert model.n_iter_ == 1
    assert model.labels_.tolist() == model.predict(form(X)).tolist()


def test_weight_must_be_on_rows_with_a_known_cell(form):
    X = form(np.array([[1.0, 2.0], [np.nan, np.nan], [3.0, 4.0]]))
    with pytest.raises(ValueError, match="No row with a known cell has a positive weight"):
        KMeans(2, missing="ignore", random_state=0).fit(X, sample_weight=[0, 1, 0])
    model = KMeans(2, missing="ignore", random_state=0).fit(X, sample_weight=[1, 1, 2])
    plain = KMeans(2, random_state=0).fit([[1.0, 2.0], [3.0, 4.0]], sample_weight=[1, 2])
    assert model.cluster_centers_.tolist() == plain.cluster_centers_.tolist()
    assert model.labels_[1] == model.labels_[2]
