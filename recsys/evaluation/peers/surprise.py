"""Algorithms of scikit-surprise, an optional package, to compare with our own recommenders."""

from typing import Any, Literal, Self, get_args

import numpy as np
import numpy.typing as npt

from recsys.data.ratings import Ratings

Algorithm = Literal["SVD", "BaselineOnly", "KNNBaseline", "KNNBaseline items"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)

# The largest matrix of similarities, as in EASE: rows and columns. Surprise holds several of them.
MOST = 12_000

# KNNBaseline with neighbours among the items, which is better than its default.
_ITEMS = {
    "k": 40,
    "sim_options": {"name": "pearson_baseline", "user_based": False, "shrinkage": 100},
    "bsl_options": {"method": "als", "n_epochs": 10, "reg_i": 3, "reg_u": 5},
}


class SurprisePeer:
    """One of Surprise's algorithms behind ``fit`` and ``predict``.

    The first three have their default settings. "KNNBaseline items" is KNNBaseline with neighbours
    among the items, and has settings of its own.

    Parameters
    ----------
    algorithm : {"SVD", "BaselineOnly", "KNNBaseline", "KNNBaseline items"}
    random_state : int, default 0
        Seed of SVD; the other algorithms use no random numbers.

    Raises
    ------
    ValueError
        If ``algorithm`` is not one of these names.
    """

    def __init__(self, algorithm: Algorithm, *, random_state: int = 0) -> None:
        if algorithm not in ALGORITHMS:
            raise ValueError(f"algorithm must be one of {', '.join(ALGORITHMS)}, not {algorithm!r}")
        self.algorithm = algorithm
        self.random_state = random_state

    def fit(self, ratings: Ratings) -> Self:
        """Learn from ratings, and return the fitted object itself."""
        import surprise

        scale = ratings.scale
        reader = surprise.Reader(rating_scale=(scale.smallest, scale.largest))
        table = ratings.ratings[["userId", "movieId", "rating"]]
        data = surprise.Dataset.load_from_df(table, reader)
        self._fitted = self._unfitted(surprise)
        self._fitted.fit(data.build_full_trainset())
        return self

    def refusal(self, ratings: Ratings) -> str:
        """Why these ratings are too many, or nothing."""
        size = {"KNNBaseline": ratings.n_users, "KNNBaseline items": ratings.n_movies}
        if size.get(self.algorithm, 0) <= MOST:
            return ""
        n = size[self.algorithm]
        return f"it would hold similarities of {n:,} x {n:,}, and its limit is {MOST:,}"

    def _unfitted(self, surprise: Any) -> Any:
        if self.algorithm == "SVD":
            return surprise.SVD(random_state=self.random_state)
        if self.algorithm == "KNNBaseline items":
            return surprise.KNNBaseline(**_ITEMS, verbose=False)
        return getattr(surprise, self.algorithm)(verbose=False)

    def predict(self, user_ids: npt.ArrayLike, movie_ids: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Predict the rating of each (user, item) pair, within the scale."""
        pairs = zip(np.asarray(user_ids).tolist(), np.asarray(movie_ids).tolist(), strict=True)
        return np.array([self._fitted.predict(user, item).est for user, item in pairs])
