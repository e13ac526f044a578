"""Lists of PocketGroups for new people: ``python -m benchmarks.pocket ml-latest-small``."""

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import process_time
from types import SimpleNamespace

import numpy as np
import pandas as pd

from benchmarks.taste_weight import DRAWS, KINDS
from recsys import Hybrid, MostLiked, PocketGroups, Ratings, Recommender, load_ratings
from recsys.evaluation import evaluate_cold_start, whole_users
from recsys.recommenders import like_ridge, pocket_groups

# Settings were chosen on these: other people of the training part are held out.
INNER_SEEDS = (1, 2, 3)

# The draws of the method itself had other seeds.
FIRST_SEED = 400

FEW = (0, 1, 2, 3, 4)
SHOWN = (1, 3, 5, 10, 20)

# What is changed in each variant: a module, a constant and its value.
VARIANTS: Mapping[str, tuple[object, str, float] | None] = {
    "all of it": None,
    "no regression": (pocket_groups, "RIDGE_WEIGHT", 0.0),
    "regression x .2": (pocket_groups, "RIDGE_WEIGHT", 0.2),
    "regression x .8": (pocket_groups, "RIDGE_WEIGHT", 0.8),
    "penalty 2": (like_ridge, "PENALTY", 2.0),
    "penalty 20": (like_ridge, "PENALTY", 20.0),
}


def lists_alone(model: Recommender) -> SimpleNamespace:
    """A recommender that is not asked for predicted ratings, which take most of the time."""
    return SimpleNamespace(fit=model.fit, top_new=model.top_new)


def ndcg(
    makers: Mapping[str, Callable[[], Recommender]],
    ratings: Ratings,
    shown: Sequence[int],
    seed: int,
) -> pd.DataFrame:
    """NDCG by name and number of ratings shown."""
    # `make` is bound now, because the loop goes on.
    called = {name: lambda _, make=make: lists_alone(make()) for name, make in makers.items()}
    found = evaluate_cold_start(called, ratings, shown=shown, seed=seed).to_frame()
    return found.pivot_table(index="name", columns="n_shown", values="ndcg", sort=False)


@contextmanager
def changed(place: tuple[object, str, float] | None) -> Iterator[None]:
    """Change a constant for a while."""
    if place is None:
        yield
        return
    module, name, value = place
    before = getattr(module, name)
    setattr(module, name, value)
    yield
    setattr(module, name, before)


def inner_splits(ratings: Ratings) -> None:
    """What the pieces are worth on inner splits."""
    train = whole_users(ratings).train
    print("\n| NDCG@10, inner splits, ratings shown |", " | ".join(map(str, SHOWN)), "| mean |")
    print("|" + "---|" * (len(SHOWN) + 2))
    makers: dict[str, tuple[Callable[[], Recommender], tuple[object, str, float] | None]] = {
        "MostLiked": (MostLiked, None),
        "Hybrid": (Hybrid, None),
        **{name: (PocketGroups, place) for name, place in VARIANTS.items()},
        "4 groupings": (lambda: PocketGroups(n_groupings=4), None),
        "40 groupings": (lambda: PocketGroups(n_groupings=40), None),
    }
    for name, (make, place) in makers.items():
        with changed(place):
            rows = [ndcg({name: make}, train, SHOWN, seed).loc[name] for seed in INNER_SEEDS]
        row = np.mean(rows, axis=0)
        print(f"| {name} |", " | ".join(map(short, [*row, row.mean()])), "|", flush=True)


def few_ratings() -> None:
    """NDCG less that of MostLiked, on made ratings, for people who rated a few films."""
    print("\n| Made ratings | MostLiked | w |", " | ".join(f"{n} shown" for n in FEW), "|")
    print("|" + "---|" * (len(FEW) + 3))
    # A cold start needs ratings that can be predicted, and people who have more than 20.
    for kind in (kind for kind in KINDS if not kind.likes_alone and kind.n_users >= 100):
        found, weights = [], []
        for draw in DRAWS:
            ratings = kind.drawn(FIRST_SEED + draw)
            found.append(ndcg({"popular": MostLiked, "pocket": PocketGroups}, ratings, FEW, draw))
            weights.append(PocketGroups().fit(ratings)._taste_weight)
        mean = sum(found) / len(DRAWS)
        differences = [f"{each:+.4f}" for each in mean.loc["pocket"] - mean.loc["popular"]]
        cells = [short(mean.loc["popular"].iloc[0]), f"{np.mean(weights):.2f}", *differences]
        print(f"| {kind.name} |", " | ".join(cells), "|", flush=True)


def short(value: float) -> str:
    return f"{value:.4f}".lstrip("0")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", help="what recsys.load_ratings reads")
    ratings = load_ratings(parser.parse_args(arguments).data)
    PocketGroups().fit(ratings)  # compiles kernels
    start = process_time()
    model = PocketGroups().fit(ratings)
    seconds = process_time() - start
    size = len(json.dumps(model.packed(), ensure_ascii=False, separators=(",", ":")).encode())
    print(f"{ratings}: fitted in {seconds:.2f} s of CPU time, packed in {size / 1000:.0f} kB")
    inner_splits(ratings)
    few_ratings()
    return 0


if __name__ == "__main__":
    sys.exit(main())
