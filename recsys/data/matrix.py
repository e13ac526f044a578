"""RatingMatrix: users x films in CSR, with the ids and titles of its rows and columns."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

if TYPE_CHECKING:
    from recsys.data.ratings import Ratings

Ids = npt.NDArray[np.int64]
Columns = Literal["movieId", "title"]

# A frame of more cells than this is refused: 671 x 9,064 is 6 million, ml-25m 9.6 billion.
MAX_FRAME_CELLS = 10_000_000


@dataclass(frozen=True, eq=False)
class RatingMatrix:
    """Ratings as users x films. An absent cell means "not rated"; a stored one is a rating.

    Attributes
    ----------
    values : scipy.sparse.csr_array of shape (n_users, n_films), float64
        Indices ascend in each row.
    user_ids : ndarray of shape (n_users,), int64
    movie_ids : ndarray of shape (n_films,), int64
        Keyed by title: the lowest id among the rated films of that title.
    titles : ndarray of shape (n_films,), str objects
    columns : {"movieId", "title"}
        What a column stands for.
    """

    values: sp.csr_array
    user_ids: Ids
    movie_ids: Ids
    titles: npt.NDArray[np.object_]
    columns: Columns

    @classmethod
    def from_ratings(cls, ratings: "Ratings", columns: Columns = "movieId") -> Self:
        """The matrix of all ratings: users who rated by userId, films that were rated.

        Parameters
        ----------
        ratings : Ratings
        columns : {"movieId", "title"}, default "movieId"
            One column a film, by ascending movieId; or one a title, in the order of the titles,
            where a user's ratings of films of one title are averaged (as a pivot table does).

        Returns
        -------
        RatingMatrix

        Raises
        ------
        ValueError
            If ``columns`` is neither.

        Examples
        --------
        >>> import pandas as pd
        >>> from recsys import RatingMatrix, Ratings
        >>> ratings = Ratings.from_frames(
        ...     pd.DataFrame({"userId": [7, 7, 9], "movieId": [2, 5, 5], "rating": [4, 3.5, 5]}),
        ...     pd.DataFrame({"movieId": [2, 5], "title": ["Up", "Home"], "genres": ["", ""]}),
        ... )
        >>> RatingMatrix.from_ratings(ratings).to_frame()
        movieId    2    5
        userId
        7        4.0  3.5
        9        NaN  5.0
        """
        if columns not in ("movieId", "title"):
            raise ValueError(f"columns must be 'movieId' or 'title', not {columns!r}")
        table = ratings.ratings
        # By hashing: 25 million ids would take seconds to sort.
        rows, user_ids = pd.factorize(table["userId"].to_numpy(), sort=True)
        films, movie_ids = pd.factorize(table["movieId"].to_numpy(), sort=True)
        title_of = ratings.movies.set_index("movieId")["title"]
        titles = title_of.loc[movie_ids].to_numpy(dtype=object)
        stars = table["rating"].to_numpy(dtype=np.float64)
        shape = (len(user_ids), len(movie_ids))
        values = sp.csr_array((stars, (rows, films)), shape=shape)
        values.sort_indices()
        by_movie = cls(values, user_ids, movie_ids, titles, "movieId")
        return by_movie if columns == "movieId" else by_movie._by_title()

    def _by_title(self) -> Self:
        titles, first, merged = np.unique(self.titles, return_index=True, return_inverse=True)
        cells = self.values.tocoo()
        place = (cells.coords[0], merged[cells.coords[1]])
        shape = (len(self.user_ids), len(titles))
        # A csr_array adds up entries of one cell: once the stars, once how many there are.
        values = sp.csr_array((cells.data, place), shape=shape)
        counts = sp.csr_array((np.ones(len(cells.data)), place), shape=shape)
        values.sort_indices()
        counts.sort_indices()
        values.data /= counts.data
        # Films ascend by id, so a title's first film is its lowest.
        return replace(
            self, values=values, movie_ids=self.movie_ids[first], titles=titles, columns="title"
        )

    def __repr__(self) -> str:
        n_users, n_films = self.shape
        return f"RatingMatrix({n_users} users x {n_films} movies, {self.values.nnz} ratings)"

    @property
    def shape(self) -> tuple[int, int]:
        """n_users, n_films."""
        return len(self.user_ids), len(self.movie_ids)

    def row_of(self, user_id: int) -> int:
        """Row of a user.

        Raises
        ------
        KeyError
            If the user has no row.
        """
        found = np.flatnonzero(self.user_ids == user_id)
        if len(found) == 0:
            raise KeyError(f"no user {user_id} among the {len(self.user_ids)} users")
        return int(found[0])

    def column_of(self, movie_id: int) -> int:
        """Column of a film, by movieId; keyed by title: by the title's lowest rated one.

        Raises
        ------
        KeyError
            If the film has no column.
        """
        found = np.flatnonzero(self.movie_ids == movie_id)
        if len(found) == 0:
            raise KeyError(f"no film {movie_id} among the {len(self.movie_ids)} films")
        return int(found[0])

    def counts_by_film(self) -> npt.NDArray[np.intp]:
        """How many users rated each film."""
        return np.bincount(self.values.indices, minlength=self.shape[1])

    def counts_by_user(self) -> npt.NDArray[np.intp]:
        """How many films each user rated."""
        return np.diff(self.values.indptr).astype(np.intp)

    def means_by_film(self) -> npt.NDArray[np.float64]:
        """Mean rating of each film; NaN for one that nobody here rated."""
        sums = np.bincount(self.values.indices, self.values.data, minlength=self.shape[1])
        counts = self.counts_by_film()
        means = np.full(len(sums), np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means

    def take(self, rows: npt.NDArray[np.intp] | slice, films: npt.NDArray[np.intp] | slice) -> Self:
        """Some users and films, in the order given, with their ids and titles."""
        chosen: Any = self.values[rows]  # scipy's stubs know no index by array and slice
        values = sp.csr_array(chosen[:, films])
        values.sort_indices()
        return replace(
            self,
            values=values,
            user_ids=self.user_ids[rows],
            movie_ids=self.movie_ids[films],
            titles=self.titles[films],
        )

    def most_rated(self, n_movies: int) -> Self:
        """The ``n_movies`` films with the most ratings, most first; ties by lower movieId."""
        return self.take(
            slice(None), self._busiest(self.counts_by_film(), self.movie_ids, n_movies)
        )

    def densest_region(self, n_movies: int, n_users: int) -> Self:
        """The most-rated films, then the users with the most ratings among those films.

        Parameters
        ----------
        n_movies, n_users : int
            All there are where there are fewer.

        Returns
        -------
        RatingMatrix
            Films by falling number of ratings, users likewise; ties by the lower id.
        """
        films = self.most_rated(n_movies)
        return films.take(
            self._busiest(films.counts_by_user(), films.user_ids, n_users), slice(None)
        )

    @staticmethod
    def _busiest(counts: npt.NDArray[np.intp], ids: Ids, n: int) -> npt.NDArray[np.intp]:
        if n < 1:
            raise ValueError(f"at least one row and column must be asked for, not {n}")
        return np.lexsort((ids, -counts))[:n]

    def to_frame(self, max_cells: int = MAX_FRAME_CELLS) -> pd.DataFrame:
        """A dense frame, NaN where a user did not rate: for small matrices and for looking.

        Parameters
        ----------
        max_cells : int

        Returns
        -------
        DataFrame of shape (n_users, n_films)
            Index userId, columns movieId or title.

        Raises
        ------
        ValueError
            If the frame had more than ``max_cells`` cells.
        """
        n_users, n_films = self.shape
        if n_users * n_films > max_cells:
            raise ValueError(
                f"a frame of {n_users:,} x {n_films:,} cells is more than {max_cells:,}; take a "
                "part (most_rated, densest_region) or raise max_cells"
            )
        cells = np.full(self.shape, np.nan)
        rows = np.repeat(np.arange(n_users), np.diff(self.values.indptr))
        cells[rows, self.values.indices] = self.values.data
        names = self.movie_ids if self.columns == "movieId" else self.titles
        return pd.DataFrame(
            cells,
            index=pd.Index(self.user_ids, name="userId"),
            columns=pd.Index(names, name=self.columns),
        )
