"""Time and memory for growing data: ``python -m benchmarks.cost_curves`` from the root."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import cost_pictures, environment
from benchmarks.invented import ratings_matrix
from benchmarks.shapes import Shape, data_of
from benchmarks.worker import megabytes_of
from recsys.files import write_text

ITERATIONS = 10

# The dense data: features, and the rows where the number of clusters grows.
N_FEATURES = 16
N_CLUSTERS = 64
N_ROWS = 200_000

# The ratings: films, and the ratings of a user in ml-25m.
N_FILMS = 20_000
RATINGS_A_USER = 154

# An exponent is fitted to the sizes from this share of the largest one on. Below it the fixed cost
# of a call matters.
UPPER = 1 / 32


@dataclass(frozen=True)
class Curve:
    """An operation on data of growing size.

    Attributes
    ----------
    name : str
    grows : {"rows", "clusters", "ratings"}
        What the sizes count.
    operation : str
        A key of :func:`operations`.
    sizes : tuple of int
        Ascending.
    """

    name: str
    grows: str
    operation: str
    sizes: tuple[int, ...]


ROWS = (10_000, 31_600, 100_000, 316_000, 1_000_000, 3_160_000, 10_000_000)
PAIR_ROWS = (1_000, 3_160, 10_000, 31_600, 60_000)
CLUSTERS = (8, 16, 32, 64, 128, 256, 512, 1024)
RATINGS = (100_000, 316_000, 1_000_000, 3_160_000, 10_000_000, 25_000_000)

CURVES = (
    Curve("fit, rows", "rows", "fit", ROWS),
    Curve("k-means++, rows", "rows", "k-means++", ROWS),
    Curve("mini-batch, rows", "rows", "mini-batch", ROWS),
    Curve("silhouette, rows", "rows", "silhouette", PAIR_ROWS),
    Curve("fit, clusters", "clusters", "fit", CLUSTERS),
    Curve("k-means++, clusters", "clusters", "k-means++", CLUSTERS),
    Curve("mini-batch, clusters", "clusters", "mini-batch", CLUSTERS),
    Curve("fit, ratings", "ratings", "fit", RATINGS),
    Curve("k-means++, ratings", "ratings", "k-means++", RATINGS),
    Curve("mini-batch, ratings", "ratings", "mini-batch", RATINGS),
)


@dataclass(frozen=True)
class Cost:
    """The cost of one call: seconds, and megabytes at its peak beyond the data."""

    size: int
    seconds: float
    megabytes: float


def data_for(grows: str, size: int) -> tuple[Any, Any]:
    """X of one size, and centers to start from."""
    if grows == "ratings":
        X = ratings_matrix(size // RATINGS_A_USER, N_FILMS, size, seed=0)
        return X, X[: X.shape[0] : X.shape[0] // N_CLUSTERS][:N_CLUSTERS].toarray()
    n, k = (size, N_CLUSTERS) if grows == "rows" else (N_ROWS, size)
    return data_of(Shape(n, N_FEATURES, k, "float32"))


def operations(X: Any, centers: Any) -> dict[str, Callable[[], Any]]:
    """What is measured, by name."""
    from kmeans_core import KMeans, MiniBatchKMeans, kmeans_plusplus, silhouette_score

    k = len(centers)
    given = KMeans(k, init=centers, max_iter=ITERATIONS, tol=0.0)
    labels = np.arange(X.shape[0]) % k
    # One pass over the rows, without labels.
    batches = MiniBatchKMeans(
        k, init=centers, n_init=1, max_iter=1, max_no_improvement=None, compute_labels=False
    )
    return {
        "fit": lambda: given.fit(X),
        "k-means++": lambda: kmeans_plusplus(X, k, random_state=0),
        "mini-batch": lambda: batches.fit(X),
        "silhouette": lambda: silhouette_score(X, labels),
    }


def cost_of(curve: Curve, size: int) -> Cost:
    """Measure a second call. The first one compiles."""
    call = operations(*data_for(curve.grows, size))[curve.operation]
    call()
    seconds = []

    def timed() -> None:
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)

    return Cost(size, megabytes=megabytes_of(timed), seconds=seconds[0])


def law_of(sizes: Sequence[float], costs: Sequence[float]) -> tuple[float, float]:
    """Fit cost = factor * size ** exponent to the larger sizes; return (factor, exponent).

    Examples
    --------
    >>> factor, exponent = law_of([1, 10, 100, 1000], [9.0, 20.0, 200.0, 2000.0])
    >>> round(factor, 6), round(exponent, 6)
    (2.0, 1.0)
    """
    x, y = np.asarray(sizes, float), np.asarray(costs, float)
    upper = x >= UPPER * x.max()
    exponent, log_factor = np.polyfit(np.log(x[upper]), np.log(np.maximum(y[upper], 1e-9)), 1)
    return float(np.exp(log_factor)), float(exponent)


def table(costs: dict[str, list[Cost]]) -> str:
    """One line a curve, as Markdown: the largest size, its cost, and the fitted exponents."""
    lines = [
        "| What grows | Operation | Largest size | Seconds | Time grows as | MB beyond the data |",
        "|---|---|---:|---:|---|---:|",
    ]
    for curve in CURVES:
        if found := costs.get(curve.name):
            most = found[-1]
            exponent = law_of([c.size for c in found], [c.seconds for c in found])[1]
            lines.append(
                f"| {curve.grows} | {curve.operation} | {most.size:,} | {most.seconds:.2f} "
                f"| {curve.grows} ^ {exponent:.2f} | {most.megabytes:,.0f} |"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cost_curves", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="only curves whose name contains the text")
    parser.add_argument("--largest", type=int, metavar="N", help="leave larger sizes out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every cost there")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw the curves there")
    options = parser.parse_args()
    costs: dict[str, list[Cost]] = {}
    for curve in CURVES:
        if options.only and options.only not in curve.name:
            continue
        costs[curve.name] = []
        for size in curve.sizes:
            if options.largest and size > options.largest:
                break
            cost = _in_own_process(curve, size)
            costs[curve.name].append(cost)
            print(
                f"{curve.name} {size:>12,}: {cost.seconds:9.3f} s {cost.megabytes:9.1f} MB",
                file=sys.stderr,
                flush=True,
            )
    print(table(costs))
    if options.json:
        plain = {name: [asdict(cost) for cost in found] for name, found in costs.items()}
        write_text(options.json, json.dumps(plain, indent=1))
    if options.picture:
        cost_pictures.draw(costs, options.picture)
    return 0


def _in_own_process(curve: Curve, size: int) -> Cost:
    """The peak of a process tells the memory of one call only if it made no larger one before."""
    command = [sys.executable, "-m", "benchmarks.cost_curves", "--measure", curve.name, str(size)]
    answer = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    return Cost(**json.loads(answer))


if __name__ == "__main__":
    environment.start_at_best("benchmarks.cost_curves")
    if sys.argv[1:2] == ["--measure"]:
        named = next(curve for curve in CURVES if curve.name == sys.argv[2])
        print(json.dumps(asdict(cost_of(named, int(sys.argv[3])))))
    else:
        sys.exit(main())
