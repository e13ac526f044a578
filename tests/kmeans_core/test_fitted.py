"""Models restored from centers: attributes are set by hand, and methods use them."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from sklearn.utils.validation import check_is_fitted

from kmeans_core import KMeans, NotFittedError

X = np.array([[1.0, 2.0], [1.0, 4.0], [1.0, 0.0], [10.0, 2.0], [10.0, 4.0], [10.0, 0.0]])
CENTERS = np.array([[1.0, 2.0], [10.0, 2.0]])


def restored(centers=CENTERS, **params) -> KMeans:
    model = KMeans(2, **params)
    model.cluster_centers_ = centers
    return model


@pytest.mark.parametrize(
    "form",
    [
        np.asarray,
        np.float32,
        np.int64,
        np.int8,
        np.float16,
        np.longdouble,
        np.asfortranarray,
        np.ndarray.tolist,
        lambda c: c.astype(object),
        lambda c: tuple(map(tuple, c.tolist())),
        pd.DataFrame,
        lambda c: np.ma.masked_array(c),
        lambda c: np.hstack([c, c])[:, ::2].copy()[:, [0, 1]] * 0 + c,
        lambda c: np.repeat(c, 2, axis=0)[::2],
    ],
)
def test_centers_in_any_form_answer_as_a_fitted_model(storage, form):
    fitted = KMeans(2, init=CENTERS, n_init=1).fit(X)
    assert fitted.cluster_centers_.tolist() == CENTERS.tolist()
    model = restored(form(CENTERS))
    data = storage(X)
    assert model.predict(data).tolist() == [0, 0, 0, 1, 1, 1]
    assert model.predict(data).dtype == np.int32
    assert model.transform(data).tobytes() == fitted.transform(data).tobytes()
    assert model.score(data, sample_weight=[1, 2, 0, 0, 0, 0.5]) == -(2 * 4 + 0.5 * 4)
    assert model.get_feature_names_out().tolist() == ["kmeans0", "kmeans1"]
    assert model.n_features_in_ == 2
    assert model._n_features_out == 2
    check_is_fitted(model)


def test_methods_add_nothing_to_the_model():
    model = restored()
    before = dict(vars(model))
    model.predict(X), model.transform(X), model.score(X), model.get_feature_names_out()
    assert vars(model) == before


@pytest.mark.parametrize("n_clusters", [1, 2, 3, 8, "two"])
def test_the_number_of_clusters_is_that_of_the_centers(storage, n_clusters):
    centers = np.vstack([CENTERS, [[10.0, 4.0]]])
    for model in (restored(centers), KMeans(3, init=centers, n_init=1, max_iter=1).fit(X)):
        model.cluster_centers_ = centers
        model.set_params(n_clusters=n_clusters)
        assert model.predict(storage(X)).tolist() == [0, 0, 0, 1, 2, 1]
        assert model.transform(storage(X)).shape == (6, 3)
        assert model.score(storage(X)) == -(4 + 4 + 4)


def test_many_centers_for_a_small_n_clusters():
    data = np.random.default_rng(0).normal(size=(3000, 2))
    centers = data[:300]
    for kind in (np.asarray, sp.csr_array):
        labels = restored(centers).predict(kind(data))
        assert labels[:300].tolist() == list(range(300))


@pytest.mark.parametrize("method", ["predict", "transform", "score"])
def test_x_must_have_the_features_of_the_centers(storage, method):
    with pytest.raises(ValueError, match=r"X has 1 features, but KMeans is expecting 2 features"):
        getattr(restored(), method)(storage(X[:, :1]))
    with pytest.raises(ValueError, match="should have length equal to number of features"):
        restored().get_feature_names_out(["a"])


WRONG = [
    ([1.0, 2.0], r"2-D array of shape \(n_clusters, n_features\), got shape \(2,\)"),
    (5.0, r"got shape \(\)"),
    (np.zeros((2, 2, 2)), r"got shape \(2, 2, 2\)"),
    (np.zeros((0, 2)), r"got shape \(0, 2\)"),
    (np.zeros((2, 0)), r"got shape \(2, 0\)"),
    ([], r"got shape \(0,\)"),
    ([[1.0, 2.0], [3.0]], "2-D array of numbers"),
    ([["a", "b"], ["c", "d"]], "2-D array of numbers: got list of <U1"),
    ([["1", "2"], ["3", "4"]], "2-D array of numbers: got list of <U1"),
    (np.array([[1j, 2], [3, 4]]), "2-D array of numbers: got ndarray of complex128"),
    (np.array([["a", {}], [1, 2]], dtype=object), "2-D array of numbers"),
    (None, r"got shape \(\)"),
    ("centers", "2-D array of numbers: got str"),
    (sp.csr_array(CENTERS), "2-D array of numbers"),
    (np.ma.masked_equal(CENTERS, 2.0), "2-D array of numbers: got MaskedArray"),
    ([[1.0, 2.0], [np.nan, 3.0]], "NaN or infinity: the first in cluster 1, feature 0"),
    ([[1.0, np.inf], [1.0, 3.0]], "NaN or infinity: the first in cluster 0, feature 1"),
    (np.full((1, 2), np.longdouble("1e4000")), "NaN or infinity: the first in cluster 0"),
]


@pytest.mark.parametrize(("centers", "message"), WRONG, ids=[str(i) for i in range(len(WRONG))])
@pytest.mark.parametrize("was_fitted", [False, True])
def test_invalid_centers_raise_one_clear_error(centers, message, was_fitted):
    model = KMeans(2, random_state=0)
    if was_fitted:
        model.fit(X)
    model.cluster_centers_ = centers
    for method in (model.predict, model.transform, model.score):
        with pytest.raises(ValueError, match=f"^cluster_centers_ .*{message}"):
            method(X)
    repr(model)
    assert hasattr(model, "n_features_in_") == was_fitted


@pytest.mark.parametrize("form", [np.asarray, sp.csr_array])
def test_centers_of_another_width_than_the_fit_are_refused(form):
    model = KMeans(2, random_state=0).fit(X)
    model.cluster_centers_ = np.ones((2, 3))
    message = "cluster_centers_ has 3 features, but KMeans was fitted with 2"
    for data in (X, np.ones((4, 3))):
        with pytest.raises(ValueError, match=message):
            model.predict(form(data))


def test_a_model_without_centers_cannot_be_restored():
    model = KMeans(2)
    model.n_features_in_ = 2
    model.labels_ = np.zeros(6, dtype=np.int32)
    for question in (model.predict, model.transform, model.score):
        with pytest.raises(NotFittedError, match="This KMeans instance is not fitted yet"):
            question(X)
    for name in ("n_features_in_", "_n_features_out"):
        assert not hasattr(KMeans(2), name)


def test_a_frame_is_answered_with_scikit_learns_warning_and_frames():
    frame = pd.DataFrame(X, columns=["a", "b"], index=range(10, 16))
    model = restored().set_output(transform="pandas")
    with pytest.warns(UserWarning, match="X has feature names, but KMeans was fitted without"):
        distances = model.transform(frame)
    assert distances.columns.tolist() == ["kmeans0", "kmeans1"]
    assert distances.index.tolist() == frame.index.tolist()
    model.feature_names_in_ = np.array(["a", "b"], dtype=object)
    assert model.transform(frame).equals(distances)


def test_it_can_be_fitted_again_to_other_data():
    model = restored(random_state=0)
    data = np.hstack([X, X[:, :1]])
    assert model.fit_predict(data).tolist() == model.predict(data).tolist()
    assert vars(model)["n_features_in_"] == model.n_features_in_ == 3
    assert model.fit_transform(X).shape == (6, 2)


# Unknown cells ----------------------------------------------------------------------------------

GAPS = np.array([[1.0, np.nan], [np.nan, 9.0], [9.0, 2.0]])


def test_unknown_cells_are_left_out(form):
    centers = [[0.0, 8.0], [10.0, 2.0]]
    model = restored(centers, missing="ignore")
    assert model.predict(form(GAPS)).tolist() == [0, 0, 1]
    assert model.score(form(GAPS)) == -(1 + 1 + 1)
    assert model.transform(form(GAPS))[0].tolist() == [2**0.5, 162**0.5]
    assert model.predict(X).tolist() == restored(centers).predict(X).tolist()


def test_rows_without_known_cells_need_the_heaviest_cluster(form):
    data = form(np.array([[1.0, np.nan], [np.nan, np.nan], [9.0, 2.0]]))
    model = restored(missing="ignore")
    for question in (model.predict, model.score):
        with pytest.raises(
            ValueError, match=r"Row 1 of X has no known cell\. Such rows go to heav"
        ):
            question(data)
    assert np.isnan(model.transform(data)[1]).all()
    model.heaviest_cluster_ = 1
    assert model.predict(data).tolist() == [0, 1, 1]
    assert model.score(data) == -1.0


def test_a_score_with_shrinkage_needs_the_penalty(form):
    model = restored(missing="ignore", shrinkage=1.0)
    model.predict(form(GAPS))
    with pytest.raises(ValueError, match=r"The score includes penalty_\. This model has no"):
        model.score(form(GAPS))
    model.penalty_ = 2.0
    assert model.score(form(GAPS)) == restored(missing="ignore").score(form(GAPS)) - 2.0


@pytest.mark.parametrize("left", ["heaviest_cluster_", "penalty_"])
def test_a_fit_without_unknown_cells_removes_their_attributes(left):
    model = restored(random_state=0)
    setattr(model, left, 1)
    model.fit(X)
    assert not hasattr(model, left)
