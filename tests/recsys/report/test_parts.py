"""Tables of the page: cells as text, aligned by the kind of their column."""

import re

import numpy as np
import pandas as pd

from recsys.report.charts.bars import lying_bars
from recsys.report.parts import ABSENT, table

FRAME = pd.DataFrame(
    {
        "n": [1200, 3],
        "mean": [3.14159, np.nan],
        "title": ["Up", None],
        "liked": [True, False],
    },
    index=pd.Index(["a", "b"], name="id"),
)


def test_numbers_are_rounded_and_missing_values_are_marked() -> None:
    found = table(FRAME, "Some")
    assert found.header == ("n", "mean", "title", "liked")
    assert found.rows == (("1,200", "3.14", "Up", "True"), ("3", ABSENT, ABSENT, "False"))
    assert found.numeric[:3] == (True, True, False)
    assert found.caption == "Some"


def test_the_index_is_a_column_if_asked_for() -> None:
    found = table(FRAME[["mean"]], "Some", with_index=True, decimals=4)
    assert found.header == ("id", "mean")
    assert found.rows == (("a", "3.1416"), ("b", ABSENT))


def test_two_columns_of_the_same_name_are_both_there() -> None:
    frame = pd.DataFrame([[1, 2.5]], columns=["x", "x"])
    assert table(frame, "").rows == (("1", "2.50"),)


def test_an_empty_table_has_a_header() -> None:
    found = table(FRAME.head(0), "None")
    assert found.header == ("n", "mean", "title", "liked")
    assert found.rows == ()


def test_places_in_drawings_are_rounded() -> None:
    svg = lying_bars(["a", "b"], [1 / 3, 0.1], ["1", "2"], x_label="x")
    places = re.findall(r' (?:x|y|width|height)="([^"]+)"', svg)
    assert len(places) > 5
    assert all(re.fullmatch(r"-?\d+(\.\d{1,3})?", place) for place in places)
