"""Reads the columns of any table that a caller has in memory; errors name the row."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.errors import RatingsError
from recsys.data.genre_lists import joined_genres, without_blanks
from recsys.data.ids import Ids, as_ids
from recsys.data.times import WAY_OUT, Times, read_times
from recsys.printable import shortened, shown

Floats = npt.NDArray[np.float64]

# Python writes no whole number of more than 4,300 digits.
_LARGEST = 2**256

_FRAMES = "a frame of pandas, polars, pyarrow or DuckDB, or a dict of columns"


def by_row(row: int) -> str:
    """The place of a row in a message."""
    return f"row {row}"


class Frame:
    """A caller's table, of which `read` takes the columns that are needed.

    Parameters
    ----------
    where : str
        The name of the table in errors.
    given : DataFrame, LazyFrame, Table, relation or mapping
        A frame of pandas, polars, pyarrow or DuckDB, or of another library that narwhals knows; or
        a mapping of names to columns.
    place : callable, optional
        Writes the place of a row in a message.

    Attributes
    ----------
    names : list of str
        The names of all columns.

    Raises
    ------
    RatingsError
        If the object is no such table.
    """

    def __init__(self, where: str, given: Any, place: Callable[[int], str] = by_row) -> None:
        self.where = where
        self.names: list[str]
        self._given = given
        self.place = place
        self._columns: dict[str, pd.Series] = {}
        if isinstance(given, pd.DataFrame):
            self.names = [str(label) for label in given.columns]
        elif isinstance(given, Mapping):
            self.names = [str(label) for label in given]
        else:
            self._given = _narwhals_frame(where, given)
            self.names = self._given.collect_schema().names()

    def read(self, names: Iterable[str]) -> None:
        """Read some columns, each of which must be there once. There must be rows."""
        names = list(dict.fromkeys(names))
        if isinstance(self._given, pd.DataFrame):
            series = [self._given.iloc[:, self.names.index(name)] for name in names]
        elif isinstance(self._given, Mapping):
            columns = list(self._given.values())
            series = [
                as_series(f"{self.where}: {name}", columns[self.names.index(name)])
                for name in names
            ]
        else:
            # All columns of a query are read at once: it may give its rows in another order later.
            chosen = _collected(self._given.select(names))
            series = [_from_narwhals(chosen[name]) for name in names]
        self._columns = dict(zip(names, series, strict=True))
        lengths = {name: len(column) for name, column in self._columns.items()}
        if len(set(lengths.values())) > 1:
            listed = ", ".join(f"{name} {length:,}" for name, length in lengths.items())
            raise RatingsError(f"{self.where}: the columns differ in length: {listed}")
        if not any(lengths.values()):
            raise RatingsError(f"{self.where}: no rows")

    def error(self, row: int | np.integer[Any], reason: str, value: Any) -> RatingsError:
        """The error for a value of one row."""
        plain = value.item() if isinstance(value, np.generic) else value
        return RatingsError(
            f"{self.where}, {self.place(int(row))} (counted from 0): {reason}: {shown(plain)}"
        )

    def numbers(self, name: str) -> Floats:
        """The column as float64, without infinite and missing values."""
        column = self._columns[name]
        values = column.to_numpy()
        if values.dtype.kind not in "iuf":
            values = column.to_numpy(dtype=object)
            self._check(name, values, values, _is_number, "is not a number")
        found = np.array(values, np.float64)
        bad = np.flatnonzero(~np.isfinite(found))
        if bad.size:
            raise self.error(bad[0], f"{name} is not a number", column.iloc[bad[0]])
        return found

    def ids(self, name: str) -> Ids:
        """The column as whole numbers, or as text if not all are whole numbers."""
        values = self._columns[name].to_numpy()
        if values.dtype.kind not in "iu":
            values = self._columns[name].to_numpy(dtype=object)
            kinds = set(map(type, values))
            # Each text is checked once.
            distinct = pd.unique(values) if kinds == {str} else values
            self._check(name, values, distinct, _is_id, "is neither a whole number nor text")
            if Decimal in kinds:
                return as_ids([int(v) if isinstance(v, Decimal) else v for v in values])
        return as_ids(values)

    def times(self, name: str) -> Times | None:
        """The column as seconds, without missing values; None if it is empty."""
        column = self._columns[name]
        found = read_times(column, f"{self.where}, {name}")
        if found is not None and found.is_bad.any():
            row = np.flatnonzero(found.is_bad)[0]
            error = self.error(row, f"{name} is no time", column.iloc[row])
            raise RatingsError(f"{error}; {WAY_OUT}")
        return found

    def texts(self, name: str) -> list[str]:
        """The column as a list of str."""
        texts = list(self._columns[name])
        self._check(name, texts, texts, lambda text: isinstance(text, str), "is not text")
        self._check(name, texts, texts, is_encodable, "holds half of a surrogate pair")
        return texts

    def genres(self, name: str) -> list[str]:
        """The column of texts or lists of genres as texts; no genres for a missing value."""
        missing = self._columns[name].isna()
        values = [
            None if absent else list(value) if _is_list(value) else value
            for value, absent in zip(self._columns[name], missing, strict=True)
        ]
        reason = "is neither text nor a list of texts"
        self._check(name, values, values, _are_genres, reason)
        # Text that has the form of `Ratings.movies` keeps all names that are not blank.
        is_joined = any("|" in value for value in values if isinstance(value, str))
        joined = [
            without_blanks(value) if is_joined and isinstance(value, str) else genres
            for value, genres in zip(values, joined_genres(values, nothing=("",)), strict=True)
        ]
        self._check(name, joined, joined, is_encodable, "holds half of a surrogate pair")
        return joined

    def _check(
        self,
        name: str,
        values: Sequence[Any] | npt.NDArray[Any],
        distinct: Collection[Any] | npt.NDArray[Any],
        holds: Callable[[Any], bool],
        reason: str,
    ) -> None:
        if not all(map(holds, distinct)):
            row = next(row for row, value in enumerate(values) if not holds(value))
            raise self.error(row, f"{name} {reason}", values[row])


def as_series(where: str, values: Any) -> pd.Series:
    """Turn a column of any library, or any sequence, into a Series.

    Examples
    --------
    >>> as_series("ids", ["ann", "bob"]).tolist()
    ['ann', 'bob']
    >>> as_series("ids", "ann")
    Traceback (most recent call last):
    recsys.data.errors.RatingsError: ids: a str is no column: 'ann'
    """
    if isinstance(values, str | bytes | Mapping | set | frozenset):
        raise RatingsError(f"{where}: a {type(values).__name__} is no column: {shown(values)}")
    if isinstance(values, pd.Series | pd.Index | pd.api.extensions.ExtensionArray):
        return pd.Series(values)
    series = nw.from_native(values, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return _from_narwhals(series)
    if isinstance(values, np.ndarray):
        if values.ndim != 1:
            raise RatingsError(f"{where}: an array of shape {values.shape} is no column")
        return pd.Series(values)
    try:
        # Arrays of pyarrow hold scalars of their own.
        items = values.to_pylist() if hasattr(values, "to_pylist") else list(values)
    except TypeError:
        raise RatingsError(f"{where}: a {type(values).__name__} is no column") from None
    return pd.Series(items, dtype=None if items else object)


def is_encodable(text: str) -> bool:
    r"""Tell whether a text can be written as UTF-8: it holds no lone surrogate.

    Examples
    --------
    >>> is_encodable("Amélie"), is_encodable("Am\udce9lie")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _narwhals_frame(where: str, given: Any) -> Any:
    try:
        return nw.from_native(given)
    except TypeError:
        kind = type(given).__name__
        raise RatingsError(
            f"{where}: a {shortened(kind)} is no table; pass {_FRAMES} (for a file, "
            "recsys.load_ratings)"
        ) from None


