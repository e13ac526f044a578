"""What a command works on: ratings that it reads, and recommenders that it fits or loads."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from recsys.command import arguments
from recsys.command.progress import progress, reading
from recsys.command.terminal import tell
from recsys.data.ratings import Ratings

if TYPE_CHECKING:
    from recsys.recommenders.base import Recommender

# The names in recsys.recommenders.registry. The first is the default. --help does not import that
# module: it takes long to import.
FOR_MANY = "user-groups"
METHOD_NAMES = (
    "hybrid",
    "taste-groups",
    "pocket-groups",
    "boosted",
    "biases",
    "most-liked",
    "cluster-mean",
    FOR_MANY,
)

# `recommend --all` takes user-groups for more users x films than this, if nobody chose a method.
MOST_CELLS = 100_000_000

DUPLICATES = ("error", "first", "last", "mean")


def add_data_options(command: argparse.ArgumentParser) -> None:
    """The options of every command that reads ratings. They are those of `load_ratings`."""
    command.add_argument(
        "--data",
        type=Path,
        action="append",
        metavar="PATH",
        help="file, folder or zip of ratings; may be repeated; default: the built-in data",
    )
    command.add_argument(
        "--seed", type=arguments.seed, default=0, help="seed of all random numbers; default: 0"
    )
    reading = command.add_argument_group("reading", "for files that are not understood as they are")
    for role in ("user", "item", "rating", "time"):
        reading.add_argument(
            f"--{role}-column", metavar="NAME", help=f"name or number of the column of {role}s"
        )
    reading.add_argument("--sep", help="text between the fields, such as ';' or '::'")
    reading.add_argument(
        "--no-header", action="store_true", help="the first line holds values, not names"
    )
    reading.add_argument(
        "--scale", metavar="A:B[:STEP]", help="the ratings that exist, such as 1:10 or 0.5:5:0.5"
    )
    reading.add_argument("--movies", type=Path, metavar="FILE", help="file of titles and genres")
    reading.add_argument(
        "--duplicates",
        choices=DUPLICATES,
        default="error",
        help="what to do if a user rated an item twice; default: error",
    )
    reading.add_argument(
        "--counts", action="store_true", help="the ratings are counts, such as numbers of plays"
    )
    reading.add_argument(
        "--absent",
        action="append",
        metavar="VALUE",
        help="a value that means 'not rated'; may be repeated",
    )
    reading.add_argument(
        "--like-threshold", type=float, metavar="RATING", help="smallest rating that is a like"
    )
    reading.add_argument(
        "--skip-bad-rows", action="store_true", help="leave bad rows out and count them"
    )


def add_method_options(command: argparse.ArgumentParser, *, with_model: bool = True) -> None:
    """Which recommender to fit, or the file of a fitted one."""
    command.add_argument(
        "--method",
        choices=METHOD_NAMES,
        help="recommender to use (cluster-mean is the notebook's); default: hybrid; with --all "
        "and more than 100 million users x films: user-groups",
    )
    if with_model:
        command.add_argument(
            "--model",
            type=Path,
            metavar="FILE",
            help="recommender that `recsys fit` wrote; no ratings are read then",
        )


def read_ratings(options: argparse.Namespace) -> Ratings:
    """Read the ratings of ``--data``, or make the built-in ones. Say what was worked out."""
    from recsys.readers.loading import load_ratings
    from recsys.readers.movielens import RELEASE
    from recsys.synthetic.ratings import builtin_ratings

    if options.data is None:
        tell("no --data given: using the built-in data set; its users and films are invented")
        return builtin_ratings()
    _check_out(options)
    with reading():
        ratings = load_ratings(
            options.data[0] if len(options.data) == 1 else options.data,
            user=options.user_column,
            item=options.item_column,
            rating=options.rating_column,
            time=options.time_column,
            sep=options.sep,
            header=False if options.no_header else None,
            scale=options.scale,
            movies=options.movies,
            duplicates=options.duplicates,
            counts=options.counts,
            absent=options.absent,
            like_threshold=options.like_threshold,
            skip_bad_rows=options.skip_bad_rows,
        )
    if f": {RELEASE}" not in ratings.reading:  # of a release nothing was worked out
        tell(ratings.reading)
    if ratings.skipped:
        tell(f"bad rows left out: {len(ratings.skipped)}; the first: {ratings.skipped[0]}")
    return ratings


def _check_out(options: argparse.Namespace) -> None:
    """ValueError if the file to write to is a file that is read: it would be lost."""
    out = getattr(options, "out", None)
    if out is None or not out.is_file():
        return
    for file in [*options.data, options.movies, getattr(options, "evaluation", None)]:
        if file is not None and file.is_file() and out.samefile(file):
            raise ValueError(f"--out {out} would replace a file that is read; give another name")


class Source:
    """The users and films of a command, and the recommender, which is fitted when it is needed."""

    def __init__(self, options: argparse.Namespace) -> None:
        from recsys.command.catalog import Catalog
        from recsys.recommenders.base import Recommender

        self._options = options
        self._model: Recommender | None = None
        self.ratings: Ratings | None = None
        if options.model is None:
            self.ratings = read_ratings(options)
            self.catalog: Catalog = Catalog.of_ratings(self.ratings)
        else:
            if options.data is not None:
                raise ValueError(
                    "give --data or --model: a saved recommender brings its own ratings"
                )
            self._model = Recommender.load(options.model)
            self.catalog = Catalog.of_model(self._model, str(options.model))

    @property
    def recommender(self) -> "Recommender":
        """The fitted recommender."""
        if self._model is None:
            assert self.ratings is not None
            self._model = fit(self.ratings, self._options, self._method())
        return self._model

    def _method(self) -> str:
        """The method that was chosen, or that by default, which depends on the size of the work."""
        chosen: str | None = self._options.method
        n_users, n_films = len(self.catalog.user_ids), int((self.catalog.films.n_ratings > 0).sum())
        is_large = getattr(self._options, "all", False) and n_users * n_films > MOST_CELLS
        if chosen is None and is_large:
            tell(
                f"{n_users:,} users x {n_films:,} films are many: groups of users alone rank all "
                f"films (--method {FOR_MANY}); --method {METHOD_NAMES[0]} may take hours"
            )
            return FOR_MANY
        return chosen or METHOD_NAMES[0]


def fit(ratings: Ratings, options: argparse.Namespace, method: str) -> "Recommender":
    """Fit the recommender of a method."""
    from recsys.recommenders.cluster_mean import ClusterMeanRecommender
    from recsys.recommenders.registry import METHODS

    model = METHODS[method](options.seed)
    with progress(None, "iteration") as bar:
        if isinstance(model, ClusterMeanRecommender):
            return model.fit(ratings, on_iteration=lambda event: bar.update())
        bar.bar_format = "{desc}{elapsed}"  # these fits do not count their steps
        bar.set_description("fitting")
        return model.fit(ratings)
