"""The film prior: the bias to expect of a film, from the biases of other films like it."""

import numpy as np
import scipy.sparse as sp

from recsys.recommenders.biases import USER_DAMPING, Biases
from recsys.recommenders.film_features import FilmFeatures
from recsys.recommenders.stages import Groups, clustered, n_groups_of
from recsys.recommenders.types import Floats, Ints

# Films are grouped this many times. The least and the greatest number of groups:
N_GROUPINGS = 20
GROUPS = (32, 512)

# A film counts as if it had this many more ratings, which differ from the mean by its prior.
ITEM_DAMPING = 16.0

# The prior and the biases are computed in turn.
N_ROUNDS = 3
N_SWEEPS = 4

# A film with this many ratings counts half in the prior of others.
HALF_TRUSTED = 8.0


def grouped_films(films: FilmFeatures, rng: np.random.Generator) -> list[Groups]:
    """Group films many times by who rated them, their genres and their years."""
    found = []
    for _ in range(N_GROUPINGS):
        n_groups = n_groups_of(GROUPS, len(films), rng)
        found.append(clustered(films.by_years(rng), n_groups, rng).labels_)
    return found


def biases_with_prior(rated: sp.csr_array, groupings: list[Groups]) -> Biases:
    """Compute biases, where those of films are damped toward the film prior.

    ``item_biases`` has n_films + 1 values: first the items of ``rated``, then the 0 of films
    outside the training data, then the unrated films, which have their prior as bias.

    The prior of a film has two terms. One is the mean bias of the films that have about as many
    ratings: films that few people rate are worse. The other is how much the films of its group
    differ from that, averaged over the groupings. The film itself is left out of all means.
    """
    n_films = len(groupings[0])
    n_ratings = np.bincount(rated.indices, minlength=n_films)
    well_known = _doublings(n_ratings)
    weights = n_ratings / (n_ratings + HALF_TRUSTED)
    found = Biases.learned(rated, ITEM_DAMPING, USER_DAMPING, N_SWEEPS)
    for _ in range(N_ROUNDS):
        means = found.sums_of_items(rated, n_films) / np.maximum(n_ratings, 1)
        prior = mean_of_others(well_known, weights, means)
        means -= prior
        prior += np.mean([mean_of_others(each, weights, means) for each in groupings], axis=0)
        found = found.swept(rated, prior, ITEM_DAMPING, N_SWEEPS)
    return found


def _doublings(n_ratings: Ints) -> Ints:
    """Group films by their numbers of ratings: 0 or 1, 2, 3 to 5, 6 to 11, 12 to 22, ..."""
    doublings: Ints = np.round(np.log2(np.maximum(n_ratings, 1))).astype(np.int64)
    return doublings


def mean_of_others(labels: Groups | Ints, weights: Floats, means: Floats) -> Floats:
    """For each film, the weighted mean of the other films of its group, damped by a weight of 1.

    Examples
    --------
    >>> mean_of_others(np.array([0, 0, 0, 1]), np.ones(4), np.array([1.0, 2.0, 4.0, 9.0])).tolist()
    [2.0, 1.6666666666666667, 1.0, 0.0]
    """
    weighted = weights * means
    sums = np.bincount(labels, weighted)[labels] - weighted
    others: Floats = sums / (np.bincount(labels, weights)[labels] - weights + 1.0)
    return others
