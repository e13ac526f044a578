"""Item weights: from their definition, by users and by items, and the same for any threads."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

from recsys.recommenders.item_weights import ItemWeights, inverse_of, is_within_limit


def random_profiles(n_users: int, n_items: int, seed: int = 0) -> sp.csr_array:
    rng = np.random.default_rng(seed)
    shape = (n_users, n_items)
    return sp.csr_array(np.where(rng.random(shape) < 0.3, rng.choice([1.0, 0.3], shape), 0.0))


def textbook(profiles: np.ndarray, damping: float) -> np.ndarray:
    """B, column by column: ridge regression of each item on all others."""
    n_items = profiles.shape[1]
    weights = np.zeros((n_items, n_items))
    for item in range(n_items):
        others = np.arange(n_items) != item
        x = profiles[:, others]
        gram = x.T @ x + damping * np.eye(n_items - 1)
        weights[others, item] = np.linalg.solve(gram, x.T @ profiles[:, item])
    return weights


def test_two_items_by_hand() -> None:
    """Three users: two like both items, one likes the first only. The damping is 1.

    Item 2 from item 1: 2 / (3 + 1). Item 1 from item 2: 2 / (2 + 1).
    """
    profiles = sp.csr_array(np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]]))
    weights = ItemWeights.learned(profiles, 1.0)
    np.testing.assert_allclose(weights.scores(sp.csr_array(np.eye(2))), [[0, 1 / 2], [2 / 3, 0]])


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (6, 6), (1, 5), (5, 1)])
def test_scores_are_those_of_a_regression_on_all_other_items(shape: tuple[int, int]) -> None:
    profiles = random_profiles(*shape)
    weights = ItemWeights.learned(profiles, 2.0)
    assert weights.by_users == (shape[0] <= shape[1])
    new = random_profiles(7, shape[1], seed=1)
    expected = new.toarray() @ textbook(profiles.toarray(), 2.0)
    np.testing.assert_allclose(weights.scores(new), expected, atol=1e-12)


@pytest.mark.parametrize("shape", [(5, 8), (8, 5)])
def test_contributions_add_up_to_the_score(shape: tuple[int, int]) -> None:
    profiles = random_profiles(*shape)
    weights, expected = ItemWeights.learned(profiles, 2.0), textbook(profiles.toarray(), 2.0)
    for user in range(shape[0]):
        profile = profiles[[user]]
        scores = weights.scores(profile)[0]
        for item in range(shape[1]):
            found = weights.contributions(profile, item)
            rated = profile.indices[profile.indices != item]
            assert found.items.tolist() == rated.tolist()
            dense = profile.toarray()[0]
            np.testing.assert_allclose(
                found.added, dense[rated] * expected[rated, item], atol=1e-12
            )
            assert found.added.sum() == pytest.approx(scores[item], abs=1e-12)


@given(st.integers(1, 40), st.integers(0, 1000))
def test_an_inverse(n: int, seed: int) -> None:
    half = np.random.default_rng(seed).normal(size=(n, n))
    matrix = half @ half.T + np.eye(n)
    np.testing.assert_allclose(inverse_of(matrix) @ matrix, np.eye(n), atol=1e-9)


@pytest.mark.parametrize("shape", [(250, 400), (400, 250)])
def test_the_number_of_threads_changes_no_bit(shape: tuple[int, int]) -> None:
    profiles, found = random_profiles(*shape), []
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            weights = ItemWeights.learned(profiles, 20.0)
            found.append((weights.inverse, weights.diagonal, weights.scores(profiles[:50])))
    for one, two in zip(*found, strict=True):
        assert np.array_equal(one, two)


def test_the_limit_is_on_the_smaller_side() -> None:
    assert is_within_limit(4_000, 60_000)
    assert is_within_limit(60_000, 4_000)
    assert not is_within_limit(4_001, 4_001)
