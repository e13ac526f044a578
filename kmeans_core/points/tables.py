"""Reads tables of any kind: names of columns, and floats in which missing values are NaN."""

import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats, rows_of
from kmeans_core.errors import shown

# numpy turns NaT into this number when it converts dates to floats.
_NAT_AS_FLOAT = float(np.iinfo(np.int64).min)


def as_array(X: Any, name: str = "X") -> npt.NDArray[Any]:
    """X as a numpy array; frame columns that numpy would read as objects become floats.

    Tables of pyarrow, and pandas frames with columns of pandas' own dtypes, are read column by
    column. numpy reads everything else. ValueError if X hides values behind a mask or has rows of
    different lengths, TypeError if it has columns of dates and of numbers.
    """
    if type(X) is np.ndarray:
        return X
    if np.ma.is_masked(X):
        raise ValueError(
            f"{name} is a masked array with masked values. KMeans would ignore the mask: fill the "
            "values first (X.filled) or leave their rows out."
        )
    if _is_instance(X, "pyarrow", "Table", "RecordBatch"):
        return _of_arrow(X, name)
    if _is_instance(X, "pyarrow", "ChunkedArray", "Array"):
        return np.concatenate([np.empty(0, dtype=np.int8), *_arrow_pieces(X)])
    if _is_instance(X, "pandas", "DataFrame"):
        values = _of_nullable(X)
        if values is not None:
            return values
    try:
        return np.asarray(X)
    except ValueError as error:
        raise ValueError(f"{name} cannot be read as one array: {error}") from error


def as_floats(array: npt.NDArray[Any], name: str = "X") -> npt.NDArray[Any]:
    """The array itself if it is float32 or float64, otherwise as float64; missing values are NaN.

    Dates and durations become numbers in their own unit, as in scikit-learn. ValueError if a value
    is complex, a string that is not a number, or too large for float64. TypeError if a value is an
    object that is not a number.
    """
    kind = array.dtype.kind
    if array.dtype in (np.float32, np.float64):
        return array
    if kind == "c":
        raise _complex(name)
    if kind in "Mm":
        return np.where(np.isnat(array), np.nan, array.astype(np.float64))
    if kind in "OUST":
        return _of_objects(array.astype(object), name)
    if kind not in "biuf":
        raise TypeError(
            f"{name} has dtype {array.dtype}, which is not a number: pass an array with one column "
            "for each feature."
        )
    # A long double beyond float64's range becomes infinity; the error for it names its place.
    with np.errstate(over="ignore"):
        return rows_of(array, np.float64)


def is_missing(cell: Any) -> bool:
    """Whether one cell is missing: None, NaN, NaT, or the NA of pandas."""
    if cell is None or cell is getattr(sys.modules.get("pandas"), "NA", None):
        return True
    if isinstance(cell, Decimal):  # a signaling NaN cannot be compared
        return cell.is_nan()
    if getattr(cell, "is_valid", True) is False:  # a null of pyarrow
        return True
    try:
        return bool(cell != cell)
    except (TypeError, ValueError):
        return False


