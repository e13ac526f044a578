"""Kernels of groups of users: likes of groups, shares of users in groups, and lists of best items.

The likes of groups stand in tiles of items (`group_tables.TILE`), so that the counts of all groups
for the items of a tile fit into a cache. Items have places, by falling number of likes.
"""

import numpy as np

from kmeans_core.kernels.jit import kernel

# The rounding errors of a sum are less than this share of it.
SLACK = 1e-4

# Logarithms of counts below this are computed once for each item.
FEW = 256


@kernel
def surprises(
    tiles,  # IN (n_tiles, n_groups, width): the likes of groups
    places,  # IN (n_liked,): the places of some items
    popularity,  # IN (n_liked,): the share of all users who like each of them
    start,  # IN: the first item
    stop,  # IN
    found,  # IN/OUT (n_liked, n_groups) float32: zeros become log(1 + likes / popularity)
):
    """How much more likely a like of an item is in each group than among all users."""
    width = tiles.shape[2]
    logs = np.empty(FEW)
    for i in range(start, stop):
        tile, column = places[i] // width, places[i] % width
        for likes in range(FEW):
            logs[likes] = -1.0
        for group in range(tiles.shape[1]):
            likes = tiles[tile, group, column]
            if likes >= FEW:
                found[i, group] = np.log1p(likes / popularity[i])
            elif likes:
                if logs[likes] < 0.0:
                    logs[likes] = np.log1p(likes / popularity[i])
                found[i, group] = logs[likes]


@kernel
def share_users(
    items,  # IN (n_likes,): the rows of the liked items in `surprise`, user by user
    weights,  # IN (n_likes,) float64: the weights of likes
    starts,  # IN (n_users + 1,): where the likes of each user start
    surprise,  # IN (n_liked, n_groups) float32: from `surprises`
    like_counts,  # IN: what a like counts
    log_sizes,  # IN (n_groups,): the log of the number of members
    log_more,  # IN (n_groups,): the log of that number plus 1
    limits,  # IN (n_groupings + 1,): the first group of each grouping, and n_groups
    least_share,  # IN: smaller shares of a grouping become 0
    start,  # IN: the first user
    stop,  # IN
    shares,  # IN/OUT (n_users, n_groups): zeros become the shares, which add up to 1 in a grouping
    counts,  # IN/OUT (n_users,): zeros become the number of shares above 0
):
    """Share users between the groups of each grouping. Users without likes have no shares."""
    n_groups = np.uint64(len(log_sizes))
    logits = np.empty(n_groups, dtype=np.float32)
    for user in range(start, stop):
        first, last = starts[user], starts[user + 1]
        if first == last:
            continue
        for group in range(n_groups):
            logits[group] = 0.0
        total_weight = 0.0
        for j in range(first, last):
            weight, item = np.float32(weights[j]), np.uint64(items[j])
            total_weight += weights[j]
            for group in range(n_groups):
                logits[group] += weight * surprise[item, group]
        for grouping in range(len(limits) - 1):
            low, high = limits[grouping], limits[grouping + 1]
            most = -np.inf
            for group in range(low, high):
                logit = np.float64(logits[group]) - total_weight * log_more[group]
                shares[user, group] = like_counts * logit + log_sizes[group]
                most = max(most, shares[user, group])
            total = 0.0
            for group in range(low, high):
                shares[user, group] = np.exp(shares[user, group] - most)
                total += shares[user, group]
            kept = 0.0
            for group in range(low, high):
                if shares[user, group] < least_share * total:
                    shares[user, group] = 0.0
                kept += shares[user, group]
                counts[user] += shares[user, group] > 0.0
            for group in range(low, high):
                shares[user, group] /= kept


@kernel
def pack_shares(
    shares,  # IN (n_users, n_groups)
    starts,  # IN (n_users + 1,): where the shares above 0 of each user go
    start,  # IN: the first user
    stop,  # IN
    groups,  # OUT (n_shares,): the groups of each user, user by user
    values,  # OUT (n_shares,): the shares
):
    """Write the shares above 0 one after the other."""
    for user in range(start, stop):
        at = starts[user]
        for group in range(shares.shape[1]):
            if shares[user, group] > 0.0:
                groups[at], values[at] = group, shares[user, group]
                at += 1


