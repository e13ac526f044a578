"""The `recsys` command: arguments in, answers on standard output, one clear line on bad input."""

import argparse
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from shlex import join
from typing import TYPE_CHECKING, Any

from tqdm import tqdm

from recsys.command import arguments, terminal
from recsys.command.terminal import OutputError, answer, tell
from recsys.data.ratings import Ratings
from recsys.files import write_text
from recsys.printable import shortened
from recsys.readers.fetch import FetchError, fetch, known_releases
from recsys.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from recsys.recommenders.base import Recommender

DEFAULT_REPORT = Path("recsys-report.html")

INTERRUPTED = 130
CLOSED_PIPE = 141  # as a shell reports a program that SIGPIPE ended

# Names of recsys.recommenders.registry, which needs pandas: --help does not.
_METHOD_NAMES = ("taste-groups", "boosted", "biases", "most-liked", "cluster-mean")

# Groups of people, where nobody says how many.
N_GROUPS = 10
DEFAULT_KS = range(2, 183, 5)


def run(typed: Sequence[str]) -> int:
    """Run the command.

    Parameters
    ----------
    typed : sequence of str
        Without the name of the program.

    Returns
    -------
    int
        Exit code: 0, or 2 on bad input or where the answer cannot be written, which one line on
        standard error names; 130 where it was interrupted and 141 where whoever read its output
        stopped.
    """
    try:
        try:
            options = _parser().parse_args(typed)
            options.command = join(["recsys", *typed])
            options.action(options)
        except SystemExit:  # --help and --version are answers, too
            terminal.flush()
            raise
        terminal.flush()
    except KeyboardInterrupt:
        tell("interrupted")
        return INTERRUPTED
    except BrokenPipeError:  # `recsys clusters | head -1` is no error
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


# What each subcommand does ------------------------------------------------------------------


def _report(options: argparse.Namespace) -> None:
    from recsys.report.report import write_report

    ratings = _ratings(options)
    with _progress(7, "step") as bar:

        def on_step(name: str) -> None:
            bar.set_description(name)
            bar.update()

        path = write_report(
            ratings,
            options.out,
            seed=options.seed,
            user_id=options.user,
            command=options.command,
            on_step=on_step,
        )
    answer(f"Report written to {path}")


def _clusters(options: argparse.Namespace) -> None:
    from recsys.analysis.taste import cluster_users
    from recsys.data.matrix import RatingMatrix

    matrix = RatingMatrix.from_ratings(_ratings(options), "title").most_rated(options.n_movies)
    with _progress(None, "iteration") as bar:
        clusters = cluster_users(
            matrix,
            options.n_clusters,
            random_state=options.seed,
            on_iteration=lambda event: bar.update(),
        )
    if options.out is not None:
        write_text(options.out, clusters.user_labels().to_csv(index=False))
        answer(f"The group of each user written to {options.out.absolute()}")
    n_empty = int((clusters.sizes == 0).sum())
    if n_empty:
        tell(f"groups without users: {n_empty}; there are fewer distinct users than groups")
    answer(*clusters.summary().to_string(index=False, float_format="%.2f").split("\n"))
    for cluster in range(clusters.n_clusters):
        films = clusters.telling_films(cluster, options.films)
        group = f"Group {cluster}, {counted(clusters.sizes[cluster], 'user')}"
        if films.empty:
            answer("", f"{group}, likes no film more than others.")
            continue
        answer("", f"{group}, likes more than others:")
        for film in films.itertuples():
            answer(f"  {film.mean:.2f} (all: {film.mean_of_all:.2f})  {film.title}")


def _recommend(options: argparse.Namespace) -> None:
    ratings = _ratings(options)
    _check_known(ratings, "user", options.user, ratings.ratings["userId"])
    films = _fit(ratings, options).recommend(options.user, options.n)
    if films.empty:
        answer(f"Nothing to recommend to user {options.user}: there is nothing they did not rate.")
    for place, film in enumerate(films.itertuples(), start=1):
        answer(f"{place:3}. {film.expected_rating:.2f}  {film.title} (movieId {film.movieId})")
        answer(f"           {film.reason}")


