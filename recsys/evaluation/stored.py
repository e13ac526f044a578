"""Evaluations in files: what `recsys evaluate --out` writes, and what the report reads."""

import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from recsys.data.ratings import Ratings

# The tables of an evaluation, and the figures that each must have for every recommender.
TABLES: Mapping[str, tuple[str, ...]] = {
    "rating prediction": ("rmse",),
    "ranking": ("ndcg",),
    "cold start": ("rmse", "ndcg"),
}

# A file of this package has a few kilobytes.
LARGEST_FILE = 10_000_000


@dataclass(frozen=True)
class DataFigures:
    """Figures that tell one table of ratings from another, as columns of an evaluation.

    They are counted in no time, and a reader of the file understands them.
    """

    data_ratings: int
    data_users: int
    data_movies: int
    data_mean: float

    @classmethod
    def of(cls, ratings: Ratings) -> Self:
        """Count the ratings, and take their mean."""
        mean = float(ratings.ratings["rating"].mean())
        return cls(len(ratings.ratings), ratings.n_users, ratings.n_movies, mean)

    def is_of(self, ratings: Ratings) -> bool:
        """Whether these ratings have the same figures. Another order may round the mean."""
        other = self.of(ratings)
        counts = [(one.data_ratings, one.data_users, one.data_movies) for one in (self, other)]
        return counts[0] == counts[1] and bool(np.isclose(self.data_mean, other.data_mean))


@dataclass(frozen=True, eq=False)
class StoredEvaluation:
    """The tables of an evaluation.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        One row for each recommender, and in the cold start for each number of ratings shown. Tables
        without rows are left out.
    data : DataFigures or None
        Which ratings were evaluated. None for files of older versions.
    """

    tables: Mapping[str, pd.DataFrame]
    data: DataFigures | None

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Self:
        """Check a frame, and split it into its tables.

        ValueError if it is not what `with_data` returns.
        """
        for column in ("table", "name", "against"):
            if column not in frame or not frame[column].map(lambda one: isinstance(one, str)).all():
                raise ValueError(f"it has no column {column!r} of names")
        unknown = set(frame["table"]) - set(TABLES)
        if unknown or frame.empty:
            raise ValueError(f"it has no table of an evaluation, which are {', '.join(TABLES)}")
        tables = {
            name: frame[frame["table"] == name].reset_index(drop=True)
            for name in TABLES
            if (frame["table"] == name).any()
        }
        for name, found in tables.items():
            _check_table(name, found)
        return cls(tables, _data_of(frame))


def with_data(table: str, frame: pd.DataFrame, ratings: Ratings, seed: int) -> pd.DataFrame:
    """Add the name of the table, the seed and the figures of the ratings to an evaluation's frame.

    Examples
    --------
    >>> from recsys import MostLiked, make_ratings
    >>> from recsys.evaluation import evaluate_ranking
    >>> ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    >>> found = evaluate_ranking({"most liked": lambda seed: MostLiked()}, ratings, seeds=(0,))
    >>> frame = with_data("ranking", found.to_frame(), ratings, seed=0)
    >>> frame[["table", "name", "seed", "data_ratings", "data_users", "data_movies"]]
         table        name  seed  data_ratings  data_users  data_movies
    0  ranking  most liked     0           900          40           60
    """
    frame = frame.assign(seed=seed, **asdict(DataFigures.of(ratings)))
    frame.insert(0, "table", table)
    return frame


def read_evaluation(path: Path) -> StoredEvaluation:
    """Read a CSV or JSON file that `recsys evaluate --out` wrote.

    Parameters
    ----------
    path : Path
        The file. JSON is told by its first character.

    Returns
    -------
    StoredEvaluation

    Raises
    ------
    ValueError
        If the file holds something else. The message names it and the command.
    OSError
        If the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)  # a device may have no size and no end
        if len(data) > LARGEST_FILE:
            raise ValueError(f"it is larger than {LARGEST_FILE:,} bytes")
        return StoredEvaluation.of(_frame(data.decode("utf-8-sig")))
    except (ValueError, TypeError, RecursionError) as error:
        why = " ".join(str(error).split())
        raise ValueError(
            f"{path} is not an evaluation: {why}; `recsys evaluate --out evaluation.csv` makes one"
        ) from None


def shipped_evaluation() -> StoredEvaluation:
    """Read the evaluation of the built-in data set.

    ``recsys evaluate --cold-start --out recsys/synthetic/evaluation.csv`` makes it again, with
    ``--only`` and the recommenders of this package.

    Examples
    --------
    >>> list(shipped_evaluation().tables)
    ['rating prediction', 'ranking', 'cold start']
    """
    with as_file(files("recsys.synthetic") / "evaluation.csv") as path:
        return read_evaluation(path)


def _frame(text: str) -> pd.DataFrame:
    if text.lstrip().startswith("["):
        text = pd.DataFrame(json.loads(text)).to_csv(index=False)
    # Names are text even if they look like numbers or like a missing value.
    names = dict.fromkeys(("table", "name", "against"), str)
    return pd.read_csv(io.StringIO(text), dtype=names, keep_default_na=False, na_values=[""])


def _check_table(name: str, found: pd.DataFrame) -> None:
    keys = ["name", "n_shown"] if name == "cold start" else ["name"]
    figures = [
        column
        for measure in TABLES[name]
        for of in (measure, f"{measure}_difference")
        for column in (of, f"{of}_low", f"{of}_high")
    ]
    for column in [*keys[1:], *figures, "n_rows", "n_users"]:
        if column not in found or not pd.api.types.is_numeric_dtype(found[column]):
            raise ValueError(f"the table {name!r} has no column {column!r} of numbers")
        if np.isinf(found[column].to_numpy(np.float64)).any():
            raise ValueError(f"the table {name!r} has an infinite {column}")
    twice = found[found.duplicated(keys)]
    if len(twice):
        raise ValueError(f"the table {name!r} has two rows for {twice['name'].iloc[0]!r}")
    references = set(found["against"])
    if len(references) > 1 or not references <= set(found["name"]):
        raise ValueError(f"the table {name!r} does not hold the one reference of its differences")


def _data_of(frame: pd.DataFrame) -> DataFigures | None:
    columns = list(DataFigures.__dataclass_fields__)
    if not set(columns) <= set(frame):
        return None
    rows: list[Any] = frame[columns].drop_duplicates().values.tolist()
    if len(rows) != 1 or not np.isfinite(rows[0]).all():
        raise ValueError("its tables are of different ratings")
    n_ratings, n_users, n_movies, mean = rows[0]
    return DataFigures(int(n_ratings), int(n_users), int(n_movies), float(mean))
