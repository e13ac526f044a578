"""The forms of files that many people share: how to recognise each, and what is known of it."""

import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from recsys.data.columns import folded
from recsys.data.ratings import RatingsError
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.readers.exports import export_of
from recsys.readers.looks import Look
from recsys.readers.netflix import check_has_ratings, is_netflix, read_netflix
from recsys.readers.raw import RawRatings
from recsys.readers.recognised import (
    FOUR_STARS,
    JOKES,
    OF_TEN,
    TWEETED,
    Match,
    Siblings,
    has,
    is_amazon,
    is_book_crossing,
    is_dat,
    is_filmtrust,
    is_goodbooks,
    is_lastfm_360k,
    is_long_jester,
    is_movielens,
    is_movies_dataset,
    is_named,
    is_named_jester,
    is_recbole,
    is_tweetings,
    is_u_data,
    width,
)
from recsys.readers.wide import is_jester, is_wide, read_jester, read_wide


class Reader(Protocol):
    """Reads a file that is no table of users, items and ratings."""

    def __call__(
        self,
        look: Look,
        *,
        user: str | None = None,
        item: str | None = None,
        absent: Sequence[float | str] = (),
        scale: RatingScale | None = None,
    ) -> RawRatings: ...


@dataclass(frozen=True)
class Places:
    """The columns of users, items, ratings and times: names, or positions counted from 0."""

    user: str | int
    item: str | int
    rating: str | int | None
    time: str | int | None = None


@dataclass(frozen=True)
class Form:
    """What is known of the files of one form.

    Attributes
    ----------
    name : str
        The name of the form in messages.
    files : tuple of str
        The usual names of the files of ratings in lower case. ``*`` stands for any text.
    matches : callable
        Tells from the look of a file and the names of the files beside it whether it has this form.
    roles : Places or None
        The columns. None means that `recsys.data.columns.find_roles` finds them.
    scale : RatingScale or None
        The scale. None means that it is worked out from the ratings.
    absent : tuple of float
        The numbers that mean "not rated".
    movies : tuple of str
        The usual names of the files of titles and genres, in lower case, in the order to try.
    counts : bool
        Whether the numbers count plays and the like.
    read : callable or None
        Reads a file that is no table of users, items and ratings.
    """

    name: str
    files: tuple[str, ...]
    matches: Match
    roles: Places | None = None
    scale: RatingScale | None = None
    absent: tuple[float, ...] = ()
    movies: tuple[str, ...] = ()
    counts: bool = False
    read: Reader | None = None


def find_form(look: Look, siblings: Siblings) -> Form | None:
    """Find the form of a file of ratings.

    Parameters
    ----------
    look : Look
        The look of the file.
    siblings : collection of str
        The names of the files beside it.

    Returns
    -------
    Form or None
        The form, with the names of the columns as the file writes them. None if the file has no
        known form. Then it may still be a table whose columns have common names.

    Raises
    ------
    RatingsError
        If the file holds no ratings of many people: if it is an export of one person, or a file of
        the Netflix Prize without ratings.
    """
    _check_no_export(look)
    check_has_ratings(look)
    form = next((form for form in FORMS if form.matches(look, siblings)), None)
    return form and replace(form, roles=_places(form.roles, look))


def files_of_forms(names: Siblings) -> tuple[str, ...]:
    """The files that hold ratings by their names, of the first form that has any.

    The parts of the Netflix Prize and of Jester are joined. Of several other files, one must be
    chosen.

    Examples
    --------
    >>> files_of_forms(["BX-Books.csv", "BX-Users.csv", "BX-Book-Ratings.csv"])
    ('BX-Book-Ratings.csv',)
    """
    for form in FORMS:
        for pattern in form.files:
            found = tuple(name for name in sorted(names) if is_named(name, pattern))
            if len(found) > 1 and form.read not in (read_netflix, read_jester):
                raise RatingsError(
                    f"several files of ratings; name one of them: {', '.join(found[:20])}"
                )
            if found:
                return found
    return ()


def _check_no_export(look: Look) -> None:
    export = export_of(look.names)
    if export is None:
        return
    file = look.path.root.filename if isinstance(look.path, zipfile.Path) else look.path
    raise RatingsError(
        f"{look.path}: the {export.name} export of one person; ratings of many people are needed "
        f"here. For a list for this person: recsys recommend --data FOLDER --ratings {file}"
    )


def _places(roles: Places | None, look: Look) -> Places | None:
    """The roles with the names that the file has; a time that it lacks is left out."""
    if roles is None:
        return None
    if look.names is None:
        has_time = isinstance(roles.time, int) and roles.time < width(look)
        return roles if has_time else replace(roles, time=None)
    name_of = {folded(name): name for name in look.names}
    return Places(
        user=name_of[str(roles.user)],
        item=name_of[str(roles.item)],
        rating=name_of[str(roles.rating)],
        time=name_of.get(str(roles.time)),
    )


