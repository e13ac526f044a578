"""RatingMatrix on tables small enough to check by eye."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys import RatingMatrix, Ratings


def table(rows: list[tuple[int, int, float]], titles: dict[int, str]) -> Ratings:
    return Ratings.from_frames(
        pd.DataFrame(rows, columns=["userId", "movieId", "rating"]),
        pd.DataFrame({"movieId": list(titles), "title": list(titles.values()), "genres": "Drama"}),
    )


@pytest.fixture
def twins() -> Ratings:
    """Movies 8 and 3 share a title; movie 9 is not rated."""
    return table(
        [(20, 8, 1.0), (20, 3, 4.0), (10, 8, 5.0), (10, 5, 2.5), (30, 5, 3.0)],
        {8: "Twin", 3: "Twin", 5: "Alone", 9: "Unseen"},
    )


def test_rows_and_columns_ascend_by_id_and_keep_it(twins: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(twins)
    assert matrix.user_ids.tolist() == [10, 20, 30]
    assert matrix.movie_ids.tolist() == [3, 5, 8]
    assert matrix.titles.tolist() == ["Twin", "Alone", "Twin"]
    assert matrix.values.toarray().tolist() == [[0, 2.5, 5], [4, 0, 1], [0, 3, 0]]
    assert matrix.values.has_sorted_indices


def test_by_title_movies_of_one_title_are_averaged(twins: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(twins, "title")
    assert matrix.titles.tolist() == ["Alone", "Twin"]
    assert matrix.movie_ids.tolist() == [5, 3]
    assert matrix.values.toarray().tolist() == [[2.5, 5], [0, 2.5], [3, 0]]
    assert matrix.values.nnz == 4


def test_another_key_is_refused(twins: Ratings) -> None:
    wrong: Any = "genre"
    with pytest.raises(ValueError, match="not 'genre'"):
        RatingMatrix.from_ratings(twins, wrong)


def test_counts_and_means(twins: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(twins)
    assert matrix.counts_by_item().tolist() == [1, 2, 2]
    assert matrix.counts_by_user().tolist() == [2, 2, 1]
    assert matrix.means_by_item().tolist() == [4.0, 2.75, 3.0]
    one_user = matrix.take(np.array([2]), slice(None))
    np.testing.assert_array_equal(one_user.means_by_item(), [np.nan, 3.0, np.nan])


def test_row_and_column_of_an_id(twins: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(twins)
    assert matrix.row_of(20) == 1
    assert matrix.column_of(8) == 2
    with pytest.raises(KeyError, match="no user 99"):
        matrix.row_of(99)
    with pytest.raises(KeyError, match="no movie 9 "):
        matrix.column_of(9)


def test_take_keeps_the_order_asked_for(twins: Ratings) -> None:
    part = RatingMatrix.from_ratings(twins).take(np.array([2, 0]), np.array([2, 1]))
    assert part.user_ids.tolist() == [30, 10]
    assert part.movie_ids.tolist() == [8, 5]
    assert part.values.toarray().tolist() == [[0, 3], [5, 2.5]]
    assert part.values.has_sorted_indices


def test_text_ids_are_sorted_as_text() -> None:
    rows = [("u2", "b", 1.0), ("u2", "a", 4.0), ("u10", "a", 5.0)]
    table = pd.DataFrame(rows, columns=["userId", "movieId", "rating"])
    matrix = RatingMatrix.from_ratings(Ratings.from_frames(table))
    assert matrix.user_ids.tolist() == ["u10", "u2"]
    assert matrix.movie_ids.tolist() == matrix.titles.tolist() == ["a", "b"]
    assert matrix.values.toarray().tolist() == [[5, 0], [4, 1]]
    assert (matrix.row_of("u2"), matrix.column_of("b")) == (1, 1)
    with pytest.raises(KeyError, match="no user 2 among"):
        matrix.row_of(2)
    region = matrix.densest_region(n_movies=1, n_users=2)
    assert region.movie_ids.tolist() == ["a"]
    # Both users have one rating of it, so the lower id comes first.
    assert region.user_ids.tolist() == ["u10", "u2"]
    assert region.to_frame().loc["u2", "a"] == 4


def test_ties_go_to_the_lower_id() -> None:
    # Movies 1, 2 and 3 have two ratings each, and so has every user.
    ratings = table(
        [(7, 3, 1), (7, 2, 1), (5, 3, 1), (5, 1, 1), (6, 2, 1), (6, 1, 1)],
        {3: "C", 2: "B", 1: "A"},
    )
    region = RatingMatrix.from_ratings(ratings).densest_region(n_movies=2, n_users=2)
    assert region.movie_ids.tolist() == [1, 2]
    # User 6 rated movies 1 and 2, users 5 and 7 rated one of them.
    assert region.user_ids.tolist() == [6, 5]


def test_only_ratings_of_the_chosen_items_count() -> None:
    ratings = table(
        [(1, 10, 3), (2, 10, 3), (2, 11, 3), (1, 12, 3), (1, 13, 3), (3, 11, 3), (3, 10, 3)],
        {10: "a", 11: "b", 12: "c", 13: "d"},
    )
    region = RatingMatrix.from_ratings(ratings).densest_region(n_movies=2, n_users=3)
    assert region.movie_ids.tolist() == [10, 11]
    # User 1 has the most ratings, but rated only one of these two movies.
    assert region.user_ids.tolist() == [2, 3, 1]


def test_more_than_there_are_gives_all(twins: Ratings) -> None:
    region = RatingMatrix.from_ratings(twins).densest_region(n_movies=99, n_users=99)
    assert region.shape == (3, 3)


@pytest.mark.parametrize("n", [0, -1])
def test_fewer_than_one_item_is_refused(twins: Ratings, n: int) -> None:
    with pytest.raises(ValueError, match="n_movies and n_users must be at least 1, not "):
        RatingMatrix.from_ratings(twins).most_rated(n)


def test_to_frame_has_nan_where_absent(twins: Ratings) -> None:
    frame = RatingMatrix.from_ratings(twins, "title").to_frame()
    expected = pd.DataFrame(
        {"Alone": [2.5, np.nan, 3.0], "Twin": [5.0, 2.5, np.nan]}, index=[10, 20, 30]
    )
    np.testing.assert_array_equal(frame.to_numpy(), expected.to_numpy())
    assert frame.index.name == "userId"
    assert frame.columns.name == "title"


def test_to_frame_refuses_what_would_fill_the_memory(twins: Ratings) -> None:
    matrix = RatingMatrix.from_ratings(twins)
    with pytest.raises(ValueError, match=r"3 x 3 cells is more than 8"):
        matrix.to_frame(max_cells=8)
    assert matrix.to_frame(max_cells=9).shape == (3, 3)
