"""Genre means per user, and the subset of users in whom two genres contrast."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ratings import NO_GENRES, Ratings
from recsys.printable import shortened, shown

# The notebook's limits for users who like one of two genres and not the other.
CONTRAST_LIMITS = (3.2, 2.5)

# The notebook is stricter with the first genre than with the second.
FIRST_GENRE_MARGIN = 0.2


def known_genres(ratings: Ratings) -> list[str]:
    """Genres that occur among the films, in alphabetical order."""
    genres = ratings.movies["genres"].str.split("|").explode().unique()
    return sorted(str(genre) for genre in genres)


def genre_matrix(ratings: Ratings, movie_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Which film has which genre.

    Parameters
    ----------
    ratings : Ratings
    movie_ids : ndarray of shape (n_films,)

    Returns
    -------
    ndarray of shape (n_films, n_genres), float32
        1 where a film has a genre, genres in alphabetical order; a film without any is a row of
        zeros.
    """
    of_films = ratings.movies.set_index("movieId")["genres"].reindex(pd.Index(movie_ids))
    table = of_films.str.get_dummies("|").drop(columns=NO_GENRES, errors="ignore")
    return table.to_numpy(dtype=np.float32)


def column_name(genre: str) -> str:
    """Name of a genre's column: ``Sci-Fi`` -> ``avg_scifi_rating``."""
    letters = "".join(character for character in genre.lower() if character.isalnum())
    return f"avg_{letters}_rating"


def genre_means(ratings: Ratings, genres: Sequence[str]) -> pd.DataFrame:
    """Mean rating that each user gave to the films of some genres.

    Parameters
    ----------
    ratings : Ratings
    genres : sequence of str
        Exact names; a film counts for each of its genres.

    Returns
    -------
    DataFrame
        ``userId`` ascending and one column a genre (``avg_scifi_rating``), rounded to 2 decimals;
        NaN where a user rated no film of it.

    Raises
    ------
    ValueError
        If no film has a genre of that name, or no genre is named, or one twice.

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
    if not genres:
        raise ValueError("no genre named")
    known = known_genres(ratings)
    for place, genre in enumerate(genres):
        if genre in genres[:place]:
            raise ValueError(f"genre {shown(genre)} is named twice")
        if genre not in known:
            there_are = shortened(", ".join(known), 400)
            raise ValueError(f"no film has the genre {shown(genre)}; there are {there_are}")
    table = ratings.ratings
    users = pd.Index(np.unique(table["userId"]), name="userId")
    means = {}
    for genre in genres:
        has_genre = ("|" + ratings.movies["genres"] + "|").str.contains(f"|{genre}|", regex=False)
        films = ratings.movies.loc[has_genre, "movieId"]
        of_genre = table[table["movieId"].isin(films)]
        means[column_name(genre)] = of_genre.groupby("userId")["rating"].mean().round(2)
    return pd.DataFrame(means, index=users).reset_index()


def contrast_subset(
    means: pd.DataFrame,
    limits: tuple[float, float] = CONTRAST_LIMITS,
    *,
    append_first_two: bool = False,
) -> pd.DataFrame:
    """Users who like one of two genres and not the other.

    Kept are users with (first < limits[0] - 0.2 and second > limits[1]) or
    (second < limits[0] and first > limits[1]).

    Parameters
    ----------
    means : DataFrame
        From :func:`genre_means`; the first two genres are the ones that contrast.
    limits : tuple of float
    append_first_two : bool, default False
        Append the first two rows of ``means`` once more, whether they were kept or not, as the
        notebook does: a user who was kept then stands there twice.

    Returns
    -------
    DataFrame
        Columns of ``means``, rows in its order, index from 0.

    Raises
    ------
    ValueError
        If ``means`` has fewer than two genre columns.

    Examples
    --------
    >>> import pandas as pd
    >>> means = pd.DataFrame({"userId": [1, 2, 3], "avg_romance_rating": [4.5, 2.0, 4.0],
    ...                       "avg_scifi_rating": [2.0, 4.0, 4.0]})
    >>> contrast_subset(means)["userId"].tolist()
    [1, 2]
    """
    genre_columns = [name for name in means.columns if name != "userId"]
    if len(genre_columns) < 2:
        raise ValueError(f"two genres can contrast, not {len(genre_columns)}")
    first, second = (means[name] for name in genre_columns[:2])
    low, high = limits
    kept = means[
        ((first < low - FIRST_GENRE_MARGIN) & (second > high)) | ((second < low) & (first > high))
    ]
    if append_first_two:
        kept = pd.concat([kept, means[:2]])
    return kept.reset_index(drop=True)
