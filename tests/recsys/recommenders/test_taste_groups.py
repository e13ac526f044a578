"""TasteGroups: a score from its definition, its parts, and the quality of its lists."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm
from threadpoolctl import threadpool_limits

from recsys import BiasBaseline, MostLiked, RatingMatrix, Ratings, TasteGroups, make_ratings
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.evaluation import evaluate_ranking
from recsys.recommenders.ranking import known_users
from recsys.recommenders.taste_groups import _between, _by_age


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=60, n_movies=50, n_ratings=1200, random_state=0)


def small(**parameters: float) -> TasteGroups:
    given = {"taste_weight": 1.0, **parameters}
    return TasteGroups(n_user_groupings=4, n_item_groupings=3, rating_model=BiasBaseline(), **given)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> TasteGroups:
    return small().fit(ratings)


@pytest.fixture(scope="module")
def likes(ratings: Ratings) -> np.ndarray:
    return (RatingMatrix.from_ratings(ratings).values.toarray() >= 4.0).astype(float)


def ages_of(ratings: Ratings) -> np.ndarray:
    """(n_users, n_items): how many ratings of the user are later, counted with pandas."""
    table = ratings.ratings
    ages = table.groupby("userId")["timestamp"].rank(method="max", ascending=True)
    ages = table.groupby("userId")["timestamp"].transform("size") - ages
    return table.assign(age=ages).pivot(index="userId", columns="movieId", values="age").to_numpy()


def test_the_items_side_from_its_definition(
    model: TasteGroups, ratings: Ratings, likes: np.ndarray
) -> None:
    users = known_users(model, np.arange(60))
    recent = likes * np.nan_to_num((np.exp(-ages_of(ratings) / 5) + 0.05) / 1.05)
    of_item = likes.sum(axis=0)
    expected = np.zeros(likes.shape)
    for labels in model._item_groups.labels:
        for item in range(likes.shape[1]):
            group = labels == labels[item]
            all_likes = of_item[group].sum()
            if all_likes:
                mine = recent[:, group].sum(axis=1) + 3.0 * all_likes / of_item.sum()
                expected[:, item] += mine / all_likes * of_item[item]
    found = model._item_groups.expected_likes(model._likes_of(users.rated, _by_age(users.ages)))
    np.testing.assert_allclose(found, expected / 3, rtol=1e-5)


def test_a_score_is_the_sum_of_its_parts(
    model: TasteGroups, ratings: Ratings, likes: np.ndarray
) -> None:
    users = known_users(model, np.array([3, 8]))
    rated = users.rated.toarray() > 0
    trust = rated.sum(axis=1, keepdims=True)
    trust = trust / (trust + 10)
    share = np.maximum(likes.mean(axis=0), 1e-9)
    by_age = _by_age(users.ages)
    recent = model._likes_of(users.rated, by_age)
    weights = model._weights_of(users.rated)
    weights.data = weights.data * by_age
    ids = RatingMatrix.from_ratings(ratings)
    stars = np.array([model.predict(np.full(50, user), ids.movie_ids) for user in (4, 9)])
    # The scale ends at 5, but predicted stars of a score are not clipped.
    inside = (stars > 0.5) & (stars < 5)
    expected = (
        np.log(np.maximum(model._user_groups.probabilities(users.placed.shares), 1e-9))
        + trust * np.log(np.maximum(model._item_groups.expected_likes(recent), 1e-9))
        + trust * 0.5 * model._ridge.scores(weights)
        + trust * 0.75 * norm.logcdf((stars - 3.75) / 0.85)
        - trust * 0.3 * np.log(share)
    )
    scores = model._scores(users)
    assert np.array_equal(scores == -np.inf, np.tile(likes.sum(axis=0) == 0, (2, 1)))
    known = inside & (likes.sum(axis=0) > 0)
    assert known.sum() > 80
    np.testing.assert_allclose(scores[known], expected[known], rtol=1e-9)


def test_ratings_without_a_like_have_no_infinite_parts() -> None:
    table = pd.DataFrame({"userId": [1, 1, 2, 2], "movieId": [1, 2, 1, 3], "rating": 1.0})
    model = small().fit(Ratings.from_frames(table, scale=(1, 5)))
    users = known_users(model, np.arange(2))
    assert all(np.all(np.isfinite(part)) for part in model._score_parts(users).values())
    assert model.recommend(1).empty


@pytest.mark.parametrize("discount", [0.0, 0.3])
def test_users_without_ratings_get_the_most_liked_items(ratings: Ratings, discount: float) -> None:
    popular = MostLiked().fit(ratings).recommend(ratings={}, n=12)
    shown = small(popularity_discount=discount).fit(ratings).recommend(ratings={}, n=12)
    assert shown["movieId"].tolist() == popular["movieId"].tolist()


def test_a_training_user_as_a_new_user_has_the_same_list(
    model: TasteGroups, ratings: Ratings
) -> None:
    own = ratings.ratings.query("userId == 7")[["movieId", "rating", "timestamp"]]
    known, new = model.recommend(7), model.recommend(ratings=own)
    assert known["movieId"].tolist() == new["movieId"].tolist()
    assert known["score"].tolist() == pytest.approx(new["score"].tolist(), rel=1e-12)


def test_recent_ratings_change_the_list(model: TasteGroups, ratings: Ratings) -> None:
    own = ratings.ratings.query("userId == 7")[["movieId", "rating", "timestamp"]]
    earlier = own.assign(timestamp=own["timestamp"].to_numpy()[::-1])
    scores = [model.recommend(ratings=each)["score"].tolist() for each in (own, earlier)]
    assert scores[0] != scores[1]
    # Only the order of the times counts.
    slow = own.assign(timestamp=own["timestamp"].rank())
    assert model.recommend(ratings=slow)["score"].tolist() == scores[0]


def test_a_user_has_the_same_bits_alone_and_with_others(model: TasteGroups) -> None:
    together = model._scores(known_users(model, np.arange(60)))
    alone = model._scores(known_users(model, np.array([17])))
    assert np.array_equal(alone[0], together[17])


def test_threads_change_no_bit(model: TasteGroups, ratings: Ratings) -> None:
    users = known_users(model, np.arange(60))
    for n_threads in (1, 2):
        with threadpool_limits(n_threads):
            again = small().fit(ratings)
            assert np.array_equal(again._ridge.inverse, model._ridge.inverse)
            found = again._scores(known_users(again, np.arange(60)))
        assert np.array_equal(found, model._scores(users))


@pytest.mark.parametrize(
    ("scale", "between"),
    [
        (HALF_STARS, 3.75),
        (WHOLE_STARS, 3.5),
        # 3.5 is the smallest of these ratings from .8 * 4 on.
        (RatingScale(0.5, 4.0, 0.5), 3.25),
        (RatingScale(1.0, 10.0, 1.0), 7.5),
        (RatingScale(-10.0, 10.0, 0.0), 6.0),
        (RatingScale(0.5, 5.0, 0.5, like_threshold=3.0), 2.75),
    ],
)
def test_the_least_like_is_half_a_step_above_the_limit(scale: RatingScale, between: float) -> None:
    assert _between(scale) == pytest.approx(between)


def ndcg(ratings: Ratings, n_groupings: int = 20) -> dict[str, float]:
    makers = {
        "most liked": lambda seed: MostLiked(),
        "groups": lambda seed: TasteGroups(
            n_user_groupings=n_groupings,
            n_item_groupings=n_groupings,
            rating_model=BiasBaseline(),
            random_state=seed,
        ),
    }
    found = evaluate_ranking(makers, ratings, seeds=(0,)).to_frame().set_index("name")["ndcg"]
    return found.to_dict()


def test_lists_beat_popularity_if_tastes_differ() -> None:
    found = ndcg(make_ratings(n_users=200, n_movies=300, n_ratings=12_000, random_state=1))
    assert found["groups"] > 1.04 * found["most liked"]


@pytest.mark.parametrize("draw", [2, 3, 4])
def test_lists_are_never_below_popularity_with_few_ratings_and_nothing_else(draw: int) -> None:
    """No times, no genres, a scale that ends at 4, and most users rate the same few items."""
    made = make_ratings(n_users=400, n_movies=120, n_ratings=7_000, random_state=draw)
    stars = np.maximum(made.ratings["rating"] - 1.0, 0.5)
    table = made.ratings[["userId", "movieId"]].assign(rating=stars)
    found = ndcg(Ratings.from_frames(table, scale=RatingScale(0.5, 4.0, 0.5)))
    assert found["groups"] > found["most liked"]


def test_real_ratings_reach_the_target(real_ratings: Ratings) -> None:
    makers = {"groups": lambda seed: TasteGroups(rating_model=BiasBaseline(), random_state=seed)}
    scores = evaluate_ranking(makers, real_ratings, seeds=(0,)).to_frame()
    assert scores["ndcg"][0] > 0.1335
    assert scores["coverage"][0] > 0.075
