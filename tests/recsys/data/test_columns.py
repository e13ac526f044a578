"""Columns are found by common names; what is not clear is an error with the option that helps."""

import pytest

from recsys.data.columns import Roles, find_roles
from recsys.data.ratings import RatingsError


@pytest.mark.parametrize(
    ("names", "roles"),
    [
        ("user item rating timestamp", Roles("user", "item", "rating", "timestamp")),
        ("userId movieId rating timestamp", Roles("userId", "movieId", "rating", "timestamp")),
        ("user_id book_id score", Roles("user_id", "book_id", "score", None)),
        ("USER-ID ISBN Book-Rating", Roles("USER-ID", "ISBN", "Book-Rating", None)),
        ("UserID anime.id Stars date", Roles("UserID", "anime.id", "Stars", "date")),
        (
            "reviewerID asin overall unixReviewTime",
            Roles("reviewerID", "asin", "overall", "unixReviewTime"),
        ),
        ("track person value", Roles("person", "track", "value", None)),
        ("customer product", Roles("customer", "product", None, None)),
        ("userID artistID weight", Roles("userID", "artistID", "weight", None, is_count=True)),
        ("user artist plays", Roles("user", "artist", "plays", None, is_count=True)),
        ("user artist plays rating", Roles("user", "artist", "rating", None)),
        ("user_id:token item_id:token rating:float", None),
        ("userId username movieId title rating", Roles("userId", "movieId", "rating", None)),
        ("user username movie movie_title rating", Roles("user", "movie", "rating", None)),
        ("username title rating", Roles("username", "title", "rating", None)),
    ],
)
def test_columns_are_found_by_common_names(names, roles):
    if roles is None:
        roles = Roles(*names.split(), None)
    assert find_roles(names.split()) == roles


def test_names_that_the_caller_gives_win_over_common_names():
    found = find_roles(["who", "user", "movie", "rating"], user="who")
    assert found == Roles("who", "movie", "rating", None)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            "user movie book rating",
            "a.csv: 'movie', 'book' may all be the column of items; its columns are 'user', "
            "'movie', 'book', 'rating'; choose with --item-column NAME (item=)",
        ),
        (
            "who movie rating",
            "a.csv: no column of users among 'who', 'movie', 'rating'; name it with "
            "--user-column NAME (user=)",
        ),
        (
            "user movie plays clicks",
            "a.csv: 'plays', 'clicks' may all be the column of ratings; its columns are 'user', "
            "'movie', 'plays', 'clicks'; choose with --rating-column NAME (rating=)",
        ),
    ],
)
def test_what_is_not_clear_is_an_error_that_names_the_option(names, message):
    with pytest.raises(RatingsError) as caught:
        find_roles(names.split(), where="a.csv")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("names", "problem"), [("user x rating", "no column 'y'"), ("user y y", "two columns 'y'")]
)
def test_a_named_column_must_be_there_once(names, problem):
    with pytest.raises(RatingsError, match=problem):
        find_roles(names.split(), item="y")
