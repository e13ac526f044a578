"""Heat map: each rating has its color and place, and a missing one has none."""

import re

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.data.scale import HALF_STARS, LIKES, RatingScale
from recsys.report.charts.heat_map import heat_map, level_of


def painted(svg: str, shape: tuple[int, int]) -> npt.NDArray[np.intp]:
    """The level of each cell that the paths cover; -1 where there is none."""
    levels = np.full(shape, -1)
    for level, path in re.findall(r'<path class="heat-(\d)" d="([^"]*)"', svg):
        x = y = 0
        for letter, numbers in re.findall(r"([Mmh])([\d ]+)", path):
            values = [int(number) for number in numbers.split()]
            if letter == "M":
                x, y = values
            elif letter == "m":
                x += values[0]
            else:
                assert np.all(levels[y, x : x + values[0]] == -1)
                levels[y, x : x + values[0]] = int(level)
                x += values[0]
    return levels


@given(
    arrays(
        np.float64,
        st.tuples(st.integers(1, 6), st.integers(1, 7)),
        elements=st.sampled_from([0.5, 1.0, 3.5, 5.0, np.nan]),
    )
)
def test_every_cell_has_the_color_of_its_rating(cells: npt.NDArray[np.float64]) -> None:
    levels = painted(str(heat_map(cells, HALF_STARS)), cells.shape)
    np.testing.assert_array_equal(levels, np.nan_to_num(cells * 2, nan=0).astype(int) - 1)


@pytest.mark.parametrize(
    ("scale", "ratings", "levels"),
    [
        (RatingScale(1, 5, 1), [1, 2, 3, 4, 5], [0, 2, 5, 7, 9]),
        (RatingScale(-10, 10, 0), [-10, -9.9, 0, 10], [0, 0, 5, 9]),
        (LIKES, [1], [9]),
    ],
)
def test_colors_begin_where_the_ratings_do(
    scale: RatingScale, ratings: list[float], levels: list[int]
) -> None:
    assert level_of(np.array(ratings, dtype=np.float64), scale).tolist() == levels


def keys(scale: RatingScale) -> list[str]:
    """The texts of the legend."""
    svg = str(heat_map(np.array([[1.0]]), scale))
    return re.findall(r'class="heat-\d key".*?<text[^>]*>([^<]*)</text>', svg, flags=re.S)


def test_the_legend_names_each_rating_or_every_third_color() -> None:
    assert keys(HALF_STARS) == [f"{i / 2:g}" for i in range(1, 11)]
    assert keys(RatingScale(1, 5, 1)) == ["1", "2", "3", "4", "5"]
    assert keys(RatingScale(-10, 10, 0)) == ["-10", "", "", "-3.3", "", "", "3.3", "", "", "10"]


def test_numbers_stand_at_the_first_and_every_fifth_row_and_column() -> None:
    svg = str(heat_map(np.full((11, 7), 3.0), HALF_STARS))
    before_cells = svg.partition("<g ")[0]
    assert re.findall(r">(\d+)</text>", before_cells) == ["1", "5", "1", "5", "10"]


def test_a_small_table_has_no_giant_cells() -> None:
    svg = str(heat_map(np.full((2, 2), 3.0), HALF_STARS))
    found = re.search(r"scale\(([\d.]+) ([\d.]+)\)", svg)
    assert found
    assert float(found[1]) <= 24
