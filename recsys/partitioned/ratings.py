"""The ratings of all users, in partitions on the workers, and what the client knows of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.ids import Ids, as_ids
from recsys.data.ratings import RatingsError
from recsys.data.scale import Mask, RatingScale
from recsys.partitioned.client import Cluster
from recsys.partitioned.files import CONVERT, RatingFiles
from recsys.partitioned.partitions import Films, read_partition
from recsys.partitioned.survey import ROWS, Survey, joined, scale_of, surveyed, user_ranges
from recsys.readers.items import read_items


@dataclass(frozen=True, eq=False)
class DistributedRatings:
    """Ratings of which a worker holds some partitions, and no process holds all.

    Attributes
    ----------
    cluster : Cluster
        Where the partitions are.
    survey : Survey
        How often each user, film and value occurs. The users are in the order of the partitions.
    films : Films
        The columns of all partitions.
    partitions : sequence of Future
        Each holds a :class:`Partition`.
    limits : ndarray of shape (n_partitions + 1,)
        The first user of each partition, and the number of users.
    n_read : int
        The rows that all partitions read together. They are many times the ratings if the files are
        not sorted by user.
    """

    cluster: Cluster
    survey: Survey
    films: Films
    partitions: Sequence[Any]
    limits: npt.NDArray[np.int64]
    n_read: int

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """The ratings that occur, ascending. Counts became the ratings 0 and 1."""
        if self.films.scale.kind == "counts":
            return np.array([0.0, 1.0])
        return self.survey.ratings.values

    @property
    def n_users(self) -> int:
        """The number of users of all partitions."""
        return len(self.survey.users.values)

    def sample(self, n: int, rng: np.random.Generator) -> list[Mask]:
        """For each partition, which of its users are among n users drawn at random."""
        drawn = np.zeros(self.n_users, dtype=np.bool_)
        drawn[rng.choice(self.n_users, min(self.n_users, n), replace=False)] = True
        return self.split(drawn)

    def split(self, of_users: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
        """Cut an array with a value for each user into those of the partitions."""
        return np.split(of_users, self.limits[1:-1])


def distribute(
    cluster: Cluster,
    files: RatingFiles,
    *,
    scale: RatingScale | None = None,
    like_threshold: float | None = None,
    rows: int = ROWS,
) -> DistributedRatings:
    """Survey the files on the workers, and plan the partitions. Workers read them when needed.

    RatingsError if a worker cannot read a file, or for a value that is no id, rating or time.
    """
    groups = files.row_groups
    surveys = list(cluster.results(cluster.each(surveyed, groups, columns=files.columns)))
    total = joined(surveys)
    ids = total.items.values
    found = scale_of(files, total.ratings, scale, like_threshold)
    films = Films(ids, _titles(ids, files.movies), found)
    ranges = user_ranges(groups, surveys, total, rows)
    partitions = cluster.each(
        read_partition,
        ranges,
        films=cluster.keep(films),
        columns=files.columns,
    )
    firsts = [np.searchsorted(total.users.values, each.first) for each in ranges]
    limits = np.append(firsts, len(total.users.values)).astype(np.int64)
    n_read = sum(group.n_rows for each in ranges for group in each.row_groups)
    return DistributedRatings(cluster, total, films, partitions, limits, n_read)


def _titles(ids: Ids, movies: Path | None) -> npt.NDArray[np.object_]:
    """The title of each film. The id stands for a title that is missing."""
    found = pd.Series(ids).astype(str).to_numpy(dtype=object)
    if movies is None:
        return found
    items = read_items(movies, None)
    listed = as_ids(items.ids)
    if listed.dtype != ids.dtype:
        raise RatingsError(f"{movies}: ids are whole numbers here or in the ratings; {CONVERT}")
    place = pd.Index(listed).get_indexer(pd.Index(ids))
    found[place >= 0] = np.array(items.titles, dtype=object)[place[place >= 0]]
    return found