# The first that matches is taken. Each has a row in docs/formats.md.
FORMS = (
    Form(
        "Netflix Prize",
        files=("combined_data_*.txt", "mv_*.txt"),
        matches=lambda look, siblings: is_netflix(look),
        scale=WHOLE_STARS,
        movies=("movie_titles.csv", "movie_titles.txt"),
        read=read_netflix,
    ),
    Form(
        "The Movies Dataset",
        files=("ratings.csv", "ratings_small.csv"),
        matches=is_movies_dataset,
        scale=HALF_STARS,
        movies=("movies_metadata.csv",),
    ),
    Form(
        "MovieLens (CSV)",
        files=("ratings.csv", "ratings_small.csv", "rating.csv"),
        matches=is_movielens,
        scale=HALF_STARS,
        movies=("movies.csv", "movie.csv"),
    ),
    Form(
        "MovieTweetings",
        files=("ratings.dat",),
        matches=is_tweetings,
        roles=Places(0, 1, 2, 3),
        scale=TWEETED,
        movies=("movies.dat",),
    ),
    Form(
        "MovieLens 1M and 10M",
        files=("ratings.dat",),
        matches=is_dat,
        roles=Places(0, 1, 2, 3),
        movies=("movies.dat",),
    ),
    Form(
        "MovieLens 100K",
        files=("u.data",),
        matches=is_u_data,
        roles=Places(0, 1, 2, 3),
        scale=WHOLE_STARS,
        movies=("u.item",),
    ),
    Form(
        "Book-Crossing",
        files=("bx-book-ratings.csv", "bx_book_ratings.csv", "ratings.csv"),
        matches=is_book_crossing,
        scale=OF_TEN,
        absent=(0.0,),
        movies=("bx-books.csv", "bx_books.csv", "*books*.csv"),
    ),
    Form(
        "Goodreads interactions",
        files=("goodreads_interactions*.csv",),
        matches=has("userid", "bookid", "isread", "rating"),
        scale=WHOLE_STARS,
        absent=(0.0,),
    ),
    Form(
        "goodbooks-10k",
        files=("ratings.csv",),
        matches=is_goodbooks,
        scale=WHOLE_STARS,
        movies=("books.csv",),
    ),
    Form(
        "Anime (MyAnimeList)",
        files=("rating.csv", "rating_complete.csv", "animelist.csv"),
        matches=has("userid", "animeid", "rating"),
        roles=Places("userid", "animeid", "rating"),
        scale=OF_TEN,
        absent=(-1.0, 0.0),
        movies=("anime.csv", "anime*.csv"),
    ),
    Form(
        "Amazon reviews 2014",
        files=("ratings_*.csv",),
        matches=is_amazon(user=0, item=1),
        roles=Places(0, 1, 2, 3),
        scale=WHOLE_STARS,
    ),
    Form(
        "Amazon reviews 2018",
        files=(),
        matches=is_amazon(user=1, item=0),
        roles=Places(1, 0, 2, 3),
        scale=WHOLE_STARS,
    ),
    Form(
        "Amazon reviews (full)",
        files=("reviews_*.json*",),
        matches=has("reviewerid", "asin", "overall"),
        roles=Places("reviewerid", "asin", "overall", "unixreviewtime"),
        scale=WHOLE_STARS,
    ),
    Form(
        "Amazon reviews 2023",
        files=(),
        matches=has("userid", "parentasin", "rating"),
        roles=Places("userid", "parentasin", "rating", "timestamp"),
        scale=WHOLE_STARS,
        movies=("meta_*.jsonl",),
    ),
    Form(
        "RecBole",
        files=("*.inter",),
        matches=is_recbole,
        movies=("*.item",),
    ),
    Form(
        "Last.fm (HetRec 2011)",
        files=("user_artists.dat",),
        matches=has("userid", "artistid", "weight"),
        roles=Places("userid", "artistid", "weight"),
        counts=True,
        movies=("artists.dat",),
    ),
    Form(
        "Last.fm 360K",
        files=("usersha1-artmbid-artname-plays.tsv",),
        matches=is_lastfm_360k,
        roles=Places(0, 2, 3),
        counts=True,
    ),
    Form(
        "FilmTrust",
        files=("ratings.txt",),
        matches=is_filmtrust,
        roles=Places(0, 1, 2),
        scale=FOUR_STARS,
    ),
    Form(
        "Jester (long)",
        files=("jester_ratings.dat",),
        matches=is_long_jester,
        roles=Places(0, 2, 4),
        scale=JOKES,
    ),
    Form(
        "Jester (long, one tab)",
        files=("jester_ratings.dat", "jester_ratings.csv"),
        matches=is_named_jester,
        roles=Places(0, 1, 2),
        scale=JOKES,
    ),
    Form(
        "Jester (wide)",
        files=("jester-data-*.csv",),
        matches=lambda look, siblings: is_jester(look),
        scale=JOKES,
        absent=(99.0,),
        read=read_jester,
    ),
    Form(
        "Wide table",
        files=(),
        matches=lambda look, siblings: is_wide(look),
        movies=("movies.csv", "movie.csv"),
        read=read_wide,
    ),
)
