"""Times of any unit and spelling become seconds since 1970."""

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.ratings import RatingsError
from recsys.data.times import read_times

# 2005-04-02 10:00:00
NOON = 1_112_436_000


@pytest.mark.parametrize(
    ("times", "note"),
    [
        (np.array([NOON]), ""),
        (np.array([float(NOON)]), ""),
        (np.array([NOON * 1000 + 999]), "times in milliseconds"),
        (np.array([NOON * 10**6]), "times in microseconds"),
        (np.array([NOON * 10**9]), "times in nanoseconds"),
        (np.array([str(NOON)], dtype=object), ""),
        (pd.Categorical([str(NOON * 1000)]), "times in milliseconds"),
        (np.array(["2005-04-02T10:00:00"], "datetime64[ms]"), "times from dates"),
        (pd.Series(pd.to_datetime(["2005-04-02 12:00+02:00"])), "times from dates"),
        (pd.Categorical(["2005-04-02 10:00:00"]), "times from dates"),
        (pd.Categorical(["2005-04-02T10:00:00Z"]), "times from dates"),
        (pd.Categorical(["2005-04-02T12:00:00.000+02:00"]), "times from dates"),
        (pd.Categorical(["02.04.2005 10:00"]), "times from dates"),
        (pd.Categorical(["02.04.2005 10:00:00"]), "times from dates"),
        (np.array([datetime.datetime(2005, 4, 2, 10)], dtype=object), "times from dates"),
    ],
)
def test_times_of_any_unit_become_seconds(times, note):
    found = read_times(times, "a.csv")
    assert found is not None
    assert found.seconds.tolist() == [NOON]
    assert found.note == note
    assert not found.is_bad.any()


@pytest.mark.parametrize(
    ("texts", "days"),
    [
        (["13/04/2005", "02/04/2005"], ["2005-04-13", "2005-04-02"]),
        (["04/13/2005", "04/02/2005"], ["2005-04-13", "2005-04-02"]),
        (["4/13/2005 12:00 AM", "4/2/2005 12:00:00 AM"], ["2005-04-13", "2005-04-02"]),
        (["04 13, 2005", "04 2, 2005"], ["2005-04-13", "2005-04-02"]),
        (["Apr 13, 2005", "2 April 2005"], ["2005-04-13", "2005-04-02"]),
    ],
)
def test_days_and_months_are_told_apart_by_the_other_rows(texts, days):
    found = read_times(pd.Categorical(texts), "a.csv")
    assert found is not None
    assert found.seconds.tolist() == np.array(days, "datetime64[s]").astype(int).tolist()


@pytest.mark.parametrize("empty", ["", "NaN", None])
def test_a_column_without_times_means_that_there_are_no_times(empty):
    assert read_times(np.array([empty, empty], dtype=object), "a.csv") is None


@pytest.mark.parametrize(
    ("texts", "is_bad"),
    [
        (["2005-04-02", "x", "2005-04-03"], [False, True, False]),
        (["5", "", "7"], [False, True, False]),
        (["1112400000", "x"], [False, True]),
    ],
)
def test_single_bad_times_are_marked(texts, is_bad):
    found = read_times(pd.Categorical(texts), "a.csv")
    assert found is not None
    assert found.is_bad.tolist() == is_bad


@pytest.mark.parametrize(
    ("texts", "problem"),
    [
        (["soon", "later"], "the times are neither numbers nor dates: 'soon'"),
        (["02/04/2005", "03/04/2005"], "days and months cannot be told apart in '02/04/2005'"),
    ],
)
def test_times_that_cannot_be_understood_are_refused_with_the_way_out(texts, problem):
    with pytest.raises(RatingsError) as caught:
        read_times(pd.Categorical(texts), "a.csv")
    assert str(caught.value) == (
        f"a.csv: {problem}; write seconds or dates such as 2005-04-02, or leave times out by "
        "--time-column none (time='none')"
    )


@given(
    st.lists(st.datetimes(datetime.datetime(1971, 1, 1), datetime.datetime(2100, 1, 1)), min_size=1)
)
def test_dates_that_python_writes_are_read_back(moments):
    seconds = [int(m.replace(tzinfo=datetime.UTC).timestamp() // 1) for m in moments]
    found = read_times(pd.Series([m.isoformat() for m in moments], dtype=object), "a.csv")
    assert found is not None
    assert found.seconds.tolist() == seconds


@pytest.mark.parametrize("usual", ["978300760", "978300760000"])
def test_a_number_beyond_all_times_is_marked(usual):
    found = read_times(np.array([usual, "9" * 40, usual], dtype=object), "r.csv")
    assert found.is_bad.tolist() == [False, True, False]
    assert found.seconds[[0, 2]].tolist() == [978300760] * 2
