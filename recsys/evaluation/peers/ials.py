"""iALS of the package implicit, an optional package."""

from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys.data.ratings import Floats
from recsys.evaluation.peers.from_likes import FromLikes


class ImplicitALS(FromLikes):
    """Matrix factorisation by weighted least squares (Hu, Koren and Volinsky 2008), on likes.

    Every cell of the users x items matrix has the weight 1, and the cell of a like has the weight
    1 + ``alpha``. The factors of every user are computed from their likes and the factors of the
    items, so a new user is treated as a training user is.

    Parameters
    ----------
    factors : int
        Numbers for each user and item.
    regularization : float
        The strength of the regularisation.
    alpha : float
        The extra weight of a like.
    iterations : int
        How often all factors are computed in turn.
    random_state : int, default 0
        Seed of the first factors.
    """

    def __init__(
        self,
        factors: int = 32,
        regularization: float = 10.0,
        alpha: float = 2.0,
        iterations: int = 15,
        *,
        random_state: int = 0,
    ) -> None:
        self.factors = factors
        self.regularization = regularization
        self.alpha = alpha
        self.iterations = iterations
        self.random_state = random_state

    def _learn(self, profiles: sp.csr_array) -> None:
        from implicit.cpu.als import AlternatingLeastSquares
        from threadpoolctl import threadpool_limits

        # implicit warns if BLAS has threads besides its own, as soon as a model is made.
        with threadpool_limits(1, "blas"):
            self._fitted = AlternatingLeastSquares(
                factors=self.factors,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                random_state=self.random_state,
            )
            self._fitted.fit(_as_implicit(profiles), show_progress=False)

    def _scores(self, profiles: sp.csr_array) -> Floats:
        every_user = np.arange(profiles.shape[0])
        users = self._fitted.recalculate_user(every_user, _as_implicit(profiles))
        scores: Floats = (users @ self._fitted.item_factors.T).astype(np.float64)
        return scores


def _as_implicit(profiles: sp.csr_array) -> Any:
    return sp.csr_matrix(profiles, dtype=np.float32)
