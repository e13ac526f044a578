"""Which fits run in compiled calls and which in the loop, by the size of their work."""

import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core.fit import compiled
from kmeans_core.points.checks import as_points

pytestmark = pytest.mark.filterwarnings("ignore::kmeans_core.ConvergenceWarning")


def test_a_single_restart_with_much_dense_work_goes_to_the_loop(storage):
    within = as_points(storage(np.ones((1_000, 10))))  # a million multiply-adds in an iteration
    assert compiled.is_small(within, 100, 1)
    beyond = as_points(storage(np.ones((1_001, 10))))
    assert compiled.is_small(beyond, 100, 1) == sp.issparse(beyond.matrix)
    assert compiled.is_small(beyond, 100, 2)


@pytest.mark.parametrize("n_restarts", [1, 2])
def test_dense_rows_of_two_chunks_of_sums_go_to_the_loop(n_restarts):
    assert compiled.is_small(as_points(np.ones((8_191, 5))), 2, n_restarts)
    assert not compiled.is_small(as_points(np.ones((8_192, 5))), 2, n_restarts)
    assert compiled.is_small(as_points(sp.csr_array(np.ones((8_192, 5)))), 2, 2)


def test_a_single_restart_over_many_csr_rows_goes_to_the_loop():
    assert compiled.is_small(as_points(sp.csr_array(np.ones((5_769, 10)))), 2, 1)
    beyond = as_points(sp.csr_array(np.ones((5_770, 10))))
    assert not compiled.is_small(beyond, 2, 1)
    assert compiled.is_small(beyond, 2, 2)


def test_many_restarts_with_much_work_go_to_the_loop(storage):
    points = as_points(storage(np.ones((700, 30))))
    assert compiled.is_small(points, 950, 2)
    assert not compiled.is_small(points, 1_000, 2)
