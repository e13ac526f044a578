"""TasteGroups: both sides of a score from their definitions, and the quality of its lists."""

import numpy as np
import pytest

from recsys import BiasBaseline, MostLiked, RatingMatrix, Ratings, TasteGroups, make_ratings
from recsys.evaluation import evaluate_ranking
from recsys.recommenders.ranking import known_users


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=60, n_movies=50, n_ratings=1200, random_state=0)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> TasteGroups:
    return TasteGroups(n_user_groupings=4, n_item_groupings=3, rating_model=BiasBaseline()).fit(
        ratings
    )


@pytest.fixture(scope="module")
def likes(ratings: Ratings) -> np.ndarray:
    return (RatingMatrix.from_ratings(ratings).values.toarray() >= 4.0).astype(float)


def test_the_users_side_from_its_definition(model: TasteGroups, likes: np.ndarray) -> None:
    users = known_users(model, np.arange(60))
    expected = np.zeros(likes.shape)
    share = likes.mean(axis=0)
    for labels in model._labels:
        for user in range(60):
            # A user without likes is only in the group of all users.
            group = likes[labels == labels[user]] if likes[user].any() else likes
            expected[user] += (group.sum(axis=0) + share) / (len(group) + 1)
    np.testing.assert_allclose(model._users_side(users.placed), expected / 4, rtol=1e-6)


def test_the_items_side_from_its_definition(model: TasteGroups, likes: np.ndarray) -> None:
    users = known_users(model, np.arange(60))
    of_item = likes.sum(axis=0)
    expected = np.zeros(likes.shape)
    for labels in model._item_labels:
        for item in range(likes.shape[1]):
            group = labels == labels[item]
            all_likes = of_item[group].sum()
            if all_likes:
                mine = likes[:, group].sum(axis=1) + 3.0 * all_likes / of_item.sum()
                expected[:, item] += mine / all_likes * of_item[item]
    np.testing.assert_allclose(
        model._items_side(model._likes_of(users.rated)), expected / 3, rtol=1e-6
    )


def test_a_score_is_both_sides_with_a_popularity_discount(
    model: TasteGroups, likes: np.ndarray
) -> None:
    users = known_users(model, np.array([3, 8]))
    share = likes.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (
            model._users_side(users.placed)
            * model._items_side(model._likes_of(users.rated))
            / share**0.3
        )
    expected[:, share == 0] = -np.inf
    np.testing.assert_allclose(model._scores(users), expected, rtol=1e-12)


def test_users_without_likes_get_the_most_liked_items(ratings: Ratings) -> None:
    plain = TasteGroups(
        n_user_groupings=4,
        n_item_groupings=3,
        popularity_discount=0.0,
        rating_model=BiasBaseline(),
    ).fit(ratings)
    popular = MostLiked().fit(ratings).recommend(ratings={}, n=12)["score"].tolist()
    shown = plain.recommend(ratings={}, n=12)["movieId"]
    likes = ratings.ratings.query("rating >= 4").groupby("movieId").size()
    assert likes.loc[shown].tolist() == popular


def test_a_training_user_as_a_new_user_is_in_the_same_groups(
    model: TasteGroups, ratings: Ratings
) -> None:
    known = known_users(model, np.arange(60)).placed.groups
    data = model.trained_on
    new = model._place_new(data.matrix.values, data.ages).groups
    assert np.mean(known == new) > 0.9


def test_lists_beat_popularity_if_tastes_differ() -> None:
    ratings = make_ratings(n_users=200, n_movies=300, n_ratings=12_000, random_state=1)
    makers = {
        "most liked": lambda seed: MostLiked(),
        "groups": lambda seed: TasteGroups(
            n_user_groupings=20, n_item_groupings=20, rating_model=BiasBaseline(), random_state=seed
        ),
    }
    found = evaluate_ranking(makers, ratings, seeds=(0,)).to_frame().set_index("name")["ndcg"]
    assert found["groups"] > 1.04 * found["most liked"]


def test_real_ratings_reach_the_target(real_ratings: Ratings) -> None:
    makers = {"groups": lambda seed: TasteGroups(rating_model=BiasBaseline(), random_state=seed)}
    scores = evaluate_ranking(makers, real_ratings, seeds=(0,)).to_frame()
    assert scores["ndcg"][0] > 0.106
    assert scores["coverage"][0] > 0.05
