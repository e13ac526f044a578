"""Coverage, diversity and novelty of lists, by hand and from their definitions."""

from itertools import combinations

import numpy as np
import pytest

from recsys import Ratings
from recsys.evaluation import catalogue
from recsys.evaluation.catalogue import Catalogue
from recsys.recommenders.types import NO_ITEM

# Likes: item 10 of users 1 2 3 4, item 20 of users 3 4, item 30 of user 4, item 40 of nobody.
ROWS = [
    *[(user, 10, 5) for user in (1, 2, 3, 4)],
    *[(user, 20, 4) for user in (3, 4)],
    (1, 20, 2),
    (4, 30, 4.5),
    (2, 40, 1),
    (5, 40, 3),
    (6, 40, 2),
    (7, 40, 2),
    (8, 40, 2),
]


@pytest.fixture(scope="module")
def known() -> Catalogue:
    return Catalogue.of(Ratings.from_columns(*zip(*ROWS, strict=True)))


def test_diversity_worked_by_hand(known: Catalogue) -> None:
    # Cosines: 10 and 20: 2 / sqrt(4 * 2); 10 and 30: 1 / sqrt(4); 20 and 30: 1 / sqrt(2).
    root = np.sqrt(0.5)
    distances = [1 - root, 1 - 0.5, 1 - root]
    assert known.diversity(np.array([[10, 20]])) == pytest.approx(1 - root, rel=1e-12)
    assert known.diversity(np.array([[10, 20, 30]])) == pytest.approx(np.mean(distances), rel=1e-12)
    # Nobody liked 40, so it is unlike all others.
    assert known.diversity(np.array([[10, 40]])) == 1
    # The mean is over lists, whatever their number of pairs.
    lists = np.array([[10, 20, 30], [10, 40, NO_ITEM]])
    assert known.diversity(lists) == pytest.approx((np.mean(distances) + 1) / 2, rel=1e-12)


def test_novelty_worked_by_hand(known: Catalogue) -> None:
    # Of 8 users, 4 rated 10, 3 rated 20, 1 rated 30 and 5 rated 40.
    assert known.novelty(np.array([[10, 30]])) == (1 + 3) / 2
    assert known.novelty(np.array([[20, 40]])) == pytest.approx(
        -(np.log2(3 / 8) + np.log2(5 / 8)) / 2, rel=1e-12
    )
    # The mean is over lists, whatever their number of items.
    assert known.novelty(np.array([[10, 30], [10, NO_ITEM]])) == (2 + 1) / 2


def test_items_outside_the_training_part_do_not_count(known: Catalogue) -> None:
    assert known.novelty(np.array([[10, 99]])) == 1
    assert known.diversity(np.array([[10, 99, 20]])) == known.diversity(np.array([[10, 20]]))
    assert known.coverage(np.array([[10, 99, 20]])) == 2 / 4


def test_lists_without_items_or_pairs_are_left_out(known: Catalogue) -> None:
    nothing = np.full((2, 3), NO_ITEM)
    assert np.isnan(known.novelty(nothing))
    assert np.isnan(known.diversity(nothing))
    assert np.isnan(known.diversity(np.array([[10, NO_ITEM, NO_ITEM]])))
    some = np.vstack([nothing, [[10, 40, NO_ITEM]]])
    assert known.diversity(some) == 1
    assert np.isnan(known.diversity(some[:0]))


def test_texts_are_ids_too() -> None:
    rows = [(f"u{user}", f"m{item}", rating) for user, item, rating in ROWS]
    known = Catalogue.of(Ratings.from_columns(*zip(*rows, strict=True)))
    lists = np.array([["m10", "m30", None]], dtype=object)
    assert (known.novelty(lists), known.diversity(lists)) == (2, 0.5)


@pytest.mark.parametrize("most", [1, 500, 10**6])
def test_many_lists_from_the_definition(
    ratings: Ratings, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(catalogue, "MOST_ITEMS", most)
    table = ratings.ratings
    likers = table[table["rating"] >= 4].groupby("movieId")["userId"].agg(set)
    items = np.unique(table["movieId"])
    rng = np.random.default_rng(0)
    lists = np.array([rng.permutation(items)[:4] for _ in range(521)])

    def distance(one: int, other: int) -> float:
        first, second = likers.get(one, set()), likers.get(other, set())
        return 1 - len(first & second) / np.sqrt(max(len(first) * len(second), 1))

    expected = np.mean([distance(*pair) for row in lists for pair in combinations(row, 2)])
    assert Catalogue.of(ratings).diversity(lists) == pytest.approx(expected, rel=1e-12)
