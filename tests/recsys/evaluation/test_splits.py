"""Splits hold out the ratings of their definitions, each once and in one part only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings
from recsys.evaluation import last_by_time, row_folds, user_fifths, whole_users
from recsys.evaluation.splits import MOST_SHOWN, some_users


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """40 users with 30 ratings each, one of them 31, in random order."""
    rng = np.random.default_rng(1)
    rows = [
        (user, int(item), float(rng.integers(1, 11) / 2), int(rng.integers(10**6)))
        for user in range(1, 41)
        for item in rng.permutation(120)[: 30 + (user == 40)]
    ]
    return of_rows([rows[i] for i in rng.permutation(len(rows))])


def of_rows(rows: list[tuple[int, int, float, int]]) -> Ratings:
    """Ratings from rows of (user, item, rating, timestamp), in this order."""
    items = sorted({item for _, item, _, _ in rows})
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"]),
        pd.DataFrame({"movieId": items, "title": [str(item) for item in items], "genres": "War"}),
    )


def pairs(frame: pd.DataFrame) -> list[tuple[int, int, float]]:
    return list(frame[["userId", "movieId", "rating"]].itertuples(index=False, name=None))


def test_row_folds_are_those_of_the_definition(ratings: Ratings) -> None:
    n = len(ratings.ratings)
    perm = np.random.default_rng(7).permutation(n)
    fold = {}
    for i in range(n):
        fold[perm[i]] = i % 5
    for number, split in enumerate(row_folds(ratings, 7)):
        rows = [row for row in range(n) if fold[row] == number]
        assert pairs(split.test) == pairs(ratings.ratings.iloc[rows])
        rest = ratings.ratings.drop(index=rows).reset_index(drop=True)
        pd.testing.assert_frame_equal(split.train.ratings, rest)


def test_another_seed_makes_other_folds(ratings: Ratings) -> None:
    first, second = (next(row_folds(ratings, seed)).test for seed in (0, 1))
    assert pairs(first) != pairs(second)


def test_too_few_rows_for_folds() -> None:
    with pytest.raises(ValueError, match="5 folds need at least 5 ratings, not 4"):
        row_folds(of_rows([(1, item, 3.0, 0) for item in range(4)]))


def test_a_part_keeps_all_items_and_counts_its_own_ratings(ratings: Ratings) -> None:
    assert ratings.n_users == 40  # fills a cache that the split must not copy
    split = last_by_time(of_rows([(1, item, 3.0, item) for item in range(5)]))
    assert (split.train.n_movies, len(split.train.movies)) == (4, 5)
    holdout = whole_users(ratings)
    assert holdout.train.n_users == 32
    assert holdout.train.movies is ratings.movies
    assert (holdout.train.scale, holdout.train.source) == (ratings.scale, ratings.source)


def test_the_last_fifth_by_time_worked_by_hand() -> None:
    rows = [(1, item, 3.0, 100 - item) for item in range(10)]  # 2 of 10: items 1 and 0
    rows += [(2, item, 3.0, item) for item in range(4)]  # too few: stays whole
    rows += [(3, item, 3.0, item) for item in range(7)]  # 1.4, so 2: items 5 and 6
    rows += [(4, item, 3.0, item) for item in range(8)]  # 1.6, so 2: items 6 and 7
    rows += [(5, item, 3.0, 9) for item in (8, 2, 6, 4, 0)]  # equal times: the last in the file
    rows += [(6, item, 3.0, item) for item in range(5)]  # 1 of 5: item 4
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    ratings = of_rows(shuffled)
    last_of_5 = [item for user, item, _, _ in shuffled if user == 5][-1]
    split = last_by_time(ratings)
    held_out = {(1, 0), (1, 1), (3, 5), (3, 6), (4, 6), (4, 7), (5, last_of_5), (6, 4)}
    assert {(user, item) for user, item, _ in pairs(split.test)} == held_out
    assert pairs(split.test) == [
        (user, item, rating) for user, item, rating, _ in shuffled if (user, item) in held_out
    ]
    assert pairs(split.train.ratings) == [
        (user, item, rating) for user, item, rating, _ in shuffled if (user, item) not in held_out
    ]
    assert split.train.ratings.index.tolist() == list(range(len(rows) - len(held_out)))


def test_without_times_a_random_fifth_of_each_user_is_held_out(ratings: Ratings) -> None:
    timeless = replace(ratings, ratings=ratings.ratings.drop(columns="timestamp"))
    split, again, other = (last_by_time(timeless, seed) for seed in (0, 0, 1))
    assert split.test["userId"].value_counts().to_dict() == dict.fromkeys(range(1, 40), 6) | {40: 7}
    rows = sorted(pairs(split.test) + pairs(split.train.ratings))
    assert rows == sorted(pairs(ratings.ratings))
    assert pairs(split.test) == pairs(again.test) != pairs(other.test)
    # The order of the file is no time: the held-out rows are not the last ones of each user.
    last = ratings.ratings.groupby("userId").tail(6)
    assert len(set(pairs(split.test)) & set(pairs(last))) < len(split.test) / 2
    assert list(split.train.ratings.columns) == ["userId", "movieId", "rating"]
    # With times the seed does not matter.
    assert pairs(last_by_time(ratings, 1).test) == pairs(last_by_time(ratings).test)


def test_a_split_by_the_order_of_the_file(ratings: Ratings) -> None:
    split = user_fifths(ratings, "order")
    last = (
        ratings.ratings.groupby("userId")
        .tail(6)
        .index.union(ratings.ratings[ratings.ratings["userId"] == 40].tail(7).index)
    )
    assert pairs(split.test) == pairs(ratings.ratings.loc[last])
    rest = ratings.ratings.drop(index=last).reset_index(drop=True)
    pd.testing.assert_frame_equal(split.train.ratings, rest)


def test_a_random_split_does_not_look_at_times(ratings: Ratings) -> None:
    timeless = replace(ratings, ratings=ratings.ratings.drop(columns="timestamp"))
    drawn = user_fifths(ratings, "random", 3).test
    assert pairs(drawn) == pairs(last_by_time(timeless, 3).test)
    assert pairs(drawn) != pairs(user_fifths(ratings, "random", 4).test)
    assert pairs(user_fifths(ratings, "time").test) == pairs(last_by_time(ratings).test)


def test_a_split_that_cannot_be_made(ratings: Ratings) -> None:
    timeless = replace(ratings, ratings=ratings.ratings.drop(columns="timestamp"))
    with pytest.raises(ValueError, match="no times to split them by; choose 'random' or 'order'"):
        user_fifths(timeless, "time")
    with pytest.raises(ValueError, match="by one of time, random, order, not 'year'"):
        user_fifths(ratings, "year")


def test_no_user_has_enough_ratings_to_hold_one_out() -> None:
    with pytest.raises(ValueError, match="no user has 5 ratings, so"):
        last_by_time(of_rows([(user, item, 3.0, 0) for user in range(9) for item in range(4)]))


def test_whole_users_are_in_one_part_only(ratings: Ratings) -> None:
    holdout = whole_users(ratings, seed=3)
    assert len(holdout.user_ids) == 8
    assert np.all(np.diff(holdout.user_ids) > 0)
    asked = np.isin(ratings.ratings["userId"], holdout.user_ids)
    pd.testing.assert_frame_equal(
        holdout.train.ratings, ratings.ratings[~asked].reset_index(drop=True)
    )
    shown, tested = pairs(holdout.shown), pairs(holdout.test)
    assert sorted(shown + tested) == sorted(pairs(ratings.ratings[asked]))
    assert holdout.shown.groupby("userId").size().tolist() == [MOST_SHOWN] * 8
    # The order of the file, without the shown ratings.
    assert tested == [row for row in pairs(ratings.ratings[asked]) if row not in set(shown)]


def test_what_is_shown_grows_by_one_order(ratings: Ratings) -> None:
    holdout = whole_users(ratings, seed=3)
    all_shown = holdout.first_ratings(MOST_SHOWN)
    for n_shown in range(MOST_SHOWN):
        for few, many in zip(holdout.first_ratings(n_shown), all_shown, strict=True):
            assert list(few.items()) == list(many.items())[:n_shown]
    for user_id, shown in zip(holdout.user_ids, all_shown, strict=True):
        of_user = holdout.shown[holdout.shown["userId"] == user_id]
        assert list(shown.items()) == [(item, rating) for _, item, rating in pairs(of_user)]


def test_the_order_in_which_ratings_are_shown_is_drawn(ratings: Ratings) -> None:
    shown = [list(ratings) for ratings in whole_users(ratings, seed=3).first_ratings(MOST_SHOWN)]
    assert all(items != sorted(items) for items in shown)
    # A rule by the order of the file would show each user's first item in the file first.
    firsts = [
        ratings.ratings.loc[ratings.ratings["userId"] == user_id, "movieId"].iloc[0]
        for user_id in whole_users(ratings, seed=3).user_ids
    ]
    assert [items[0] for items in shown] != firsts


def test_another_seed_draws_other_users_and_the_same_seed_the_same(ratings: Ratings) -> None:
    first, again, other = (whole_users(ratings, seed=seed) for seed in (0, 0, 1))
    assert first.user_ids.tolist() == again.user_ids.tolist() != other.user_ids.tolist()
    pd.testing.assert_frame_equal(first.shown, again.shown)


def test_users_with_too_few_ratings_are_counted() -> None:
    rows = [(user, item, 3.0, 0) for user in range(10) for item in range(20 + user % 2)]
    holdout = whole_users(of_rows(rows), share=0.5)
    assert len(holdout.user_ids) + holdout.n_too_few == 5
    assert holdout.n_too_few > 0
    assert np.all(holdout.user_ids % 2 == 1)
    assert holdout.test["userId"].tolist() == holdout.user_ids.tolist()
    # Users without test rows are held out too.
    assert holdout.train.n_users == 5


def test_of_two_users_one_is_held_out() -> None:
    holdout = whole_users(of_rows([(user, item, 3.0, 0) for user in (1, 2) for item in range(21)]))
    assert (len(holdout.user_ids), holdout.train.n_users) == (1, 1)


def test_no_user_left_to_test_or_to_learn_from(ratings: Ratings) -> None:
    few = of_rows([(user, item, 3.0, 0) for user in range(10) for item in range(20)])
    with pytest.raises(ValueError, match="more than 20 ratings; there is no such user among the 2"):
        whole_users(few)
    with pytest.raises(ValueError, match="share=1 holds out 40 of 40 users; at least one"):
        whole_users(ratings, share=1.0)
    with pytest.raises(ValueError, match="can show 0 to 20 ratings, not 21"):
        whole_users(ratings).first_ratings(21)


def test_drawn_users_keep_all_their_ratings(ratings: Ratings) -> None:
    some = some_users(ratings, 15, seed=1)
    drawn = some.ratings["userId"].unique()
    assert len(drawn) == 15
    kept = ratings.ratings[ratings.ratings["userId"].isin(drawn)].reset_index(drop=True)
    pd.testing.assert_frame_equal(some.ratings, kept)
    assert some.movies is ratings.movies
    other = some_users(ratings, 15, seed=2).ratings["userId"].unique()
    assert set(other) != set(drawn)
    assert some_users(ratings, 40) is ratings