@kernel
def find_heaviest(
    groups,  # IN (n_shares,): the groups of each user, ascending, user by user
    values,  # IN (n_shares,): the shares
    starts,  # IN (n_users + 1,): where the shares of each user start
    limits,  # IN (n_groupings + 1,): the first group of each grouping, and n_groups
    heaviest,  # OUT (n_users, n_groupings): the first group of the largest share, or n_groups
):
    """Find the group of each grouping that holds most of a user."""
    for user in range(len(starts) - 1):
        at = starts[user]
        for grouping in range(len(limits) - 1):
            heaviest[user, grouping], most = limits[-1], 0.0
            while at < starts[user + 1] and groups[at] < limits[grouping + 1]:
                if values[at] > most:
                    heaviest[user, grouping], most = groups[at], values[at]
                at += 1


@kernel
def add_groups(
    tiles,  # IN (n_tiles, n_groups, width): numbers of each group
    tile,  # IN: one of the tiles
    groups,  # IN (n_shares,): groups of users
    weights,  # IN (n_shares,): what each of them counts
    start,  # IN: the first share of a user
    stop,  # IN
    sums,  # OUT (width,): the weighted sums of the numbers of the user's groups
):
    """Add up groups, four at a time, in an order that depends on the shares alone."""
    t, width = np.uint64(tile), np.uint64(tiles.shape[2])
    for i in range(width):
        sums[i] = 0.0
    fours = start + (stop - start) // 4 * 4
    for j in range(start, fours, 4):
        a, b = np.uint64(groups[j]), np.uint64(groups[j + 1])
        c, d = np.uint64(groups[j + 2]), np.uint64(groups[j + 3])
        of_a, of_b, of_c, of_d = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        for i in range(width):
            first = of_a * tiles[t, a, i] + of_b * tiles[t, b, i]
            sums[i] += first + (of_c * tiles[t, c, i] + of_d * tiles[t, d, i])
    for j in range(fours, stop):
        a, of_a = np.uint64(groups[j]), weights[j]
        for i in range(width):
            sums[i] += of_a * tiles[t, a, i]


