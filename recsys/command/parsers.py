"""The options of each subcommand of `recsys`."""

import argparse
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from recsys.command import arguments, convert, fetch, groups, on_dask, serve, subcommands, tables
from recsys.command.inputs import add_data_options, add_method_options

# As `recsys.analysis.taste.SPACES`, which takes long to import.
SPACES = ("likes", "ratings", "known")

DEFAULT_REPORT = Path("recsys-report.html")

# The number of groups by default. On ml-latest-small (2016), runs with other seeds agree well on 6
# groups by likes (adjusted Rand index .76 to .89), and less on 8 (.56 to .80).
N_GROUPS = 6

# Those of recsys.report.sections, which takes long to import.
SECTION_NAMES = (
    "answer",
    "rate",
    "data",
    "tastes",
    "map",
    "number",
    "person",
    "quality",
    "notebook",
    "source",
)

# Those of recsys.evaluation.splits. --help does not import that module: it takes long to import.
SPLITS = ("time", "random", "order")


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    whole = arguments.OneLineParser(
        prog="recsys",
        description="Find groups of users with a common taste in films, and recommend films.",
        epilog="example: recsys recommend --data data/ml-100k --like 'Toy Story'",
    )
    whole.add_argument("--version", action="version", version=_version())
    commands = whole.add_subparsers(
        required=True, metavar="COMMAND", parser_class=arguments.OneLineParser
    )
    for add in (
        _add_report,
        _add_recommend,
        _add_predict,
        _add_explain,
        _add_movies,
        _add_fit,
        _add_clusters,
        _add_sweep,
        _add_evaluate,
        serve.add_serve,
        convert.add_convert,
        fetch.add_fetch,
    ):
        add(commands)
    return whole


def _add_report(commands: Any) -> None:
    report = _command(
        commands, "report", subcommands.report, "write an HTML report", "report --out mine.html"
    )
    report.add_argument(
        "--out",
        type=arguments.writable_file,
        default=DEFAULT_REPORT,
        help="HTML file to write to; default: %(default)s",
    )
    report.add_argument("--open", action="store_true", help="open the page in the browser")
    report.add_argument(
        "--sections",
        nargs="+",
        action=arguments.Names,
        const=SECTION_NAMES,
        metavar="NAME",
        help="sections to write, with blanks or commas between them; default: all of "
        + ", ".join(SECTION_NAMES),
    )
    report.add_argument(
        "--groups",
        type=arguments.positive,
        metavar="N",
        help=f"number of groups of taste; default: {N_GROUPS}, or fewer if few people liked a film",
    )
    report.add_argument("--user", help="userId to show as the example; default: an invented user")
    report.add_argument(
        "--people",
        action="store_true",
        help="let readers look at each user; the page then holds the users' ratings",
    )
    report.add_argument(
        "--evaluation",
        type=Path,
        metavar="FILE",
        help="CSV or JSON file that `recsys evaluate --out FILE` wrote for the same ratings",
    )
    _add_genres(report, "genres to compare in the notebook's steps")


def _add_recommend(commands: Any) -> None:
    recommend = _command(
        commands,
        "recommend",
        subcommands.recommend,
        "recommend films to users of the data, or to somebody new",
        "recommend --data data/ml-100k --like 'Toy Story' --dislike Twister",
    )
    who = recommend.add_argument_group("for whom")
    who.add_argument("--user", action="append", help="userId; may be repeated")
    who.add_argument("--all", action="store_true", help="every user of the data")
    who.add_argument("--like", action="append", metavar="TITLE", help="film that you like")
    who.add_argument("--dislike", action="append", metavar="TITLE", help="film that you dislike")
    who.add_argument("--rate", action="append", metavar="TITLE=RATING", help="film and your rating")
    who.add_argument(
        "--ratings",
        action="append",
        type=Path,
        metavar="FILE",
        help="your ratings: an export of Letterboxd, IMDb or Goodreads, or a table",
    )
    what = recommend.add_argument_group("which films")
    what.add_argument(
        "-n", type=arguments.positive, default=10, help="number of films; default: 10"
    )
    _add_filters(what)
    what.add_argument("--exclude", action="append", metavar="TITLE", help="film to leave out")
    add_method_options(recommend)
    _add_table_options(recommend)


def _add_predict(commands: Any) -> None:
    predict = _command(
        commands,
        "predict",
        subcommands.predict,
        "predict the rating that a user will give a film",
        "predict --user 30 --movie 1",
    )
    _add_pair(predict)
    add_method_options(predict)
    _add_table_options(predict)


def _add_explain(commands: Any) -> None:
    explain = _command(
        commands,
        "explain",
        subcommands.explain,
        "explain a predicted rating by its parts",
        "explain --user 30 --movie 1",
    )
    _add_pair(explain)
    add_method_options(explain)
    _add_table_options(explain)


def _add_movies(commands: Any) -> None:
    movies = _command(
        commands,
        "movies",
        subcommands.movies,
        "look up films: ids, years, how many users rated them, mean ratings",
        "movies --data data/ml-100k 'star wars'",
    )
    movies.add_argument("search", nargs="?", default="", help="words of the title; default: all")
    movies.add_argument(
        "-n", type=arguments.positive, default=20, help="number of films; default: 20"
    )
    _add_filters(movies)
    movies.add_argument("--model", type=Path, metavar="FILE", help="recommender of `recsys fit`")
    _add_table_options(movies)


