"""Item weights: from their definition, for what is liked together and for what comes next."""

import numpy as np
import pytest
import scipy.sparse as sp

from recsys.recommenders import item_weights
from recsys.recommenders.item_weights import ItemWeights, is_ordered, read_profiles
from recsys.recommenders.types import Profiles


def profiles_of(dense: np.ndarray, ages: np.ndarray) -> tuple[Profiles, np.ndarray]:
    """Profiles and likes; in ``dense`` 1 is a like, .5 another rating and 0 no rating."""
    rated = sp.csr_array(dense)
    place = np.nonzero(dense)
    return Profiles(rated, ages[place].astype(np.int32)), rated.data == 1.0


def made(n_users: int, n_items: int, *, with_times: bool, seed: int = 0):
    rng = np.random.default_rng(seed)
    shape = (n_users, n_items)
    dense = np.where(rng.random(shape) < 0.6, rng.choice([1.0, 0.5], shape), 0.0)
    # The later ratings of a user are those of more recent places in a random order.
    ages = np.zeros(shape)
    for user in range(n_users if with_times else 0):
        rated = np.flatnonzero(dense[user])
        ages[user, rng.permutation(rated)] = np.arange(len(rated))
    return dense, ages


def read(ages):
    return np.exp(-ages / 8.0) + 0.1


def by_definition(dense: np.ndarray, ages: np.ndarray, damping: float) -> np.ndarray:
    """B, column by column: a regression of each item on all others, over all rows."""
    inputs, targets, counts = [dense], [dense], [np.ones(len(dense))]
    for user in range(len(dense)):
        rated = dense[user] > 0
        for start in range(10, 1000, 10):
            before = rated & (ages[user] >= start) & (ages[user] < start + 50)
            after = rated & (ages[user] >= start - 10) & (ages[user] < start)
            inputs.append(np.where(before, dense[user] * read(ages[user] - start), 0.0)[None])
            targets.append(np.where(after, dense[user], 0.0)[None])
            counts.append([3.0])
    x, y = np.concatenate(inputs), np.concatenate(targets)
    weighted = x * np.concatenate(counts)[:, None]
    n_items = dense.shape[1]
    weights = np.zeros((n_items, n_items))
    for item in range(n_items):
        others = np.arange(n_items) != item
        gram = weighted[:, others].T @ x[:, others] + damping * np.eye(n_items - 1)
        weights[others, item] = np.linalg.solve(gram, weighted[:, others].T @ y[:, item])
    unrated = ((dense * read(ages)) @ weights)[dense == 0]
    return weights / np.sqrt(np.mean(unrated**2))


def test_two_items_by_hand() -> None:
    """Three users: two like both items, one likes the first only. The damping is 1.

    Item 2 from item 1: 2 / (3 + 1). Item 1 from item 2: 2 / (2 + 1). The only unrated item is item
    2 of the third user. Their rating of item 1 counts e^0 + .1, so the size is 1.1 / 2.
    """
    dense = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 0.0]])
    weights = ItemWeights.learned(*profiles_of(dense, np.zeros((3, 2))), 1.0)
    expected = np.array([[0, 1 / 2], [2 / 3, 0]]) / 0.55
    np.testing.assert_allclose(weights.scores(sp.csr_array(np.eye(2))), expected)


@pytest.mark.parametrize("shape", [(4, 9), (9, 4), (2, 5), (3, 120)])
@pytest.mark.parametrize("with_times", [True, False])
def test_weights_are_those_of_a_regression_on_all_other_items(
    shape: tuple[int, int], with_times: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(item_weights, "BLOCK", 2)
    dense, ages = made(*shape, with_times=with_times)
    weights = ItemWeights.learned(*profiles_of(dense, ages), 2.0)
    assert weights.items.tolist() == list(range(shape[1]))
    np.testing.assert_allclose(weights.weights, by_definition(dense, ages, 2.0), atol=1e-12)


def test_only_the_items_with_the_most_ratings_have_weights(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(item_weights, "MOST_ITEMS", 5)
    dense, ages = made(8, 12, with_times=True)
    n_ratings = (dense > 0).sum(axis=0)
    most = np.sort(np.argsort(-n_ratings, kind="stable")[:5])
    training, is_like = profiles_of(dense, ages)
    weights = ItemWeights.learned(training, is_like, 2.0)
    assert weights.items.tolist() == most.tolist()
    np.testing.assert_allclose(
        weights.weights, by_definition(dense[:, most], ages[:, most], 2.0), atol=1e-12
    )
    scores = weights.scores(read_profiles(training, is_like))
    expected = np.zeros(dense.shape)
    expected[:, most] = (dense * read(ages))[:, most] @ weights.weights
    np.testing.assert_allclose(scores, expected, atol=1e-12)


def test_contributions_add_up_to_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(item_weights, "MOST_ITEMS", 9)
    dense, ages = made(6, 12, with_times=True)
    training, is_like = profiles_of(dense, ages)
    weights = ItemWeights.learned(training, is_like, 2.0)
    profiles = read_profiles(training, is_like)
    scores = weights.scores(profiles)
    for user in range(6):
        for item in range(12):
            found = weights.contributions(profiles[[user]], item)
            assert np.all(dense[user, found.items] > 0)
            assert len(found.items) in (0, np.sum(dense[user, weights.items] > 0))
            assert found.added.sum() == pytest.approx(scores[user, item], abs=1e-12)
            assert np.all(found.added[found.items == item] == 0.0)


def test_scores_that_are_all_zero_are_not_made_larger() -> None:
    """The only user rated all items, so that there is nothing to measure scores on."""
    dense = np.ones((1, 4))
    learned = ItemWeights.learned(*profiles_of(dense, np.zeros((1, 4))), damping=1.0)
    # Each item is predicted by the other three: w = 3 equal weights with (3 + 1) w = 1.
    np.testing.assert_allclose(learned.weights, (1 - np.eye(4)) / 4)


def test_scores_of_nothing_are_zero() -> None:
    """One user rated all items, and no score says how large scores are."""
    weights = ItemWeights.learned(*profiles_of(np.ones((1, 1)), np.zeros((1, 1))), 2.0)
    assert weights.weights.tolist() == [[0.0]]


def test_users_are_ordered_if_a_rating_is_older_than_another() -> None:
    dense, ages = np.ones((3, 2)), np.array([[0, 1], [0, 0], [1, 0]])
    assert is_ordered(profiles_of(dense, ages)[0]).tolist() == [True, False, True]
