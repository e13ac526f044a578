"""dense_assigner: each shape gets the assigner that was measured to be fastest."""

import numpy as np
import pytest

from kmeans_core.points.assign_boxes import BoxAssigner
from kmeans_core.points.assign_dense import (
    FilteredAssigner,
    PlainAssigner,
    RowFilterAssigner,
    dense_assigner,
)


@pytest.mark.parametrize(
    ("shape", "dtype", "n_clusters", "n_calls", "kind"),
    [
        ((10_000, 4), np.float32, 79, 20, PlainAssigner),  # too few clusters for boxes
        ((10_000, 4), np.float32, 80, 20, BoxAssigner),
        ((4000, 4), np.float32, 400, 3, PlainAssigner),  # too few features for filters
        ((10_000, 10), np.float32, 99, 20, PlainAssigner),  # little work a row
        ((10_000, 10), np.float32, 100, 20, FilteredAssigner),
        ((10_000, 10), np.float64, 199, 20, PlainAssigner),  # half as many lanes
        ((10_000, 10), np.float64, 200, 20, FilteredAssigner),
        ((10_000, 10), np.float32, 1000, 1, PlainAssigner),  # one call skips nothing
        ((10_000, 100), np.float32, 100, 1, RowFilterAssigner),
        ((10_000, 100), np.float32, 100, 20, FilteredAssigner),
        ((10_000, 100), np.float32, 99, 20, RowFilterAssigner),
        ((10_000, 1000), np.float32, 16, 20, RowFilterAssigner),  # the lanes of bounds are wasted
        ((10_000, 1000), np.float32, 17, 20, FilteredAssigner),
        ((10_000, 15), np.float32, 18, 20, PlainAssigner),  # rows shorter than a vector
        ((10_000, 16), np.float32, 15, 20, PlainAssigner),  # little work a row
        ((10_000, 16), np.float64, 16, 20, RowFilterAssigner),
        ((10_000, 32), np.float32, 8, 1, RowFilterAssigner),
        ((10_000, 52), np.float64, 5, 20, RowFilterAssigner),
        ((10_000, 127), np.float32, 4, 20, PlainAssigner),  # four clusters or fewer
        ((10_000, 128), np.float32, 4, 20, RowFilterAssigner),
        ((10_000, 255), np.float32, 1, 20, PlainAssigner),
        ((624, 32), np.float32, 10, 20, PlainAssigner),  # little work in all
        ((625, 32), np.float32, 10, 20, RowFilterAssigner),
        ((2, 2**20), np.float32, 9, 20, PlainAssigner),  # no bound on their rounding
    ],
)
def test_filters_are_used_where_they_pay(shape, dtype, n_clusters, n_calls, kind):
    X = np.zeros(shape, dtype=dtype)
    assert type(dense_assigner(X, n_clusters, n_calls, 1)) is kind
