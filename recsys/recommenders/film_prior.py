"""The film prior: the bias that the biases of films like it lead one to expect of a film."""

from dataclasses import replace

import numpy as np
import scipy.sparse as sp

from recsys.recommenders.biases import Biases
from recsys.recommenders.embeddings import Basis, Floats32, of_length_one, random_mixture
from recsys.recommenders.stages import Groups, clustered, n_groups_of
from recsys.recommenders.training import TrainingData
from recsys.recommenders.types import Floats
from recsys.titles.names import year_of

# Films are grouped this many times, into this many groups at least and at most.
N_GROUPINGS = 20
GROUPS = (64, 1024)

# k-means clusters this many random mixtures of each kind of features.
N_COMPONENTS = 20

# A film counts as if it had this many more ratings that differ from the mean as its prior says.
ITEM_DAMPING = 5.0
USER_DAMPING = 5.0

# The prior and the biases are computed in turn.
N_ROUNDS = 3
N_SWEEPS = 4

# A film with this many ratings counts half in the prior of others.
HALF_TRUSTED = 8.0


def standardized(values: Floats) -> Floats32:
    """(n_items, 1): values minus their mean, over their standard deviation. NaN becomes 0."""
    known = values[~np.isnan(values)]
    if not known.size or known.std() == 0:
        return np.zeros((len(values), 1), np.float32)
    scaled = (values - known.mean()) / known.std()
    return np.nan_to_num(scaled, nan=0.0)[:, None].astype(np.float32)


def years_of(data: TrainingData) -> Floats32:
    """(n_items, 1): the standardized years in the titles, or no column without years."""
    years = np.array([year_of(title) for title in data.matrix.titles], np.float64)
    return standardized(years) if np.any(~np.isnan(years)) else np.empty((len(years), 0), np.float32)


def grouped_films(
    data: TrainingData, basis: Basis, years: Floats32, rng: np.random.Generator
) -> list[Groups]:
    """Group films many times by who rated them, their genres and their years."""
    sides = [basis.items]
    if np.any(data.genres):
        sides.append(of_length_one(data.genres))
    found = []
    for _ in range(N_GROUPINGS):
        mixed = [random_mixture(side, N_COMPONENTS, rng)[0] for side in sides]
        n_groups = n_groups_of(GROUPS, data.n_items, rng)
        found.append(clustered(np.hstack([*mixed, years]), n_groups, rng).labels_)
    return found


def biases_with_prior(rated: sp.csr_array, groupings: list[Groups]) -> Biases:
    """Compute biases that are damped toward the film prior.
    """
    n_of_items = np.bincount(rated.indices, minlength=rated.shape[1])
    weights = n_of_items / (n_of_items + HALF_TRUSTED)
    found = Biases.learned(rated, ITEM_DAMPING, USER_DAMPING, N_SWEEPS)
    for _ in range(N_ROUNDS):
        means = found.sums_of_items(rated) / np.maximum(n_of_items, 1)
        prior = np.mean([_of_others(labels, weights, means) for labels in groupings], axis=0)
        found = found.swept(rated, ITEM_DAMPING, prior, N_SWEEPS)
    return found


def _of_others(labels: Groups, weights: Floats, means: Floats) -> Floats:
    """For each film, the damped weighted mean of the other films of its group."""
    weighted = weights * means
    sums = np.bincount(labels, weighted)[labels] - weighted
    return sums / (np.bincount(labels, weights)[labels] - weights + 1.0)
