"""Tables of any groups of users, as a recommender counts them for its own groups."""

import numpy as np
import scipy.sparse as sp

from recsys.recommenders.group_tables import GroupTables, counts_of


def tables_of(
    labels: np.ndarray, n_groups: int, rated: sp.csr_array, is_like: np.ndarray
) -> GroupTables:
    """Count the members of each group, and their likes. The label n_groups is no group."""
    sizes = np.bincount(labels.ravel(), minlength=n_groups + 1)[:n_groups]
    places = np.arange(rated.shape[1])
    starts = np.append(0, np.cumsum(is_like))[rated.indptr]
    likes = counts_of(labels, sizes, rated.indices[is_like], starts, places)
    return GroupTables(labels, rated, sizes, places, likes)