def _add_fit(commands: Any) -> None:
    fit = _command(
        commands,
        "fit",
        subcommands.fit_model,
        "fit a recommender and write it to a file",
        "fit --out model.npz",
    )
    fit.add_argument(
        "--out",
        type=arguments.writable_file,
        required=True,
        help="npz file; recommend, predict and explain take it as --model",
    )
    add_method_options(fit, with_model=False)


def _add_clusters(commands: Any) -> None:
    clusters = _command(
        commands,
        "clusters",
        groups.clusters,
        "group users by the films they like, and describe the groups",
        "clusters",
    )
    clusters.add_argument(
        "--n-clusters",
        type=arguments.positive,
        default=N_GROUPS,
        help="number of groups; default: %(default)s",
    )
    clusters.add_argument(
        "--n-movies",
        type=arguments.positive,
        default=groups.N_MOVIES,
        help="number of most-rated films to use; default: %(default)s",
    )
    clusters.add_argument(
        "--space",
        choices=SPACES,
        default="likes",
        help="group users by the films they liked, by their ratings with 0 for a missing one (as "
        "in the notebook), or by their known ratings; default: %(default)s",
    )
    clusters.add_argument(
        "--films", type=arguments.positive, default=5, help="films to show per group; default: 5"
    )
    clusters.add_argument(
        "--out", type=arguments.writable_file, help="file to write the group of each user to"
    )
    _add_format(clusters)
    on_dask.add_dask(clusters)


def _add_sweep(commands: Any) -> None:
    sweep = _command(
        commands,
        "sweep",
        groups.sweep,
        "compare numbers of groups by silhouette and stability",
        "sweep --space likes --stability 5",
    )
    _add_genres(sweep, "genres to group users by")
    sweep.add_argument(
        "--space",
        choices=SPACES,
        help="group users by films as `recsys clusters` does, instead of by genres",
    )
    sweep.add_argument(
        "--ks",
        type=arguments.ks,
        help="numbers of groups as START:STOP:STEP; default: 2:183, or 2:21 with --space, up to "
        "the number of users",
    )
    sweep.add_argument(
        "--stability",
        type=arguments.fits,
        default=0,
        metavar="N",
        help="measure how well N fits with other seeds and N fits of bootstraps agree",
    )
    sweep.add_argument(
        "--all-users",
        action="store_true",
        help="take all users who rated the genres, not only those who like one and not the other",
    )
    _add_table_options(sweep)


def _add_evaluate(commands: Any) -> None:
    evaluate = _command(
        commands,
        "evaluate",
        subcommands.evaluate_recommenders,
        "compare recommenders on ratings they have not seen",
        "evaluate --quick",
    )
    evaluate.add_argument(
        "--only", nargs="+", metavar="NAME", help="recommenders to compare; default: all"
    )
    evaluate.add_argument(
        "--against",
        metavar="NAME",
        help="recommender that the differences are from; default: the first of each table",
    )
    evaluate.add_argument(
        "--split",
        choices=SPLITS,
        help="fifth of each user's ratings that lists are tested on: the last by time, a random "
        "one, or the last in the order of the file; default: time, or random without times",
    )
    evaluate.add_argument(
        "--quick",
        action="store_true",
        help="use one fold of five, one seed of three and at most 5000 users",
    )
    evaluate.add_argument(
        "--users", type=arguments.positive, metavar="N", help="draw N users at random; default: all"
    )
    evaluate.add_argument(
        "--cold-start",
        action="store_true",
        help="also test cold start, with users who show 0 to 20 ratings",
    )
    evaluate.add_argument("--out", type=arguments.writable_file, help="file to write all tables to")
    _add_format(evaluate)


def _version() -> str:
    try:
        return f"kmeans-core {version('kmeans-core')}"
    except PackageNotFoundError:  # the command runs from a checkout that is not installed
        return "kmeans-core (not installed)"


def _command(
    commands: Any,
    name: str,
    action: Callable[[argparse.Namespace], None],
    purpose: str,
    example: str,
) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        help=purpose,
        description=purpose[0].upper() + purpose[1:] + ".",
        epilog=f"example: recsys {example}",
    )
    command.set_defaults(action=action)
    add_data_options(command)
    return command


def _add_pair(command: argparse.ArgumentParser) -> None:
    command.add_argument("--user", required=True, help="userId")
    command.add_argument("--movie", required=True, help="movieId or title")


def _add_genres(command: argparse.ArgumentParser, meaning: str) -> None:
    command.add_argument(
        "--genres",
        nargs="+",
        help=f"{meaning}, with blanks or commas between them; default: Romance and Sci-Fi, or "
        "those of most films",
    )


def _add_filters(command: Any) -> None:
    command.add_argument("--genre", action="append", help="genre of the films; may be repeated")
    command.add_argument(
        "--year", type=arguments.years, metavar="FIRST-LAST", help="years of the films: 1990-1999"
    )
    command.add_argument(
        "--min-ratings",
        type=arguments.positive,
        default=0,
        metavar="N",
        help="leave out films with fewer ratings",
    )


def _add_table_options(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--out",
        type=arguments.writable_file,
        help="file to write the table to; its name may end in .csv, .json, .md or .parquet",
    )
    _add_format(command)


def _add_format(command: argparse.ArgumentParser) -> None:
    command.add_argument("--format", choices=tables.FORMATS, help="form of the table")