@kernel
def add_all(
    tiles,  # IN (n_tiles, n_groups, width): the likes of groups
    groups,  # IN (n_shares,): the groups of each user, user by user
    weights,  # IN (n_shares,): what they count
    starts,  # IN (n_users + 1,): where the groups of each user start
    popularity,  # IN (n_places,): the share of all users who like each item, above 0
    of_everyone,  # IN (n_places,): how likely a user without likes is to like each item
    start,  # IN: the first user
    stop,  # IN
    found,  # OUT (n_users, n_places): how likely each user is to like the item of each place
):
    """Find how likely users are to like items. `best_places` finds the same numbers."""
    width = tiles.shape[2]
    sums = np.empty(width)
    for tile in range((len(popularity) + width - 1) // width):
        low, high = tile * width, min((tile + 1) * width, len(popularity))
        for user in range(start, stop):
            first, last = starts[user], starts[user + 1]
            total = 0.0
            for j in range(first, last):
                total += weights[j]
            add_groups(tiles, tile, groups, weights, first, last, sums)
            for place in range(low, high):
                likely = sums[place - low] + total * popularity[place]
                found[user, place] = likely if first < last else of_everyone[place]


@kernel
def best_places(
    tiles,  # IN (n_tiles, n_groups, width): the likes of groups
    most,  # IN (n_tiles of tiles, n_groups, width): the most likes of an item in each tile
    groups,  # IN (n_shares,): the groups of each user, user by user
    weights,  # IN (n_shares,): what they count
    starts,  # IN (n_users + 1,): where the groups of each user start
    popularity,  # IN (n_places,): the share of all users who like each item, falling, above 0
    log_popularity,  # IN (n_places,)
    of_everyone,  # IN (n_places,): how likely a user without likes is to like each item
    may,  # IN (n_places,) bool: whether lists may show the item
    standing,  # IN (n_places,): of two items with equal scores, the lower number comes first
    rated,  # IN (n_rated,): the places of the items that each user rated, ascending, user by user
    rated_starts,  # IN (n_users + 1,): where those of each user start
    exclude_rated,  # IN: whether lists leave them out
    taste,  # IN: the weight of the log of how likely a like is
    popular,  # IN (n_users,): the weight of the log of the popularity
    tiny,  # IN: in place of a smaller probability
    start,  # IN: the first user
    stop,  # IN
    best,  # OUT (n_users, n): places, best first, then -1
    likely,  # OUT (n_users, n): how likely the user is to like these items
    are_lifted,  # OUT (n_users,) bool: whether all of them are surely likelier than the median item
):
    """Find the items with the best scores of each user.

    The score of an item is ``taste`` log u + ``popular`` log p. Suppose that an item had in every
    group as many likes as any item of its tile has there. The others of the tile have no larger u.
    So the tile is left out if the score of that item is below those of the best n so far. If the
    tiles that lie below the best items in the same way hold enough items, the median lies there.
    """
    n_places, n, width = len(popularity), best.shape[1], tiles.shape[2]
    n_tiles = (n_places + width - 1) // width if n else 0
    sums, limits = np.empty(width), np.empty((stop - start, len(most) * width))
    totals, scores = np.zeros(stop - start), np.full((stop - start, n), -np.inf)
    next_rated = rated_starts[start:stop].copy()
    for tile in range(len(most)):
        for user in range(start, stop):
            add_groups(most, tile, groups, weights, starts[user], starts[user + 1], sums)
            for i in range(width):
                limits[user - start, tile * width + i] = sums[i]
    for user in range(start, stop):
        for j in range(starts[user], starts[user + 1]):
            totals[user - start] += weights[j]
        for at in range(n):
            best[user, at] = -1

    # The counts of a tile stay in the cache while all users need them.
    for tile in range(n_tiles):
        low, high = tile * width, min((tile + 1) * width, n_places)
        for user in range(start, stop):
            row, first, last, weight = user - start, starts[user], starts[user + 1], popular[user]
            limit = (limits[row, tile] + totals[row] * popularity[low]) * (1.0 + SLACK)
            limits[row, tile] = limit
            if first < last:
                bound = taste * np.log(max(limit, tiny))
                bound += weight * log_popularity[low if weight > 0.0 else high - 1]
                if bound < scores[row, n - 1]:
                    continue
                add_groups(tiles, tile, groups, weights, first, last, sums)
            j, end = next_rated[row], rated_starts[user + 1]
            while j < end and rated[j] < low:
                j += 1
            for place in range(low, high):
                is_rated = j < end and rated[j] == place
                j += is_rated
                if not may[place] or (is_rated and exclude_rated):
                    continue
                likes = sums[place - low] + totals[row] * popularity[place]
                if first == last:
                    likes = of_everyone[place]
                score = taste * np.log(max(likes, tiny)) + weight * log_popularity[place]
                at = n
                while at > 0:
                    other = best[user, at - 1]
                    is_equal = other >= 0 and score == scores[row, at - 1]
                    comes_later = is_equal and standing[other] < standing[place]
                    if score < scores[row, at - 1] or comes_later:
                        break
                    if at < n:
                        scores[row, at], best[user, at] = scores[row, at - 1], other
                        likely[user, at] = likely[user, at - 1]
                    at -= 1
                if at < n:
                    scores[row, at], best[user, at], likely[user, at] = score, place, likes
            next_rated[row] = j

    for user in range(start, stop):
        least = np.inf
        for at in range(n):
            if best[user, at] >= 0:
                least = min(least, likely[user, at])
        n_rated = rated_starts[user + 1] - rated_starts[user]
        n_below = -n_rated
        for tile in range(n_tiles if starts[user] < starts[user + 1] and least > tiny else 0):
            if limits[user - start, tile] < least:
                n_below += min((tile + 1) * width, n_places) - tile * width
        are_lifted[user] = taste > 0.0 and 2 * n_below > n_places - n_rated
