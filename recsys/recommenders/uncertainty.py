"""How sure predicted ratings are: the spread of their errors, learned from held-out ratings."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp
from scipy.optimize import nnls

from recsys.recommenders.forms import LARGEST, Form, real
from recsys.recommenders.training import user_index_of
from recsys.recommenders.types import Floats

# The error size of a user or a film counts as if there were this many more errors of size 1.
DAMPING = 10.0

# The weights of the variance and the weights of the squared errors are computed in turn.
N_ROUNDS = 4

# The quantiles of errors are known at this many evenly spaced levels from 0 to 1.
LEVELS = np.linspace(0.0, 1.0, 101)

# Predictions have this many bands by their standard deviation, and as many by their height.
N_BANDS = 5

# A pair of bands with fewer held-out ratings takes the quantiles of all.
LEAST_HELD = 50

# An error over its standard deviation that reaches beyond every scale.
BEYOND = 1e9

# No variance is less, so that divisions by it are finite.
LEAST_VARIANCE = 1e-12

# The forms of the arrays in a file.
FORMS: dict[str, Form] = {
    "mean_square": real(least=0, most=LARGEST**2),
    "item_sizes": real("n_items+1", least=0),
    "weights": real(5, least=0),
    "deviation_limits": real(N_BANDS - 1, least=0),
    "height_limits": real(N_BANDS - 1),
    "quantiles": real(N_BANDS, N_BANDS, len(LEVELS)),
}


@dataclass(frozen=True, eq=False)
class ErrorSizes:
    """How large the errors of training ratings are: 1 is average."""

    mean_square: float
    item_sizes: Floats  # (n_items + 1,): the last one is 1, for films without ratings

    @classmethod
    def of(cls, rated: sp.csr_array, errors: Floats) -> Self:
        """Compute the sizes. ``errors`` are in the order of ``rated.data``."""
        mean_square = max(float(np.mean(errors**2)), LEAST_VARIANCE)
        squares = errors**2 / mean_square
        return cls(mean_square, damped_means(squares, rated.indices, rated.shape[1] + 1))

    def of_users(self, rated: sp.csr_array, errors: Floats) -> Floats:
        """(n_users,): the sizes of the errors of users, given their ratings and errors."""
        squares = errors**2 / self.mean_square
        return damped_means(squares, user_index_of(rated), rated.shape[0])


def damped_means(squares: Floats, index: Any, n: int) -> Floats:
    """(n,): the mean of the squared errors of each user or item, damped toward 1.

    Examples
    --------
    >>> damped_means(np.array([3.0, 1.0, 0.5]), np.array([0, 0, 1]), 3).round(3).tolist()
    [1.167, 0.955, 1.0]
    """
    sums = np.bincount(index, squares, minlength=n) + DAMPING
    return np.asarray(sums / (np.bincount(index, minlength=n) + DAMPING), np.float64)


def features(n_of_user: Any, n_of_item: Any, user_sizes: Floats, item_sizes: Floats) -> Floats:
    """(5, ...): the variance of an error is linear in these.

    A user or an item with few ratings has an uncertain mean. Its variance falls with 1 / n.
    """
    rarities = (1.0 / (1.0 + n_of_user), 1.0 / (1.0 + n_of_item))
    return np.stack(np.broadcast_arrays(1.0, *rarities, user_sizes, item_sizes))


def variances_of(weights: Floats, known: Floats) -> Floats:
    """The variances of errors, without BLAS: its last bits depend on the number of threads."""
    variances: Floats = np.einsum("i,i...->...", weights, known)
    return np.maximum(variances, LEAST_VARIANCE)


@dataclass(frozen=True, eq=False)
class Uncertainty:
    """The variances of errors, and the quantiles of errors over their standard deviations.

    Errors are skewed near the ends of the scale, and ratings are discrete. So predictions have
    `N_BANDS` bands by their standard deviation and as many by their height, and each pair of bands
    has its own quantiles, as in Mondrian conformal prediction (Vovk, Gammerman, Shafer 2005,
    Algorithmic Learning in a Random World, section 4.5).
    """

    weights: Floats  # (5,), of `features`
    deviation_limits: Floats  # (N_BANDS - 1,), between the bands
    height_limits: Floats
    quantiles: Floats  # (N_BANDS, N_BANDS, n_levels), at `LEVELS`

    @classmethod
    def learned(cls, known: Floats, errors: Floats, predicted: Floats) -> Self:
        """Learn from the `features` and the errors of predictions of held-out ratings.

        The weights are least squares for the squared errors, none below 0. The variance of a
        squared error grows with the square of its mean, so squares are weighted by the inverse.
        """
        variances = np.full(errors.shape, max(float(np.mean(errors**2)), LEAST_VARIANCE))
        for _ in range(N_ROUNDS):
            weights = nnls((known / variances).T, errors**2 / variances)[0]
            variances = variances_of(weights, known)
        deviations = np.sqrt(variances)
        relative = errors / deviations
        shares = np.arange(1, N_BANDS) / N_BANDS
        limits = np.quantile(deviations, shares), np.quantile(predicted, shares)
        bands = np.searchsorted(limits[0], deviations), np.searchsorted(limits[1], predicted)
        # Of n errors and a new one, each is as likely as another to be the largest. So a few errors
        # have quantiles beyond them (Vovk, Gammerman, Shafer 2005, section 2.2).
        ends = [-BEYOND, BEYOND] if len(relative) < LEAST_HELD else []
        of_all = np.quantile(np.append(relative, ends), LEVELS)
        quantiles = np.empty((N_BANDS, N_BANDS, len(LEVELS)))
        for band in np.ndindex(N_BANDS, N_BANDS):
            here = relative[(bands[0] == band[0]) & (bands[1] == band[1])]
            quantiles[band] = np.quantile(here, LEVELS) if len(here) >= LEAST_HELD else of_all
        return cls(weights, *limits, quantiles)

    def interval(self, known: Floats, predicted: Floats, level: float) -> tuple[Floats, Floats]:
        """The ends of the intervals that hold ratings at this level."""
        deviations = np.sqrt(variances_of(self.weights, known))
        bands = (
            np.searchsorted(self.deviation_limits, deviations),
            np.searchsorted(self.height_limits, predicted),
        )
        ends = []
        for share in (0.5 - level / 2, 0.5 + level / 2):
            of_bands = quantile_at(self.quantiles, share)
            ends.append(predicted + of_bands[bands] * deviations)
        return ends[0], ends[1]


def quantile_at(quantiles: Floats, share: float) -> Floats:
    """The quantiles at one share, between those at `LEVELS`."""
    place = share * (len(LEVELS) - 1)
    below = min(int(place), len(LEVELS) - 2)
    rest = place - below
    found: Floats = (1 - rest) * quantiles[..., below] + rest * quantiles[..., below + 1]
    return found


def arrays_of(sizes: ErrorSizes, uncertainty: Uncertainty) -> dict[str, npt.NDArray[Any]]:
    """The arrays for a file, as `FORMS` declares them."""
    return {name: np.asarray(value) for name, value in (vars(sizes) | vars(uncertainty)).items()}


def of_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> tuple[ErrorSizes, Uncertainty]:
    """Restore what :func:`arrays_of` was given. ValueError if the arrays do not agree."""
    mean_square = float(arrays["mean_square"])
    if mean_square < LEAST_VARIANCE:
        raise ValueError(f"mean_square {mean_square} is below {LEAST_VARIANCE}")
    learned = Uncertainty(**{each.name: arrays[each.name] for each in fields(Uncertainty)})
    for name in ("deviation_limits", "height_limits", "quantiles"):
        if np.any(np.diff(arrays[name]) < 0):
            raise ValueError(f"{name} do not ascend")
    return ErrorSizes(mean_square, arrays["item_sizes"]), learned
