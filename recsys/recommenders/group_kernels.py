"""Compiled loops over the ratings of users in groups. IN: read only. OUT: written."""

from typing import Any

from kmeans_core.kernels.jit import kernel

Array = Any


@kernel
def count_items(
    items: Array,  # IN (n_cells,): the items of all users
    starts: Array,  # IN (n_users + 1,): where the items of each user start
    places: Array,  # IN (n_items,): the place of each item
    labels: Array,  # IN (n_groupings, n_users): the group of each user in each grouping
    start: int,  # IN: the first grouping to count
    stop: int,  # IN
    tiles: Array,  # OUT (n_tiles, n_groups, width): one more for each member of a group and item
) -> None:
    """Count the items of the groups of some groupings. A user may be in no group: n_groups.

    Groups have numbers of their own in each grouping, so threads that count different groupings
    write different cells.
    """
    n_groups, width = tiles.shape[1:]
    for grouping in range(start, stop):
        for user in range(labels.shape[1]):
            group = labels[grouping, user]
            if group < n_groups:
                for cell in range(starts[user], starts[user + 1]):
                    place = places[items[cell]]
                    tiles[place // width, group, place % width] += 1
