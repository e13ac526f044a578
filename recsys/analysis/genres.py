"""Genre means of each user, and the subset of users who like one genre and not another."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids
from recsys.data.ratings import NO_GENRES, Ratings
from recsys.data.scale import RatingScale
from recsys.printable import shortened, shown

# The notebook contrasts the first two, and adds the third later.
NOTEBOOK_GENRES = ("Romance", "Sci-Fi", "Action")

# The notebook's limits for users who like one of two genres and not the other.
CONTRAST_LIMITS = (3.2, 2.5)

# The notebook subtracts this from the first limit for the first genre only.
FIRST_GENRE_MARGIN = 0.2


def contrast_limits(scale: RatingScale) -> tuple[float, float]:
    """The notebook's limits, which are for 5 stars, at the same shares of another scale.

    Examples
    --------
    >>> contrast_limits(RatingScale(0.5, 5, 0.5)), contrast_limits(RatingScale(1, 10, 1))
    ((3.2, 2.5), (6.4, 5.0))
    >>> contrast_limits(RatingScale(-10, 10, 0))
    (2.8, 0.0)
    """
    lowest = min(0.0, scale.smallest)
    low, high = (lowest + limit / 5 * (scale.largest - lowest) for limit in CONTRAST_LIMITS)
    return round(low, 9), round(high, 9)


def known_genres(ratings: Ratings) -> list[str]:
    """The genres of all movies, in alphabetical order."""
    genres = ratings.movies["genres"].str.split("|").explode().unique()
    return sorted(str(genre) for genre in genres)


def default_genres(ratings: Ratings, n_genres: int) -> list[str]:
    """The genres to compare if nobody names any.

    These are the first of the notebook's genres if the movies have them, and the genres of most
    movies otherwise. There are fewer than ``n_genres`` if the movies have fewer.

    Examples
    --------
    >>> import pandas as pd
    >>> from recsys import Ratings
    >>> rated = pd.DataFrame({"userId": [1, 1], "movieId": [1, 2], "rating": [4, 1]})
    >>> movies = pd.DataFrame({"movieId": [1, 2, 3], "genres": ["Poetry|Crime", "Crime", ""]})
    >>> default_genres(Ratings.from_frames(rated, movies), 2)
    ['Crime', 'Poetry']
    """
    of_movies = ratings.movies.loc[ratings.movies["genres"] != NO_GENRES, "genres"]
    counts = of_movies.str.split("|").explode().value_counts().to_dict()
    if counts.keys() >= set(NOTEBOOK_GENRES[:n_genres]):
        return list(NOTEBOOK_GENRES[:n_genres])
    return sorted(map(str, counts), key=lambda genre: (-counts[genre], genre))[:n_genres]


def genre_matrix(ratings: Ratings, movie_ids: Ids) -> npt.NDArray[np.float32]:
    """(n_movies, n_genres): 1 if a movie has a genre, else 0.

    The columns are the genres of these movies in alphabetical order.
    """
    return genre_table(ratings, movie_ids).to_numpy(dtype=np.float32)


def genre_table(ratings: Ratings, movie_ids: Ids) -> pd.DataFrame:
    """A row for each movie and a column for each of their genres: 1 if it has the genre, else 0."""
    of_movies = ratings.movies.set_index("movieId")["genres"].reindex(pd.Index(movie_ids))
    # Many movies have the same text, so each text is split once.
    codes, texts = pd.factorize(of_movies, use_na_sentinel=False)
    of_texts = pd.Series(texts, dtype=object).str.get_dummies("|")
    table = of_texts.take(codes).set_axis(of_movies.index)
    return table.drop(columns=NO_GENRES, errors="ignore")


def column_name(genre: str) -> str:
    """The name of a genre's column: ``Sci-Fi`` -> ``avg_scifi_rating``."""
    letters = "".join(character for character in genre.lower() if character.isalnum())
    return f"avg_{letters}_rating"


def column_names(genres: Sequence[str]) -> list[str]:
    """Different names for the columns of different genres.

    Genres of the same letters, or of none, keep all their characters.

    Examples
    --------
    >>> column_names(["Sci-Fi", "C", "C++", "?"])
    ['avg_scifi_rating', 'avg_C_rating', 'avg_C++_rating', 'avg_?_rating']
    """
    short = [column_name(genre) for genre in genres]
    return [
        f"avg_{genre}_rating" if short.count(name) > 1 or name == column_name("") else name
        for genre, name in zip(genres, short, strict=True)
    ]


