"""EASE: each item is predicted from all other items by one ridge regression."""

import numpy as np
import scipy.sparse as sp

from recsys.data.ratings import Floats, Ratings
from recsys.evaluation.peers.from_likes import FromLikes

# The largest matrix to invert: rows and columns.
MOST = 12_000


class EASE(FromLikes):
    """The linear autoencoder of Steck 2019, Embarrassingly Shallow Autoencoders for Sparse Data.

    X has a row for each user and a column for each item: 1 for a like, ``rated_weight`` for another
    rating, and 0 for no rating. P is the inverse of X'X + ridge I. The weight of item j in the
    score of item i is -P_ji / P_ii, and 0 if j is i (algorithm 1 of the paper). So the scores of a
    user x are x - (x P) / diag(P).

    If there are fewer users than items, P is computed from the inverse of XX' + ridge I, which is
    the smaller matrix (the identity of Woodbury 1950). Memory and time grow with the square and the
    cube of the smaller of the two numbers: with 12,000, the limit, each matrix has 1.2 GB.

    Parameters
    ----------
    ridge : float
        The strength of the regularisation.
    rated_weight : float
        What a rating that is no like counts.

    Examples
    --------
    Who likes item 1 likes item 2 too.

    >>> from recsys import Ratings
    >>> users, items = [1, 1, 2, 2, 3, 4, 5], [1, 2, 1, 2, 1, 3, 3]
    >>> ratings = Ratings.from_columns(users, items, [5, 4, 5, 5, 4, 5, 5])
    >>> EASE(ridge=1).fit(ratings).top(np.array([3]), 2).tolist()
    [[2, 3]]
    """

    def __init__(self, ridge: float = 200.0, rated_weight: float = 0.3) -> None:
        self.ridge = ridge
        self.rated_weight = rated_weight

    def refusal(self, ratings: Ratings) -> str:
        """Why these ratings are too many, or nothing."""
        size = min(ratings.n_users, ratings.n_movies)
        if size <= MOST:
            return ""
        return f"it would invert a matrix of {size:,} x {size:,}, and its limit is {MOST:,}"

    def _learn(self, profiles: sp.csr_array) -> None:
        n_users, n_items = profiles.shape
        self._by_users = profiles if n_users < n_items else None
        gram = (profiles @ profiles.T if n_users < n_items else profiles.T @ profiles).toarray()
        gram[np.diag_indices_from(gram)] += self.ridge
        self._inverse = np.linalg.inv(gram)
        self._diagonal = self._inverse.diagonal()
        if n_users < n_items:
            explained = profiles.multiply(self._inverse @ profiles).sum(axis=0)
            self._diagonal = (1 - explained) / self.ridge

    def _scores(self, profiles: sp.csr_array) -> Floats:
        x = profiles.toarray()
        if self._by_users is None:
            x_precision = x @ self._inverse
        else:
            weights = (profiles @ self._by_users.T).toarray() @ self._inverse
            x_precision = (x - weights @ self._by_users) / self.ridge
        scores: Floats = x - x_precision / self._diagonal
        return scores
