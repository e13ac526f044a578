"""Labels beside dots: boxes never overlap, and the side with fewest dots is taken."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.report.charts.labels import Label, placed_labels, short_name, width_of


def box_of(label: Label, size: float) -> tuple[float, float, float, float]:
    """The box of a text as a browser draws it, from its anchor and baseline."""
    width = width_of(label.text, size)
    left = label.x - {"start": 0.0, "middle": width / 2, "end": width}[label.css]
    return left, label.y - 0.8 * size, left + width, label.y + 0.25 * size


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.sampled_from([6.0, 12.0]))
def test_boxes_never_overlap_nor_leave_the_drawing(seed: int, n: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    places = rng.random((n, 2)) * [328.0, 200.0]
    texts = ["M" * int(length) for length in rng.integers(1, 22, n)]
    labels = placed_labels(
        texts, places, np.full(n, 3.0), size=size, area=(328.0, 200.0), order=range(n)
    )
    boxes = [box_of(label, size) for label in labels]
    for i, (left, top, right, bottom) in enumerate(boxes):
        assert left >= 0
        assert top >= 0
        assert right <= 328
        assert bottom <= 200
        for other in boxes[:i]:
            is_apart = (
                left >= other[2] or other[0] >= right or top >= other[3] or other[1] >= bottom
            )
            assert is_apart
    assert [label.dot for label in labels] == sorted(label.dot for label in labels)


def css_of(
    places: list[tuple[float, float]], area: tuple[float, float] = (100, 100), radius: float = 2.0
) -> list[str]:
    """The anchors of labels of 22 units by 10."""
    labels = placed_labels(
        ["abcd"] * len(places),
        np.array(places),
        np.full(len(places), radius),
        size=10.0,
        area=area,
        order=range(len(places)),
    )
    return [label.css for label in labels]


def test_a_label_takes_the_side_with_fewest_dots() -> None:
    assert css_of([(50, 50)])[0] == "start"
    assert css_of([(50, 50), (65, 50)])[0] == "end"
    assert css_of([(50, 50), (65, 50), (35, 50)])[0] == "middle"
    assert css_of([(90, 50)]) == ["end"]


def test_a_dot_without_a_place_has_no_label() -> None:
    assert css_of([(50, 50)], area=(100, 100)) == ["start"]
    assert css_of([(15, 6)], area=(30, 12)) == []
    # The first four dots at one place take the four sides.
    assert sorted(css_of([(50, 50)] * 6, radius=8.0)) == ["end", "middle", "middle", "start"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Up", "Up"),
        ("x" * 22, "x" * 22),
        ("x" * 23, "x" * 21 + "…"),
        ("tab\there", "tab here"),
        ("a" * 20 + " bcd", "a" * 20 + "…"),
    ],
)
def test_short_names(name: str, expected: str) -> None:
    assert short_name(name) == expected


def test_wide_letters_and_capitals_need_more_room() -> None:
    assert width_of("abc", 10) < width_of("ABC", 10) < width_of("七人侍", 10) == 30
