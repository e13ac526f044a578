"""The film prior: its equations, the features of films, and films that nobody rated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys import BiasBaseline, BoostedClusterMeans, Ratings, TasteGroups, make_ratings
from recsys.recommenders import film_prior
from recsys.recommenders.embeddings import Basis
from recsys.recommenders.film_features import FilmFeatures, standardized
from recsys.recommenders.training import TrainingData


def of_others(group: list[int], weights: np.ndarray, means: np.ndarray) -> np.ndarray:
    """The damped weighted mean of the other films of the group of each film, written out."""
    found = []
    for film in range(len(group)):
        others = [j for j in range(len(group)) if j != film and group[j] == group[film]]
        found.append(np.sum((weights * means)[others]) / (np.sum(weights[others]) + 1))
    return np.array(found)


def test_biases_solve_their_equations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Films 0 to 3 have ratings, 4 and 5 have none. After many rounds nothing changes any more."""
    monkeypatch.setattr(film_prior, "N_ROUNDS", 60)
    table = np.array([[4.0, 5.0, 0.0, 1.0], [3.0, 0.0, 2.0, 0.0], [5.0, 4.0, 0.0, 2.0]])
    groupings = [[0, 0, 1, 1, 0, 1], [0, 1, 0, 1, 2, 1]]
    labels = [np.array(each, np.int32) for each in groupings]
    found = film_prior.biases_with_prior(sp.csr_array(table), labels)
    n_ratings = np.array([3, 2, 1, 2, 0, 0])
    weights = n_ratings / (n_ratings + 8)
    rated, users = table > 0, found.user_biases[:, None]
    sums = np.append(np.where(rated, table - table[rated].mean() - users, 0).sum(axis=0), [0, 0])
    means = sums / np.maximum(n_ratings, 1)
    by_number = of_others([2, 1, 0, 1, 0, 0], weights, means)  # 3, 2 and at most 1 rating
    of_groups = [of_others(each, weights, means - by_number) for each in groupings]
    prior = by_number + np.mean(of_groups, axis=0)
    expected = (sums + 16 * prior) / (16 + n_ratings)
    # Films outside the training data come between the rated and the unrated films.
    assert found.item_biases == pytest.approx([*expected[:4], 0, *expected[4:]], abs=1e-6)
    residuals = np.where(rated, table - table[rated].mean() - expected[:4], 0)
    assert found.user_biases == pytest.approx(residuals.sum(axis=1) / (5 + rated.sum(axis=1)))


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Everybody likes romances and dislikes horror. Six films have no ratings, two of each kind."""
    made = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    horror = made.movies["movieId"] % 2 == 0
    movies = made.movies.assign(genres=np.where(horror, "Horror", "Romance"))
    unrated = pd.DataFrame(
        {
            "movieId": [9001, 9002, 9003, 9004, 9005, 9006],
            "title": ["A (1990)", "B (1991)", "C", "D", "E (2001)", "F (2002)"],
            "genres": ["Romance", "Horror", "Romance", "Horror", "(no genres listed)", "Western"],
        }
    )
    stars = np.where(made.ratings["movieId"] % 2 == 0, 2.0, 4.5)
    return replace(
        made,
        ratings=made.ratings.assign(rating=stars),
        movies=pd.concat([movies, unrated], ignore_index=True),
    )


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> BoostedClusterMeans:
    return BoostedClusterMeans(n_chains=2, n_stages=10).fit(ratings)


def test_films_without_ratings_are_predicted_by_their_genres(model: BoostedClusterMeans) -> None:
    brought = {1: 4.5, 2: 2.0, 3: 4.5}
    for predicted in (
        model.predict([1] * 4, [9001, 9002, 9003, 9004]),
        model.predict([-5] * 4, [9001, 9002, 9003, 9004]),
        model.predict(movie_ids=[9001, 9002, 9003, 9004], ratings=brought),
    ):
        assert predicted[[0, 2]].min() > predicted[[1, 3]].max() + 0.3
    outside = model.predict([1], [8888])[0]
    assert model.predict([1], [9002])[0] < outside < model.predict([1], [9001])[0]


def test_a_film_without_ratings_is_explained(model: BoostedClusterMeans) -> None:
    found = model.explain(1, 9001)
    assert found.title == "A (1990)"
    assert found.rating == model.predict([1], [9001])[0]
    assert found.n_ratings == 0
    assert model.explain(1, 8888).title == ""


def test_a_film_without_ratings_is_never_recommended(model: BoostedClusterMeans) -> None:
    assert model.recommend(1, 100)["movieId"].max() < 9001
    assert len(model.recommend(1, among=[9001])) == 0


def test_other_recommenders_take_these_predictions(ratings: Ratings) -> None:
    inner = BoostedClusterMeans(n_chains=1, n_stages=3)
    groups = TasteGroups(n_user_groupings=2, n_item_groupings=0, rating_model=inner).fit(ratings)
    pairs = [1, 1, 1], [9001, 9002, 8888]
    assert groups.predict(*pairs).tolist() == inner.fit(ratings).predict(*pairs).tolist()
    biases = BiasBaseline().fit(ratings)
    assert len(set(biases.predict(*pairs))) == 1


def test_a_file_keeps_films_without_ratings(
    model: BoostedClusterMeans, ratings: Ratings, tmp_path: Path
) -> None:
    model.save(tmp_path / "model.npz")
    loaded = BoostedClusterMeans.load(tmp_path / "model.npz")
    movies = ratings.movies["movieId"]
    users = np.ones(len(movies), int)
    assert loaded.predict(users, movies).tolist() == model.predict(users, movies).tolist()
    again = BoostedClusterMeans(n_chains=2, n_stages=10).fit_on(loaded.trained_on)
    assert again.predict(users, movies).tolist() == model.predict(users, movies).tolist()


def features_of(ratings: Ratings) -> FilmFeatures:
    data = TrainingData.of(ratings)
    users, items = np.ones((data.n_users, 2)), np.ones((data.n_items, 2))
    return FilmFeatures.of(
        data, Basis(*(each.astype(np.float32) for each in (items, users, items)))
    )


def test_features_of_films_with_and_without_ratings(ratings: Ratings) -> None:
    films = features_of(ratings)
    n_items = ratings.n_movies
    assert len(films) == n_items + 6
    assert films.n_ratings[:n_items].min() > 0
    assert films.n_ratings[n_items:].tolist() == [0] * 6
    assert films.raters[:n_items].tolist() == [[1, 1]] * n_items
    assert films.raters[n_items:].tolist() == [[0, 0]] * 6
    assert np.sum(films.genres**2, axis=1).tolist() == [1.0] * (n_items + 4) + [0.0, 1.0]
    years = films.years[n_items:, 0]
    assert years[2] == years[3] == 0.0  # without a year
    assert years[1] - years[0] == pytest.approx(years[5] - years[4])
    assert years[5] - years[0] == pytest.approx(12 * (years[1] - years[0]), rel=1e-5)


def test_features_without_genres_and_years(ratings: Ratings) -> None:
    plain = replace(ratings, movies=ratings.movies.assign(title="x", genres="(no genres listed)"))
    films, rng = features_of(plain), np.random.default_rng(0)
    assert films.genres.shape[1] == films.years.shape[1] == 0
    assert films.by_years(rng).shape == films.by_raters(rng).shape
    assert standardized(np.full(3, 7.0)).tolist() == [[0.0]] * 3
