"""Lines: where values, bands, the marked number and the level lie in the drawing."""

import re

import numpy as np
import pytest

from recsys.report.charts.lines import HEIGHT, Line, lines

NAN = float("nan")


def drawn(*some: Line, x: tuple[float, ...] = (2, 3, 4), **options: float) -> str:
    return str(lines(x, some, x_label="k", y_label="value", **options))


def dots(svg: str) -> list[tuple[float, float]]:
    found = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg)
    return [(float(x), float(y)) for x, y in found]


def test_values_lie_at_equal_distances_from_zero_up() -> None:
    svg = drawn(Line("value", [0.0, 0.5, 1.0]))
    (x0, y0), (x1, y1), (x2, y2) = dots(svg)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.02)
    assert y0 - y1 == pytest.approx(y1 - y2, abs=0.02)
    assert 0 < x0 < x2 < 328
    assert 0 < y2 < y0 == HEIGHT - 38
    assert "<title>value, 3: 0.5</title>" in svg


def test_a_line_that_does_not_reach_zero_still_shows_it() -> None:
    (_, low), (_, high), _ = dots(drawn(Line("value", [0.9, 1.0, 0.9])))
    assert HEIGHT - 38 - low == pytest.approx(9 * (low - high), rel=0.01)


def test_a_missing_value_has_no_dot_and_no_band() -> None:
    svg = drawn(Line("value", [0.5, NAN, 1.0], [0.4, NAN, 0.9], [0.6, NAN, 1.0]))
    assert "nan" not in svg
    assert len(dots(svg)) == 2
    band = re.search(r'class="band" d="([^"]+)"', svg)
    assert band is not None
    assert band[1].count("L") == 3  # two low ends, two high ends
    assert band[1].endswith("Z")


def test_a_band_reaches_from_its_low_to_its_high_ends() -> None:
    svg = drawn(Line("value", [0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [1.0, 1.0, 1.0]))
    band = re.search(r'class="band" d="([^"]+)"', svg)
    assert band is not None
    heights = [float(y) for _, y in re.findall(r"([\d.]+) ([\d.]+)", band[1])]
    middle = dots(svg)[0][1]
    assert heights[:3] == [HEIGHT - 38] * 3
    assert sum(heights) / 6 == pytest.approx(middle, abs=0.05)


@pytest.mark.parametrize(("marked", "n_lines"), [(3, 1), (9, 0)])
def test_a_number_is_marked_if_it_is_on_the_axis(marked: float, n_lines: int) -> None:
    svg = drawn(Line("value", [0.5, 0.5, 1.0]), marked=marked)
    upright = re.findall(r'x1="([\d.]+)" x2="\1" y1', svg)
    assert [float(x) for x in upright] == [dots(svg)[1][0]] * n_lines


def test_a_level_above_all_values_is_inside_the_drawing() -> None:
    svg = drawn(Line("value", [0.1, 0.1, 0.1]), level=0.8)
    level = re.search(r'y1="([\d.]+)" y2="\1" stroke-dasharray', svg)
    assert level is not None
    assert 0 < float(level[1]) < dots(svg)[0][1]


def test_several_lines_have_names_and_different_dashes() -> None:
    svg = drawn(Line("one <b>", [0, 1, 2]), Line("two", [2, 1, 0], css="other"))
    assert ">one &lt;b&gt;</text>" in svg
    assert ">two</text>" in svg
    assert 'class="other"' in svg
    assert len(re.findall(r'class="stroke" d="M[^"]+" stroke-dasharray="7 4"', svg)) == 2
    assert ">value</text>" not in drawn(Line("value", [0, 1, 2])).partition("rotate")[0]


def test_numbers_below_the_axis_are_those_of_x_and_do_not_overlap() -> None:
    x = tuple(float(k) for k in range(1000, 1100))
    svg = drawn(Line("value", [1.0] * 100), x=x)
    found = re.findall(r'<text class="middle" x="([\d.]+)"[^>]*>([\d,]+)<', svg)
    places = [float(at) for at, _ in found]
    assert found[0][1] == "1,000"
    assert len(found) > 3
    assert np.diff(places).min() > 5 * 6.6


def test_one_x_is_drawn_in_the_middle() -> None:
    assert 150 < dots(drawn(Line("value", [1.0]), x=(2,)))[0][0] < 220
