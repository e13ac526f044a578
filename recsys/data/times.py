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
_UNITS = (
    (1e17, "nanoseconds", 10**9), (1e14, "microseconds", 10**6), (1e11, "milliseconds", 1000),
    (0.0, "", 1),
)  # fmt: skip

# The unit is told by so many of the times.
N_TYPICAL = 10_000

_NUMERIC_DATE = re.compile(r"([0-9]{1,2})([ ./-])([0-9]{1,2})(?:[./-]|, ?)[0-9]{4}\b.*")
_CLOCKS = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
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
    try:
        codes, distinct = pd.factorize(values, use_na_sentinel=False)
    except TypeError:  # lists and the like, from JSON or Parquet
        codes, distinct = pd.factorize(values.astype(str))
    texts = pd.Series(["" if pd.isna(each) else str(each).strip() for each in distinct])
    texts = texts.where(~texts.str.lower().isin(["nan", "nat", "null", "none", "na"]), "")
    if (texts == "").all():
        return None
    numbers = pd.to_numeric(texts, errors="coerce")
    if 2 * numbers.notna().sum() >= (texts != "").sum():
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
    if values.dtype.kind == "f":
        is_bad = ~(np.abs(values) < 2.0**63)
        values = np.where(is_bad, 0, values)
    else:
        is_bad = np.zeros(len(values), np.bool_)
    some = np.abs(values[~is_bad][:: max(1, len(values) // N_TYPICAL)].astype(np.float64))
    typical = float(np.median(some)) if len(some) else 0.0
    place = next(at for at, (smallest, _, _) in enumerate(_UNITS) if typical >= smallest)
    smallest, unit, per_second = _UNITS[place]
    beyond = _UNITS[place - 1][0] if place else 2.0**63
    # A time in another unit would lie thousands of years away. 0 is 1970 in every unit.
    sizes = np.abs(values)
    is_bad |= (sizes >= beyond) | ((sizes < smallest) & (sizes != 0))
    if is_bad.any():
        values = np.where(is_bad, 0, values)
    seconds = values // per_second if per_second > 1 else values
    return Times(seconds.astype(np.int64, copy=False), is_bad, unit and f"times in {unit}")


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
        day = "%d-%m-%Y" if day_first else "%m-%d-%Y"
        days = texts.str.replace(r"^(\d+)[ ./-](\d+)(?:[./-]|, ?)", r"\1-\2-", regex=True)
        for clock in _CLOCKS:
            dates = dates.fillna(
                pd.to_datetime(days, format=day + clock, utc=True, errors="coerce")
            )
        return dates
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
