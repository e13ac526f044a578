"""Bars: their lengths are in the ratio of the values, names fit, and hostile names are text."""

import itertools
import re

import pytest
from markupsafe import Markup

from recsys.report.charts.axes import WIDTH
from recsys.report.charts.bars import bars, histogram, lying_bars


def rectangles(svg: Markup) -> list[dict[str, float]]:
    return [
        {name: float(value) for name, value in re.findall(r'(x|y|width|height)="([\d.-]+)"', found)}
        for found in re.findall(r"<rect [^>]*>", svg)
    ]


def texts(svg: Markup, css: str) -> list[str]:
    return re.findall(rf'<text class="{css}"[^>]*>([^<]*)', svg)


def drawn(names: list[str], values: list[float]) -> Markup:
    return bars(names, values, x_label="rating", y_label="people")


def test_heights_are_in_the_ratio_of_the_values() -> None:
    svg = drawn(["1", "2", "3", "4"], [10, 0, 40, 20])
    heights = [bar["height"] for bar in rectangles(svg)]
    assert heights[1] == 0
    assert heights[0] * 4 == pytest.approx(heights[2], abs=0.5)
    assert heights[3] * 2 == pytest.approx(heights[2], abs=0.5)
    # All bars stand on the axis.
    (base,) = re.findall(r'class="axis"[^>]*y1="([\d.]+)"', svg)
    assert {round(bar["y"] + bar["height"], 1) for bar in rectangles(svg)} == {float(base)}
    assert re.findall(r"<title>([^<]*)", svg) == ["1: 10", "2: 0", "3: 40", "4: 20"]


def test_a_few_among_very_many_are_seen() -> None:
    heights = [bar["height"] for bar in rectangles(drawn(["1", "2"], [1, 2_345_678]))]
    assert heights[0] == 1
    assert "2: 2,345,678" in drawn(["1", "2"], [1, 2_345_678])


@pytest.mark.parametrize("n", [1, 5, 10, 23, 48])
def test_names_do_not_overlap_and_the_last_one_is_written(n: int) -> None:
    names = [str(1995 + i) for i in range(n)]
    svg = drawn(names, [1.0] * n)
    places = [float(x) for x in re.findall(r'<text class="middle" x="([\d.]+)"', svg)]
    shown = texts(svg, "middle")
    assert shown[-1] == names[-1]
    assert all(b - a >= 30 for a, b in itertools.pairwise(places))
    assert places[-1] + 14.8 <= WIDTH
    assert max(bar["x"] + bar["width"] for bar in rectangles(svg)) <= WIDTH


def test_a_histogram_with_equal_factors_has_equal_widths_on_a_logarithmic_axis() -> None:
    svg = histogram(
        [1, 10, 100, 1000], ["a", "b", "c"], [5, 6, 7], x_label="n", y_label="m", is_log=True
    )
    widths = [bar["width"] for bar in rectangles(svg)]
    assert widths == pytest.approx([widths[0]] * 3, abs=0.15)
    assert texts(svg, "middle") == ["1", "10", "100", "1,000"]


def test_lying_bars_have_their_notes_behind_them() -> None:
    svg = lying_bars(["War", "Drama"], [10, 40], ["10 ·", "40 ·"], x_label="ratings")
    first, second = rectangles(svg)
    assert first["width"] * 4 == pytest.approx(second["width"], abs=0.5)
    note = re.findall(r'<text x="([\d.]+)"[^>]*>40 ·', svg)
    assert float(note[0]) > second["x"] + second["width"]
    assert second["x"] + second["width"] < WIDTH - 30


def test_long_and_hostile_names_are_cut_and_are_text() -> None:
    name = "<script>alert(1)</script>" + "x" * 300
    svg = lying_bars([name], [3], ["3"], x_label="ratings")
    assert "<script" not in svg
    (shown,) = re.findall(r'<text x="0"[^>]*>([^<]*)', svg)
    assert shown == "&lt;script&gt;alert(1…"
    assert "x" * 300 in re.findall(r"<title>([^<]*)", svg)[0]


def test_nothing_to_draw_is_drawn() -> None:
    assert rectangles(drawn([], [])) == []
    assert rectangles(drawn(["1"], [0]))[0]["height"] == 0
