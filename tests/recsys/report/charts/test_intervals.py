"""Intervals: markers tell verdicts apart, and only intervals that exist are drawn."""

import re

from recsys.report.charts.axes import WIDTH
from recsys.report.charts.intervals import MARKERS, Estimated, intervals

KEY = {verdict: f"is {verdict}" for verdict in MARKERS}
NAN = float("nan")
SOME = [
    Estimated("first <i>", 0.5, 0.4, 0.6, "better"),
    Estimated("second", 0.4, 0.3, 0.5, "reference"),
    Estimated("third", 0.2, NAN, NAN, "worse"),
]


def test_rows_are_drawn_as_they_are() -> None:
    svg = intervals(SOME, KEY, x_label="NDCG@10")
    drawn = re.findall(r'class="interval" x1="([\d.]+)" x2="([\d.]+)"', svg)
    first, second = ([float(end) for end in ends] for ends in drawn)
    # Equal lengths, and the second begins half of one before the first does.
    assert abs((first[1] - first[0]) - (second[1] - second[0])) < 0.25
    assert abs((first[0] - second[0]) - (first[1] - first[0]) / 2) < 0.25
    assert 0 <= second[0] < first[1] <= WIDTH
    markers = re.findall(r'<polygon class="(\w+)"', svg)
    assert markers == ["better", "reference", "worse", "reference", "better", "worse"]
    assert "0.500 (0.400 to 0.600)" in svg
    assert ">0.200<" in svg
    assert "first &lt;i&gt;" in svg
    assert "nan" not in svg


def test_the_key_has_only_what_is_drawn_and_the_line_is_at_the_reference() -> None:
    svg = intervals(SOME[:2], KEY, x_label="NDCG@10")
    assert "is worse" not in svg
    assert "is unclear" not in svg
    level = re.search(r'class="level" x1="([\d.]+)"', svg)
    places = re.findall(r"translate\(([\d.]+) ", svg)
    assert level is not None
    assert level[1] == places[1]


def test_equal_values_and_no_reference() -> None:
    svg = intervals([Estimated("one", 1.0, 1.0, 1.0, "unclear")], KEY, x_label="RMSE")
    assert "level" not in svg
    assert "is unclear" in svg
