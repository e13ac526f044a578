"""The waterfall: each part begins where the last one ended, and all is inside the drawing."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.recommenders.types import Part
from recsys.report.charts.axes import WIDTH
from recsys.report.charts.waterfall import Waterfall

values = st.floats(-100, 100).map(lambda value: round(value, 3))


def test_a_small_waterfall_by_hand() -> None:
    """From 2 up by 2 and down by 1 to 3; the places 2, 3 and 4 are as far apart as the numbers."""
    drawn = Waterfall.of(
        Part("mean", 2.0), [Part("good film", 2.0), Part("mean user", -1.0)], Part("rating", 3.0)
    )
    mean, more, less, total = drawn.rows
    assert [row.number for row in drawn.rows] == ["2.00", "+2.00", "-1.00", "3.00"]
    assert [row.css for row in drawn.rows] == ["point", "more", "less", "point"]
    assert (mean.end, more.end, less.end) == (more.start, less.start, total.end)
    assert abs((total.end - mean.end) - (more.end - total.end)) < 0.25
    assert drawn.low is drawn.high is None


@settings(max_examples=30)
@given(values, st.lists(values, max_size=7), st.floats(0, 50))
def test_parts_join_and_stay_inside(first: float, changes: list[float], half: float) -> None:
    parts = [
        Part(f"part {i} of many words that fill a line " * 2, x) for i, x in enumerate(changes)
    ]
    total = sum(changes, first)
    interval = total - half, total + half
    drawn = Waterfall.of(Part("first", first), parts, Part("total", total), interval)
    for before, after in zip(drawn.rows, drawn.rows[1:], strict=False):
        # The total is a sum in another order.
        assert abs(before.end - after.start) <= 0.15
        assert before.bar < after.y
    assert drawn.low is not None
    assert drawn.high is not None
    assert drawn.low - 0.15 <= drawn.rows[-1].end <= drawn.high + 0.15
    for row in drawn.rows:
        assert 0 <= min(row.start, row.end) <= max(row.start, row.end) <= WIDTH
        assert 0 <= row.number_at <= row.number_at + 6 * len(row.number) <= WIDTH
        assert row.bar + 14 <= drawn.base


def test_a_bar_points_in_its_direction_and_markup_is_text() -> None:
    parts = [Part("<b>up</b>", 1.0), Part("down", -0.5)]
    drawn = Waterfall.of(Part("first", 0.0), parts, Part("total", 0.5), (0.0, 1.0))
    up, down = drawn.rows[1:3]
    points = [[float(x) for x in re.findall(r"([\d.]+),", row.arrow)] for row in (up, down)]
    assert max(points[0]) == points[0][2] == up.end
    assert min(points[1]) == points[1][2] == down.end
    svg = drawn.svg()
    assert "&lt;b&gt;up&lt;/b&gt;" in svg
    assert "<b>" not in svg
    assert svg.count("<polygon") == 2
    assert svg.count("<circle") == 2
