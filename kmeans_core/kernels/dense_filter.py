"""Kernels that assign dense rows by vectors of products, and skip rows whose bounds suffice.

A table (n_features, n_padded) of the dtype of X holds the centers, transposed, after a fixed
``origin`` is subtracted. Its columns form bound groups of equal width. Each row keeps an upper
bound on the distance to its own center. For each group it keeps a lower bound on the distance to
the other centers in the group (Ding et al. 2015, Yinyang K-means; with one group Hamerly 2010).
"""

import numpy as np

from kmeans_core.kernels.arrays import EPS, UNDERFLOW, aligned_empty, round_up
from kmeans_core.kernels.dense import exact_distance
from kmeans_core.kernels.jit import kernel
from kmeans_core.kernels.vectors.fused import dense_products, squared_length, two_least
from kmeans_core.kernels.vectors.ir import VECTOR_BYTES
from kmeans_core.kernels.vectors.prefetch import prefetch


@kernel
def move(
    centers,  # IN (n_clusters, n_features)
    before,  # IN/OUT (n_clusters, n_features): the centers of the last call, then these centers
    origin,  # IN (n_features,)
    table,  # OUT (n_features, n_padded): centers - origin, transposed
    half_norms,  # OUT (n_padded,): half their squared lengths
    drift,  # IN/OUT (n_clusters,): the distances that each center has moved, added up
    group_drift,  # IN/OUT (n_clusters, n_groups): the same for the others in each group, at most
):
    """Put centers in the table and add up how far they moved; return the greatest length.

    All sums are rounded up. A sum of d terms has at most d + 3 roundings by 1 + EPS / 2, so that
    1 + (d + 8) EPS is more than enough (Higham 2002, section 3.1).
    """
    n_clusters, n_features = centers.shape
    n_groups = group_drift.shape[1]
    n_group = half_norms.shape[0] // n_groups
    upwards = 1.0 + (n_features + 8) * EPS
    underflow = n_features * UNDERFLOW
    shifts = np.empty(n_clusters)
    longest = 0.0
    for c in range(n_clusters):
        squared_shift = 0.0
        squared_length = 0.0
        for j in range(n_features):
            shift = centers[c, j] - before[c, j]
            squared_shift += shift * shift
            before[c, j] = centers[c, j]
            x = centers[c, j] - origin[j]
            squared_length += x * x
            table[j, c] = x
        half_norms[c] = 0.5 * squared_length
        # "not below" rather than "above", so that NaN counts.
        if not squared_length <= longest:
            longest = squared_length
        shifts[c] = np.sqrt(squared_shift * upwards + underflow) * upwards
        drift[c] = (drift[c] + shifts[c]) * upwards
    for g in range(n_groups):
        widest, widest_at, second = 0.0, -1, 0.0
        for c in range(g * n_group, min((g + 1) * n_group, n_clusters)):
            if not shifts[c] <= widest:
                widest, widest_at, second = shifts[c], c, widest
            elif not shifts[c] <= second:
                second = shifts[c]
        for c in range(n_clusters):
            farthest = second if c == widest_at else widest
            group_drift[c, g] = (group_drift[c, g] + farthest) * upwards
    return np.sqrt(longest * upwards + underflow) * upwards


