"""What `recsys clusters` does on a Dask cluster: groups of users, and lists for everybody."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.command import arguments
from recsys.command.progress import progress
from recsys.command.subcommands import as_shown
from recsys.command.tables import (
    COMPARED,
    fitted,
    give_blocks,
    line_width,
    wrapped,
    write_table,
    written,
)
from recsys.command.terminal import answer, tell
from recsys.data.scale import as_scale
from recsys.words import counted, joined

if TYPE_CHECKING:
    from recsys.partitioned.files import RatingFiles
    from recsys.partitioned.groups import DistributedGroups
    from recsys.partitioned.ratings import DistributedRatings

# The command says so if rows are read this often. Most often they are not sorted by user.
OFTEN_READ = 5

# Options of reading that have no meaning for files of `recsys convert`.
_OF_READING = (
    "user_column", "item_column", "rating_column", "time_column", "sep", "no_header", "movies",
    "counts", "absent", "skip_bad_rows",
)  # fmt: skip


def add_dask(command: argparse.ArgumentParser) -> None:
    """Add the options of work on a cluster."""
    dask = command.add_argument_group(
        "on a Dask cluster", "for Parquet files of `recsys convert` that one machine cannot hold"
    )
    where = dask.add_mutually_exclusive_group()
    where.add_argument(
        "--scheduler", metavar="ADDRESS", help="address of `dask scheduler`, tcp://HOST:8786"
    )
    where.add_argument(
        "--workers",
        type=arguments.positive,
        metavar="N",
        help="start N worker processes on this machine, and stop them at the end",
    )
    # As `recsys.partitioned.groups.STARTS`, which takes long to import.
    dask.add_argument(
        "--starts",
        type=arguments.positive,
        default=10,
        metavar="N",
        help="number of restarts of k-means; the best one is kept; default: %(default)s",
    )
    dask.add_argument(
        "--lists",
        type=arguments.writable_file,
        metavar="FILE",
        help="Parquet file to write a list of films with reasons for each user to",
    )
    dask.add_argument(
        "-n", type=arguments.positive, default=10, help="number of films in a list; default: 10"
    )
    # As `recsys.partitioned.survey.ROWS`, which takes long to import.
    dask.add_argument(
        "--partition-rows",
        type=arguments.positive,
        default=1_000_000,
        metavar="N",
        help="approximate number of ratings in a partition; default: %(default)s",
    )


def clusters(options: argparse.Namespace) -> None:
    """Group users by partitions of Parquet files, and make lists if they are asked for."""
    from recsys.partitioned.client import Cluster, connected
    from recsys.partitioned.files import CONVERT, find_files
    from recsys.partitioned.groups import group_users
    from recsys.partitioned.ratings import distribute

    given = [f"--{name.replace('_', '-')}" for name in _OF_READING if getattr(options, name)]
    if options.data is None or len(options.data) > 1 or given or options.duplicates != "error":
        what = f"{joined(given)} cannot be used there" if given else "give it one --data FOLDER"
        raise ValueError(f"a cluster reads Parquet files: {what}; {CONVERT}")
    if options.space == "known":
        raise ValueError("--space known groups users on one machine only; leave --scheduler out")
    files = find_files(options.data[0])
    for name in ("out", "lists"):
        _check_out(name, getattr(options, name), files)
    scale = None if options.scale is None else as_scale(options.scale)
    with progress(None, "step") as bar, connected(options.scheduler, options.workers) as client:
        bar.set_description("reading")
        ratings = distribute(
            Cluster(client, bar.update),
            files,
            scale=scale,
            like_threshold=options.like_threshold,
            rows=options.partition_rows,
        )
        times = ratings.n_read / ratings.survey.n_ratings
        if times >= OFTEN_READ:
            tell(
                f"the rows are read {times:.0f} times, because each row group holds users of many "
                f"partitions; {CONVERT}"
            )
        bar.set_description("grouping")
        groups = group_users(
            ratings,
            options.n_clusters,
            n_movies=options.n_movies,
            space=options.space,
            n_init=options.starts,
            random_state=options.seed,
            # A listener costs a pass over the rows for each iteration.
            on_iteration=None if bar.disable else lambda event: bar.update(),
        )
        if options.out is not None:
            write_table(groups.user_labels(), options.out, options.format)
            answer(f"Group of each user written to {options.out.absolute()}")
        if options.lists is not None:
            bar.set_description("lists")
            _write_lists(ratings, options)
    _tell_groups(groups, options)


def _check_out(name: str, out: Path | None, files: "RatingFiles") -> None:
    """ValueError if a file to write to is a file that is read: it would be lost."""
    read = {Path(group.file) for group in files.row_groups} | {files.movies or files.path}
    if out is not None and out.is_file() and any(out.samefile(file) for file in read):
        raise ValueError(f"--{name} {out} would replace a file that is read; give another name")


def _write_lists(ratings: "DistributedRatings", options: argparse.Namespace) -> None:
    """Write the lists as workers make them, in the order of the users."""
    from recsys.partitioned.lists import make_lists
    from recsys.recommenders.registry import FOR_MANY, METHODS
    from recsys.recommenders.taste_groups import TasteGroups

    tell(f"groups of users alone rank all films, as with `recommend --all --method {FOR_MANY}`")
    model = METHODS[FOR_MANY](options.seed)
    assert isinstance(model, TasteGroups)
    lists = make_lists(ratings, model, options.n)
    blocks = (as_shown(each, ratings.films.scale) for each in lists)
    whole = argparse.Namespace(out=options.lists, format=None)
    give_blocks(blocks, whole, shown=lambda frame: fitted(frame, line_width()))


def _tell_groups(groups: "DistributedGroups", options: argparse.Namespace) -> None:
    frame = groups.table(options.films)
    n_empty = int((frame["users"] == 0).sum())
    if n_empty:
        tell(f"groups without users: {n_empty}; there are fewer distinct users than groups")
    if options.format not in (None, "table"):
        answer(*written(frame, options.format).removesuffix("\n").split("\n"))
        return
    n_users, n_partitions = groups.ratings.n_users, len(groups.ratings.partitions)
    by = f"{counted(n_users, 'user')} in {counted(n_partitions, 'partition')}, by "
    by += f"{COMPARED[options.space]} of the {counted(len(groups.movie_ids), 'most-rated film')}"
    answer(*wrapped(by, "", line_width()), *fitted(frame, line_width()))
