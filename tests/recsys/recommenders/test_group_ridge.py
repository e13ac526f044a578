"""GroupRidge: the regression from its definition as a linear model of groups, and its inverse."""

import numpy as np
import numpy.typing as npt
import pytest
import scipy.sparse as sp

from recsys import RatingMatrix, make_ratings
from recsys.recommenders import group_ridge
from recsys.recommenders.embeddings import basis_of, by_activity
from recsys.recommenders.group_ridge import PENALTY, GroupRidge, weights_of


@pytest.fixture(scope="module")
def rated() -> sp.csr_array:
    ratings = make_ratings(n_users=30, n_movies=40, n_ratings=500, random_state=0)
    return RatingMatrix.from_ratings(ratings).values


@pytest.fixture(scope="module")
def weights(rated: sp.csr_array) -> sp.csr_array:
    return weights_of(rated, rated.data >= 4)


def learned(weights: sp.csr_array, n: int = 6) -> GroupRidge:
    rng = np.random.default_rng(0)
    items = basis_of(by_activity(weights), 8, rng).items
    return GroupRidge.learned(weights, weights, items, np.zeros((40, 0), np.float32), n, rng)


def one_hot(labels: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Z: the groups of all groupings as columns."""
    columns = [labels_of == group for labels_of in labels for group in range(labels_of.max() + 1)]
    return np.array(columns, float).T / np.sqrt(len(labels))


def test_scores_are_a_ridge_regression_on_groups(weights: sp.csr_array) -> None:
    ridge = learned(weights)
    x, z = weights.toarray() / 10, one_hot(ridge.labels)
    # The primal form: the coefficients of the groups for each item.
    coefficients = np.linalg.solve(
        (x @ z).T @ (x @ z) + PENALTY * np.eye(z.shape[1]), (x @ z).T @ x
    )
    expected = x @ z @ coefficients
    expected -= expected.mean(axis=1, keepdims=True)
    found = ridge.scores(weights)
    np.testing.assert_allclose(found, expected / expected.std(), rtol=1e-5, atol=1e-5)
    assert found.std() == pytest.approx(1)


def test_scores_add_up_over_the_items_of_a_user(weights: sp.csr_array) -> None:
    ridge = learned(weights)
    whole = ridge.scores(weights[[3]])
    one = weights[[3]].toarray()
    each = ridge.scores(sp.csr_array(np.diag(one[0])))
    np.testing.assert_allclose(each.sum(axis=0), whole[0], rtol=1e-5, atol=1e-6)


def test_it_learns_from_a_sample_of_many_users(
    weights: sp.csr_array, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_ridge, "MOST_USERS", 12)
    ridge = learned(weights)
    assert len(set(ridge.sample.tolist())) == 12
    assert ridge.inverse.shape == (12, 12)
    assert ridge.weights.toarray().tolist() == weights.toarray()[ridge.sample].tolist()
    assert ridge.scores(weights).shape == weights.shape


def test_equal_scores_are_no_division_by_zero() -> None:
    same = sp.csr_array(np.full((6, 40), 3.0))
    assert not np.any(learned(same).scores(same))
