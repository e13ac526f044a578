"""Scatter: where dots, rings, centers and the band lie, and the marker of each group."""

import re
from typing import Any

import numpy as np
import pytest

from recsys.report.charts.scatter import MARKERS, scatter


def drawn(x: list[float], y: list[float], **options: Any) -> str:
    return str(
        scatter(
            np.array(x),
            np.array(y),
            **{
                "x_ends": (0.0, 5.0),
                "y_ends": (0.0, 5.0),
                "x_label": "x",
                "y_label": "y",
                **options,
            },
        )
    )


def path(svg: str, css: str) -> str:
    """The first path of a class."""
    found = re.search(rf'<path class="{css}" d="([^"]*)"', svg)
    assert found
    return found[1]


def places(svg: str) -> list[tuple[float, float]]:
    """Where the dots of a scatter without groups lie."""
    return [
        (float(x), float(y)) for x, y in re.findall(r"M(-?[\d.]+) (-?[\d.]+)h0", path(svg, "plain"))
    ]


def test_dots_lie_at_their_numbers_and_both_axes_are_equally_long() -> None:
    (x0, y0), (x1, y1), (x2, y2) = places(drawn([0, 2.5, 5], [0, 2.5, 5]))
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)
    assert (x2 - x0, y0 - y1) == pytest.approx((y0 - y2, y1 - y2), abs=0.11)
    assert 0 < x0 < x2 < 328
    assert 0 < y2 < y0


def test_a_log_axis_has_equal_lengths_for_equal_factors() -> None:
    svg = drawn([1, 10, 100], [0, 0, 0], x_ends=(1.0, 100.0), x_is_log=True)
    (x0, _), (x1, _), (x2, _) = places(svg)
    assert x1 - x0 == pytest.approx(x2 - x1, abs=0.11)


def test_a_ring_marks_a_place_with_several_dots_and_no_other() -> None:
    assert path(drawn([1, 2, 3], [1, 2, 3]), "ring") == ""
    svg = drawn([1, 2, 1, 1], [4, 4, 4, 3])
    (x, y) = places(svg)[0]
    assert re.findall(r"M([\d.]+) ([\d.]+)a", path(svg, "ring")) == [(f"{x:g}", f"{y - 5:g}")]


def test_each_group_has_a_color_a_marker_and_a_key_of_its_own() -> None:
    n = len(MARKERS)
    labels = np.arange(n)
    svg = drawn([1.0] * n, [2.0] * n, labels=labels)
    marks = [path(svg, f"(?:dot|dot open) taste-{group}") for group in labels]
    # What follows the start of a marker is its form.
    assert len({re.sub(r"^M-?[\d.]+[ -][\d.]+", "", mark) for mark in marks}) == n
    assert re.findall(r'<text x="[\d.]+" y="[\d.]+">(\d)</text>', svg) == [str(i) for i in labels]


def test_a_square_is_drawn_around_its_place_and_a_large_one_is_larger() -> None:
    small, large = (
        path(
            drawn([5.0], [0.0], labels=np.array([1]), is_large=np.array([is_large])), "dot taste-1"
        )
        for is_large in (False, True)
    )
    [(x, y)] = places(drawn([5.0], [0.0]))
    for mark, half in ((small, 2.7), (large, 4.95)):
        found = re.fullmatch(r"M([\d.]+) ([\d.]+)h([\d.]+)v([\d.]+)h-([\d.]+)z", mark)
        assert found
        expected = (x - half, y - half, 2 * half, 2 * half, 2 * half)
        assert tuple(map(float, found.groups())) == pytest.approx(expected, abs=0.11)


def test_centers_have_the_numbers_of_their_groups() -> None:
    svg = drawn([1, 3], [1, 3], labels=np.array([0, 1]), centers=np.array([[1, 1], [3, 3]]))
    found = re.findall(r'<circle class="center taste-(\d)" cx="([\d.]+)" cy="([\d.]+)"', svg)
    expected = places(drawn([1, 3], [1, 3]))
    assert [group for group, _, _ in found] == ["0", "1"]
    for (_, x, y), (dot_x, dot_y) in zip(found, expected, strict=True):
        assert (float(x), float(y)) == pytest.approx((dot_x, dot_y), abs=0.06)


def test_the_band_is_where_both_numbers_differ_by_less_than_its_width() -> None:
    svg = drawn([0, 0, 5, 5], [0, 1, 5, 4], band=1.0)
    found = re.search(r'<polygon class="band" points="([^"]*)"', svg)
    assert found
    corners = [tuple(map(float, corner.split(","))) for corner in found[1].split()]
    assert len(corners) == 6
    for x, y in places(svg):
        assert min(abs(x - a) + abs(y - b) for a, b in corners) < 0.2


def test_labels_of_the_axes_are_text() -> None:
    assert "&lt;b&gt; &amp; c" in drawn([1], [1], x_label="<b> & c")
