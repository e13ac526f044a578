"""How sure a mean over users is: bootstrap intervals over users."""

from dataclasses import dataclass

import numpy as np

from recsys.data.ratings import Floats, Ints
from recsys.evaluation.metrics import ErrorsByUser

N_DRAWS = 1000
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % bootstrap interval over users.

    Attributes
    ----------
    value, low, high : float
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class ErrorDraws:
    """RMSE and MAE of each bootstrap sample of users, each of shape (n_draws,)."""

    rmse: Floats
    mae: Floats


def resampled_means(
    sums: Floats, n_rows: Ints | Floats, *, seed: int, n_draws: int = N_DRAWS
) -> Floats:
    """Means over rows in bootstrap samples of users, of shape (n_draws, n_measures).

    ``sums`` has shape (n_users, n_measures) and holds sums over each user's rows. Each sample draws
    as many users as there are, with replacement, and takes all rows of each drawn user. The rows of
    one user are alike, so a bootstrap over rows would give intervals that are too narrow (the
    bootstrap by clusters: Davison and Hinkley 1997, section 3.8).

    Examples
    --------
    >>> means = resampled_means(np.array([[2.0], [8.0]]), np.array([2, 2]), seed=0, n_draws=50)
    >>> sorted(set(means[:, 0].tolist()))
    [1.0, 2.5, 4.0]
    """
    n_users = len(n_rows)
    rng = np.random.default_rng(seed)
    columns = np.column_stack([sums, n_rows]).astype(np.float64)
    totals = np.array(
        [
            np.bincount(rng.integers(n_users, size=n_users), minlength=n_users) @ columns
            for _ in range(n_draws)
        ]
    )
    means: Floats = totals[:, :-1] / totals[:, -1:]
    return means


def estimate(value: float, draws: Floats) -> Estimate:
    """Pair a value with the middle 95 % of its draws."""
    low, high = np.quantile(draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Estimate(value, float(low), float(high))


def error_draws(errors: ErrorsByUser, seed: int) -> ErrorDraws:
    """RMSE and MAE in bootstrap samples of users; users without rows are never drawn."""
    asked = errors.n_rows > 0
    sums = np.column_stack([errors.squared, errors.absolute])[asked]
    means = resampled_means(sums, errors.n_rows[asked], seed=seed)
    return ErrorDraws(rmse=np.sqrt(means[:, 0]), mae=means[:, 1])


def mean_estimate(by_user: Floats, seed: int) -> Estimate:
    """The mean over users of one value per user, with its interval."""
    draws = resampled_means(by_user[:, None], np.ones(len(by_user)), seed=seed)
    return estimate(float(by_user.mean()), draws[:, 0])
