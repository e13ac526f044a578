"""Predicts a fifth of 25 million ratings from the others: ``python -m benchmarks.boosted_million``.

It prints the seconds, the CPU seconds of all threads and the peak memory of each step.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from recsys import BiasBaseline, BoostedClusterMeans, load_ratings
from recsys.evaluation.splits import row_folds
from recsys.recommenders.training import TrainingData

# At a rate of .2, a chain of 200 stages learns the noise of its training ratings.
LEARNING_RATE = 0.06


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.boosted_million")
    parser.add_argument("folder", type=Path, help="a folder with ratings and movies, as Parquet")
    parser.add_argument("--n-stages", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0, help="of the split and of the stages")
    options = parser.parse_args(arguments)
    begun = time.perf_counter()
    with step("read"):
        ratings = load_ratings(options.folder)
    with step("split"):
        split = next(row_folds(ratings, seed=options.seed))
        del ratings
    with step("matrix"):
        data = TrainingData.of(split.train)
        test = split.test
        del split
    model = BoostedClusterMeans(
        n_chains=1,
        n_stages=options.n_stages,
        learning_rate=LEARNING_RATE,
        random_state=options.seed,
    )
    with step(f"fit {options.n_stages} stages"):
        model.fit_on(data)
    pairs, stars = (test["userId"], test["movieId"]), test["rating"].to_numpy()
    with step("predict"):
        predicted = model.predict(*pairs)
    print(
        f"{data.matrix.values.nnz:,} ratings learned from, {len(test):,} predicted, "
        f"{time.perf_counter() - begun:.0f} s in all"
    )
    size = sum(array.nbytes for array in model._arrays().values())
    print(f"the model takes {size / 2**20:,.0f} MB beside the ratings")
    biases = BiasBaseline().fit_on(data).predict(*pairs)
    print(f"RMSE {rmse(predicted - stars):.4f}, of biases alone {rmse(biases - stars):.4f}")
    return 0


def rmse(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2)))


@contextmanager
def step(name: str) -> Iterator[None]:
    """Print what a step takes. Linux resets the peak of the memory."""
    Path("/proc/self/clear_refs").write_text("5")
    begun, cpu = time.perf_counter(), time.process_time()
    yield
    seconds, cpu = time.perf_counter() - begun, time.process_time() - cpu
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) / 2**20
    print(f"{name:16} {seconds:6.1f} s {cpu:6.1f} s of CPU   peak {peak:4.2f} GB", flush=True)


if __name__ == "__main__":
    sys.exit(main())
