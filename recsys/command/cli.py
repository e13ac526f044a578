"""The `recsys` command: prints answers on standard output, and one line about bad input."""

import argparse
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shlex import join
from typing import Any

from recsys.command import arguments, subcommands, terminal
from recsys.command.terminal import OutputError, tell
from recsys.readers.fetch import FetchError, known_releases

DEFAULT_REPORT = Path("recsys-report.html")

INTERRUPTED = 130
CLOSED_PIPE = 141  # what a shell reports for a program that SIGPIPE ended

# The names in recsys.recommenders.registry. --help does not import that module: it needs pandas.
_METHOD_NAMES = ("taste-groups", "boosted", "biases", "most-liked", "cluster-mean")

# The number of groups by default.
N_GROUPS = 10


def run(typed: Sequence[str]) -> int:
    """Run the command, and return its exit code.

    The code is 0 after success. It is 2 if the input is bad or the answer cannot be written; one
    line on standard error says why. It is 130 after an interrupt, and 141 if the reader of the
    output stopped.
    """
    try:
        try:
            options = _parser().parse_args(typed)
            options.command = join(["recsys", *typed])
            options.action(options)
        except SystemExit:  # --help and --version print answers too
            terminal.flush()
            raise
        terminal.flush()
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `recsys clusters | head -1` is not an error
        return CLOSED_PIPE
    except (ValueError, LookupError, OSError, FetchError, OutputError) as error:
        tell(f"error: {_reason(error)}")
        return arguments.BAD_INPUT
    finally:
        terminal.settle()
    return 0


def _reason(error: Exception) -> str:
    # str() of a KeyError is the repr of its message.
    text = str(error.args[0]) if isinstance(error, KeyError) and error.args else str(error)
    return text.strip() or type(error).__name__


def _parser() -> argparse.ArgumentParser:
    parser = arguments.OneLineParser(
        prog="recsys",
        description="Find groups of users with a common taste in films, and recommend films.",
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", parser_class=arguments.OneLineParser
    )

    report = _command(
        commands, "report", subcommands.report, "write an HTML report", "report --out mine.html"
    )
    report.add_argument(
        "--out",
        type=arguments.writable_file,
        default=DEFAULT_REPORT,
        help="HTML file to write to; default: %(default)s",
    )
    report.add_argument(
        "--user",
        type=arguments.whole,
        help="userId to recommend films to; default: a user of the largest group",
    )

    clusters = _command(
        commands,
        "clusters",
        subcommands.clusters,
        "group users by their ratings of films",
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
        default=1000,
        help="number of most-rated films to use; default: 1000",
    )
    clusters.add_argument(
        "--films", type=arguments.positive, default=5, help="films to show per group; default: 5"
    )
    clusters.add_argument(
        "--out", type=arguments.writable_file, help="CSV file to write the group of each user to"
    )

    recommend = _command(
        commands,
        "recommend",
        subcommands.recommend,
        "recommend films to a user",
        "recommend --user 30",
    )
    recommend.add_argument("--user", type=arguments.whole, required=True, help="userId")
    recommend.add_argument(
        "-n", type=arguments.positive, default=10, help="number of films; default: 10"
    )
    _add_method(recommend, "taste-groups")

    predict = _command(
        commands,
        "predict",
        subcommands.predict,
        "predict the rating that a user will give a film",
        "predict --user 30 --movie 1",
    )
    predict.add_argument("--user", type=arguments.whole, required=True, help="userId")
    predict.add_argument("--movie", type=arguments.whole, required=True, help="movieId")
    _add_method(predict, "boosted")

    sweep = _command(
        commands,
        "sweep",
        subcommands.sweep,
        "compare numbers of groups by silhouette",
        "sweep --ks 2:30:1",
    )
    sweep.add_argument(
        "--genres",
        nargs="+",
        help="genres to group users by; default: Romance Sci-Fi, or the two of most films",
    )
    sweep.add_argument(
        "--ks",
        type=arguments.ks,
        help="numbers of groups as START:STOP:STEP; default: 2:183:5, up to the number of users",
    )
    sweep.add_argument(
        "--all-users",
        action="store_true",
        help="take all users who rated the genres, not only those who like one and not the other",
    )

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
        "--quick", action="store_true", help="use one fold of five and one seed of three"
    )
    evaluate.add_argument(
        "--cold-start",
        action="store_true",
        help="also test cold start, with users who show 0 to 20 ratings",
    )
    evaluate.add_argument(
        "--out", type=arguments.writable_file, help="CSV file to write all tables to"
    )

    fetch_release = commands.add_parser(
        "fetch",
        help="download a MovieLens release",
        description="Download a MovieLens release and check it.",
        epilog="example: recsys fetch ml-100k --to data",
    )
    fetch_release.set_defaults(action=subcommands.fetch_release)
    fetch_release.add_argument("release", help=", ".join(known_releases()))
    fetch_release.add_argument(
        "--to", type=Path, help="folder to write to; default: the user's cache"
    )
    fetch_release.add_argument(
        "--accept-unverified",
        action="store_true",
        help="accept a release without a known hash, and print its hash",
    )
    fetch_release.add_argument(
        "--deadline",
        type=arguments.positive,
        default=3600,
        metavar="SECONDS",
        help="time limit of the download; default: %(default)s",
    )
    return parser


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
    command.add_argument(
        "--data",
        type=Path,
        help="MovieLens folder, zip or ratings file; default: the built-in data",
    )
    command.add_argument(
        "--seed", type=arguments.seed, default=0, help="seed of all random numbers; default: 0"
    )
    command.add_argument(
        "--skip-bad-rows", action="store_true", help="leave bad rows out and count them"
    )
    return command


def _add_method(command: argparse.ArgumentParser, default: str) -> None:
    command.add_argument(
        "--method",
        choices=_METHOD_NAMES,
        default=default,
        help=f"recommender to use (cluster-mean is the notebook's); default: {default}",
    )
