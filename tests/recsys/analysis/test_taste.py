"""Groups of users, and the movies that set each group apart."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from recsys import RatingMatrix, Ratings, RatingScale, TasteClusters, cluster_users
from recsys.analysis.taste import by_mean_and_count


@pytest.fixture
def matrix() -> RatingMatrix:
    """Users 1 to 4 rate only movies 1 to 3, with 5. Users 5 to 8 like movies 4 to 6."""
    rows = [(user, movie, 5.0) for user in range(1, 5) for movie in range(1, 4)]
    rows += [(user, movie, 4.0) for user in range(5, 9) for movie in range(4, 7)]
    rows += [(5, 1, 1.0)]
    return RatingMatrix.from_ratings(
        Ratings.from_frames(
            pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
            pd.DataFrame(
                {
                    "movieId": range(1, 7),
                    "title": [f"movie {i}" for i in range(1, 7)],
                    "genres": "War",
                }
            ),
        )
    )


@pytest.fixture
def clusters(matrix: RatingMatrix) -> TasteClusters:
    return TasteClusters(
        matrix, np.array([1, 1, 1, 1, 0, 0, 0, 0], dtype=np.int32), n_clusters=3, inertia=0.0
    )


def test_both_groups_are_found(matrix: RatingMatrix) -> None:
    found = cluster_users(matrix, 2, random_state=3)
    assert len(set(found.labels[:4])) == len(set(found.labels[4:])) == 1
    assert found.labels[0] != found.labels[4]
    assert found.sizes.tolist() == [4, 4]


def test_same_seed_same_groups(matrix: RatingMatrix) -> None:
    first, second = (cluster_users(matrix, 3, random_state=5) for _ in range(2))
    np.testing.assert_array_equal(first.labels, second.labels)


def test_more_groups_than_users_is_an_error(matrix: RatingMatrix) -> None:
    with pytest.raises(ValueError, match="8 users cannot make 9 groups"):
        cluster_users(matrix, 9)


def test_fewer_distinct_users_than_groups_leaves_groups_empty(matrix: RatingMatrix) -> None:
    # Users 1 to 4 are alike, user 5 differs, users 6 to 8 are alike.
    assert sorted(cluster_users(matrix, 6).sizes.tolist()) == [0, 0, 0, 1, 3, 4]


def test_centers_are_means_with_missing_ratings_as_0(clusters: TasteClusters) -> None:
    np.testing.assert_array_equal(
        clusters.centers,
        [[0.25, 0, 0, 4, 4, 4], [5, 5, 5, 0, 0, 0], [np.nan] * 6],
    )


def test_centers_are_those_of_k_means(matrix: RatingMatrix) -> None:
    found = cluster_users(matrix, 2, n_init=1, random_state=3)
    dense = np.nan_to_num(matrix.to_frame().to_numpy())
    model = KMeans(2, n_init=1, random_state=3).fit(dense)
    np.testing.assert_array_equal(found.labels, model.labels_)
    np.testing.assert_allclose(found.centers, model.cluster_centers_, rtol=1e-12)


def test_members_and_labels(clusters: TasteClusters) -> None:
    assert clusters.sizes.tolist() == [4, 4, 0]
    assert clusters.members(0).user_ids.tolist() == [5, 6, 7, 8]
    assert clusters.members(2).shape == (0, 6)
    assert clusters.cluster_of(4) == 1
    assert clusters.user_labels().to_numpy().tolist()[3:5] == [[4, 1], [5, 0]]
    with pytest.raises(KeyError, match="no user 9"):
        clusters.cluster_of(9)
    with pytest.raises(ValueError, match="no cluster 3; there are 0 to 2"):
        clusters.members(3)


def test_summary(clusters: TasteClusters) -> None:
    summary = clusters.summary()
    assert summary["users"].tolist() == [4, 4, 0]
    assert summary["ratings"].tolist() == [13, 12, 0]
    np.testing.assert_allclose(summary["mean_rating"], [49 / 13, 5.0, np.nan])


def test_distinctive_movies_are_liked_more_than_by_all_users(clusters: TasteClusters) -> None:
    movies = clusters.distinctive_movies(1)
    # Only movie 1 has a rating from outside the group, which is 1. Its mean is 4.2.
    assert movies["movieId"].tolist()[0] == 1
    assert movies["score"].iloc[0] == pytest.approx(4 * (5 - 4.2) / (4 + 5))
    assert movies["n_ratings"].tolist() == [4]
    assert movies["mean_of_all"].iloc[0] == pytest.approx(4.2)
    # Only the group rated movies 2 and 3, so their scores are 0. Others like movie 1 less.
    assert movies["movieId"].tolist() == [1]
    assert clusters.distinctive_movies(0).empty
    assert clusters.distinctive_movies(2).empty


def test_rounding_does_not_make_a_movie_distinctive() -> None:
    """These five ratings sum to a little more than five times their mean in binary."""
    values = [0.8, 0.8, 0.5, 0.7, 0.4]
    ratings = Ratings.from_frames(
        pd.DataFrame({"userId": range(5), "movieId": 1, "rating": values}),
        pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": "War"}),
        scale=RatingScale(0.1, 1, 0.1),
    )
    matrix = RatingMatrix.from_ratings(ratings)
    alone = TasteClusters(matrix, np.zeros(5, dtype=np.int32), n_clusters=1, inertia=0.0)
    assert alone.distinctive_movies(0).empty


def test_one_enthusiast_does_not_decide() -> None:
    """One rating that is 2 above the mean scores less than five ratings that are 1 above."""
    rows = [(user, 1, 4.0) for user in range(1, 6)] + [(user, 1, 2.0) for user in range(6, 11)]
    rows += [(1, 2, 5.0), (6, 2, 1.0)]
    matrix = RatingMatrix.from_ratings(
        Ratings.from_frames(
            pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
            pd.DataFrame({"movieId": [1, 2], "title": ["many", "one"], "genres": "War"}),
        )
    )
    labels = np.array([0] * 5 + [1] * 5, dtype=np.int32)
    movies = TasteClusters(matrix, labels, 2, 0.0).distinctive_movies(0)
    assert movies["title"].tolist() == ["many", "one"]


def test_movies_by_mean_and_users_by_count(matrix: RatingMatrix) -> None:
    region = by_mean_and_count(matrix)
    assert region.user_ids.tolist() == [5, 1, 2, 3, 4, 6, 7, 8]
    assert region.movie_ids.tolist() == [2, 3, 1, 4, 5, 6]
    # Movies without a rating come last.
    part = by_mean_and_count(matrix.take(np.array([5, 6]), slice(None)))
    assert part.movie_ids.tolist() == [4, 5, 6, 1, 2, 3]
