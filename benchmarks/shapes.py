"""A grid of shapes beside scikit-learn: ``python -m benchmarks.shapes`` from the root."""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import product
from pathlib import Path
from statistics import geometric_mean, median
from typing import Any

import numpy as np
import scipy.sparse as sp

from benchmarks import environment, shape_pictures
from recsys.files import write_text

# Corners of the grid are cut: cells of a dense array, stored cells, cells of the centers (each
# library keeps several copies of them), multiply-adds of an iteration.
MOST_CELLS = 20_000_000
MOST_STORED = 10_000_000
MOST_CENTER_CELLS = 100_000_000
MOST_WORK = 2_000_000_000

# Silhouettes compare all pairs of rows.
MOST_SILHOUETTE_ROWS = 10_000

ITERATIONS = 8

# Pairs of calls for each operation, and for one that seems slower than the peer.
PAIRS = 3
PAIRS_AGAIN = 7

# An operation is not measured again after this many seconds.
BUDGET = 1.5

# Short calls are repeated for this many seconds.
VISIT = 0.01

TIES = ("equal centers", "equal rows", "one-hot", "empty rows", "constant columns", "integers")


@dataclass(frozen=True)
class Shape:
    """Data of one shape.

    Attributes
    ----------
    n, d, k : int
    dtype : str
    density : float
        Share of stored cells in CSR; 1 for a dense array.
    kind : str
        "random", "sorted" (by cluster), or one of ``TIES``.
    """

    n: int
    d: int
    k: int
    dtype: str
    density: float = 1.0
    kind: str = "random"

    @property
    def stored(self) -> float:
        return self.n * self.d * self.density

    def is_within(self) -> bool:
        """Whether the shape is not one of the corners that are cut."""
        most = MOST_CELLS if self.density == 1.0 else MOST_STORED
        return (
            self.stored <= most
            and self.k * self.d <= MOST_CENTER_CELLS
            and self.stored * self.k <= MOST_WORK
            and self.k <= max(2, self.n // 3)
        )


# Parts of the grid with a geometric mean of their own.
PARTS: dict[str, Callable[[Shape], bool]] = {
    "few clusters": lambda s: s.density == 1.0 and s.n >= 30_000 and s.d <= 64 and s.k <= 16,
    "CSR": lambda s: s.density < 1.0,
}


def grid(quick: bool) -> list[Shape]:
    """The shapes to measure; the quick grid has every kind, but few of each."""
    dense = product(
        (300, 30_000) if quick else (300, 3_000, 30_000, 200_000, 1_000_000),
        (2, 32) if quick else (1, 2, 8, 32, 128, 512),
        (2, 64) if quick else (2, 8, 64, 256),
        ("float32",) if quick else ("float32", "float64"),
    )
    sparse = product(
        (1_000,) if quick else (1_000, 10_000, 100_000),
        (1_000, 2**14) if quick else (1_000, 2**14, 2**20),
        (10,) if quick else (2, 10, 64, 256),
        (0.01,) if quick else (0.0005, 0.01, 0.1, 0.3),
    )
    shapes = [Shape(n, d, k, dtype) for n, d, k, dtype in dense]
    shapes += [Shape(n, d, k, "float64", density) for n, d, k, density in sparse]
    for kind in ("random", *TIES, "sorted"):
        shapes.append(Shape(30_000, 32, 8, "float32", kind=kind))
        if not quick:
            shapes.append(Shape(30_000, 32, 64, "float64", kind=kind))
            shapes.append(Shape(10_000, 2_000, 10, "float64", 0.01, kind))
    return [shape for shape in dict.fromkeys(shapes) if shape.is_within()]


# Data -----------------------------------------------------------------------------------------


def data_of(shape: Shape) -> tuple[Any, Any]:
    """X and the centers to start from: rows of X for CSR, rows with noise otherwise."""
    rng = np.random.default_rng([shape.n, shape.d, shape.k])
    X = _sparse(shape, rng) if shape.density < 1.0 else _dense(shape, rng)
    X = X.astype(shape.dtype)
    rows = np.sort(rng.choice(shape.n, shape.k, replace=False))
    if shape.kind == "equal centers":
        rows[1::2] = rows[0::2][: len(rows[1::2])]
    centers = X[rows].toarray() if sp.issparse(X) else X[rows].copy()
    return X, np.ascontiguousarray(centers)


def _dense(shape: Shape, rng: np.random.Generator) -> Any:
    n, d = shape.n, shape.d
    if shape.kind == "one-hot":
        X = np.zeros((n, d))
        X[np.arange(n), rng.integers(0, d, n)] = 1.0
        return X
    if shape.kind == "integers":
        return rng.integers(0, 4, (n, d)).astype(np.float64)
    # Blobs that overlap: rows change their cluster for some iterations.
    middles = rng.normal(0.0, 2.0 / np.sqrt(d), (max(2, shape.k), d))
    blob = rng.integers(0, len(middles), n)
    if shape.kind == "sorted":
        blob.sort()
    X = middles[blob] + rng.normal(0.0, 1.0, (n, d))
    if shape.kind == "equal rows":
        X = X[rng.integers(0, max(1, n // 100), n)]
    if shape.kind == "empty rows":
        X[rng.random(n) < 0.5] = 0.0
    if shape.kind == "constant columns":
        X[:, ::2] = 3.0
    return X


def _sparse(shape: Shape, rng: np.random.Generator) -> sp.csr_array:
    n, d = shape.n, shape.d
    counts = rng.poisson(d * shape.density, n)
    if shape.kind == "one-hot":
        counts[:] = 1
    if shape.kind == "empty rows":
        counts[rng.random(n) < 0.5] = 0
    counts = np.minimum(counts, d)
    rows = np.repeat(np.arange(n), counts)
    # Popular columns come first, as in texts and ratings.
    columns = (d * rng.random(len(rows)) ** 2).astype(np.int64)
    values = rng.integers(1, 5, len(rows)) if shape.kind == "integers" else rng.random(len(rows))
    if shape.kind == "one-hot":
        values = np.ones(len(rows))
    X = sp.csr_array((values.astype(np.float64), (rows, columns)), shape=(n, d))
    X.sum_duplicates()
    if shape.kind == "equal rows":
        X = X[rng.integers(0, max(1, n // 100), n)]
    if shape.kind == "constant columns":
        X = sp.csr_array(sp.hstack([sp.csr_array(np.full((n, 2), 3.0)), X[:, 2:]]))
    X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X


# Measuring ------------------------------------------------------------------------------------

Operations = dict[str, Callable[[], Any]]


def operations(kmeans: Any, silhouettes: Any, X: Any, centers: Any) -> Operations:
    """What is timed, by name, with one library's ``KMeans`` and ``silhouette_samples``."""
    k = len(centers)
    given = kmeans(k, init=centers, n_init=1, max_iter=ITERATIONS, tol=0.0)
    drawn = kmeans(k, n_init=1, max_iter=ITERATIONS, tol=0.0, random_state=0)
    # The centers after one iteration: both libraries predict with the same model.
    fitted = kmeans(k, init=centers, n_init=1, max_iter=1).fit(X)
    found: Operations = {
        "fit": lambda: given.fit(X),
        "k-means++": lambda: drawn.fit(X),
        "predict": lambda: fitted.predict(X),
        "transform": lambda: fitted.transform(X),
        "score": lambda: fitted.score(X),
    }
    labels = fitted.labels_
    if X.shape[0] <= MOST_SILHOUETTE_ROWS and 1 < len(np.unique(labels)) < X.shape[0]:
        found["silhouette"] = lambda: silhouettes(X, labels)
    return found


def measured(shape: Shape, peer: Callable[[], tuple[Any, Any]]) -> dict[str, list[float]]:
    """Median seconds of ours and of the peer, by operation."""
    from kmeans_core import KMeans, silhouette_samples

    X, centers = data_of(shape)
    ours = operations(KMeans, silhouette_samples, X, centers)
    theirs = operations(*peer(), X, centers)
    found = {}
    for name in ours.keys() & theirs.keys():
        times = _paired(ours[name], theirs[name], PAIRS)
        if times[0] > times[1]:
            times = _paired(ours[name], theirs[name], PAIRS_AGAIN)
        found[name] = times
    return found


def _paired(ours: Callable[[], Any], theirs: Callable[[], Any], pairs: int) -> list[float]:
    """Interleaved calls: the median seconds of each."""
    ours(), theirs()
    taken: tuple[list[float], list[float]] = [], []
    begun = time.perf_counter()
    for turn in range(pairs):
        both = ((0, ours), (1, theirs))
        for which, call in both if turn % 2 == 0 else both[::-1]:
            taken[which].append(_seconds(call))
        if time.perf_counter() - begun > BUDGET * pairs / PAIRS:
            break
    return [median(taken[0]), median(taken[1])]


def _seconds(call: Callable[[], Any]) -> float:
    calls, begun = 0, time.perf_counter()
    while (passed := time.perf_counter() - begun) < VISIT or calls == 0:
        call()
        calls += 1
    return passed / calls


# The command ----------------------------------------------------------------------------------


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.shapes", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few shapes, within three minutes")
    parser.add_argument("--peers", action="store_true", help="scikit-learn-intelex, too")
    parser.add_argument("--only", metavar="TEXT", help="only shapes whose name contains the text")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every time there")
    parser.add_argument("--pictures", type=Path, metavar="FOLDER", help="draw heat maps there")
    options = parser.parse_args(arguments)
    shapes = [s for s in grid(options.quick) if not options.only or options.only in name_of(s)]
    results: dict[str, Any] = {"shapes": []}
    for peer in ("scikit-learn", "scikit-learn-intelex")[: 1 + options.peers]:
        for answer in _answers(peer, shapes):
            if "blas" in answer:
                print(f"{peer}: {answer['blas']}", file=sys.stderr)
                continue
            results["shapes"].append(answer)
            if options.json:
                write_text(options.json, json.dumps(results, indent=1))
        print(summary(peer, results["shapes"]))
    if options.pictures:
        shape_pictures.draw(results["shapes"], options.pictures)
    return 0


def name_of(shape: Shape) -> str:
    """A shape in a line, such as ``dense 300 x 8, k=2, float32, sorted``."""
    storage = "dense" if shape.density == 1.0 else f"CSR {shape.density:g}"
    kind = "" if shape.kind == "random" else f", {shape.kind}"
    return f"{storage} {shape.n} x {shape.d}, k={shape.k}, {shape.dtype}{kind}"


def _answers(peer: str, shapes: list[Shape]) -> Iterator[dict[str, Any]]:
    """What a process of its own measures, as it comes."""
    lines = "".join(json.dumps(asdict(shape)) + "\n" for shape in shapes)
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.shapes", "--measure", peer],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(lines)
        process.stdin.close()
        for line in process.stdout:
            yield json.loads(line)
    if process.returncode != 0:
        raise SystemExit(f"The process of {peer} ended with {process.returncode} before the grid.")


def summary(peer: str, answers: list[dict[str, Any]]) -> str:
    """Geometric means, how many are slower, the worst twenty, and the cost of ties."""
    answers = [answer for answer in answers if answer["peer"] == peer]
    ratios: dict[str, dict[Shape, float]] = {}
    for answer in answers:
        for operation, (ours, theirs) in answer["seconds"].items():
            ratios.setdefault(operation, {})[Shape(**answer["shape"])] = theirs / ours
    lines = [f"{peer}'s time divided by ours:"]
    for operation, found in ratios.items():
        slower = sum(ratio < 1.0 for ratio in found.values())
        parts = {"all": found.values()} | {
            part: [ratio for shape, ratio in found.items() if is_in(shape)]
            for part, is_in in PARTS.items()
        }
        means = [f"{part} {geometric_mean(of):.2f}" for part, of in parts.items() if of]
        lines.append(
            f"{operation}: {slower} of {len(found)} slower, geometric mean: {', '.join(means)}"
        )
    worst = sorted(
        (ratio, f"{operation}, {name_of(shape)}")
        for operation, of in ratios.items()
        for shape, ratio in of.items()
    )
    lines += ["The worst:", *(f"  {ratio:.2f}  {name}" for ratio, name in worst[:20])]
    ours = {
        (Shape(**answer["shape"]), operation): seconds[0]
        for answer in answers
        for operation, seconds in answer["seconds"].items()
    }
    return "\n".join([*lines, *_cliffs(ours), *_ties(ours)])


def _cliffs(ours: dict[tuple[Shape, str], float]) -> list[str]:
    """Our time for each shape divided by the log-linear interpolation of its two neighbours."""
    found = []
    for field in ("n", "d", "k", "density"):
        lines: dict[Any, list[tuple[float, float, Shape]]] = {}
        for (shape, operation), seconds in ours.items():
            size = float(getattr(shape, field))
            others = replace(shape, **{field: 1}), operation
            lines.setdefault(others, []).append((np.log(size), np.log(seconds), shape))
        for (_, operation), line in lines.items():
            line.sort(key=lambda point: point[:2])
            for (x0, y0, _), (x1, y1, shape), (x2, y2, _) in zip(
                line[:-2], line[1:-1], line[2:], strict=True
            ):
                between = y0 + (y2 - y0) * (x1 - x0) / (x2 - x0)
                found.append((np.exp(y1 - between), f"{field}: {operation}, {name_of(shape)}"))
    found.sort(reverse=True)
    many = sum(ratio > 1.3 for ratio, _ in found)
    return [
        f"Our time divided by that between its neighbours: {many} of {len(found)} above 1.3:",
        *(f"  {ratio:.2f}  {name}" for ratio, name in found[:20]),
    ]


def _ties(ours: dict[tuple[Shape, str], float]) -> list[str]:
    """Our time for each kind of rows divided by that for random rows of the same shape."""
    shares = [
        (seconds / ours[random], f"{random[1]}, {name_of(shape)}")
        for (shape, operation), seconds in ours.items()
        if shape.kind != "random" and (random := (replace(shape, kind="random"), operation)) in ours
    ]
    shares.sort(reverse=True)
    return [
        "Our time divided by that for random rows, the greatest:",
        *(f"  {share:.2f}  {name}" for share, name in shares[:20]),
    ]


def _measure(peer: str) -> None:
    """Read shapes, one a line, and answer each."""
    classes = scikit_learn if peer == "scikit-learn" else _intelex
    classes()
    print(json.dumps({"blas": environment.blas_in_use()}), flush=True)
    for line in sys.stdin:
        shape = Shape(**json.loads(line))
        seconds = measured(shape, classes)
        print(json.dumps({"peer": peer, "shape": asdict(shape), "seconds": seconds}), flush=True)


def scikit_learn() -> tuple[Any, Any]:
    from sklearn.cluster import KMeans
    from sklearn.metrics import silhouette_samples

    return KMeans, silhouette_samples


def _intelex() -> tuple[Any, Any]:
    from sklearnex.cluster import KMeans

    return KMeans, scikit_learn()[1]


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        _measure(sys.argv[2])
    else:
        environment.start_at_best("benchmarks.shapes")
        sys.exit(main())
