"""The rounding bound of the filter of dense rows, against the formula in exact fractions."""

import itertools
from fractions import Fraction

import numpy as np
import pytest

from kmeans_core.kernels.row_filter import rounding_bound

U32, EPS = Fraction(1, 2**24), Fraction(1, 2**52)


@pytest.mark.parametrize("n_features", [1, 64, 5000])
def test_the_gap_in_float32_is_never_below_the_proven_one(n_features):
    """Proven in ``dense_filter.assign``, with the u of float32."""
    share = (n_features + 10) * U32
    rounding = share / (1 - share)
    exact_rounding = (n_features + 8) * EPS
    for longest, square in itertools.product([0.0, 1e-40, 0.3, 7.0, 1e20], repeat=2):
        bound = rounding_bound(n_features, longest)
        square = np.float32(square)
        needed = bound[0] * square + bound[1]
        reach = Fraction(float(square)) * (1 + rounding) + Fraction(longest)
        gap = rounding * (reach + Fraction(longest)) + 2 * exact_rounding * reach
        assert needed.dtype == np.float32
        assert gap <= Fraction(float(needed)) <= gap * (1 + Fraction(1, 10**5)) + U32**5


def test_rows_that_may_overflow_float32_are_never_settled():
    bound = rounding_bound(10, 2.0**123)
    assert 0.99 * 2.0**123 < bound[2] < 2.0**123
    assert rounding_bound(10, 2.0**125)[2] < 0