def check_genres(ratings: Ratings, genres: Sequence[str]) -> None:
    """ValueError as of :func:`genre_means`."""
    if not ratings.has_genres:
        raise ValueError(
            "the films have no genres; give a table of films with genres (--movies FILE, movies=)"
        )
    if not genres:
        raise ValueError("genres is empty; name at least one genre")
    known = known_genres(ratings)
    for place, genre in enumerate(genres):
        if genre in genres[:place]:
            raise ValueError(f"genre {shown(genre)} is named twice; name each genre once")
        if genre not in known:
            genres_known = shortened(", ".join(known), 400)
            raise ValueError(f"no film has the genre {shown(genre)}; choose from {genres_known}")


def genre_means(ratings: Ratings, genres: Sequence[str]) -> pd.DataFrame:
    """Average the ratings that each user gave to the movies of some genres.

    Parameters
    ----------
    ratings : Ratings
        Ratings of movies with genres.
    genres : sequence of str
        Exact names. A movie counts for each of its genres.

    Returns
    -------
    DataFrame
        ``userId``, ascending, and one column per genre (``avg_scifi_rating``), rounded to 2
        decimals. A value is NaN where a user rated no movie of the genre. Genres whose names
        have the same letters and digits, such as Drama and drama, keep all characters.

    Raises
    ------
    ValueError
        If no movie has a genre, ``genres`` is empty or names a genre twice, or no movie has a genre
        of that name.

    Examples
    --------
    >>> import pandas as pd
    >>> from recsys import Ratings, genre_means
    >>> ratings = Ratings.from_frames(
    ...     pd.DataFrame({"userId": [1, 1, 2], "movieId": [1, 2, 1], "rating": [4, 1, 5]}),
    ...     pd.DataFrame({"movieId": [1, 2], "title": ["Up", "Alien"],
    ...                   "genres": ["Romance|Sci-Fi", "Sci-Fi"]}),
    ... )
    >>> genre_means(ratings, ["Romance", "Sci-Fi"])
       userId  avg_romance_rating  avg_scifi_rating
    0       1                 4.0               2.5
    1       2                 5.0               5.0
    """
    check_genres(ratings, genres)
    table = ratings.ratings
    user_ids = np.unique(table["userId"].to_numpy())
    users = pd.Index(user_ids, dtype=user_ids.dtype, name="userId")
    means = {}
    for genre, name in zip(genres, column_names(genres), strict=True):
        has_genre = ("|" + ratings.movies["genres"] + "|").str.contains(f"|{genre}|", regex=False)
        movies = ratings.movies.loc[has_genre, "movieId"]
        of_genre = table[table["movieId"].isin(movies)]
        means[name] = of_genre.groupby("userId")["rating"].mean().round(2)
    return pd.DataFrame(means, index=users).reset_index()


def contrast_subset(
    means: pd.DataFrame,
    limits: tuple[float, float] = CONTRAST_LIMITS,
    *,
    append_first_two: bool = False,
) -> pd.DataFrame:
    """Take the users who like one of two genres and not the other.

    The subset keeps users with (first < limits[0] - 0.2 and second > limits[1]) or
    (second < limits[0] and first > limits[1]).

    Parameters
    ----------
    means : DataFrame
        From :func:`genre_means`. The first two genres are compared.
    limits : tuple of float, default (3.2, 2.5)
        In stars. Below the first limit a genre counts as not liked, and above the second as liked.
    append_first_two : bool, default False
        Append the first two rows of ``means`` as the notebook does, whether the subset kept them
        or not. A user whom the subset kept then appears twice.

    Returns
    -------
    DataFrame
        The columns of ``means``, and the kept rows in the order of ``means``, with a new index.

    Raises
    ------
    ValueError
        If ``means`` has fewer than two genre columns.

    Examples
    --------
    >>> import pandas as pd
    >>> from recsys import contrast_subset
    >>> means = pd.DataFrame({"userId": [1, 2, 3], "avg_romance_rating": [4.5, 2.0, 4.0],
    ...                       "avg_scifi_rating": [2.0, 4.0, 4.0]})
    >>> contrast_subset(means)["userId"].tolist()
    [1, 2]
    """
    genre_columns = [name for name in means.columns if name != "userId"]
    if len(genre_columns) < 2:
        raise ValueError(f"means needs at least two genre columns, not {len(genre_columns)}")
    first, second = (means[name] for name in genre_columns[:2])
    low, high = limits
    kept = means[
        ((first < low - FIRST_GENRE_MARGIN) & (second > high)) | ((second < low) & (first > high))
    ]
    if append_first_two:
        kept = pd.concat([kept, means[:2]])
    return kept.reset_index(drop=True)
