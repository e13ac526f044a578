"""Stability: how much a clustering agrees with fits from other seeds and on bootstraps of rows."""

from dataclasses import replace

import numpy as np

from kmeans_core.arrays import Floats, Ints, Labels
from kmeans_core.fit.problem import Problem
from kmeans_core.fit.restarts import best_of_restarts
from kmeans_core.pairwise.agreement import adjusted_rand
from kmeans_core.points.checks import RandomStream, as_random_stream


def drawn_seeds(n_stability: int, stream: RandomStream) -> Ints:
    """Seeds (2, n_stability): for fits of all rows, and for fits of bootstraps."""
    seeds: Ints = (stream.random((2, n_stability)) * 2**32).astype(np.intp)
    return seeds


def agreements(problem: Problem, n_restarts: int, kept: Labels, seeds: Ints) -> Floats:
    """Adjusted Rand index of the ``kept`` labels with each further fit; the shape of ``seeds``."""
    found = [
        [_agreement(problem, n_restarts, kept, seed, is_bootstrap) for seed in some]
        for some, is_bootstrap in zip(seeds.tolist(), (False, True), strict=True)
    ]
    return np.array(found)


def _agreement(
    problem: Problem, n_restarts: int, kept: Labels, seed: int, is_bootstrap: bool
) -> float:
    """NaN if a bootstrap has fewer different rows than there are clusters.

    A bootstrap is the same problem with other weights. So the rows that were not drawn get labels
    too, those of their nearest centers.
    """
    stream = as_random_stream(seed)
    if is_bootstrap:
        problem = replace(problem, weights=_bootstrap(problem.weights, stream))
        if np.count_nonzero(problem.weights) < problem.n_clusters:
            return np.nan
    return adjusted_rand(kept, best_of_restarts(problem, n_restarts, stream).labels)


def _bootstrap(weights: Floats, stream: RandomStream) -> Floats:
    """Weights of rows that are drawn again with replacement, as often as there are rows.

    Rows without weight are not drawn.
    """
    rows = np.flatnonzero(weights)
    drawn = rows[(stream.random(len(rows)) * len(rows)).astype(np.intp)]
    return weights * np.bincount(drawn, minlength=len(weights))
