"""RatingMatrix: users x items in CSR, with the ids and titles of its rows and columns."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.ids import Id, Ids
from recsys.data.scale import RatingScale
from recsys.printable import printable

if TYPE_CHECKING:
    from recsys.data.ratings import Ratings

Columns = Literal["movieId", "title"]

# `to_frame` refuses more cells than this. 671 x 9,064 has 6 million cells, ml-25m has 9.6 billion.
MAX_FRAME_CELLS = 10_000_000


@dataclass(frozen=True, eq=False)
class RatingMatrix:
    """Ratings as a sparse matrix of users x items. An item is a movie or a title.

    A stored cell is a rating. An absent cell means that the user did not rate the item.

    Attributes
    ----------
    values : scipy.sparse.csr_array of shape (n_users, n_items), float64
        The ratings. Indices ascend in each row.
    user_ids : ndarray of shape (n_users,), int64 or str objects
        The userId of each row.
    movie_ids : ndarray of shape (n_items,), int64 or str objects
        The movieId of each column. If items are titles, it is the lowest id among the rated movies
        of that title.
    titles : ndarray of shape (n_items,), str objects
        The title of each column.
    columns : {"movieId", "title"}
        The meaning of a column: one movie, or all movies of one title.
    scale : RatingScale, optional
        The ratings that a user can give, which tell what is a like. None if nobody said.

    Examples
    --------
    >>> from recsys import RatingMatrix, Ratings
    >>> ratings = Ratings.from_columns(["ann", "ann", "bob"], ["Up", "Big", "Up"], [5, 2, 4])
    >>> matrix = RatingMatrix.from_ratings(ratings)
    >>> matrix.shape, matrix.values.nnz
    ((2, 2), 3)
    >>> matrix.to_frame()
    movieId  Big   Up
    userId
    ann      2.0  5.0
    bob      NaN  4.0
    >>> matrix.row_of("bob"), matrix.column_of("Up")
    (1, 1)
    >>> matrix.counts_by_item(), matrix.counts_by_user(), matrix.means_by_item()
    (array([1, 2]), array([2, 1]), array([2. , 4.5]))
    >>> matrix.take([1], slice(None))
    RatingMatrix(1 users x 2 movies, 1 ratings)
    >>> matrix.most_rated(1).titles, matrix.densest_region(1, 1).user_ids
    (array(['Up'], dtype=object), array(['ann'], dtype=object))
    """

    values: sp.csr_array
    user_ids: Ids
    movie_ids: Ids
    titles: npt.NDArray[np.object_]
    columns: Columns
    scale: RatingScale | None = None

    @classmethod
    def from_ratings(cls, ratings: "Ratings", columns: Columns = "movieId") -> Self:
        """Make the matrix of all ratings.

        Parameters
        ----------
        ratings : Ratings
            The table of ratings.
        columns : {"movieId", "title"}, default "movieId"
            With "movieId", each rated movie has a column, by ascending movieId. With "title", each
            title of a rated movie has a column, in the order of the titles. If a user rated several
            movies of one title, the cell is the mean of these ratings, as in a pivot table.

        Returns
        -------
        RatingMatrix
            One row for each user with a rating, by ascending userId.

        Raises
        ------
        ValueError
            If ``columns`` has another value.

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
        users, user_ids = _coded(table["userId"])
        items, movie_ids = _coded(table["movieId"])
        title_of = ratings.movies.set_index("movieId")["title"]
        titles = title_of.loc[movie_ids].to_numpy(dtype=object)
        data = table["rating"].to_numpy(dtype=np.float64)
        shape = (len(user_ids), len(movie_ids))
        values = sp.csr_array((data, (users, items)), shape=shape)
        values.sort_indices()
        by_movie = cls(values, user_ids, movie_ids, titles, "movieId", ratings.scale)
        return by_movie if columns == "movieId" else by_movie._by_title()

    def _by_title(self) -> Self:
        titles, first, merged = np.unique(self.titles, return_index=True, return_inverse=True)
        of_title = merged.astype(self.values.indices.dtype)[self.values.indices]
        cells = (self.values.data, of_title, self.values.indptr)
        shape = (len(self.user_ids), len(titles))
        values = sp.csr_array(cells, shape=shape, copy=True)
        values.sort_indices()
        if not values.has_canonical_format:
            # A user rated two movies of one title: add the ratings up, and then their number.
            counts = sp.csr_array((np.ones(values.nnz), *cells[1:]), shape=shape, copy=True)
            values.sum_duplicates()
            counts.sum_duplicates()
            values.data /= counts.data
        # Movies ascend by id, so the first movie of a title has the lowest id.
        return replace(
            self, values=values, movie_ids=self.movie_ids[first], titles=titles, columns="title"
        )

    def __repr__(self) -> str:
        n_users, n_items = self.shape
        return f"RatingMatrix({n_users} users x {n_items} movies, {self.values.nnz} ratings)"

    @property
    def shape(self) -> tuple[int, int]:
        """The number of users and the number of items."""
        return len(self.user_ids), len(self.movie_ids)

    def row_of(self, user_id: Id) -> int:
        """Find the row of a user.

        Parameters
        ----------
        user_id : int or str
            A userId.

        Returns
        -------
        int
            The position of the row, from 0.

        Raises
        ------
        KeyError
            If the user has no row.
        """
        found = np.flatnonzero(self.user_ids == user_id)
        if len(found) == 0:
            n_users = len(self.user_ids)
            raise KeyError(f"no user {printable(str(user_id))} among the {n_users} users")
        return int(found[0])

    def column_of(self, movie_id: Id) -> int:
        """Find the column of an item.

        Parameters
        ----------
        movie_id : int or str
            A value of ``movie_ids``.

        Returns
        -------
        int
            The position of the column, from 0.

        Raises
        ------
        KeyError
            If no column has this id.
        """
        found = np.flatnonzero(self.movie_ids == movie_id)
        if len(found) == 0:
            n_items = len(self.movie_ids)
            raise KeyError(f"no movie {printable(str(movie_id))} among the {n_items} movies")
        return int(found[0])

    def counts_by_item(self) -> npt.NDArray[np.intp]:
        """Count the ratings of each item.

        Returns
        -------
        ndarray of shape (n_items,), int
            The number of users who rated each item.
        """
        return np.bincount(self.values.indices, minlength=self.shape[1])

    def counts_by_user(self) -> npt.NDArray[np.intp]:
        """Count the ratings of each user.

        Returns
        -------
        ndarray of shape (n_users,), int
            The number of items that each user rated.
        """
        return np.diff(self.values.indptr).astype(np.intp)

    def means_by_item(self) -> npt.NDArray[np.float64]:
        """Average the ratings of each item.

        Returns
        -------
        ndarray of shape (n_items,), float64
            NaN for an item without ratings.
        """
        sums = np.bincount(self.values.indices, self.values.data, minlength=self.shape[1])
        counts = self.counts_by_item()
        means = np.full(len(sums), np.nan)
        np.divide(sums, counts, out=means, where=counts > 0)
        return means

    def take(
        self, users: npt.NDArray[np.intp] | slice, items: npt.NDArray[np.intp] | slice
    ) -> Self:
        """Take some users and items, with their ids and titles.

        Parameters
        ----------
        users, items : ndarray of int, or slice
            The positions of rows and of columns. The result keeps their order.

        Returns
        -------
        RatingMatrix
            The ratings of these users for these items.
        """
        chosen: Any = self.values[users]  # scipy's stubs have no index by array and slice
        values = sp.csr_array(chosen[:, items])
        values.sort_indices()
        return replace(
            self,
            values=values,
            user_ids=self.user_ids[users],
            movie_ids=self.movie_ids[items],
            titles=self.titles[items],
        )

    def most_rated(self, n_movies: int) -> Self:
        """Take the items with the most ratings.

        Parameters
        ----------
        n_movies : int
            The number of items. If there are fewer, all are taken.

        Returns
        -------
        RatingMatrix
            Items by falling number of ratings. Of equal numbers, the lower movieId comes first.

        Raises
        ------
        ValueError
            If ``n_movies`` is below 1.
        """
        return self.take(
            slice(None), self._busiest(self.counts_by_item(), self.movie_ids, n_movies)
        )

    def densest_region(self, n_movies: int, n_users: int) -> Self:
        """Take the items with the most ratings, then the users with the most of these ratings.

        Parameters
        ----------
        n_movies, n_users : int
            The numbers of items and users. If there are fewer, all are taken.

        Returns
        -------
        RatingMatrix
            Items and users, each by falling number of ratings. Of equal numbers, the lower id comes
            first.

        Raises
        ------
        ValueError
            If ``n_movies`` or ``n_users`` is below 1.
        """
        part = self.most_rated(n_movies)
        return part.take(self._busiest(part.counts_by_user(), part.user_ids, n_users), slice(None))

    @staticmethod
    def _busiest(counts: npt.NDArray[np.intp], ids: Ids, n: int) -> npt.NDArray[np.intp]:
        if n < 1:
            raise ValueError(f"n_movies and n_users must be at least 1, not {n}")
        return np.lexsort((ids, -counts))[:n]

    def to_frame(self, max_cells: int = MAX_FRAME_CELLS) -> pd.DataFrame:
        """Make a dense frame of a small matrix.

        Parameters
        ----------
        max_cells : int
            The greatest number of cells that the frame may have.

        Returns
        -------
        DataFrame of shape (n_users, n_items)
            The index is userId, the columns are movieId or title. NaN means "not rated".

        Raises
        ------
        ValueError
            If the frame would have more than ``max_cells`` cells.
        """
        n_users, n_items = self.shape
        if n_users * n_items > max_cells:
            raise ValueError(
                f"a frame of {n_users:,} x {n_items:,} cells is more than {max_cells:,}; take a "
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


def _coded(ids: "pd.Series[Any]") -> tuple[npt.NDArray[np.int32], Ids]:
    """The place of each id among the distinct ids, and these ids, ascending."""
    # factorize hashes the ids. Sorting 25 million ids would take seconds. int32 codes make scipy
    # keep int32 indices while there are fewer than 2**31 ratings.
    codes, distinct = pd.factorize(ids.to_numpy(), sort=True)
    return codes.astype(np.int32), distinct
