"""Steps: the time of a step within another counts once, and the bar moves by parts."""

from time import perf_counter, process_time

import pytest

from recsys.report.steps import Steps


class Clock:
    """Time that passes only when a test says so: 2 seconds of CPU in each 3 by the clock."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def wall(self) -> float:
        return 3 * self.seconds

    def cpu(self) -> float:
        return 2 * self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr("recsys.report.steps.perf_counter", clock.wall)
    monkeypatch.setattr("recsys.report.steps.process_time", clock.cpu)
    return clock


def test_time_within_a_step_counts_for_the_inner_one_alone(clock: Clock) -> None:
    steps = Steps(1, lambda name, n_done, n_parts: None)
    with steps.step("outer"):
        clock.seconds += 1
        with steps.step("inner"):
            clock.seconds += 10
            with steps.step("innermost"):
                clock.seconds += 100
        clock.seconds += 1000
    clock.seconds += 10_000  # belongs to no step
    with steps.step("inner"):
        clock.seconds += 5
    assert {name: time.cpu for name, time in steps.times.items()} == {
        "outer": 2002,
        "inner": 30,
        "innermost": 200,
    }
    assert {name: time.wall for name, time in steps.times.items()} == {
        "outer": 3003,
        "inner": 45,
        "innermost": 300,
    }


def test_a_failed_step_ends(clock: Clock) -> None:
    steps = Steps(1, lambda name, n_done, n_parts: None)

    def fail() -> None:
        with steps.step("outer"), steps.step("inner"):
            clock.seconds += 1
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    clock.seconds += 10
    with steps.step("next"):
        clock.seconds += 100
    assert [time.cpu for time in steps.times.values()] == [0, 2, 200]


def test_the_bar_moves_when_a_part_is_done() -> None:
    told: list[tuple[str, int, int]] = []
    steps = Steps(2, lambda *step: told.append(step))
    with steps.step("section a", is_part=True), steps.step("shared"):
        pass
    with steps.step("section b", is_part=True):
        pass
    with steps.step("end"):
        pass
    assert told == [("section a", 0, 2), ("shared", 0, 2), ("section b", 1, 2), ("end", 2, 2)]


def test_the_times_are_of_the_clocks() -> None:
    steps = Steps(1, lambda name, n_done, n_parts: None)
    before = perf_counter(), process_time()
    with steps.step("sum"):
        sum(range(100_000))
    time = steps.times["sum"]
    assert 0 < time.wall <= perf_counter() - before[0]
    assert 0 < time.cpu <= process_time() - before[1]
