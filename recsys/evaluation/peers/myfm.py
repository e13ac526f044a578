"""Bayesian factorisation machines of the package myFM, an optional package."""

import io
from contextlib import redirect_stderr
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from recsys.data.ids import Ids
from recsys.data.ratings import Floats, Ratings
from recsys.recommenders.training import TrainingData
from recsys.titles.names import Title


class MyFM:
    """A factorisation machine whose parameters are drawn by Gibbs sampling.

    The features of a rating are its user and its item, the items that the user rated, the users who
    rated the item (SVD++ in both directions: Rendle, Zhang and Koren 2019, On the Difficulty of
    Evaluating Baselines), and the genres and the year of the item if there are any. A user or an
    item outside the training data has no features.

    Parameters
    ----------
    rank : int
        Numbers for each feature.
    n_iter : int
        The number of draws. The first fifth of them is left out.
    random_state : int, default 0
        Seed of the draws.
    """

    def __init__(self, rank: int = 12, n_iter: int = 100, *, random_state: int = 0) -> None:
        self.rank = rank
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, ratings: Ratings) -> Self:
        """Learn from ratings, and return the fitted object itself."""
        import myfm

        self._data = TrainingData.of(ratings)
        values = self._data.matrix.values
        rated = sp.csr_array((np.ones(values.nnz), values.indices, values.indptr), values.shape)
        genres, years = sp.csr_array(self._data.genres), _years(self._data.matrix.titles)
        self._features = (
            _block(sp.eye_array(rated.shape[0]), rated),
            _block(sp.eye_array(rated.shape[1]), rated.T, genres, years),
        )
        rows, columns = rated.tocoo().coords
        self._fitted = myfm.MyFMRegressor(rank=self.rank, random_seed=self.random_state)
        with redirect_stderr(io.StringIO()):  # myFM always draws a progress bar
            self._fitted.fit(
                None,
                values.data,
                X_rel=self._related(rows, columns),
                n_iter=self.n_iter,
                n_kept_samples=self.n_iter - self.n_iter // 5,
                group_shapes=[*rated.shape, *rated.T.shape, genres.shape[1], years.shape[1]],
            )
        return self

    def predict(self, user_ids: Ids, movie_ids: Ids) -> Floats:
        """Predict the rating of each (user, item) pair."""
        rows = self._data.rows(user_ids)
        rows[rows < 0] = self._data.n_users
        related = self._related(rows, self._data.columns(movie_ids))
        predicted: Floats = self._fitted.predict(None, X_rel=related)
        return predicted

    def _related(self, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> list[Any]:
        import myfm

        users, items = self._features
        return [myfm.RelationBlock(rows, users), myfm.RelationBlock(columns, items)]


def _years(titles: npt.NDArray[Any]) -> sp.csr_array:
    """(n_items, n_years): 1 if an item is of a year; the year is in brackets behind its title."""
    years = pd.Series([Title.of(title).year for title in titles], dtype="Int64")
    return sp.csr_array(pd.get_dummies(years).to_numpy(np.float64))


def _block(own: Any, *others: Any) -> sp.csr_matrix:
    """Put features side by side, and a row without features below them.

    Each row of ``others``, which are 0 or 1, is scaled to length 1.
    """
    scaled = [other / np.sqrt(np.maximum(other.sum(axis=1), 1))[:, None] for other in others]
    side_by_side = sp.hstack([own, *scaled])
    nobody = sp.csr_array((1, side_by_side.shape[1]))
    return sp.csr_matrix(sp.vstack([side_by_side, nobody]))
