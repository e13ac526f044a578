"""Compares the figures of the original notebook with ours on the real data."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kmeans_core import KMeans, sweep_k
from recsys import RatingMatrix, Ratings, cluster_users, contrast_subset, genre_means
from recsys.recommenders.cluster_mean import NOTEBOOK_REGION, ClusterMeanRecommender

FIGURES = json.loads(Path(__file__).with_name("notebook_figures.json").read_text("utf-8"))

TWO_GENRES = ["Romance", "Sci-Fi"]
THREE_GENRES = ["Romance", "Sci-Fi", "Action"]


@pytest.fixture(scope="module")
def contrast(real_ratings: Ratings) -> pd.DataFrame:
    means = genre_means(real_ratings, THREE_GENRES)
    return contrast_subset(means, append_first_two=True).dropna().reset_index(drop=True)


@pytest.fixture(scope="module")
def by_title(real_ratings: Ratings) -> RatingMatrix:
    return RatingMatrix.from_ratings(real_ratings, "title")


@pytest.fixture(scope="module")
def most_rated(by_title: RatingMatrix) -> RatingMatrix:
    return by_title.most_rated(1000)


def test_shapes_of_the_tables(real_ratings: Ratings) -> None:
    figures = FIGURES["dataset"]
    assert list(real_ratings.ratings.shape) == figures["ratings_shape"]
    assert list(real_ratings.movies.shape) == figures["movies_shape"]
    assert real_ratings.ratings["userId"].nunique() == figures["users"]


def test_genre_means_head(real_ratings: Ratings) -> None:
    figures = FIGURES["genre_means_head"]
    head = genre_means(real_ratings, TWO_GENRES).head(5)
    assert list(head.columns) == figures["columns"]
    assert head.to_numpy().tolist() == figures["rows"]


def test_contrast_subset_as_in_the_notebook(real_ratings: Ratings, contrast: pd.DataFrame) -> None:
    figures = FIGURES["biased_subset"]
    assert list(contrast.columns) == figures["columns"]
    assert len(contrast) == figures["rows"] == 183
    assert len(contrast.iloc[:, 1:3].drop_duplicates()) == figures["distinct_points"]
    assert contrast.head(5).to_numpy().tolist() == figures["head"]
    assert contrast["userId"].tolist()[-2:] == [1, 2]


def test_contrast_subset_without_the_repeated_rows(real_ratings: Ratings) -> None:
    subset = contrast_subset(genre_means(real_ratings, TWO_GENRES))
    assert len(subset) == 181
    assert subset["userId"].is_unique
    assert 2 not in subset["userId"].to_numpy()


def test_silhouettes_of_the_sweep(contrast: pd.DataFrame) -> None:
    figures = {int(k): value for k, value in FIGURES["silhouette_by_k"].items()}
    result = sweep_k(contrast.iloc[:, 1:3].to_numpy(), range(2, 183, 5), n_init=10, random_state=0)
    found = dict(zip(result.ks.tolist(), result.silhouette.tolist(), strict=True))
    assert found.keys() == figures.keys()
    assert found[2] == pytest.approx(0.3558817876472827, abs=1e-12)
    assert found[182] == pytest.approx(0.0546448087431694, abs=1e-12)
    assert {k: found[k] - figures[k] for k in figures if found[k] < figures[k] - 0.05} == {}
    assert result.silhouette.max() == found[result.best_k]
    assert result.suggested_k == min(k for k in found if found[k] >= max(found.values()) - 0.02)
    # The notebook asks for 182 clusters of 178 distinct points.
    assert result.n_found[-1] == FIGURES["biased_subset"]["distinct_points"]


def test_seven_groups_by_three_genres_are_seven(contrast: pd.DataFrame) -> None:
    model = KMeans(7, n_init=10, random_state=0).fit(contrast.iloc[:, 1:4].to_numpy())
    assert model.n_features_in_ == 3
    assert np.unique(model.labels_).tolist() == list(range(7))


def test_shapes_of_the_matrix(real_ratings: Ratings, by_title: RatingMatrix) -> None:
    assert RatingMatrix.from_ratings(real_ratings).shape == (671, 9066)
    assert list(by_title.shape) == FIGURES["dataset"]["user_movie_shape_by_title"]


def test_matrix_by_title_is_the_pivot_table(real_ratings: Ratings, by_title: RatingMatrix) -> None:
    table = real_ratings.ratings.merge(real_ratings.movies, on="movieId")
    pivot = table.pivot_table(index="userId", columns="title", values="rating")
    frame = by_title.to_frame()
    assert frame.columns.tolist() == pivot.columns.tolist()
    assert frame.index.tolist() == pivot.index.tolist()
    np.testing.assert_array_equal(frame.to_numpy(), pivot.to_numpy())


def test_a_corner_of_the_matrix_has_absent_cells(by_title: RatingMatrix) -> None:
    corner = by_title.to_frame().iloc[:6, :10]
    # User 6 rated 'burbs, The (1989) with 4. The other five rated none of the ten movies.
    assert corner.stack().dropna().to_dict() == {(6, "'burbs, The (1989)"): 4.0}


@pytest.mark.parametrize("columns", ["movieId", "title"])
def test_densest_region(real_ratings: Ratings, columns: Any) -> None:
    figures = FIGURES["dense_region_18x30"]
    region = RatingMatrix.from_ratings(real_ratings, columns).densest_region(30, 18)
    assert region.shape == (18, 30)
    assert region.titles[:10].tolist() == figures["first_columns"]
    assert region.user_ids[:5].tolist() == [15, 30, 73, 509, 654]
    assert region.counts_by_user()[:5].tolist() == [30] * 5
    assert (region.counts_by_user()[5:] < 30).all()
    assert "Twelve Monkeys (a.k.a. 12 Monkeys) (1995)" in region.titles
    assert "Batman (1989)" not in region.titles
    rows = dict(zip(region.user_ids.tolist(), region.values.toarray().tolist(), strict=True))
    for user, first in figures["first_rows"].items():
        assert rows[int(user)][:10] == first


def test_the_last_place_in_the_densest_region_is_a_tie(by_title: RatingMatrix) -> None:
    counts = dict(zip(by_title.titles, by_title.counts_by_item().tolist(), strict=True))
    assert counts["Twelve Monkeys (a.k.a. 12 Monkeys) (1995)"] == counts["Batman (1989)"] == 196


def test_most_rated_movies(most_rated: RatingMatrix) -> None:
    figures = FIGURES["dataset"]
    assert list(most_rated.shape) == figures["most_rated_1000_shape"]
    assert most_rated.values.nnz == figures["most_rated_1000_stored"]


def test_groups_by_movie_and_their_regions(real_ratings: Ratings, most_rated: RatingMatrix) -> None:
    clusters = cluster_users(most_rated, 10, space="ratings", random_state=0)
    assert clusters.sizes.sum() == 671
    # The run of the notebook has eight groups of more than nine users. Our inertia is close to it.
    assert 5 <= int(np.sum(clusters.sizes > 9)) <= 10
    movies, users = FIGURES["cluster_region"]["n_movies"], FIGURES["cluster_region"]["n_users"]
    assert (movies, users) == NOTEBOOK_REGION
    largest = clusters.members(int(np.argmax(clusters.sizes)))
    assert largest.densest_region(movies, users).shape == (users, movies)

    model = ClusterMeanRecommender(region=NOTEBOOK_REGION).fit_clusters(clusters, real_ratings)
    user = int(largest.user_ids[0])
    assert len(model.recommend(user, FIGURES["top_n"])) == FIGURES["top_n"]
    rated = set(largest.movie_ids[largest.take(np.array([0]), slice(None)).values.indices])
    region = set(largest.densest_region(movies, users).movie_ids)
    assert model.unrated_in_region(user) == len(region - rated)
