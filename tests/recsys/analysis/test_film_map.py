"""The map of films: recounts with pandas, films of one kind lie together, and what always holds."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import FilmMap, RatingMatrix, Ratings, cluster_users, film_map, make_ratings
from recsys.analysis.film_map import BETWEEN_LANDMARKS, N_NEAREST, _largest_eigenvectors
from recsys.analysis.taste import TasteClusters


def likes_matrix(table: np.ndarray) -> RatingMatrix:
    """Users x films: 1 is 5 stars, 0 is 1 star."""
    rows = [(u, 100 + f, 5.0 if x else 1.0) for (u, f), x in np.ndenumerate(table)]
    ratings = Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]), scale=(1.0, 5.0)
    )
    return RatingMatrix.from_ratings(ratings)


def grouped(table: np.ndarray, labels: np.ndarray) -> TasteClusters:
    return TasteClusters(likes_matrix(table), labels, int(labels.max()) + 1, 0.0, "likes")


def distances(films: FilmMap) -> np.ndarray:
    return np.hypot(*(np.subtract.outer(one, one) for one in films.places.T))


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=150, n_movies=80, n_ratings=4000, random_state=3)


@pytest.fixture(scope="module")
def clusters(ratings: Ratings) -> TasteClusters:
    return cluster_users(RatingMatrix.from_ratings(ratings), 3, n_init=3)


@pytest.fixture(scope="module")
def films(clusters: TasteClusters) -> FilmMap:
    return film_map(clusters, 50, min_likes=5)


def likes_table(ratings: Ratings) -> pd.DataFrame:
    """Users x films of booleans."""
    wide = ratings.ratings.pivot(index="userId", columns="movieId", values="rating")
    return wide >= 4.0


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(4, 25),
    st.integers(1, 14),
    st.sampled_from([0.1, 0.5, 0.95]),
)
def test_what_holds_of_every_map(seed: int, n_users: int, n_films: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    table = rng.random((n_users, n_films)) < share
    table[:2, 0] = True
    labels = rng.integers(0, 3, n_users).astype(np.int32)
    films = film_map(grouped(table, labels), 10, min_likes=2)
    frame = films.to_frame()
    counts = pd.Series(table.sum(axis=0), index=100 + np.arange(n_films))
    expected = counts[counts >= 2].sort_values(ascending=False, kind="stable")[:10]
    assert frame["movieId"].tolist() == expected.index.tolist()
    assert frame["n_likes"].tolist() == expected.tolist()
    assert frame["taste"].isin([-1, 0, 1, 2]).all()
    assert np.abs(films.places).max() == (1.0 if len(frame) > 1 else 0.0)
    # Landmarks are apart, and every other film has a better known one near.
    far = distances(films)
    marks = np.flatnonzero(films.is_landmark)
    assert marks[0] == 0
    for film in range(len(frame)):
        known = [mark for mark in marks if mark < film]
        is_far = all(far[film, mark] >= BETWEEN_LANDMARKS - 1e-9 for mark in known)
        assert films.is_landmark[film] == is_far
    for film, alike in enumerate(films.alike.tolist()):
        assert len(set(alike)) == len(alike) == min(10, len(frame) - 1)
        assert film not in alike
    # The order of the users changes nothing, not even a bit.
    order = rng.permutation(n_users)
    pd.testing.assert_frame_equal(
        film_map(grouped(table[order], labels[order]), 10, min_likes=2).to_frame(),
        frame,
        check_exact=True,
    )


def test_films_of_different_people_lie_apart() -> None:
    rng = np.random.default_rng(0)
    kind = np.arange(24) % 2  # films of two kinds in turn
    labels = (np.arange(160) >= 80).astype(np.int32)
    table = (labels[:, None] == kind) & (rng.random((160, 24)) < 0.6)
    films = film_map(grouped(table, labels), min_likes=1)
    kinds = kind[films.movie_ids - 100]
    far, same = distances(films), kinds[:, None] == kinds
    assert far[same].max() < far[~same].min()
    assert films.tastes.tolist() == kinds.tolist()


def test_the_most_alike_films_have_the_largest_correlations(
    ratings: Ratings, films: FilmMap
) -> None:
    correlations = likes_table(ratings)[films.movie_ids.tolist()].corr().to_numpy(copy=True)
    np.fill_diagonal(correlations, -np.inf)
    largest = -np.sort(-correlations, axis=1)[:, :10]
    found = np.take_along_axis(correlations, films.alike, axis=1)
    np.testing.assert_allclose(found, largest, atol=1e-12)


def test_the_share_that_the_map_keeps(films: FilmMap) -> None:
    far = distances(films)
    found = 0
    for film, alike in enumerate(films.alike.tolist()):
        others = sorted((far[film, other], other) for other in range(50) if other != film)
        found += len(set(alike) & {other for _, other in others[:N_NEAREST]})
    # Rounded places have equal distances, which may fall on both sides of the twentieth.
    assert films.kept == pytest.approx(found / 500, abs=0.02)
    assert films.kept > 1.4 * N_NEAREST / 49


def test_tastes_recounted(ratings: Ratings, clusters: TasteClusters, films: FilmMap) -> None:
    """The rules of recsys/analysis/likings.py, written again with pandas."""
    likes = likes_table(ratings)
    rated = ratings.ratings.pivot(index="userId", columns="movieId", values="rating").notna()
    group_of = clusters.user_labels().set_index("userId")["cluster"]
    n_films, all_likes = likes.shape[1], likes.to_numpy().sum()
    best = pd.DataFrame({"taste": -1, "odds": 0.0}, index=likes.columns)
    for group in range(3):
        members = group_of[group_of == group].index
        for film in likes.columns:
            here, n_here = likes.loc[members, film].sum(), len(members)
            there, n_there = likes[film].sum() - here, len(likes) - n_here
            total = likes.loc[members].to_numpy().sum()
            prior = n_films * (here + there + 0.5) / (all_likes + 1)
            a, b = here + prior, there + prior
            odds = np.log(a / (total + n_films - a))
            odds -= np.log(b / (all_likes - total + n_films - b))
            is_clear = odds / np.sqrt(1 / a + 1 / b) >= 3
            is_clear &= here * (n_there - there) >= 1.25 * there * (n_here - here)
            is_clear &= max(here / n_here, there / n_there) >= 0.1
            is_clear &= rated.loc[members, film].sum() >= 10
            if is_clear and odds > best.loc[film, "odds"]:
                best.loc[film] = group, odds
    expected = best.loc[films.movie_ids, "taste"].astype(int).tolist()
    assert films.tastes.tolist() == expected
    assert len(set(expected)) > 2


def test_of_two_groups_that_like_a_film_more_the_one_with_larger_odds_counts() -> None:
    labels = np.repeat(np.arange(3, dtype=np.int32), 200)
    table = np.random.default_rng(0).random((600, 8)) < 0.5
    table[:, 0] = np.arange(600) % 200 < np.repeat([130, 180, 0], 200)
    for order in ([0, 1, 2], [1, 0, 2]):
        films = film_map(grouped(table, np.array(order, np.int32)[labels]), min_likes=1)
        assert films.tastes[films.movie_ids.tolist().index(100)] == order[1]
        # Without group 1, group 0 would have it.
        others = film_map(grouped(table[labels != 1], labels[labels != 1]), min_likes=1)
        assert others.tastes[others.movie_ids.tolist().index(100)] == 0


def test_equal_films_have_places() -> None:
    table = np.repeat(np.random.default_rng(1).random((20, 1)) < 0.5, 6, axis=1)
    everybody = np.ones((12, 5), dtype=bool)
    for likes in (table, everybody):
        films = film_map(grouped(likes, np.zeros(len(likes), np.int32)), min_likes=1)
        assert np.isfinite(films.places).all()
        assert (films.tastes == -1).all()


def test_one_film() -> None:
    films = film_map(grouped(np.ones((3, 1), bool), np.zeros(3, np.int32)), min_likes=1)
    assert films.places.tolist() == [[0.0, 0.0]]
    assert films.alike.shape == (1, 0)
    assert np.isnan(films.kept)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_films": 0}, "n_films must be at least 1, not 0"),
        ({"min_likes": -1}, "min_likes must be at least 1, not -1"),
        ({"min_likes": 4}, r"no film has 4 likes; ask for fewer \(min_likes=\)"),
    ],
)
def test_what_cannot_be_a_map(options: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        film_map(grouped(np.ones((3, 2), bool), np.zeros(3, np.int32)), **options)


@pytest.mark.parametrize("n", [2, 7, 60])
def test_the_map_starts_from_the_two_largest_eigenvectors(n: int) -> None:
    half = np.random.default_rng(n).normal(size=(n, n)) * np.geomspace(8, 1, n)
    values, vectors = _largest_eigenvectors(half.T @ half)
    expected, of_lapack = np.linalg.eigh(half.T @ half)
    np.testing.assert_allclose(values, expected[:-3:-1], rtol=1e-4)
    along = np.abs(np.sum(vectors * of_lapack[:, :-3:-1], axis=0))
    np.testing.assert_allclose(along, 1.0, atol=1e-3)  # one direction each, up to its sign
