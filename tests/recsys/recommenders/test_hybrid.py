"""Hybrid: its score from the groups and the item weights, and what new users get."""

import numpy as np
import pandas as pd
import pytest

from recsys import BiasBaseline, Hybrid, MostLiked, Ratings, RatingScale, TasteGroups, make_ratings
from recsys.evaluation import evaluate_ranking
from recsys.recommenders.hybrid import LIKED_TOGETHER
from recsys.recommenders.ranking import known_users
from recsys.recommenders.types import total_of


def small_groups() -> TasteGroups:
    return TasteGroups(
        n_user_groupings=4, n_item_groupings=3, taste_weight=1.0, rating_model=BiasBaseline()
    )


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=60, n_movies=50, n_ratings=1200, random_state=0)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> Hybrid:
    return Hybrid(groups=small_groups()).fit(ratings)


def profile_of(table: pd.DataFrame, user: int) -> dict[int, float]:
    """The profile of a user, counted with pandas."""
    mine = table[table["userId"] == user]
    later = np.array([(mine["timestamp"] > time).sum() for time in mine["timestamp"]])
    counts = np.where(mine["rating"] >= 4.0, 1.0, 0.5) * (np.exp(-later / 8.0) + 0.1)
    return dict(zip(mine["movieId"], counts, strict=True))


def test_the_profile_of_a_user_counts_recent_ratings_more(ratings: Ratings, model: Hybrid) -> None:
    matrix = model.trained_on.matrix
    for user in (1, 7, 30):
        users = known_users(model, matrix.row_of(user))
        read = model._read(users)
        expected = profile_of(ratings.ratings, user)
        assert dict(zip(matrix.movie_ids[read.indices], read.data, strict=True)) == pytest.approx(
            expected
        )


def test_a_score_is_that_of_the_groups_and_of_the_items(ratings: Ratings) -> None:
    groups = small_groups().fit(ratings)
    alone = Hybrid(groups=small_groups(), item_weight=0.0).fit(ratings)
    users = known_users(alone, np.arange(60))
    np.testing.assert_array_equal(alone._scores(users), groups._scores(users))
    both = Hybrid(groups=small_groups()).fit(ratings)
    scores = both._scores(users)
    never = np.isneginf(scores)
    assert np.array_equal(never, np.isneginf(groups._scores(users)))
    total = total_of(both._score_parts(users))
    np.testing.assert_array_equal(scores[~never], total[~never])
    one, two = (
        Hybrid(groups=small_groups(), item_weight=weight).fit(ratings)._score_parts(users)
        for weight in (1.0, 2.0)
    )
    np.testing.assert_allclose(2 * one[LIKED_TOGETHER], two[LIKED_TOGETHER])
    unrated = np.ones(one[LIKED_TOGETHER].shape, dtype=bool)
    unrated[np.repeat(np.arange(60), np.diff(users.rated.indptr)), users.rated.indices] = False
    assert np.mean(one[LIKED_TOGETHER][unrated] ** 2) == pytest.approx(1.0)


def test_the_films_of_a_user_add_up_to_the_part(model: Hybrid) -> None:
    for row in (3, 8):
        user = known_users(model, row)
        part = model._score_parts(user)[LIKED_TOGETHER]
        for item in range(0, model.trained_on.n_items, 7):
            found = model._liked_together(user, item)
            assert set(found.items) <= set(user.rated.indices)
            assert found.added.sum() == pytest.approx(part[0, item], abs=1e-12)


def test_new_users_with_times_are_as_known_users(ratings: Ratings, model: Hybrid) -> None:
    table = ratings.ratings[ratings.ratings["userId"] == 7]
    known = known_users(model, model.trained_on.matrix.row_of(7))
    new = model._fold_in(table[["movieId", "rating", "timestamp"]], None)
    np.testing.assert_allclose(model._linear(new), model._linear(known))
    assert np.all(model._linear(model._fold_in(None, None)) == 0.0)


def test_users_without_times_get_what_is_liked_together(ratings: Ratings, model: Hybrid) -> None:
    table = ratings.ratings.drop(columns="timestamp")
    without = Hybrid(groups=small_groups()).fit(Ratings.from_frames(table, ratings.movies))
    mine = table[table["userId"] == 7][["movieId", "rating"]]
    expected = without._linear(without._fold_in(mine, None))
    np.testing.assert_array_equal(model._linear(model._fold_in(mine, None)), expected)
    assert not np.allclose(model._linear(known_users(model, np.array([6]))), expected)


def test_likes_alone(ratings: Ratings) -> None:
    likes = ratings.ratings.query("rating >= 4")[["userId", "movieId"]]
    model = Hybrid(groups=small_groups()).fit(Ratings.from_frames(likes))
    assert model.recommend(1, 5)["predicted_rating"].isna().all()
    assert len(model.recommend(ratings={2: 1.0}, n=5)) == 5


@pytest.mark.parametrize("with_times", [True, False])
def test_lists_are_better_than_those_of_groups_and_of_the_most_liked(with_times: bool) -> None:
    """Without times there are no genres either, and the scale ends at 4."""
    ratings = make_ratings(n_users=150, n_movies=120, n_ratings=6000, random_state=0)
    if not with_times:
        table = ratings.ratings[["userId", "movieId", "rating"]]
        table = table.assign(rating=np.ceil(table["rating"] * 1.6) / 2)
        ratings = Ratings.from_frames(table, scale=RatingScale(0.5, 4, 0.5))
    makers = {
        "hybrid": lambda seed: Hybrid(groups=small_groups()),
        "groups": lambda seed: small_groups(),
        "most liked": lambda seed: MostLiked(),
    }
    scores = evaluate_ranking(makers, ratings, seeds=(0,)).scores
    hybrid, groups, most_liked = (each.ndcg.value for each in scores)
    assert hybrid > max(groups, most_liked)