@kernel
def exact(
    X,  # IN (n_samples, n_features)
    i,  # IN
    centers,  # IN (n_clusters, n_features)
    scores,  # IN (n_block, n_padded): scores[r] has the scores of row i in the needed groups
    r,  # IN: the place of row i in its block
    needed,  # IN (n_block, n_groups)
    half_norms,  # IN (n_padded,)
    limit,  # IN: a center with a greater score is not the nearest
):
    """The nearest center by the exact distance, among the centers that the filter left."""
    n_group = half_norms.shape[0] // needed.shape[1]
    nearest = 0
    shortest = np.inf
    for c in range(centers.shape[0]):
        if needed[r, c // n_group] and not half_norms[c] - scores[r, c] > limit:
            distance = exact_distance(X, i, centers[c])
            if distance < shortest:
                shortest = distance
                nearest = c
    return nearest


@kernel
def assign(
    X,  # IN (n_samples, n_features)
    origin,  # IN (n_features,), of X's dtype
    table,  # IN (n_features, n_padded), of X's dtype, starting on a cache line
    half_norms,  # IN (n_padded,), of X's dtype; infinite in columns without a center
    centers,  # IN (n_clusters, n_features)
    longest,  # IN: no center has a greater distance from the origin
    drift,  # IN (n_clusters,)
    group_drift,  # IN (n_clusters, n_groups)
    upper,  # IN/OUT (n_samples,): + drift[label] bounds the own distance; infinite if unknown
    lower,  # IN/OUT (n_samples, n_groups): - group_drift[label] bounds the others
    rounding,  # IN: see below
    n_block,  # IN: rows of a block, a multiple of the rows of a tile
    tile,  # IN: a tuple with one entry for each row of a tile
    vectors,  # IN: a tuple with one entry for each vector of a tile; whole tiles fill a group
    start,  # IN
    stop,  # IN
    labels,  # IN/OUT (n_samples,) int32: the nearest center, the lowest if several are nearest
):
    """Label rows start..stop; return how many labels changed, and how many rows were not skipped.

    Rounding bound. Let u be half the EPS of X's dtype, d the number of features, X = |x - origin|
    and C = ``longest``. The score of a center is |c|^2 / 2 - x.c, after the origin is subtracted
    from both. Two scores differ by half as much as the squared distances. The errors are:

    - subtraction and cast: u of x, and 2 u of c;
    - a product of d terms, in any order, fused or not: d u X C (Higham 2002, Accuracy and Stability
      of Numerical Algorithms, section 3.1);
    - the half norm: (d + 3) u C^2 / 2;
    - the last subtraction: u (X C + C^2 / 2).

    Together these are less than (d + 8) u (X C + C^2 / 2). For two scores they are less than
    (d + 8) u (X^2 + 2 C^2), as 2 X C is at most X^2 + C^2. ``rounding`` is
    (d + 10) u / (1 - (d + 10) u). The relative error of an exact distance is (d + 2) EPS / 2, so
    half of two of them have an error of at most (d + 2) EPS (X^2 + C^2). If the gap between the
    least score and the next exceeds all these errors, the exact distance has the same least center.
    Underflow costs an operation u times the smallest normal number. ``underflow`` in X^2 allows for
    this, and the 2 u left over do so for the entries of the table.

    Bounds. X^2 + 2 score is a squared distance with an error of (d + 8) u (X + C)^2, because X^2
    has a relative error of (d + 4) u. (X + C)^2 is at most 2 (X^2 + C^2). Stored bounds are rounded
    outwards by 4 EPS, more than three operations lose. The relative error of exact distances is
    (d + 2) EPS / 2. So a row is skipped if upper (1 + margin) < lower with a margin of (d + 8) EPS.
    ``underflow`` makes upper so large that the loss of its square by underflow is less than that
    margin.
    """
    n_features = X.shape[1]
    n_groups = group_drift.shape[1]
    n_padded = half_norms.shape[0]
    n_group = n_padded // n_groups
    lanes = VECTOR_BYTES // table.itemsize
    n_columns = len(vectors) * lanes
    info = np.finfo(table.dtype)
    outwards = 4.0 * info.eps
    too_long = info.max / 8.0
    underflow = (n_features + 1.0) * info.tiny
    exact_rounding = (n_features + 8) * EPS
    margin = 1.0 + exact_rounding
    squared_longest = longest * longest * margin

    rows = np.zeros((n_block, round_up(n_features, lanes)), dtype=X.dtype)
    scores = aligned_empty(n_block * n_padded, table).reshape(n_block, n_padded)
    needed = np.empty((n_block, n_groups), dtype=np.bool_)
    places = np.empty(n_block, dtype=np.intp)
    leasts = np.empty((n_block, n_groups), dtype=X.dtype)
    seconds = np.empty((n_block, n_groups), dtype=X.dtype)

    # List the rows whose bounds do not suffice.
    numbers = np.empty(stop - start, dtype=np.intp)
    n_looked_at = 0
    for i in range(start, stop):
        numbers[n_looked_at] = i
        if upper[i] < np.inf:
            own = labels[i]
            reach = (upper[i] + drift[own]) * margin
            is_open = False
            for g in range(n_groups):
                is_open |= not lower[i, g] - group_drift[own, g] > reach
            n_looked_at += is_open
        else:
            n_looked_at += 1

    n_moved = 0
    for begin in range(0, n_looked_at, n_block):
        n_rows = min(n_block, n_looked_at - begin)
        for r in range(n_rows):
            i = numbers[begin + r]
            if n_groups > 1 and upper[i] < np.inf:
                own = labels[i]
                reach = (upper[i] + drift[own]) * margin
                for g in range(n_groups):
                    needed[r, g] = not lower[i, g] - group_drift[own, g] > reach
                needed[r, own // n_group] = True
            else:
                needed[r, :] = True
            for j in range(n_features):
                rows[r, j] = X[i, j] - origin[j]
        ahead = begin + n_rows

        # Compute the scores, group by group.
        for g in range(n_groups):
            n_near = 0
            for r in range(n_rows):
                places[n_near] = r
                n_near += needed[r, g]
            if n_near == 0:
                continue
            for t in range(n_near, round_up(n_near, len(tile))):
                places[t] = places[n_near - 1]
            for t in range(0, n_near, len(tile)):
                for _ in range(len(tile)):
                    if ahead < min(n_looked_at, begin + 2 * n_block):
                        prefetch(X, numbers[ahead])
                        ahead += 1
                for column in range(g * n_group, (g + 1) * n_group, n_columns):
                    dense_products(rows, places, t, table, column, tile, vectors, scores)
            for t in range(n_near):
                r = places[t]
                leasts[r, g], seconds[r, g] = two_least(
                    scores, r, half_norms, g * n_group, (g + 1) * n_group
                )

        # Write labels and new bounds.
        for r in range(n_rows):
            i = numbers[begin + r]
            home, least, second = 0, np.inf, np.inf
            for g in range(n_groups):
                if needed[r, g]:
                    score = np.float64(leasts[r, g])
                    if score < least:
                        second = min(least, np.float64(seconds[r, g]))
                        home, least = g, score
                    else:
                        second = min(second, score)
            squared = np.float64(squared_length(rows, r))
            reach = squared * (1.0 + rounding) + squared_longest + underflow
            gap = rounding * (reach + squared_longest) + 2.0 * exact_rounding * reach
            is_known = reach < too_long
            if is_known and second - least > gap:
                label = np.intp(labels[i])
                if not (upper[i] < np.inf and half_norms[label] - scores[r, label] == least):
                    label = home * n_group
                    while half_norms[label] - scores[r, label] != least:
                        label += 1
            elif is_known:
                label = exact(X, i, centers, scores, r, needed, half_norms, least + gap)
            else:
                label = exact(X, i, centers, scores, r, needed, half_norms, np.nan)
            if labels[i] != label:
                labels[i] = label
                n_moved += 1
            if not is_known:
                upper[i] = np.inf
                continue
            error = 2.0 * rounding * reach + underflow
            own_score = np.float64(half_norms[label] - scores[r, label])
            near = np.sqrt(max(0.0, squared + 2.0 * own_score + error)) * (1.0 + outwards)
            bound = near - drift[label]
            upper[i] = bound + outwards * abs(bound)
            for g in range(n_groups):
                if needed[r, g]:
                    score = leasts[r, g]
                    if g == label // n_group and own_score == score:
                        score = seconds[r, g]
                    far = np.sqrt(max(0.0, squared + 2.0 * np.float64(score) - error))
                    bound = far * (1.0 - outwards) + group_drift[label, g]
                    lower[i, g] = bound * (1.0 - outwards)
    return n_moved, n_looked_at
