"""The total of pieces has the bits of ``weighted_total``, wherever the rows are cut."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("distributed", reason="dask is not installed: pip install '.[dask]'")

import itertools

from kmeans_core.dask.totals import joined_total, piece_total
from kmeans_core.kernels.centers import weighted_total


@given(st.integers(1, 1500), st.lists(st.integers(0, 1500), max_size=6), st.integers(0, 9))
def test_the_total_of_pieces_is_that_of_all_rows(n, cuts, seed):
    rng = np.random.default_rng(seed)
    weights, values = rng.random(n), rng.random(n)
    limits = sorted({0, n, *(min(cut, n) for cut in cuts)})
    parts = [piece_total(a, weights[a:b], values[a:b]) for a, b in itertools.pairwise(limits)]
    assert joined_total(parts) == weighted_total(weights, values)
