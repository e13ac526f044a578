"""Memory beyond the input beside scikit-learn: ``python -m benchmarks.memory`` from the root."""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from benchmarks import environment
from benchmarks.shapes import Shape, data_of, name_of, operations, scikit_learn
from benchmarks.worker import megabytes_of

LIBRARIES = ("kmeans_core", "scikit-learn")

SHAPES = [
    Shape(200_000, 32, 64, "float32"),
    Shape(200_000, 32, 64, "float64"),
    Shape(3_000_000, 2, 8, "float32"),
    Shape(60_000, 784, 10, "float32"),
    Shape(10_000, 64, 8, "float32"),
    Shape(16_000, 59_000, 100, "float32", 0.00265),
    Shape(100_000, 1_000, 10, "float64", 0.01),
    Shape(3_000, 2**20, 10, "float64", 0.0005),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--only", metavar="TEXT", help="only shapes whose name contains the text")
    options = parser.parse_args()
    shapes = [shape for shape in SHAPES if not options.only or options.only in name_of(shape)]
    names = ["fit", "k-means++", "predict", "transform", "score", "silhouette"]
    print(f"| Shape | {' | '.join(names)} |\n|{'---|' * (1 + len(names))}")
    for shape in shapes:
        ours, theirs = (_measured(library, shape) for library in LIBRARIES)
        cells = [f"{ours[name]:.0f} / {theirs[name]:.0f}" if name in ours else "" for name in names]
        print(f"| {name_of(shape)} | {' | '.join(cells)} |", flush=True)
    return 0


def _measured(library: str, shape: Shape) -> dict[str, float]:
    """Megabytes of each operation, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.memory", "--measure", library]
    answer = subprocess.run(
        [*command, json.dumps(asdict(shape))], stdout=subprocess.PIPE, check=True
    ).stdout
    return dict(json.loads(answer))


def _measure(library: str, shape: Shape) -> Iterator[tuple[str, float]]:
    """The operations and the megabytes of a second call; the first one loads code."""
    if library == "kmeans_core":
        from kmeans_core import KMeans, silhouette_samples

        functions: tuple[Any, Any] = KMeans, silhouette_samples
    else:
        functions = scikit_learn()
    call: Callable[[], Any]
    for name, call in operations(*functions, *data_of(shape)).items():
        call()
        yield name, megabytes_of(call)


if __name__ == "__main__":
    environment.start_at_best("benchmarks.memory")
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(dict(_measure(sys.argv[2], Shape(**json.loads(sys.argv[3]))))))
    else:
        sys.exit(main())
