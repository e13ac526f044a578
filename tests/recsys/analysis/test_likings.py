"""The log-odds of being liked, by hand."""

import math

import numpy as np
import pytest

from recsys.analysis.likings import log_odds


def test_log_odds_by_hand() -> None:
    """30 of 40 likes go to the first of two items here, and 20 of 80 elsewhere."""
    ratio, z = log_odds(np.array([30.0, 10.0]), np.array([20.0, 60.0]), (40, 80))
    first, second = 2 * 50.5 / 121, 2 * 70.5 / 121
    odds = (30 + first) / (40 + 2 - 30 - first), (20 + first) / (80 + 2 - 20 - first)
    assert ratio[0] == pytest.approx(math.log(odds[0] / odds[1]))
    assert z[0] == pytest.approx(ratio[0] / math.sqrt(1 / (30 + first) + 1 / (20 + first)))
    odds = (10 + second) / (40 + 2 - 10 - second), (60 + second) / (80 + 2 - 60 - second)
    assert ratio[1] == pytest.approx(math.log(odds[0] / odds[1]))


def test_a_group_that_likes_everything_more_often_likes_nothing_more() -> None:
    likes = np.array([1.0, 20.0, 300.0])
    ratio, z = log_odds(7 * likes, likes, (7 * 321, 321))
    assert np.abs(ratio).max() < 0.05
    assert np.abs(z).max() < 0.05


def test_few_likes_prove_little() -> None:
    """Three of 3 likes here and none elsewhere is less clear than 60 of 100 against 30 of 100."""
    _, z = log_odds(np.array([3.0, 60.0, 37.0]), np.array([0.0, 30.0, 70.0]), (100, 100))
    assert 0 < z[0] < 2 < z[1]


def test_items_that_nobody_or_everybody_likes_are_finite() -> None:
    for here, elsewhere, totals in (([0.0, 5.0], [0.0, 9.0], (5, 9)), ([0.0], [0.0], (0, 0))):
        ratio, z = log_odds(np.array(here), np.array(elsewhere), totals)
        assert np.isfinite([ratio, z]).all()
        assert np.abs(z).max() < 1