def which_missing(cells: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Which cells of an object array are missing."""
    # Python 3.12 may compare NaN in a way that the processor marks as invalid: NumPy warns of it.
    with np.errstate(invalid="ignore"):
        found = np.frompyfunc(is_missing, 1, 1)(cells)
    return np.asarray(found, dtype=bool)


def _of_objects(cells: npt.NDArray[Any], name: str) -> Floats:
    try:
        floats: Floats = cells.astype(np.float64)
        if not np.any(floats == _NAT_AS_FLOAT):
            return floats
        floats[which_missing(cells)] = np.nan
    except (TypeError, ValueError, ArithmeticError):
        return _one_by_one(np.where(which_missing(cells), np.nan, cells), name)
    return floats


def _one_by_one(cells: npt.NDArray[Any], name: str) -> Floats:
    """Read the cells one by one, so that the error can name the first one that fails."""
    out = np.empty(cells.shape)
    for place, cell in np.ndenumerate(cells):
        if isinstance(cell, complex | np.complexfloating):
            raise _complex(name)
        try:
            out[place] = float(cell)
        except OverflowError as error:
            raise ValueError(
                f"{name} holds a number that float64 cannot hold: {shown(cell)}{_at(place)}."
            ) from error
        except (ValueError, ArithmeticError) as error:
            raise ValueError(
                f"{name} holds a value that is not a number: {shown(cell)}{_at(place)}."
            ) from error
        except TypeError as error:
            raise TypeError(
                f"{name} holds an object that is not a number: argument must be a string or a "
                f"number, not {type(cell).__name__} ({shown(cell)}{_at(place)})."
            ) from error
    return out


def _at(place: tuple[int, ...]) -> str:
    if len(place) == 2:
        return f" at row {place[0]}, column {place[1]}"
    return f" at position {', '.join(map(str, place))}" if place else ""


def _complex(name: str) -> ValueError:
    return ValueError(f"Complex data not supported: {name} holds complex numbers.")


def feature_names(X: Any) -> npt.NDArray[np.object_] | None:
    """Column names of a data frame or table; None if it has no names, or no names are strings.

    TypeError if some names are strings and some are not.
    """
    # In a pyarrow table ``columns`` holds the values.
    columns = getattr(X, "column_names", None)
    if columns is None:
        columns = getattr(X, "columns", None)
    if columns is None:
        return None
    names = np.asarray(columns, dtype=object)
    if names.ndim != 1:
        return None
    n_strings = sum(isinstance(name, str) for name in names)
    if n_strings == 0:
        return None
    if n_strings < len(names):
        kinds = sorted({type(name).__name__ for name in names})
        raise TypeError(
            "Feature names are only supported if all input features have string names, but your "
            f"input has {kinds} as feature name / column name types. If you want feature names to "
            "be stored and validated, you must convert them all to strings, by using "
            "X.columns = X.columns.astype(str) for example. Otherwise you can remove feature / "
            "column names from your input data, or convert them all to a non-string data type."
        )
    return names


# Frames ---------------------------------------------------------------------------------------


def _is_instance(X: Any, module: str, *names: str) -> bool:
    """Whether X is an instance of a class of a library that may not be installed."""
    loaded = sys.modules.get(module)
    return any(isinstance(X, getattr(loaded, name, ())) for name in names)


def _of_nullable(frame: Any) -> npt.NDArray[Any] | None:
    """The values of a frame with columns of pandas' own dtypes; None if numpy reads it well.

    numpy would turn every number into an object, and a missing category into an int.
    """
    dtypes = frame.dtypes.to_numpy()
    if all(issubclass(kind, np.dtype) for kind in set(map(type, dtypes))):
        return None
    if any(hasattr(dtype, "categories") for dtype in dtypes):
        return np.asarray(frame.astype(object))
    plain = [_numpy_dtype(dtype) for dtype in dtypes]
    if not all(isinstance(dtype, np.dtype) and dtype.kind in "biuf" for dtype in plain):
        return None
    dtype = np.float32 if np.result_type(*plain) == np.float32 else np.float64
    floats: npt.NDArray[Any] = frame.to_numpy(dtype=dtype, na_value=np.nan)
    return floats


def _numpy_dtype(dtype: Any) -> Any:
    """The numpy dtype of the values in a column, or else the given dtype."""
    if hasattr(dtype, "fill_value"):  # a sparse column
        return dtype.subtype
    return getattr(dtype, "numpy_dtype", dtype)


def _of_arrow(table: Any, name: str) -> npt.NDArray[Any]:
    """The floats of a pyarrow table, read column by column so that memory holds few copies."""
    kinds = [str(field.type) for field in table.schema]
    if not kinds:
        return np.empty((table.num_rows, 0))
    dates = [kind.startswith(("timestamp", "date", "time", "duration")) for kind in kinds]
    if all(dates):
        return np.asarray(table)
    if any(dates):
        date, number = kinds[dates.index(True)], kinds[dates.index(False)]
        raise TypeError(
            f"{name} has columns of dates and of numbers ({date}, {number}): turn the dates into "
            "numbers first, in the unit that you mean."
        )
    single = all(kind == "float" for kind in kinds)
    out = np.empty((table.num_rows, len(kinds)), np.float32 if single else np.float64)
    for j, column in enumerate(table.columns):
        start = 0
        for values in _arrow_pieces(column):
            try:
                out[start : start + len(values), j] = as_floats(values, name)
            except (TypeError, ValueError):
                # Read it again at its place in the table, so that the error names the place.
                cells = np.full((start + len(values), j + 1), 0.0, dtype=object)
                cells[start:, j] = values
                as_floats(cells, name)
                raise
            start += len(values)
    return out


def _arrow_pieces(column: Any) -> Iterator[npt.NDArray[Any]]:
    for piece in getattr(column, "chunks", [column]):
        # numpy would read a null in a dictionary column as the last entry of the dictionary.
        decoded = piece.dictionary_decode() if hasattr(piece, "dictionary_decode") else piece
        yield decoded.to_numpy(zero_copy_only=False)
