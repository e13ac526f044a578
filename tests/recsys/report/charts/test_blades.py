"""Blades: their areas are the sums of silhouettes, and the numbers of groups do not overlap."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.report.charts import blades as module
from recsys.report.charts.axes import widest
from recsys.report.charts.blades import blades

SILHOUETTES = st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=30)


def areas(svg: str) -> list[float]:
    """The area right of the line at 0 less the area left of it, of each blade."""
    found = []
    for d in re.findall(r'<path class="taste-\d" d="([^"]+)"', svg):
        zero, y = map(float, re.findall(r"M([\d.]+) ([\d.]+)", d)[0])
        area = 0.0
        for x, below in re.findall(r"H([\d.]+)V([\d.]+)", d):
            area += (float(x) - zero) * (float(below) - y)
            y = float(below)
        assert d.endswith(f"H{zero}Z")
        found.append(area)
    return found


@settings(max_examples=25, deadline=None)
@given(st.lists(SILHOUETTES, min_size=1, max_size=4))
def test_areas_are_sums_of_silhouettes(groups: list[list[float]]) -> None:
    svg = str(blades([(group, np.array(some)) for group, some in enumerate(groups)]))
    everybody = np.concatenate([np.array(some) for some in groups])
    span = max(everybody.max(), 0.0) - min(everybody.min(), 0.0)
    left = 26.0 + widest(["0"])
    unit = (328 - 8 - left) / (span or 1.0) * module.PEOPLE_HEIGHT / len(everybody)
    expected = [unit * sum(some) for some in groups]
    # Places are rounded to .05 units across and .005 down.
    room = module.PEOPLE_HEIGHT * 0.1 + 300 * 0.01 * max(map(len, groups))
    np.testing.assert_allclose(areas(svg), expected, atol=room)


def test_two_people_apart_and_one_astray() -> None:
    svg = str(blades([(0, np.array([0.5, 1.0])), (9, np.array([-1.0]))]))
    right, left = areas(svg)
    assert right == pytest.approx(-1.5 * left, rel=0.01)
    assert re.findall(r'class="(taste-\d)"', svg) == ["taste-0", "taste-1"]
    assert re.findall(r'class="end"[^>]*>(\d+)<', svg) == ["0", "9"]
    # The longest bar of a group is on top.
    first = re.findall(r"H([\d.]+)V", re.findall(r' d="([^"]+)"', svg)[0])
    assert float(first[0]) > float(first[1])


def test_many_people_share_steps_and_the_area_stays() -> None:
    values = np.random.default_rng(0).uniform(-0.2, 0.6, 5000)
    svg = str(blades([(0, values), (1, values[:10])]))
    steps = svg.partition("</path>")[0].count("V")
    assert steps == module.N_STEPS
    few, many = areas(svg)[1], areas(svg)[0]
    assert many / values.sum() == pytest.approx(few / values[:10].sum(), rel=0.1)


def test_numbers_of_small_groups_do_not_overlap() -> None:
    groups = [(group, np.array([0.1])) for group in range(40)] + [(40, np.full(5000, 0.1))]
    found = re.findall(r'class="end"[^>]* y="([\d.]+)"', str(blades(groups)))
    assert np.diff([float(y) for y in found]).min() >= 15
