"""How sure groups are, by hand and against scikit-learn."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score, silhouette_score

from recsys import RatingMatrix, Ratings, Sureness, TasteClusters, cluster_users, sureness
from recsys.analysis import sureness as module
from recsys.analysis.taste import Space, likes_of
from recsys.synthetic.ratings import make_ratings


@pytest.fixture(scope="module")
def matrix() -> RatingMatrix:
    return RatingMatrix.from_ratings(
        make_ratings(n_users=60, n_movies=40, n_ratings=1500, random_state=0)
    )


def test_numbers_are_those_of_scikit_learn_and_pandas(matrix: RatingMatrix) -> None:
    clusters = cluster_users(matrix, 3, n_init=2, random_state=5)
    assert clusters.leftover is None
    sure = sureness(clusters, n_runs=2, n_init=2, random_state=5)
    runs = [cluster_users(matrix, 3, n_init=2, random_state=5 + i).labels for i in range(3)]
    expected = [adjusted_rand_score(a, b) for a, b in combinations(runs, 2)]
    np.testing.assert_allclose(sure.agreement, expected)
    likes = likes_of(matrix)
    assert sure.silhouette == pytest.approx(silhouette_score(likes, runs[0], metric="cosine"))
    for group in range(3):
        members = set(np.flatnonzero(runs[0] == group))
        best = [
            max(
                len(members & other) / len(members | other)
                for other in (set(np.flatnonzero(run == g)) for g in range(3))
            )
            for run in runs[1:]
        ]
        assert sure.recurrence[group] == pytest.approx(np.mean(best))
    activity = pd.Series(np.log1p(matrix.counts_by_user()))
    between = activity.groupby(runs[0]).transform("mean").var(ddof=0)
    assert sure.activity == pytest.approx(between / activity.var(ddof=0))


def test_users_without_likes_do_not_count() -> None:
    """Two groups of two like-minded users, and three users who like nothing."""
    rows = [(1, 1, 5.0), (2, 1, 5.0), (3, 2, 5.0), (4, 2, 5.0)]
    rows += [(user, 1, 1.0) for user in (5, 6, 7)]
    ratings = Ratings.from_frames(pd.DataFrame(rows, columns=["userId", "movieId", "rating"]))
    clusters = cluster_users(RatingMatrix.from_ratings(ratings), 2)
    sure = sureness(clusters, n_runs=1)
    assert sure.silhouette == pytest.approx(1)
    assert sure.agreement.tolist() == [1.0]
    assert sure.recurrence[:2].tolist() == [1.0, 1.0]
    assert np.isnan(sure.recurrence[2])
    assert np.isnan(sure.activity)  # all rated one film
    assert sure.sentences == (
        "The groups are far apart (mean silhouette 1.00; 1 is best).",
        "Runs with other random numbers agree almost fully on who belongs together (adjusted "
        "Rand index 1.00 to 1.00; 0 is what chance gives, and 1 is full agreement).",
        "Groups found again in most runs: 0, 1.",
    )


@pytest.mark.parametrize("space", ["ratings", "known"])
def test_other_spaces_are_measured_in_their_own_distances(
    matrix: RatingMatrix, space: Space
) -> None:
    clusters = cluster_users(matrix, 2, space=space, n_init=1)
    sure = sureness(clusters, n_runs=1, n_init=1)
    assert -1 < sure.silhouette < 1
    if space == "ratings":
        values = matrix.values.toarray()
        assert sure.silhouette == pytest.approx(silhouette_score(values, clusters.labels))


def test_of_very_many_users_a_sample_is_compared(
    matrix: RatingMatrix, monkeypatch: pytest.MonkeyPatch
) -> None:
    clusters = cluster_users(matrix, 2, n_init=1)
    whole = sureness(clusters, n_runs=1, n_init=1)
    monkeypatch.setattr(module, "SILHOUETTE_USERS", 40)
    first, second = (sureness(clusters, n_runs=1, n_init=1) for _ in range(2))
    assert first.silhouette == second.silhouette != whole.silhouette
    assert first.agreement.tolist() == whole.agreement.tolist()


def test_groups_of_unknown_origin_are_refused(matrix: RatingMatrix) -> None:
    labels = np.zeros(matrix.shape[0], dtype=np.int32)
    with pytest.raises(ValueError, match=r"do not say what k-means compared.*with cluster_users"):
        sureness(TasteClusters(matrix, labels, 1, 0.0))


def test_one_group_has_no_silhouette(matrix: RatingMatrix) -> None:
    n_users = matrix.shape[0]
    one = TasteClusters(matrix, np.zeros(n_users, dtype=np.int32), 1, 0.0, "likes")
    sure = sureness(one, n_runs=1, n_init=1)
    assert np.isnan(sure.silhouette)
    assert sure.activity == pytest.approx(0)
    assert sure.sentences == ("All people are in one group, so there is nothing to compare.",)


@pytest.mark.parametrize(
    ("silhouette", "agreement", "words"),
    [
        (0.04, [0.56, 0.6], ["Tastes shade into each other", "agree poorly"]),
        (0.3, [0.7, 0.8], ["apart, but weakly", "agree only in part"]),
        (0.6, [0.82, 0.86], ["clearly apart", "agree well"]),
        (-0.2, [0.95], ["Tastes shade into each other", "agree almost fully"]),
    ],
)
def test_words(silhouette: float, agreement: list[float], words: list[str]) -> None:
    sure = Sureness(0.72, silhouette, np.array(agreement), np.array([0.9, 0.6, 0.4, np.nan, 0.75]))
    said = sure.sentences
    assert said[-1] == (
        "72 % of the differences in how much people rate lie between the groups (variance of the "
        "logarithm of the number of ratings): they are groups of activity more than of taste."
    )
    assert all(word in sentence for word, sentence in zip(words, said[:2], strict=True))
    assert f"{min(agreement):.2f} to {max(agreement):.2f}" in said[1]
    assert said[2:-1] == (
        "Groups found again in most runs: 0, 4.",
        "Groups not found again in most runs; do not rely on them: 2.",
    )


def test_on_real_ratings_groups_by_likes_are_less_groups_of_activity(real_ratings: Ratings) -> None:
    """Measured: .33 of the variance of activity with likes, .72 with ratings."""
    matrix = RatingMatrix.from_ratings(real_ratings, "title").most_rated(1000)
    by_likes, by_ratings = (
        sureness(cluster_users(matrix, 8, space=space), n_runs=1).activity
        for space in ("likes", "ratings")
    )
    assert by_likes < 0.5 < by_ratings