def _predict(options: argparse.Namespace) -> None:
    ratings = _ratings(options)
    _check_known(ratings, "user", options.user, ratings.ratings["userId"])
    _check_known(ratings, "film", options.movie, ratings.movies["movieId"])
    prediction = _fit(ratings, options).explain(options.user, options.movie)
    titles = ratings.movies.set_index("movieId")["title"]
    answer(f"{prediction.rating:.2f}  {titles[options.movie]}")
    answer(f"      {prediction.reason}")
    for part in prediction.parts:
        answer(f"      {part.stars:+.2f}  {part.name}")
    table = ratings.ratings
    own = table.loc[(table["userId"] == options.user) & (table["movieId"] == options.movie)]
    for stars in own["rating"]:
        answer(f"      user {options.user} rated it {stars:g}, and this was learned from")


def _sweep(options: argparse.Namespace) -> None:
    from kmeans_core import sweep_k
    from recsys.analysis.genres import contrast_subset, genre_means

    means = genre_means(_ratings(options), options.genres)
    rows = means.dropna() if options.all_users else contrast_subset(means).dropna()
    n_rows = len(rows)
    ks = options.ks or [k for k in DEFAULT_KS if k < n_rows] or DEFAULT_KS
    least, most = sorted([ks[0], ks[-1]])
    if most >= n_rows:
        of_whom = "who rated all the genres" if options.all_users else "in whom the genres contrast"
        raise ValueError(
            f"k {f'from {least}' if least >= n_rows else f'up to {most}'} needs more users "
            f"{of_whom}: there are {n_rows}"
            + ("" if options.all_users else " (--all-users takes everyone)")
        )
    with _progress(len(ks), "k") as bar:
        result = sweep_k(
            rows.drop(columns="userId").to_numpy(),
            ks,
            n_init=10,
            random_state=options.seed,
            on_k=lambda k: bar.update(),
        )
    answer(f"{counted(len(rows), 'user')} by {', '.join(options.genres)}")
    answer(*result.to_frame().to_string(index=False, float_format="%.4f").split("\n"))
    answer(f"best k {result.best_k}, suggested k {result.suggested_k} (both vary with the seed)")


def _evaluate(options: argparse.Namespace) -> None:
    from recsys.command.evaluate import chosen_recommenders, evaluate

    # Before the ratings: a name that nobody has need not wait for them.
    makers = chosen_recommenders(options.only)
    evaluate(makers, _ratings(options), options, tell=tell, progress=_progress)


def _fetch(options: argparse.Namespace) -> None:
    fetched = fetch(
        options.release,
        to=options.to,
        accept_unverified=options.accept_unverified,
        deadline=options.deadline,
        progress=terminal.shows_progress(),
    )
    if fetched.note:
        tell(fetched.note)
    if not fetched.verified and fetched.sha256:
        tell(f"no hash is known to check it by; its zip has the sha256 {fetched.sha256}")
    answer(f"{options.release} is in {fetched.folder}")


# What they share ----------------------------------------------------------------------------


def _ratings(options: argparse.Namespace) -> Ratings:
    from recsys.readers.movielens import load_ratings
    from recsys.synthetic.ratings import builtin_ratings

    if options.data is None:
        tell("no --data given: this is the built-in data set; its people and films are invented")
        return builtin_ratings()
    ratings = load_ratings(options.data, skip_bad_rows=options.skip_bad_rows)
    if ratings.skipped:
        tell(f"bad rows left out: {len(ratings.skipped)}; the first: {ratings.skipped[0]}")
    return ratings


def _check_known(ratings: Ratings, name: str, wanted: int, known: "pd.Series[int]") -> None:
    """A KeyError for an id that is not there: before a fit, which takes seconds."""
    if wanted not in known.to_numpy():
        raise KeyError(f"no {name} {shortened(str(wanted))} in {ratings.source}")


def _fit(ratings: Ratings, options: argparse.Namespace) -> "Recommender":
    from recsys.recommenders.cluster_mean import ClusterMeanRecommender
    from recsys.recommenders.registry import METHODS

    model = METHODS[options.method](options.seed)
    if not isinstance(model, ClusterMeanRecommender):
        return model.fit(ratings)
    with _progress(None, "iteration") as bar:
        return model.fit(ratings, on_iteration=lambda event: bar.update())


def _progress(total: int | None, unit: str) -> "tqdm[Any]":
    return tqdm(total=total, unit=unit, disable=not terminal.shows_progress(), leave=False)


