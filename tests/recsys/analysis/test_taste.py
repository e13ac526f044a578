"""Groups of users by likes and by ratings, and what can be asked of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import KMeans

from recsys import RatingMatrix, Ratings, TasteClusters, cluster_users
from recsys.analysis.taste import by_mean_and_count, likes_of, points_in


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


def test_likes_are_vectors_of_length_1_and_users_without_them_are_the_leftover() -> None:
    """Users 1 to 3 like movies 1 and 2; 4 and 5 like movie 3; user 6 likes nothing."""
    rows = [(user, movie, 5.0) for user in (1, 2, 3) for movie in (1, 2)]
    rows += [(4, 3, 4.0), (5, 3, 4.5), (5, 1, 3.5), (6, 1, 3.5), (6, 3, 0.5)]
    ratings = Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]))
    matrix = RatingMatrix.from_ratings(ratings)
    half = np.sqrt(0.5)
    np.testing.assert_allclose(
        points_in(matrix, "likes").toarray(), [[half, half, 0]] * 3 + [[0, 0, 1]] * 2 + [[0, 0, 0]]
    )
    found = cluster_users(matrix, 2)
    assert found.labels.tolist() in ([0, 0, 0, 1, 1, 2], [1, 1, 1, 0, 0, 2])
    assert (found.space, found.leftover, found.n_clusters) == ("likes", 2, 3)
    assert found.inertia == pytest.approx(0)
    np.testing.assert_array_equal(matrix.values.data[-2:], [3.5, 0.5])  # the matrix is unchanged
    assert cluster_users(matrix, 2, space="ratings").leftover is None
    with pytest.raises(ValueError, match=r"5 users with likes cannot make 6 groups; ask for fewer"):
        cluster_users(matrix, 6)


@pytest.mark.parametrize("from_scale", [(1, 10), (0.5, 4, 0.5)])
def test_a_like_depends_on_the_scale(from_scale: tuple[float, ...]) -> None:
    rows = pd.DataFrame({"userId": [1, 1], "movieId": [1, 2], "rating": [4.0, 3.0]})
    matrix = RatingMatrix.from_ratings(Ratings.from_frames(rows, scale=from_scale))
    assert likes_of(matrix).nnz == (0 if from_scale == (1, 10) else 1)


def test_likes_need_a_scale_and_spaces_have_names(matrix: RatingMatrix) -> None:
    with pytest.raises(ValueError, match=r"does not say which ratings are likes; make it with Rat"):
        cluster_users(replace(matrix, scale=None), 2)
    with pytest.raises(ValueError, match=r"space must be one of \('likes', 'ratings', 'known'\)"):
        cluster_users(matrix, 2, space="zero")  # type: ignore[arg-type]


def test_fewer_distinct_users_than_groups_leaves_groups_empty(matrix: RatingMatrix) -> None:
    # Users 1 to 4 are alike, user 5 differs, users 6 to 8 are alike.
    assert sorted(cluster_users(matrix, 6, space="ratings").sizes.tolist()) == [0, 0, 0, 1, 3, 4]


def test_centers_are_means_with_missing_ratings_as_0(clusters: TasteClusters) -> None:
    np.testing.assert_array_equal(
        clusters.centers,
        [[0.25, 0, 0, 4, 4, 4], [5, 5, 5, 0, 0, 0], [np.nan] * 6],
    )


def test_centers_are_those_of_k_means(matrix: RatingMatrix) -> None:
    found = cluster_users(matrix, 2, space="ratings", n_init=1, random_state=3)
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


def test_movies_by_mean_and_users_by_count(matrix: RatingMatrix) -> None:
    region = by_mean_and_count(matrix)
    assert region.user_ids.tolist() == [5, 1, 2, 3, 4, 6, 7, 8]
    assert region.movie_ids.tolist() == [2, 3, 1, 4, 5, 6]
    # Movies without a rating come last.
    part = by_mean_and_count(matrix.take(np.array([5, 6]), slice(None)))
    assert part.movie_ids.tolist() == [4, 5, 6, 1, 2, 3]
