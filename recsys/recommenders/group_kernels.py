"""Compiled loops over the ratings of users in groups. IN: read only. OUT: written."""

from typing import Any

from kmeans_core.kernels.jit import kernel

Array = Any


@kernel
def count_items(
    items: Array,  # IN (n_cells,): the items of all users
    starts: Array,  # IN (n_users + 1,): where the items of each user start
    places: Array,  # IN (n_items,): the place of each item
    labels: Array,  # IN (n_users,): the group of each user in one grouping
    users: Array,  # IN (n_users,): the users by ascending label
    counts: Array,  # IN/OUT (n_tiles * width,): zeros, and zeros again afterwards
    tiles: Array,  # OUT (n_tiles, n_groups, width): the members of each group who have each item
) -> None:
    """Count the items of each group of a grouping. A label from n_groups on is no group.

    Group after group is counted in one row, which stays in the cache. The cells of a group in the
    tiles are far from each other.
    """
    n_tiles, n_groups, width = tiles.shape
    for i in range(len(users)):
        group = labels[users[i]]
        if group >= n_groups:
            break
        for cell in range(starts[users[i]], starts[users[i] + 1]):
            counts[places[items[cell]]] += 1
        if i + 1 == len(users) or labels[users[i + 1]] != group:
            for tile in range(n_tiles):
                for column in range(width):
                    tiles[tile, group, column] = counts[tile * width + column]
            counts[:] = 0