# The arguments ------------------------------------------------------------------------------


def _parser() -> argparse.ArgumentParser:
    parser = arguments.OneLineParser(
        prog="recsys", description="Groups of people with a common taste in films."
    )
    parser.add_argument("--version", action="version", version=_version())
    commands = parser.add_subparsers(
        required=True, metavar="COMMAND", parser_class=arguments.OneLineParser
    )

    report = _command(commands, "report", _report, "write an HTML report", "report --out mine.html")
    report.add_argument(
        "--out", type=arguments.writable_file, default=DEFAULT_REPORT, help="default: %(default)s"
    )
    report.add_argument("--user", type=arguments.whole, help="who is recommended to in it")

    clusters = _command(
        commands, "clusters", _clusters, "group people by the films they rated", "clusters"
    )
    clusters.add_argument(
        "--n-clusters", type=arguments.positive, default=N_GROUPS, help="default: %(default)s"
    )
    clusters.add_argument(
        "--n-movies",
        type=arguments.positive,
        default=1000,
        help="most-rated films used; default: 1000",
    )
    clusters.add_argument(
        "--films", type=arguments.positive, default=5, help="films shown a group; default: 5"
    )
    clusters.add_argument(
        "--out", type=arguments.writable_file, help="CSV file for the group of each user"
    )

    recommend = _command(
        commands, "recommend", _recommend, "films for a user", "recommend --user 30"
    )
    recommend.add_argument("--user", type=arguments.whole, required=True, help="userId")
    recommend.add_argument("-n", type=arguments.positive, default=10, help="how many; default: 10")
    _add_method(recommend, "taste-groups")

    predict = _command(
        commands,
        "predict",
        _predict,
        "stars a user will give a film",
        "predict --user 30 --movie 1",
    )
    predict.add_argument("--user", type=arguments.whole, required=True, help="userId")
    predict.add_argument("--movie", type=arguments.whole, required=True, help="movieId")
    _add_method(predict, "boosted")

    sweep = _command(
        commands, "sweep", _sweep, "silhouettes of many numbers of groups", "sweep --ks 2:30:1"
    )
    sweep.add_argument(
        "--genres", nargs="+", default=["Romance", "Sci-Fi"], help="default: Romance Sci-Fi"
    )
    sweep.add_argument(
        "--ks",
        type=arguments.ks,
        help="START:STOP:STEP, default: 2:183:5, as far as there are users",
    )
    sweep.add_argument(
        "--all-users", action="store_true", help="everyone, not only those in whom genres contrast"
    )

    evaluate = _command(
        commands,
        "evaluate",
        _evaluate,
        "hold recommenders against each other on ratings they have not seen",
        "evaluate --quick",
    )
    evaluate.add_argument("--only", nargs="+", metavar="NAME", help="some recommenders only")
    evaluate.add_argument(
        "--quick", action="store_true", help="one fold of five, one seed of three"
    )
    evaluate.add_argument(
        "--new-people", action="store_true", help="people who show 0 to 20 ratings, too"
    )
    evaluate.add_argument("--out", type=arguments.writable_file, help="CSV file for all tables")

    fetch_release = commands.add_parser(
        "fetch",
        help="download a MovieLens release",
        description="Download a MovieLens release and check it.",
        epilog="example: recsys fetch ml-100k --to data",
    )
    fetch_release.set_defaults(action=_fetch)
    fetch_release.add_argument("release", help=", ".join(known_releases()))
    fetch_release.add_argument("--to", type=Path, help="folder; default: the user's cache")
    fetch_release.add_argument(
        "--accept-unverified",
        action="store_true",
        help="take a release for which no hash is known, and print its hash",
    )
    fetch_release.add_argument(
        "--deadline",
        type=arguments.positive,
        default=3600,
        metavar="SECONDS",
        help="most time for the download; default: %(default)s",
    )
    return parser


def _version() -> str:
    try:
        return f"kmeans-core {version('kmeans-core')}"
    except PackageNotFoundError:  # run from a checkout that is not installed
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
        "--data", type=Path, help="MovieLens folder, zip or ratings file; default: built in"
    )
    command.add_argument(
        "--seed", type=arguments.seed, default=0, help="of all randomness; default: 0"
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
        help=f"{', '.join(_METHOD_NAMES)} (the notebook's); default: {default}",
    )
