"""One table of ratings in every kind of frame, and the refusal of a bad one."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from recsys import RatingsError

DAYS = [dt.datetime(2005, 4, 2, 23, 53, 47), dt.datetime(2005, 4, 3), dt.datetime(1999, 12, 31)]
SECONDS = [1112486027, 1112486400, 946598400]
RATED = {
    "User-ID": ["ann", "bob", "ann"],
    "isbn": ["007", "x1", "x1"],
    "Stars": [4.5, 1.0, 3.0],
    "date": DAYS,
    "review": ["good", None, ""],
}
BOOKS = {
    "ISBN": ["x1", "007", "unread"],
    "Title": ["Ärger", "Comet, The", "Dust"],
    "genre": ["Drama|War", None, "unknown"],
    "pages": [100, 200, 300],
}


def polars(columns):
    return pytest.importorskip("polars").DataFrame(columns)


def pyarrow(columns):
    return pytest.importorskip("pyarrow").table(columns)


def dictionaries(columns):
    """A table of pyarrow that keeps each distinct text once."""
    table = pyarrow(columns)
    for place, column in enumerate(table.columns):
        if str(column.type) == "string":
            table = table.set_column(place, table.column_names[place], column.dictionary_encode())
    return table


def duckdb(columns):
    return pytest.importorskip("duckdb").from_df(pd.DataFrame(columns))


def categories(columns):
    frame = pd.DataFrame(columns)
    texts = [name for name in frame if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.astype({name: "category" for name in texts if name not in ("date", "t")})


def shuffled(columns):
    """Columns whose indexes differ: they belong together by position."""
    return {
        name: pd.Series(column, index=range(place, place + len(column)))
        for place, (name, column) in enumerate(columns.items())
    }


KINDS = {
    "pandas": pd.DataFrame,
    "index of pandas": lambda columns: pd.DataFrame(columns, index=[9] * 3),
    "nullable": lambda columns: pd.DataFrame(columns).convert_dtypes(),
    "arrow of pandas": lambda columns: pd.DataFrame(columns).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "objects": lambda columns: pd.DataFrame(columns).astype(object),
    "categories": categories,
    "polars": polars,
    "lazy": lambda columns: polars(columns).lazy(),
    "pyarrow": pyarrow,
    "dictionaries": dictionaries,
    "duckdb": duckdb,
    "lists": dict,
    "tuples": lambda columns: {name: tuple(column) for name, column in columns.items()},
    "arrays": lambda columns: {name: np.array(column) for name, column in columns.items()},
    "series": shuffled,
    "series of polars": lambda columns: polars(columns).to_dict(),
    "columns of pyarrow": lambda columns: {
        name: column.combine_chunks()
        for name, column in zip(columns, pyarrow(columns).columns, strict=True)
    },
}
of_every_kind = pytest.mark.parametrize("kind", KINDS)


def assert_same(found, expected):
    pd.testing.assert_frame_equal(found.ratings, expected.ratings)
    pd.testing.assert_frame_equal(found.movies, expected.movies)
    assert found.scale == expected.scale


def refusal(call, *arguments, **options):
    with pytest.raises(RatingsError) as caught:
        call(*arguments, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)
