"""Kernels that go through the residuals of each user and take group means off them.

Ratings stand as in a CSR matrix: those of user u are indptr[u]..indptr[u + 1]. Each kernel writes
what belongs to its own users or groups alone, so its results do not depend on threads. An unsigned
index needs no check for a negative one.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel


@kernel
def subtract_own_means(
    indptr,  # IN (n_users + 1,)
    items,  # IN (n_ratings,)
    labels,  # IN (n_films + 1,): the group of each film, below n_groups for items with ratings
    rates,  # IN (n_users,): the share of the means that counts
    damping,  # IN: a mean counts as if it had this many more residuals of 0
    start,  # IN: first user
    stop,  # IN: user to stop before
    residuals,  # IN/OUT (n_ratings,)
    means,  # OUT (n_users, n_groups + 1), zeros; no rows if nobody asks for the means
):
    """Subtract from each residual the user's mean in its group, without the residual itself."""
    n_groups = means.shape[1] - 1
    sums, counts, weights = np.empty(n_groups), np.empty(n_groups), np.empty(n_groups)
    for user in range(start, stop):
        first, last = indptr[user], indptr[user + 1]
        sums[:] = 0.0
        counts[:] = 0.0
        for cell in range(first, last):
            group = np.uint32(labels[np.uint32(items[cell])])
            sums[group] += residuals[cell]
            counts[group] += 1.0
        for group in range(n_groups):
            weights[group] = rates[user] / (counts[group] - 1.0 + damping)
        for cell in range(first, last):
            group, own = np.uint32(labels[np.uint32(items[cell])]), residuals[cell]
            residuals[cell] = own - weights[group] * (sums[group] - own)
        if len(means) > 0:
            for group in range(n_groups):
                means[user, group] = rates[user] * (sums[group] / (counts[group] + damping))


@kernel
def add_up_groups(
    indptr,  # IN (n_users + 1,)
    items,  # IN (n_ratings,)
    residuals,  # IN (n_ratings,)
    members,  # IN (n_users,): the users, group by group
    starts,  # IN (n_groups + 1,): the place of the first member of each group
    start,  # IN: first group
    stop,  # IN: group to stop before
    sums,  # OUT (n_groups, n_items), zeros
    counts,  # OUT (n_groups, n_items), zeros
):
    """Add up and count the residuals of each group for each item."""
    for group in range(start, stop):
        for place in range(starts[group], starts[group + 1]):
            user = members[place]
            for cell in range(indptr[user], indptr[user + 1]):
                item = np.uint32(items[cell])
                sums[group, item] += residuals[cell]
                counts[group, item] += 1


@kernel
def subtract_means_of_groups(
    indptr,  # IN (n_users + 1,)
    items,  # IN (n_ratings,)
    groups,  # IN (n_users,): the group of each user
    adds,  # IN (n_groups + 1, n_items + 1): the rate times the mean of each group for each item
    counts,  # IN (n_groups, n_items): the residuals in each of these means
    rate,  # IN: the share of the means that counts
    damping,  # IN: a mean counts as if it had this many more residuals of 0
    start,  # IN: first user
    stop,  # IN: user to stop before
    residuals,  # IN/OUT (n_ratings,)
):
    """Subtract from each residual the mean of the user's group, without the residual itself.

    With the sum s of n residuals, damping d and rate r, the mean m = r s / (n + d) is known. The
    mean without the residual x is r (s - x) / (n - 1 + d) = m + (m - r x) / (n - 1 + d).
    """
    for user in range(start, stop):
        group = groups[user]
        for cell in range(indptr[user], indptr[user + 1]):
            item, own = np.uint32(items[cell]), residuals[cell]
            mean = np.float64(adds[group, item])
            # A forged file may have a count of 0 here.
            n_others = max(counts[group, item] - 1, 0)
            residuals[cell] = own - mean - (mean - rate * own) / (n_others + damping)
