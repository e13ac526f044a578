"""Compiled loops over users and films: counts of groups, and which films of a list a part lifts.

IN: read only. OUT: written.
"""

from typing import Any

from kmeans_core.kernels.jit import kernel

Array = Any


@kernel
def count_films_of_groups(
    labels: Array,  # IN (n_groupings, n_users)
    first: int,  # IN the first grouping
    stop: int,  # IN the grouping after the last one
    starts: Array,  # IN (n_users + 1,): where each user's films start
    items: Array,  # IN (n_ratings,): the films of all users
    counted: Array,  # IN (n_ratings,) bool: which of them count
    places: Array,  # IN (n_items,): the column of each film in the table, or -1
    table: Array,  # OUT (n_groups, n_films): one more for each member and film that counts
) -> None:
    """Count, for each group of some groupings and each film, the members whose rating counts.

    A label from n_groups on is no group. Groups have numbers of their own in each grouping, so
    threads that count different groupings write different rows.
    """
    n_groups = len(table)
    for grouping in range(first, stop):
        for user in range(labels.shape[1]):
            group = labels[grouping, user]
            if group >= n_groups:
                continue
            row = table[group]
            for cell in range(starts[user], starts[user + 1]):
                place = places[items[cell]]
                if counted[cell] and place >= 0:
                    row[place] += 1


@kernel
def mark_lifted(
    part: Array,  # IN (n_films,): a part of one user's scores
    shown: Array,  # IN (n_films,) bool: the films that a list may show to the user
    items: Array,  # IN (n_listed,)
    lifted: Array,  # OUT (n_listed,) bool
) -> None:
    """Tell whether the part of each item is above the median of the part over the films shown.

    The answer is that of ``part[item] > np.median(part[shown])``, by counting instead of sorting.
    Let n films be shown, and let the part of c of them be below v. The films in the middle are the
    ones at (n - 1) // 2 and at n // 2 of the sorted films, from 0. The median is their mean.

    - If 2 c > n, both are below v. Their mean is at most the upper one, so v is above the median.
    - If 2 c < n, the lower one is at least v, so v is not above the median.
    - If 2 c = n, the lower one is the largest number below v, and the upper one is the smallest of
      the others. Their mean decides.

    Without films the median counts as 0. One pass over the films finds the answer for the item
    with the smallest part. If it is lifted, so are all others.
    """
    n_shown = 0
    for film in range(len(part)):
        n_shown += shown[film]
    least = 0
    for place in range(1, len(items)):
        if part[items[place]] < part[items[least]]:
            least = place
    if len(items) > 0 and _is_lifted(part, shown, n_shown, part[items[least]]):
        lifted[:] = True
        return
    for place in range(len(items)):
        lifted[place] = _is_lifted(part, shown, n_shown, part[items[place]])


@kernel
def _is_lifted(part: Array, shown: Array, n_shown: int, value: float) -> bool:
    """Tell whether a value is above the median of the films shown, as `mark_lifted` says."""
    if n_shown == 0:
        return value > 0
    n_below = 0
    for film in range(len(part)):
        n_below += shown[film] & (part[film] < value)
    if 2 * n_below != n_shown:
        return 2 * n_below > n_shown
    lower, upper = -float("inf"), float("inf")
    for film in range(len(part)):
        if shown[film] and part[film] < value:
            lower = max(lower, part[film])
        elif shown[film]:
            upper = min(upper, part[film])
    return value > (lower + upper) / 2
