"""How sure a mean over users is: bootstrap intervals over users."""

from collections.abc import Sequence
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
        The ends are NaN if there is only one user.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True, eq=False)
class Measured:
    """A value, and what it is in each bootstrap sample of users, of shape (n_draws,).

    The samples depend only on the seed and the number of users. So recommenders that are asked
    about the same users are measured on the same samples.
    """

    value: float
    draws: Floats

    @property
    def estimate(self) -> Estimate:
        """The value with the middle 95 % of its draws."""
        low, high = np.quantile(self.draws, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Estimate(self.value, float(low), float(high))

    def around(self, value: float) -> "Measured":
        """Shift the draws to another value."""
        return Measured(value, self.draws + (value - self.value))

    def less(self, reference: "Measured") -> Estimate:
        """The value less that of a reference, with the interval of the paired difference.

        The difference is taken within each sample. So users who are hard for both recommenders do
        not widen the interval.
        """
        return Measured(self.value - reference.value, self.draws - reference.draws).estimate


@dataclass(frozen=True, eq=False)
class MeasuredErrors:
    """RMSE and MAE of predicted ratings."""

    rmse: Measured
    mae: Measured


# The errors of a recommender that predicts no ratings.
_UNKNOWN = Measured(float("nan"), np.full(N_DRAWS, np.nan))
UNMEASURED = MeasuredErrors(_UNKNOWN, _UNKNOWN)


def resampled_means(
    sums: Floats, n_rows: Ints | Floats, *, seed: int, n_draws: int = N_DRAWS
) -> Floats:
    """Means over rows in bootstrap samples of users, of shape (n_draws, n_measures).

    ``sums`` has shape (n_users, n_measures) and holds sums over each user's rows. Each sample draws
    as many users as there are, with replacement, and takes all rows of each drawn user. The rows of
    one user are alike, so a bootstrap over rows would give intervals that are too narrow (the
    bootstrap by clusters: Davison and Hinkley 1997, section 3.8). A user alone does not show how
    users differ, so the means are NaN then.

    Examples
    --------
    >>> means = resampled_means(np.array([[2.0], [8.0]]), np.array([2, 2]), seed=0, n_draws=50)
    >>> sorted(set(means[:, 0].tolist()))
    [1.0, 2.5, 4.0]
    """
    n_users = len(n_rows)
    if n_users < 2:
        return np.full((n_draws, sums.shape[1]), np.nan)
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


def measured_errors(errors: ErrorsByUser, seed: int) -> MeasuredErrors:
    """RMSE and MAE over all rows; users without rows are in no sample."""
    asked = errors.n_rows > 0
    sums = np.column_stack([errors.squared, errors.absolute])[asked]
    means = resampled_means(sums, errors.n_rows[asked], seed=seed)
    return MeasuredErrors(
        rmse=Measured(errors.rmse, np.sqrt(means[:, 0])), mae=Measured(errors.mae, means[:, 1])
    )


def measured_mean(by_user: Floats, seed: int) -> Measured:
    """The mean over users of one value per user."""
    draws = resampled_means(by_user[:, None], np.ones(len(by_user)), seed=seed)
    return Measured(float(by_user.mean()), draws[:, 0])


def mean_of(several: Sequence[Measured]) -> Measured:
    """The mean of values that were measured on the same samples."""
    value = float(np.mean([one.value for one in several]))
    return Measured(value, np.mean([one.draws for one in several], axis=0))