def _collected(frame: Any) -> Any:
    """Run a query. By default narwhals needs pyarrow to run one of DuckDB."""
    if not isinstance(frame, nw.LazyFrame):
        return frame
    return frame.collect("pandas" if frame.implementation.is_duckdb() else None)


def _from_narwhals(series: Any) -> pd.Series:
    if series.dtype.is_numeric() or series.dtype.is_temporal():
        return pd.Series(series.to_numpy())
    # In pyarrow, to_numpy() fills the gaps of a dictionary column with values.
    return pd.Series(series.to_list(), dtype=object)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple | np.ndarray)


def _are_genres(value: Any) -> bool:
    if _is_list(value):
        return all(isinstance(genre, str) for genre in value)
    return value is None or isinstance(value, str)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, numbers.Real | Decimal):
        return False
    number: Any = value
    return not isinstance(value, numbers.Integral) or -_LARGEST < number < _LARGEST


def _is_id(value: Any) -> bool:
    if isinstance(value, str):
        return bool(value.strip()) and is_encodable(value)
    if isinstance(value, Decimal):
        is_short = value.is_finite() and -_LARGEST < value < _LARGEST
        return is_short and value == value.to_integral_value()
    if isinstance(value, numbers.Integral) or not _is_number(value):
        return _is_number(value)
    # Beyond 2**53 several whole numbers share one float.
    return bool(-(2**53) <= value <= 2**53 and value == value // 1)
