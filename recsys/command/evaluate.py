"""`recsys evaluate`: prints the tables that compare recommenders."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import pandas as pd

from recsys.command.tables import fitted, line_width, write_table, written
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
from recsys.evaluation.registry import Maker
from recsys.evaluation.splits import N_FOLDS
from recsys.words import counted

if TYPE_CHECKING:
    from tqdm import tqdm

# Films in a list, and seeds that each recommender is fitted with to make lists.
K = 10
N_SEEDS = 3


def chosen_recommenders(names: Sequence[str] | None) -> dict[str, Maker]:
    """The recommenders of these names, in this order, or all of them for None."""
    makers = default_recommenders()
    for name in names or ():
        if name not in makers:
            near = get_close_matches(name, makers, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise LookupError(f"no recommender {name!r}{hint} (choose from {', '.join(makers)})")
    return {name: makers[name] for name in names or makers}


@dataclass(frozen=True)
class _Task:
    """One table of the evaluation."""

    name: str
    about: str
    # The protocol that a recommender needs for this table, and its number of steps.
    able: type
    n_steps: int
    run: Callable[[Mapping[str, Maker], OnStep], pd.DataFrame]


def evaluate(
    makers: Mapping[str, Maker],
    ratings: Ratings,
    options: argparse.Namespace,
    *,
    tell: Callable[[str], None],
    progress: "Callable[[int | None, str], AbstractContextManager[tqdm[Any]]]",
) -> None:
    """Print each table when it is ready, and write all tables to ``options.out`` if given.

    It raises a ValueError if no recommender fits any of the tables, or if the ratings are too few.
    """
    tables = []
    for task in _tasks(ratings, options, tell):
        able = {name: make for name, make in makers.items() if isinstance(make(0), task.able)}
        unable = [name for name in makers if name not in able]
        if unable:
            tell(f"{task.name}: left out recommenders that cannot do it: {', '.join(unable)}")
        if not able:
            continue
        with progress(task.n_steps * len(able), "step") as bar:

            def on_step(name: str, bar: "tqdm[Any]" = bar) -> None:
                bar.set_description(name)
                bar.update()

            table = task.run(able, on_step)
        if options.format in (None, "table"):
            answer(f"{task.name[0].upper()}{task.name[1:]}: {task.about}")
            answer(*fitted(table, line_width(), decimals=4), "")
        table.insert(0, "table", task.name)
        tables.append(table)
    if not tables:
        raise ValueError("no chosen recommender can predict ratings or list films")
    together = pd.concat(tables, ignore_index=True)
    if options.out is not None:
        write_table(together, options.out, options.format)
        answer(f"Tables written to {options.out.absolute()}")
    elif options.format not in (None, "table"):
        answer(*written(together, options.format).removesuffix("\n").split("\n"))


def _tasks(
    ratings: Ratings, options: argparse.Namespace, tell: Callable[[str], None]
) -> list[_Task]:
    seed = options.seed
    n_folds, n_seeds = (1, 1) if options.quick else (N_FOLDS, N_SEEDS)

    def rating_prediction(makers: Mapping[str, Maker], on_step: OnStep) -> pd.DataFrame:
        found = evaluate_ratings(makers, ratings, seed=seed, n_folds=n_folds, on_step=on_step)
        return found.to_frame()

    def ranking(makers: Mapping[str, Maker], on_step: OnStep) -> pd.DataFrame:
        seeds = range(seed, seed + n_seeds)
        return evaluate_ranking(makers, ratings, k=K, seeds=seeds, on_step=on_step).to_frame()

    def cold_start(makers: Mapping[str, Maker], on_step: OnStep) -> pd.DataFrame:
        found = evaluate_cold_start(makers, ratings, k=K, seed=seed, on_step=on_step)
        if found.n_too_few:
            tell(f"held-out users with too few ratings to be tested: {found.n_too_few}")
        return found.to_frame()

    held_out = "the last fifth by time"
    if not ratings.has_times:
        held_out = "a random fifth"
        tell("ranking: the ratings have no times, so a random fifth of each user's is held out")
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
            f"{K} films per user, {held_out} held out, {counted(n_seeds, 'seed')}",
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
