"""Turns times of any common form into seconds since 1970."""

import re
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.errors import RatingsError
from recsys.printable import shortened

Ints = npt.NDArray[np.int64]
Column: TypeAlias = npt.NDArray[Any] | pd.Series | pd.Categorical

# Numbers from here on count milliseconds, microseconds and nanoseconds: as seconds, they would lie
# more than 3,000 years ahead.
_UNITS = ((1e17, "nanoseconds", 10**9), (1e14, "microseconds", 10**6), (1e11, "milliseconds", 1000))

_NUMERIC_DATE = re.compile(r"([0-9]{1,2})([./-])([0-9]{1,2})[./-][0-9]{4}\b.*")
_MONTH = re.compile(r"[A-Za-z]{3}")

WAY_OUT = (
    "write seconds or dates such as 2005-04-02, or leave times out by --time-column none "
    "(time='none')"
)


@dataclass(frozen=True, eq=False)
class Times:
    """Times of rows in seconds, the rows whose time is no time, and what was worked out.

    Attributes
    ----------
    seconds : ndarray of shape (n_rows,), int64
    is_bad : ndarray of shape (n_rows,), bool
    note : str
    """

    seconds: Ints
    is_bad: npt.NDArray[np.bool_]
    note: str = ""


def read_times(column: Column, file: str) -> Times | None:
    """Turn a column of times into seconds; None if it is empty.

    Parameters
    ----------
    column : Column
        Seconds, milliseconds, microseconds or nanoseconds since 1970, datetime64, or dates as text.
        Fractions of a second are cut off. Dates without a time zone are in UTC.
    file : str
        The name of the file or the table in errors.

    Returns
    -------
    Times or None

    Raises
    ------
    RatingsError
        If most of the times are none, or if days and months cannot be told apart.

    Examples
    --------
    >>> read_times(np.array([1112400000000]), "a.csv").seconds
    array([1112400000])
    >>> read_times(np.array(["2005-04-02", "x", "2005-04-02 00:00:01"]), "a.csv")
    Times(seconds=array([1112400000,          0, 1112400001]), is_bad=array([False,  True, False]),
    note='times from dates')
    """
    values = pd.Series(column)
    if values.dtype.kind == "M":
        return _from_dates(pd.to_datetime(values, utc=True), np.arange(len(values)))
    if values.dtype.kind in "iuf":
        if values.hasnans:
            return _from_numbers(values.to_numpy(np.float64, na_value=np.nan))
        return _from_numbers(values.to_numpy())
    codes, distinct = pd.factorize(values, use_na_sentinel=False)
    texts = pd.Series(["" if pd.isna(each) else str(each).strip() for each in distinct])
    texts = texts.where(~texts.str.lower().isin(["nan", "nat", "null", "none", "na"]), "")
    if (texts == "").all():
        return None
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().sum() > 0.5 * (texts != "").sum():
        return _from_numbers(numbers.to_numpy(np.float64)[codes])
    found = _from_dates(_dates(texts, file), codes)
    if 2 * found.is_bad.sum() > (texts != "").to_numpy()[codes].sum():
        first = _first(texts)
        raise RatingsError(f"{file}: the times are neither numbers nor dates: {first}; {WAY_OUT}")
    return found


def _first(texts: pd.Series) -> str:
    """The first text that is not empty, for a message."""
    return repr(shortened(str(texts[texts != ""].iloc[0])))


def _from_numbers(values: npt.NDArray[Any]) -> Times:
    is_bad = ~np.isfinite(values)
    sound = np.where(is_bad, 0, values)
    typical = float(np.median(np.abs(sound[~is_bad]))) if not is_bad.all() else 0.0
    for smallest, unit, per_second in _UNITS:
        if typical >= smallest:
            seconds = (sound // per_second).astype(np.int64)
            return Times(seconds, is_bad, f"times in {unit}")
    is_bad |= np.abs(sound) >= 2.0**63
    return Times(np.where(is_bad, 0, sound).astype(np.int64), is_bad)


def _from_dates(dates: pd.Series, codes: npt.NDArray[Any]) -> Times:
    if isinstance(dates.dtype, pd.DatetimeTZDtype):
        dates = dates.dt.tz_convert(None)
    is_bad = dates.isna().to_numpy()
    seconds = dates.to_numpy().astype("datetime64[s]").astype(np.int64)
    return Times(np.where(is_bad, 0, seconds)[codes], is_bad[codes], "times from dates")


def _dates(texts: pd.Series, file: str) -> pd.Series:
    """Dates of texts; NaT for a text that is none."""
    dates = pd.to_datetime(texts, format="ISO8601", utc=True, errors="coerce")
    others = texts[dates.isna() & (texts != "")]
    if not len(others):
        return dates
    parts = [found for found in map(_NUMERIC_DATE.fullmatch, others) if found]
    if 2 * len(parts) > len(others):
        day_first = _is_day_first(parts, file)
        order = "%d-%m-%Y" if day_first else "%m-%d-%Y"
        days = texts.str.replace(r"[./]", "-", regex=True)
        clock = days.str.extract(r"^(\S+)\s*(.*)$")
        day = pd.to_datetime(clock[0], format=order, utc=True, errors="coerce")
        time = pd.to_timedelta(clock[1].where(clock[1] != "", "0s"), errors="coerce")
        return dates.fillna(day + time.fillna(pd.Timedelta(0)))
    if 2 * sum(bool(_MONTH.search(text)) for text in others) > len(others):
        return dates.fillna(pd.to_datetime(texts, format="mixed", utc=True, errors="coerce"))
    return dates


def _is_day_first(parts: list[re.Match[str]], file: str) -> bool:
    """Whether 02.04.2005 is in April. No month is above 12, and only days are set apart by dots."""
    if max(int(found[1]) for found in parts) > 12 or parts[0][2] == ".":
        return True
    if max(int(found[3]) for found in parts) > 12:
        return False
    raise RatingsError(
        f"{file}: days and months cannot be told apart in {parts[0][0]!r}; {WAY_OUT}"
    )
