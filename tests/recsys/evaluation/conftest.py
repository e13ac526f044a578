"""Ratings for the three evaluations."""

from dataclasses import replace

import numpy as np
import pytest

from recsys import Ratings, make_ratings


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """Invented ratings with different timestamps."""
    made = make_ratings(n_users=40, n_movies=300, n_ratings=1400, random_state=1)
    table = made.ratings
    times = np.random.default_rng(0).permutation(len(table))
    return replace(made, ratings=table.assign(timestamp=times))
