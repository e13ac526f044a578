"""Which ratings are held out: by the definition, none twice, none in both parts."""

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings
from recsys.evaluation import last_by_time, row_folds, whole_users
from recsys.evaluation.splits import MOST_SHOWN


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """40 people with 30 ratings each, one of them 31, in no order."""
    rng = np.random.default_rng(1)
    rows = [
        (user, int(film), float(rng.integers(1, 11) / 2), int(rng.integers(10**6)))
        for user in range(1, 41)
        for film in rng.permutation(120)[: 30 + (user == 40)]
    ]
    return of_rows([rows[i] for i in rng.permutation(len(rows))])


def of_rows(rows: list[tuple[int, int, float, int]]) -> Ratings:
    """Ratings of (user, film, stars, timestamp), in this order."""
    films = sorted({film for _, film, _, _ in rows})
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating", "timestamp"]),
        pd.DataFrame({"movieId": films, "title": [str(film) for film in films], "genres": "War"}),
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
    with pytest.raises(ValueError, match="4 ratings cannot be parted into 5 folds"):
        row_folds(of_rows([(1, film, 3.0, 0) for film in range(4)]))


def test_a_part_is_about_the_same_films_and_counts_its_own_ratings(ratings: Ratings) -> None:
    assert ratings.n_users == 40  # what is cached here must not be carried over
    split = last_by_time(of_rows([(1, film, 3.0, film) for film in range(5)]))
    assert (split.train.n_movies, len(split.train.movies)) == (4, 5)
    people = whole_users(ratings)
    assert people.train.n_users == 32
    assert people.train.movies is ratings.movies
    assert (people.train.scale, people.train.source) == (ratings.scale, ratings.source)


def test_the_last_fifth_by_time_worked_by_hand() -> None:
    rows = [(1, film, 3.0, 100 - film) for film in range(10)]  # 2 of 10: films 1 and 0
    rows += [(2, film, 3.0, film) for film in range(4)]  # too few: stays whole
    rows += [(3, film, 3.0, film) for film in range(7)]  # 1.4, so 2: films 5 and 6
    rows += [(4, film, 3.0, film) for film in range(8)]  # 1.6: films 6 and 7
    rows += [(5, film, 3.0, 9) for film in (8, 2, 6, 4, 0)]  # one time: the last in the file
    rows += [(6, film, 3.0, film) for film in range(5)]  # 1 of 5: film 4
    shuffled = [rows[i] for i in np.random.default_rng(0).permutation(len(rows))]
    ratings = of_rows(shuffled)
    last_of_5 = [film for user, film, _, _ in shuffled if user == 5][-1]
    split = last_by_time(ratings)
    held_out = {(1, 0), (1, 1), (3, 5), (3, 6), (4, 6), (4, 7), (5, last_of_5), (6, 4)}
    assert {(user, film) for user, film, _ in pairs(split.test)} == held_out
    assert pairs(split.test) == [
        (user, film, stars) for user, film, stars, _ in shuffled if (user, film) in held_out
    ]
    assert pairs(split.train.ratings) == [
        (user, film, stars) for user, film, stars, _ in shuffled if (user, film) not in held_out
    ]
    assert split.train.ratings.index.tolist() == list(range(len(rows) - len(held_out)))


def test_nobody_has_enough_ratings_to_hold_one_out() -> None:
    with pytest.raises(ValueError, match="nobody has 5 ratings"):
        last_by_time(of_rows([(user, film, 3.0, 0) for user in range(9) for film in range(4)]))


def test_whole_users_are_in_one_part_only(ratings: Ratings) -> None:
    people = whole_users(ratings, seed=3)
    assert len(people.user_ids) == 8
    assert np.all(np.diff(people.user_ids) > 0)
    asked = np.isin(ratings.ratings["userId"], people.user_ids)
    pd.testing.assert_frame_equal(
        people.train.ratings, ratings.ratings[~asked].reset_index(drop=True)
    )
    shown, tested = pairs(people.shown), pairs(people.test)
    assert sorted(shown + tested) == sorted(pairs(ratings.ratings[asked]))
    assert people.shown.groupby("userId").size().tolist() == [MOST_SHOWN] * 8
    # The order of the file, less what is shown.
    assert tested == [row for row in pairs(ratings.ratings[asked]) if row not in set(shown)]


def test_what_is_shown_grows_by_one_order(ratings: Ratings) -> None:
    people = whole_users(ratings, seed=3)
    all_shown = people.first_ratings(MOST_SHOWN)
    for n_shown in range(MOST_SHOWN):
        for few, many in zip(people.first_ratings(n_shown), all_shown, strict=True):
            assert list(few.items()) == list(many.items())[:n_shown]
    for user_id, shown in zip(people.user_ids, all_shown, strict=True):
        of_user = people.shown[people.shown["userId"] == user_id]
        assert list(shown.items()) == [(film, stars) for _, film, stars in pairs(of_user)]


def test_the_order_in_which_ratings_are_shown_is_drawn(ratings: Ratings) -> None:
    shown = [list(person) for person in whole_users(ratings, seed=3).first_ratings(MOST_SHOWN)]
    assert all(films != sorted(films) for films in shown)
    # The first of a person's 30 films would be shown first by any rule that looks at the file.
    firsts = [
        ratings.ratings.loc[ratings.ratings["userId"] == user_id, "movieId"].iloc[0]
        for user_id in whole_users(ratings, seed=3).user_ids
    ]
    assert [films[0] for films in shown] != firsts


def test_another_seed_draws_other_people_and_the_same_seed_the_same(ratings: Ratings) -> None:
    first, again, other = (whole_users(ratings, seed=seed) for seed in (0, 0, 1))
    assert first.user_ids.tolist() == again.user_ids.tolist() != other.user_ids.tolist()
    pd.testing.assert_frame_equal(first.shown, again.shown)


def test_people_with_too_few_ratings_are_counted() -> None:
    rows = [(user, film, 3.0, 0) for user in range(10) for film in range(20 + user % 2)]
    people = whole_users(of_rows(rows), share=0.5)
    assert len(people.user_ids) + people.n_too_few == 5
    assert people.n_too_few > 0
    assert np.all(people.user_ids % 2 == 1)
    assert people.test["userId"].tolist() == people.user_ids.tolist()
    # Held out whole, also those who are not asked.
    assert people.train.n_users == 5


def test_of_two_users_one_is_held_out() -> None:
    people = whole_users(of_rows([(user, film, 3.0, 0) for user in (1, 2) for film in range(21)]))
    assert (len(people.user_ids), people.train.n_users) == (1, 1)


def test_nobody_left_to_ask_or_to_learn_from(ratings: Ratings) -> None:
    few = of_rows([(user, film, 3.0, 0) for user in range(10) for film in range(20)])
    with pytest.raises(ValueError, match="of the 2 users held out nobody has more than 20"):
        whole_users(few)
    with pytest.raises(ValueError, match="of 40 users 40 cannot be held out whole"):
        whole_users(ratings, share=1.0)
    with pytest.raises(ValueError, match="shows 0 to 20 ratings, not 21"):
        whole_users(ratings).first_ratings(21)
