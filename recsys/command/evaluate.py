"""`recsys evaluate`: prints the tables that compare recommenders."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from recsys.command.comparisons import Evaluation, how_to_read, tables
from recsys.command.tables import BY_SUFFIX, fitted, line_width, write_table, written
from recsys.command.terminal import answer
from recsys.data.ratings import Ratings
from recsys.evaluation import (
    PredictsRatings,
    RanksItems,
    SupportsColdStart,
    default_recommenders,
    evaluate_cold_start,
    evaluate_ranking,
    evaluate_ratings,
)
from recsys.evaluation.cold_start import SHOWN
from recsys.evaluation.protocols import OnStep
from recsys.evaluation.registry import Maker, missing_packages
from recsys.evaluation.splits import N_FOLDS, SplitBy, some_users, split_of
from recsys.evaluation.stored import with_data
from recsys.extras import install
from recsys.files import write_text
from recsys.recommenders.registry import METHODS
from recsys.words import counted

if TYPE_CHECKING:
    from tqdm import tqdm

# Films in a list, and seeds that each recommender is fitted with to make lists.
K = 10
N_SEEDS = 3

# --quick compares recommenders on the ratings of at most this many users. They have about a
# thirtieth of 25 million ratings.
QUICK_USERS = 5_000


# The held-out part of a split, in words.
HELD_OUT: dict[SplitBy, str] = {
    "time": "the last fifth by time",
    "random": "a random fifth",
    "order": "the last fifth in the order of the file",
}


def chosen_recommenders(
    names: Sequence[str] | None, against: str | None, tell: Callable[[str], None]
) -> dict[str, Maker]:
    """The recommenders of these names, in this order, or all that can be used for None.

    LookupError for an unknown name, for a peer whose package is not installed, and if ``against``
    is not among the recommenders.
    """
    makers, missing = default_recommenders(), missing_packages()
    # Some methods are compared only if they are named.
    askable: dict[str, Maker] = {**METHODS, **makers}
    if names is None and missing:
        lacking = ", ".join(f"{name} ({package})" for name, package in missing.items())
        tell(f"left out peers whose packages are not installed: {lacking}; {install('bench')}")
    for name in names or ():
        if name in missing:
            raise LookupError(f"{name} needs the package {missing[name]}: {install('bench')}")
        if name not in askable:
            near = get_close_matches(name, askable, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise LookupError(f"no recommender {name!r}{hint} (choose from {', '.join(askable)})")
    chosen = {name: askable[name] for name in names or makers}
    if against is not None and against not in chosen:
        raise LookupError(
            f"--against {against!r} is not among the recommenders to compare: {', '.join(chosen)}"
        )
    return chosen


@dataclass(frozen=True)
class _Task:
    """One table of the evaluation."""

    name: str
    about: str
    # The protocol that a recommender needs for this table, and its number of steps.
    able: type
    n_steps: int
    run: Callable[[Mapping[str, Maker], str, OnStep], Evaluation]


def _lines(title: str, found: Evaluation, form: str | None) -> list[str]:
    """The tables for people under their title, as Markdown or fitted to the terminal."""
    lines = [f"{title}; {how_to_read(found)}"]
    for table in tables(found):
        if form == "markdown":
            lines += ["", *written(table, "markdown").removesuffix("\n").split("\n")]
        else:
            lines += fitted(table, line_width(), decimals=4)
    return [*lines, ""]


def evaluate(
    makers: Mapping[str, Maker],
    ratings: Ratings,
    options: argparse.Namespace,
    *,
    tell: Callable[[str], None],
    progress: "Callable[[int | None, str], AbstractContextManager[tqdm[Any]]]",
) -> None:
    """Print each table when it is ready, and write all tables to ``options.out`` if given.

    Tables for people (``table`` and ``markdown``) have a title each. The other forms hold all
    columns of all tables in one. It raises a ValueError if no recommender fits any of the tables,
    or if the ratings are too few.
    """
    ratings = _drawn(ratings, options, tell)
    makers = _not_refused(makers, ratings, tell)
    form = options.format or (options.out and BY_SUFFIX.get(options.out.suffix.lower()))
    frames, lines = [], []
    for task in _tasks(ratings, options, tell):
        able = {name: make for name, make in makers.items() if isinstance(make(0), task.able)}
        unable = [name for name in makers if name not in able]
        if unable:
            tell(f"{task.name}: left out recommenders that cannot do it: {', '.join(unable)}")
        if not able:
            continue
        against = options.against if options.against in able else next(iter(able))
        with progress(task.n_steps * len(able), "step") as bar:

            def on_step(name: str, bar: "tqdm[Any]" = bar) -> None:
                bar.set_description(name)
                bar.update()

            found = task.run(able, against, on_step)
        title = f"{task.name[0].upper()}{task.name[1:]}: {task.about}"
        if options.format in (None, "table") or (form == "markdown" and options.out is None):
            answer(*_lines(title, found, options.format))
        lines += _lines(title, found, form)
        frames.append(with_data(task.name, found.to_frame(), ratings, options.seed))
    if not frames:
        raise ValueError("no chosen recommender can predict ratings or list films")
    together = pd.concat(frames, ignore_index=True)
    if options.out is not None:
        if form in ("table", "markdown"):
            write_text(options.out, "".join(f"{line}\n" for line in lines))
        else:
            write_table(together, options.out, form)
        answer(f"Tables written to {options.out.absolute()}")
    elif form in ("csv", "json"):
        answer(*written(together, form).removesuffix("\n").split("\n"))


def _drawn(ratings: Ratings, options: argparse.Namespace, tell: Callable[[str], None]) -> Ratings:
    """The ratings of all users, or of a sample if one is asked for."""
    n_users = options.users or (QUICK_USERS if options.quick else ratings.n_users)
    if n_users < ratings.n_users:
        tell(
            f"all figures are of a sample: {n_users:,} of the {ratings.n_users:,} users, with all "
            "their ratings; larger data give better predictions and lists"
        )
    return some_users(ratings, n_users, options.seed)


def _not_refused(
    makers: Mapping[str, Maker], ratings: Ratings, tell: Callable[[str], None]
) -> dict[str, Maker]:
    """Leave out the peers that refuse these ratings, and tell why."""
    taken = {}
    for name, make in makers.items():
        refusal = getattr(make(0), "refusal", None)
        reason = refusal(ratings) if refusal else ""
        if reason:
            tell(f"left out {name}: {reason}")
        else:
            taken[name] = make
    return taken


def _tasks(
    ratings: Ratings, options: argparse.Namespace, tell: Callable[[str], None]
) -> list[_Task]:
    seed = options.seed
    n_folds, n_seeds = (1, 1) if options.quick else (N_FOLDS, N_SEEDS)
    split = options.split or split_of(ratings)
    if options.split is None and split == "random":
        tell("ranking: the ratings have no times, so a random fifth of each user's is held out")

    def rating_prediction(makers: Mapping[str, Maker], against: str, on_step: OnStep) -> Evaluation:
        return evaluate_ratings(
            makers, ratings, seed=seed, n_folds=n_folds, against=against, on_step=on_step
        )

    def ranking(makers: Mapping[str, Maker], against: str, on_step: OnStep) -> Evaluation:
        seeds = [(seed + i) % 2**32 for i in range(n_seeds)]
        return evaluate_ranking(
            makers, ratings, k=K, seeds=seeds, split=split, against=against, on_step=on_step
        )

    def cold_start(makers: Mapping[str, Maker], against: str, on_step: OnStep) -> Evaluation:
        found = evaluate_cold_start(
            makers, ratings, k=K, seed=seed, against=against, on_step=on_step
        )
        if found.n_too_few:
            tell(f"held-out users with too few ratings to be tested: {found.n_too_few}")
        return found

    tasks = [
        _Task(
            "rating prediction",
            f"{n_folds} of {N_FOLDS} folds of the ratings, each held out in turn",
            PredictsRatings,
            n_folds,
            rating_prediction,
        ),
        _Task(
            "ranking",
            f"{K} films per user, {HELD_OUT[split]} held out, {counted(n_seeds, 'seed')}",
            RanksItems,
            n_seeds,
            ranking,
        ),
        _Task(
            "cold start",
            f"{K} films per user, a fifth of the users held out with all their ratings",
            SupportsColdStart,
            1 + len(SHOWN),
            cold_start,
        ),
    ]
    if not ratings.scale.predicts:
        kind = ratings.scale.kind
        tell(f"only lists are compared: {kind} do not say how much users liked a film")
        return tasks[1:2]
    return tasks if options.cold_start else tasks[:2]
