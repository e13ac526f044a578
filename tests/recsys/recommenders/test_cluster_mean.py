"""ClusterMeanRecommender on a small table, checked by hand."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from kmeans_core import NotFittedError
from recsys import (
    ClusterMeanRecommender,
    RatingMatrix,
    Ratings,
    RatingScale,
    TasteClusters,
    make_ratings,
)
from recsys.recommenders.ranking import RECOMMENDATION_COLUMNS

# Group 0 has users 1 to 3, and group 1 has users 7 and 9. Item 60 has no rating.
ROWS = [
    (1, 10, 5.0),
    (2, 10, 4.0),
    (3, 10, 4.5),
    (1, 20, 3.0),
    (2, 30, 5.0),
    (3, 40, 2.0),
    (2, 40, 3.0),
    (7, 20, 1.0),
    (9, 50, 4.0),
    (7, 50, 4.5),
]


@pytest.fixture
def ratings() -> Ratings:
    return Ratings.from_frames(
        pd.DataFrame(ROWS, columns=["userId", "movieId", "rating"]),
        pd.DataFrame(
            {
                "movieId": [10, 20, 30, 40, 50, 60],
                "title": ["Ten", "Twenty", "Thirty", "Forty", "Fifty", "Sixty"],
                "genres": "Drama",
            }
        ),
    )


@pytest.fixture
def clusters(ratings: Ratings) -> TasteClusters:
    matrix = RatingMatrix.from_ratings(ratings)
    return TasteClusters(matrix, np.array([0, 0, 0, 1, 1], dtype=np.int32), 2, 0.0)


@pytest.fixture
def model(clusters: TasteClusters, ratings: Ratings) -> ClusterMeanRecommender:
    return ClusterMeanRecommender().fit_clusters(clusters, ratings)


def test_prediction_is_the_mean_of_the_group(model: ClusterMeanRecommender) -> None:
    assert model.predict([1, 3, 9], [10, 40, 50]).tolist() == [4.5, 2.5, 4.25]


def test_without_ratings_of_the_group_the_mean_of_all_users_counts(
    model: ClusterMeanRecommender,
) -> None:
    everyone = float(np.mean([ratings for _, _, ratings in ROWS]))
    predicted = model.predict([9, 77, 1, 77], [10, 20, 60, 999])
    np.testing.assert_allclose(predicted, [4.5, 2.0, everyone, everyone])


def test_recommendations_are_unrated_items_best_mean_first(
    model: ClusterMeanRecommender,
) -> None:
    items = model.recommend(1)
    assert list(items.columns) == RECOMMENDATION_COLUMNS
    assert items["movieId"].tolist() == [30, 40]
    assert items["title"].tolist() == ["Thirty", "Forty"]
    assert items["predicted_rating"].tolist() == [5.0, 2.5]
    assert items["n_ratings"].tolist() == [1, 2]
    assert items["reason"].iloc[0] == (
        "the evidence is thin: 1 of the 2 others in group 0 rated it, 5.00 on average; 1 liked it"
    )


def test_recommendations_with_rated_items(model: ClusterMeanRecommender) -> None:
    items = model.recommend(1, exclude_rated=False)
    assert items["movieId"].tolist() == [30, 10, 20, 40]


def test_number_and_choice_of_recommendations(model: ClusterMeanRecommender) -> None:
    assert model.recommend(1, 1)["movieId"].tolist() == [30]
    assert model.recommend(1, among=[40, 60, 10])["movieId"].tolist() == [40]
    nothing = model.recommend(1, among=[])
    assert nothing.empty
    assert list(nothing.columns) == RECOMMENDATION_COLUMNS


def test_equal_means_are_sorted_by_number_of_ratings_then_id() -> None:
    rows = [(1, 1, 3.0), (2, 9, 4.0), (3, 5, 4.0), (2, 7, 4.0), (3, 7, 4.0)]
    ratings = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": [1, 5, 7, 9], "title": list("abcd"), "genres": "War"}),
    )
    matrix = RatingMatrix.from_ratings(ratings)
    clusters = TasteClusters(matrix, np.zeros(3, dtype=np.int32), 1, 0.0)
    model = ClusterMeanRecommender().fit_clusters(clusters, ratings)
    assert model.recommend(1)["movieId"].tolist() == [7, 5, 9]


def test_new_users_join_the_group_with_the_nearest_center(
    ratings: Ratings, clusters: TasteClusters
) -> None:
    """Group 1 is empty, so no user joins it, although few ratings are near zero ratings."""
    labels = np.where(clusters.labels == 1, 2, 0).astype(np.int32)
    three = TasteClusters(clusters.matrix, labels, 3, 0.0)
    model = ClusterMeanRecommender().fit_clusters(three, ratings)
    for mine, group in [
        ({10: 5.0}, 0),
        ({50: 4.0}, 2),
        ({20: 0.5}, 2),
        ({60: 3.0}, None),
        ({}, None),
    ]:
        assert model.explain(movie_id=40, ratings=mine).cluster == group


def test_a_rating_of_0_places_a_new_user() -> None:
    scale = RatingScale(0, 5, 1)
    movies = pd.DataFrame({"movieId": [10, 20], "title": ["Ten", "Twenty"], "genres": ""})
    rows = pd.DataFrame([(1, 10, 5.0), (2, 20, 1.0)], columns=["userId", "movieId", "rating"])
    ratings = Ratings.from_frames(rows, movies, scale=scale)
    clusters = TasteClusters(RatingMatrix.from_ratings(ratings), np.array([0, 1], np.int32), 2, 0.0)
    model = ClusterMeanRecommender().fit_clusters(clusters, ratings)
    assert model.explain(movie_id=20, ratings={10: 0.0}).cluster == 1
    assert model.explain(movie_id=20, ratings={99: 0.0}).cluster is None


def test_unknown_user_is_named(model: ClusterMeanRecommender) -> None:
    with pytest.raises(KeyError, match="no user 77"):
        model.recommend(77)


def test_a_negative_number_of_recommendations_is_refused(model: ClusterMeanRecommender) -> None:
    with pytest.raises(ValueError, match="n must not be negative, but is -1"):
        model.recommend(1, -1)
    assert model.recommend(1, 0).empty


def test_explanations_name_the_users_who_rated(model: ClusterMeanRecommender) -> None:
    of_group = model.explain(3, 40)
    assert (of_group.rating, of_group.cluster) == (2.5, 0)
    # User 3 rated it too, but is not counted.
    assert (of_group.n_users, of_group.n_ratings, of_group.mean) == (2, 1, 3.0)
    assert of_group.user_ids == (1, 2)
    assert of_group.title == "Forty"
    of_all = model.explain(9, 10)
    assert (of_all.rating, of_all.cluster, of_all.n_users, of_all.n_ratings) == (4.5, 1, 4, 3)
    assert of_all.reason == (
        "nobody else in group 1 rated it; "
        "the evidence is thin: 3 of the 4 others rated it, 4.50 on average; 3 liked it"
    )
    stranger = model.explain(77, 10)
    assert stranger.cluster is None
    assert stranger.reason.startswith("you are in no group; the evidence is thin: 3 of the 5")
    unseen = model.explain(1, 60)
    assert unseen.n_ratings == 0
    assert unseen.reason.endswith("the evidence is thin: none of the 4 others rated it")
    with pytest.raises(dataclasses.FrozenInstanceError):
        unseen.rating = 5.0  # type: ignore[misc]


def test_explain_and_predict_agree_on_every_pair(model: ClusterMeanRecommender) -> None:
    pairs = [(user, item) for user in (1, 2, 3, 7, 9, 77) for item in (10, 20, 30, 40, 50, 60, 99)]
    predicted = model.predict(*zip(*pairs, strict=True))
    assert predicted.tolist() == [model.explain(*pair).rating for pair in pairs]


def test_only_ratings_in_the_region_count(clusters: TasteClusters, ratings: Ratings) -> None:
    model = ClusterMeanRecommender(region=(2, 2)).fit_clusters(clusters, ratings)
    # The region of group 0 has items 10 and 40, and users 2 and 3, who rated both.
    assert model.predict([1, 1], [10, 40]).tolist() == [4.25, 2.5]
    assert model.recommend(1)["movieId"].tolist() == [40]
    assert model.unrated_in_region(1) == 1
    assert model.unrated_in_region(2) == 0
    # The reasons count the region. The group has three users, and user 1 rated item 20.
    assert model.recommend(1)["reason"].tolist() == [
        "the evidence is thin: 2 of the 2 others in the densest region of group 0 rated it, 2.50 "
        "on average; none liked it"
    ]
    of_all = model.explain(2, 20).reason
    assert of_all.startswith("nobody else in the densest region of group 0 rated it; ")


def test_the_reason_says_that_the_groups_do_not_use_an_item(ratings: Ratings) -> None:
    """User 2 of the only group rated item 30, so the group has a rating of it."""
    model = ClusterMeanRecommender(1, n_movies=2).fit(ratings)
    assert model.clusters.matrix.movie_ids.tolist() == [10, 20]
    assert model.explain(1, 30).reason == (
        "it is not one of the 2 films the groups are made on; "
        "the evidence is thin: 1 of the 4 others rated it, 5.00 on average; 1 liked it"
    )


def test_fit_groups_by_the_most_rated_items() -> None:
    ratings = make_ratings(n_users=50, n_movies=80, n_ratings=1500, random_state=2)
    model = ClusterMeanRecommender(4, n_movies=30, random_state=1).fit(ratings)
    assert model.clusters.matrix.shape == (50, 30)
    assert model.clusters.n_clusters == 4
    again = ClusterMeanRecommender(4, n_movies=30, random_state=1).fit(ratings)
    pd.testing.assert_frame_equal(model.recommend(7), again.recommend(7))
    pairs = ratings.ratings
    predicted = model.predict(pairs["userId"], pairs["movieId"])
    assert np.isfinite(predicted).all()
    assert ((predicted >= 0.5) & (predicted <= 5)).all()


def test_ids_must_pair_up(model: ClusterMeanRecommender) -> None:
    with pytest.raises(ValueError, match="2 user_ids but 1 movie_ids"):
        model.predict([1, 2], [10])
    with pytest.raises(ValueError, match="user_ids must be a 1-D array of whole numbers"):
        model.predict([1.5], [10])
    assert model.predict([], []).tolist() == []


def test_before_fit_there_is_one_clear_error() -> None:
    for call in (
        lambda: ClusterMeanRecommender().predict([1], [1]),
        lambda: ClusterMeanRecommender().recommend(1),
        lambda: ClusterMeanRecommender().unrated_in_region(1),
    ):
        with pytest.raises(NotFittedError, match="call fit first"):
            call()
