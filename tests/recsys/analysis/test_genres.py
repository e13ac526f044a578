"""Genre means and the contrast subset on small tables, checked by hand."""

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings, contrast_subset, genre_means
from recsys.analysis.genres import column_name, default_genres, genre_matrix, known_genres


@pytest.fixture
def ratings() -> Ratings:
    return Ratings.from_frames(
        pd.DataFrame(
            [(1, 1, 4.0), (1, 2, 3.5), (1, 3, 3.5), (2, 3, 5.0), (5, 4, 2.0)],
            columns=["userId", "movieId", "rating"],
        ),
        pd.DataFrame(
            {
                "movieId": [1, 2, 3, 4],
                "title": ["a", "b", "c", "d"],
                "genres": ["Children's|Sci-Fi", "Sci-Fi", "Sci-Fi|Drama", "Children"],
            }
        ),
    )


def test_mean_of_each_genre_rounded_to_two_places(ratings: Ratings) -> None:
    means = genre_means(ratings, ["Sci-Fi", "Drama"])
    assert means["userId"].tolist() == [1, 2, 5]
    np.testing.assert_array_equal(means["avg_scifi_rating"], [3.67, 5.0, np.nan])
    np.testing.assert_array_equal(means["avg_drama_rating"], [3.5, 5.0, np.nan])


def test_genres_match_whole_names_only(ratings: Ratings) -> None:
    means = genre_means(ratings, ["Children"])
    np.testing.assert_array_equal(means["avg_children_rating"], [np.nan, np.nan, 2.0])
    assert known_genres(ratings) == ["Children", "Children's", "Drama", "Sci-Fi"]


def test_an_unknown_genre_is_named(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match=r"no film has the genre 'Sci'; choose from Children, "):
        genre_means(ratings, ["Sci"])
    with pytest.raises(ValueError, match="name at least one genre"):
        genre_means(ratings, [])


@pytest.mark.parametrize(
    ("genre", "name"),
    [
        ("Sci-Fi", "avg_scifi_rating"),
        ("Film-Noir", "avg_filmnoir_rating"),
        ("War", "avg_war_rating"),
    ],
)
def test_column_names(genre: str, name: str) -> None:
    assert column_name(genre) == name


def test_genres_of_the_same_letters_have_columns_of_their_own() -> None:
    genres = ["C", "C++", "Drama", "drama", "?", "!"]
    ratings = Ratings.from_frames(
        {"user": [1] * 6, "item": range(6), "rating": [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]},
        {"movieId": range(6), "genres": genres},
    )
    assert genre_means(ratings, genres).iloc[0, 1:].tolist() == [0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


def frame(*rows: tuple[int, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["userId", "avg_romance_rating", "avg_scifi_rating"])


def test_contrast_limits_are_strict_and_stricter_for_the_first_genre() -> None:
    means = frame(
        (1, 2.99, 2.51),  # romance below 3.0, sci-fi above 2.5
        (2, 3.0, 3.5),  # romance not below 3.0
        (3, 2.5, 2.5),  # neither above 2.5
        (4, 2.51, 3.19),  # both rules
        (5, 4.0, 3.2),  # sci-fi not below 3.2
        (6, 4.0, 3.19),
        (7, np.nan, 1.0),
    )
    assert contrast_subset(means)["userId"].tolist() == [1, 4, 6]


def test_other_limits() -> None:
    means = frame((1, 1.0, 4.5), (2, 4.5, 4.5))
    assert contrast_subset(means, (5.0, 4.0))["userId"].tolist() == [1, 2]
    assert contrast_subset(means, (1.0, 4.0))["userId"].tolist() == []


def test_the_first_two_are_appended_whether_kept_or_not() -> None:
    means = frame((1, 2.0, 3.0), (2, 3.5, 3.5), (3, 2.0, 3.0))
    subset = contrast_subset(means, append_first_two=True)
    assert subset["userId"].tolist() == [1, 3, 1, 2]
    assert subset.index.tolist() == [0, 1, 2, 3]


def test_one_genre_is_too_few() -> None:
    with pytest.raises(ValueError, match="means needs at least two genre columns, not 1"):
        contrast_subset(frame((1, 2.0, 3.0)).drop(columns="avg_scifi_rating"))


def of_genres(*genres: str) -> Ratings:
    return Ratings.from_frames(
        pd.DataFrame({"userId": ["ann", "bob"], "movieId": ["m0", "m0"], "rating": [4, 1]}),
        pd.DataFrame({"movieId": [f"m{n}" for n in range(len(genres))], "genres": genres}),
    )


def test_the_default_genres_are_the_notebooks_or_those_of_most_movies() -> None:
    ratings = of_genres("War|Drama", "War|Drama", "War", "Romance|Sci-Fi", "")
    assert default_genres(ratings, 2) == ["Romance", "Sci-Fi"]
    # There is no Action, so the third genre makes all three those of most movies.
    assert default_genres(ratings, 3) == ["War", "Drama", "Romance"]
    assert default_genres(of_genres("War", "", ""), 2) == ["War"]
    assert default_genres(of_genres("", ""), 2) == []


def test_means_of_text_ids(ratings: Ratings) -> None:
    means = genre_means(of_genres("War|Drama"), ["War"])
    assert means.to_dict("list") == {"userId": ["ann", "bob"], "avg_war_rating": [4, 1]}


def test_without_genres_the_way_out_is_named() -> None:
    with pytest.raises(ValueError, match=r"the films have no genres; give a table .* \(--movies"):
        genre_means(of_genres(""), ["War"])


def test_genre_matrix_has_the_rows_in_the_given_order(ratings: Ratings) -> None:
    found = genre_matrix(ratings, np.array([3, 1]))
    # The genres of these movies in alphabetical order: Children's, Drama, Sci-Fi.
    assert found.tolist() == [[0.0, 1.0, 1.0], [1.0, 0.0, 1.0]]
    assert found.dtype == np.float32


def test_movies_without_genres_are_rows_of_zeros() -> None:
    ratings = Ratings.from_frames(
        pd.DataFrame([(1, 1, 4.0), (1, 2, 3.5)], columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": [1, 2], "title": ["a", "b"], "genres": ["", "War"]}),
    )
    assert genre_matrix(ratings, np.array([1, 2])).tolist() == [[0.0], [1.0]]
    assert genre_matrix(ratings, np.array([1])).shape == (1, 0)


def test_a_genre_named_twice_is_refused(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="genre 'Sci-Fi' is named twice"):
        genre_means(ratings, ["Sci-Fi", "Drama", "Sci-Fi"])
