"""UserGroups: shares and probabilities from their definitions, on groups made by hand."""

import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.recommenders.types import Floats
from recsys.recommenders.user_groups import LEAST_SHARE, LIKE_COUNTS, UserGroups

# Users 0 and 1 like items 0 and 1, users 2 and 3 like items 2 and 3, and user 4 likes nothing.
LIKES = np.array([[1, 1, 0, 0], [1, 0, 0, 0], [0, 0, 1, 1], [0, 1, 1, 1], [0, 0, 0, 0]], float)
P = LIKES.mean(axis=0)


@pytest.fixture(scope="module")
def groups() -> UserGroups:
    # One grouping parts the two tastes, and another one has a single group.
    labels = np.array([[0, 0, 1, 1, 3], [2, 2, 2, 2, 3]])
    return UserGroups.of(labels, np.array([0, 2, 3]), sp.csr_array(LIKES))


def shares_of(likes: list[list[float]], groups: UserGroups) -> Floats:
    found: Floats = groups.shares(sp.csr_array(np.array(likes))).toarray()
    return found


def test_groups_count_their_members_and_likes(groups: UserGroups) -> None:
    assert groups.sizes.tolist() == [2, 2, 4, 5]
    assert groups.n_likes.tolist() == [2, 2, 2, 2]
    assert groups.tiles[0, :, groups.places].T.tolist() == [
        [2, 1, 0, 0],
        [0, 1, 2, 2],
        [2, 2, 2, 2],
    ]
    assert groups.popularity.tolist() == P.tolist()


def test_shares_are_a_tempered_naive_bayes(groups: UserGroups) -> None:
    found = shares_of([[1, 1, 0, 0], [0, 0.5, 1, 0]], groups)
    for row, likes in zip(found, ([1, 1, 0, 0], [0, 0.5, 1, 0]), strict=True):
        weights = [
            2 * np.prod(((counts + P) / 3) ** (LIKE_COUNTS * np.array(likes)))
            for counts in (np.array([2, 1, 0, 0]), np.array([0, 1, 2, 2]))
        ]
        np.testing.assert_allclose(row[:2], weights / np.sum(weights), rtol=1e-6)
        assert row[2:].tolist() == [1, 0]


def test_shares_too_small_to_matter_are_dropped(groups: UserGroups) -> None:
    row = shares_of([[9, 9, 0, 0]], groups)[0]
    assert row.tolist() == [1, 0, 1, 0]
    assert 0 < LEAST_SHARE < 0.01


def test_without_likes_a_user_is_in_the_group_of_all(groups: UserGroups) -> None:
    row = shares_of([[0, 0, 0, 0]], groups)
    assert row.tolist() == [[0, 0, 0, 1]]
    assert groups.heaviest(sp.csr_array(row), 0).tolist() == [3, 3]
    expected = (LIKES.sum(axis=0) + P) / 6
    np.testing.assert_allclose(groups.probabilities(sp.csr_array(row))[0], expected, rtol=1e-12)


def test_probabilities_are_means_over_groupings(groups: UserGroups) -> None:
    shares = np.array([[0.25, 0.75, 1, 0], [1, 0, 1, 0]])
    first, second = (np.array([2, 1, 0, 0]) + P) / 3, (np.array([0, 1, 2, 2]) + P) / 3
    third = (np.array([2, 2, 2, 2]) + P) / 5
    expected = [(0.25 * first + 0.75 * second + third) / 2, (first + third) / 2]
    found = groups.probabilities(sp.csr_array(shares))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    for user, expected in enumerate([[1, 2], [0, 2]]):
        assert groups.heaviest(sp.csr_array(shares), user).tolist() == expected
    # A user has the same bits alone and among others.
    assert groups.probabilities(sp.csr_array(shares[[1]])).tolist() == [found[1].tolist()]


def test_nobody_likes_anything() -> None:
    none = sp.csr_array((3, 4))
    groups = UserGroups.of(np.full((2, 3), 4), np.array([0, 2, 4]), none)
    shares = groups.shares(sp.csr_array(np.eye(4)[:1]))
    assert shares.sum() == pytest.approx(2)
    assert groups.probabilities(shares).tolist() == [[0, 0, 0, 0]]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_shares_of_each_grouping_add_up_to_1(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_users, limits = 9, np.array([0, *np.cumsum(rng.integers(1, 5, size=3))])
    likes = sp.csr_array((rng.random((n_users, 7)) < rng.random()).astype(float))
    labels = rng.integers(limits[:-1, None], limits[1:, None], size=(3, n_users))
    labels[:, np.diff(likes.indptr) == 0] = limits[-1]
    groups = UserGroups.of(labels, limits, likes)
    weights = sp.csr_array(likes * rng.random((n_users, 7)))
    shares = groups.shares(weights).toarray()
    of_groupings = np.add.reduceat(shares[:, :-1], limits[:-1], axis=1)
    is_none = np.diff(weights.indptr) == 0
    np.testing.assert_allclose(of_groupings, np.where(is_none, 0.0, 1.0)[:, None] * np.ones(3))
    assert np.array_equal(shares[:, -1], is_none)
    assert np.all(shares >= 0)
    found = groups.probabilities(sp.csr_array(shares))
    assert np.all((found >= 0) & (found <= 1 + 1e-9))
    # Users in another order are shared in the same way.
    order = rng.permutation(n_users)
    assert np.array_equal(groups.shares(sp.csr_array(weights[order])).toarray(), shares[order])
