"""Many groupings of the same users or items: each clusters another random mixture of directions."""

import numpy as np
import numpy.typing as npt

from kmeans_core import KMeans
from recsys.recommenders.embeddings import Floats32, random_mixture
from recsys.recommenders.stages import clustered, n_groups_of

# k-means clusters this many random mixtures of the directions of a basis.
N_COMPONENTS = 15


def groupings(
    n: int,
    limits: tuple[int, int],
    embeddings: Floats32,
    rng: np.random.Generator,
    *,
    beside: Floats32 | None = None,
) -> npt.NDArray[np.int32]:
    """Group the rows of embeddings n times. Return the labels, of shape (n, n_rows).

    A random mixture of the columns of ``beside`` stands beside that of the embeddings. It counts as
    much as these if its rows have length 1.
    """
    labels = np.empty((n, len(embeddings)), dtype=np.int32)
    for number in range(n):
        labels[number] = grouping(limits, embeddings, rng, beside=beside)[1].labels_
    return labels


def grouping(
    limits: tuple[int, int],
    embeddings: Floats32,
    rng: np.random.Generator,
    *,
    beside: Floats32 | None = None,
) -> tuple[Floats32, KMeans]:
    """Group the rows of embeddings once. Return the mixture of their columns, and k-means."""
    n_groups = n_groups_of(limits, len(embeddings), rng)
    features, mixture = random_mixture(embeddings, N_COMPONENTS, rng)
    if beside is not None:
        features = np.hstack([features, random_mixture(beside, N_COMPONENTS, rng)[0]])
    return mixture, clustered(features, n_groups, rng)
