"""Axes: ticks are round, inside and in order; texts are cut to their width."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.report.charts.axes import Axis, fitted, powers, round_values, short, width_of

ends = st.floats(-1e9, 1e9)
positive = st.floats(1e-3, 1e9)


def check_ticks(axis: Axis) -> None:
    ticks = axis.ticks()
    places = [tick.at for tick in ticks]
    assert places == sorted(places)
    assert all(axis.start - 0.1 <= place <= axis.stop + 0.1 for place in places)
    assert 1 <= len(ticks) <= 12


@given(ends, ends)
def test_ticks_are_inside_and_in_order(one: float, other: float) -> None:
    check_ticks(Axis(min(one, other), max(one, other), 40, 320))


@given(positive, positive)
def test_logarithmic_ticks_are_inside_and_in_order(one: float, other: float) -> None:
    check_ticks(Axis(min(one, other), max(one, other), 40, 320, is_log=True))


@given(positive, positive, positive)
def test_places_are_in_the_order_of_the_values(a: float, b: float, c: float) -> None:
    low, middle, high = sorted((a, b, c))
    for is_log in (False, True):
        upward = Axis(low, high, 150, 10, is_log)
        assert upward.at(low) >= upward.at(middle) >= upward.at(high)
        if high > low:
            assert (upward.at(low), upward.at(high)) == (150, 10)


@pytest.mark.parametrize("is_log", [False, True])
def test_of_equal_values_one_tick_is_in_the_middle(is_log: bool) -> None:
    (tick,) = Axis(7, 7, 0, 100, is_log).ticks()
    assert (tick.at, tick.text) == (50, "7")


@given(ends, ends)
def test_round_values_are_multiples_of_one_step(one: float, other: float) -> None:
    values = round_values(min(one, other), max(one, other))
    steps = [after - before for before, after in itertools.pairwise(values)]
    if steps:
        assert steps == pytest.approx([steps[0]] * len(steps), rel=1e-4)
        digits = f"{steps[0]:.3e}"
        assert digits[:5] in ("1.000", "2.000", "5.000")
        assert values[0] / steps[0] == pytest.approx(round(values[0] / steps[0]), abs=1e-4)


def test_hand_worked_ticks() -> None:
    assert round_values(-10, 10, 4) == [-10, -5, 0, 5, 10]
    assert round_values(0, 0.03, 3) == [0, 0.01, 0.02, 0.03]
    # Powers of ten; with 3 if these are few; with 2 and 5 if still few; then round values.
    assert powers(1, 1e4) == [1, 10, 100, 1000, 10000]
    assert powers(16, 4096) == [30, 100, 300, 1000, 3000]
    assert powers(4, 60) == [5, 10, 20, 50]
    assert powers(21, 29) == [25]
    # Of very many powers, some are left out.
    assert powers(1, 1e12) == [1, 100, 1e4, 1e6, 1e8, 1e10, 1e12]


def test_labels_are_short() -> None:
    values = (0, 0.25, -3, 9999, 10_000, 123_000, 2.5e6, 3e9)
    assert [short(value) for value in values] == [
        "0", "0.25", "-3", "9,999", "10k", "123k", "2.5M", "3G"
    ]  # fmt: skip


@given(st.text(max_size=40), st.floats(10, 200))
def test_a_text_is_cut_to_its_width(text: str, width: float) -> None:
    cut = fitted(text, width)
    assert width_of(cut) <= width
    assert cut == text or text.startswith(cut.removesuffix("…"))
    assert (cut == text) == (width_of(text) <= width)


def test_chinese_letters_are_twice_as_wide() -> None:
    assert width_of("日本") == width_of("Drum")
