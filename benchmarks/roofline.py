"""The rates of this machine, and the least time of a row's plain algorithm on it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.task import Task

# Data below this size stay in a cache between iterations, so they are read from memory once.
CACHE_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Machine:
    """Sustained rates with all processors."""

    # Operations a second of numpy's matrix product, by the bytes of a float (4, 8).
    gemm: dict[int, float]
    # Bytes a second, read and written, of a copy larger than the caches.
    bandwidth: float


@dataclass(frozen=True)
class Bound:
    """The least seconds, and whether arithmetic or memory is the limit."""

    seconds: float
    limit: str


def measured(n_threads: int, size: int = 2048, megabytes: int = 256) -> Machine:
    """Measure the machine; the default sizes take about two seconds."""
    gemm = {}
    for dtype in (np.float32, np.float64):
        a = np.ones((size, size), dtype=dtype)
        out = np.empty_like(a)
        seconds = _best_of(lambda a=a, out=out: np.matmul(a, a, out=out))
        gemm[a.itemsize] = 2 * size**3 / seconds
    source = np.ones(megabytes * 2**20 // 8)
    target = np.zeros_like(source)
    ends = np.linspace(0, len(source), n_threads + 1).astype(int)
    parts = [slice(*pair) for pair in pairwise(ends)]
    with ThreadPoolExecutor(n_threads) as pool:

        def copy() -> None:
            list(pool.map(lambda part: np.copyto(target[part], source[part]), parts))

        seconds = _best_of(copy)
    return Machine(gemm, 2 * source.nbytes / seconds)


def _best_of(work: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def flops(task: Task) -> float:
    """Operations of the plain algorithm; a multiplication and an addition are two operations.

    A distance from a row to a center costs two for each stored value, because the norms are known.
    The means of clusters cost 1/k of that and are left out. Restarts also pay for k-means++ with
    2 + log k trials for each center. A silhouette needs each pair of rows once.
    """
    if task.kind == "silhouette":
        return _pair_flops(task)
    if task.kind == "sweep":
        pairs = zip(task.ks, task.iterations_by_k, strict=True)
        return sum(_fit_flops(task, *pair) + _pair_flops(task) for pair in pairs)
    return _fit_flops(task, task.n_clusters, task.passes)


def _fit_flops(task: Task, k: int, iterations: int) -> float:
    # One more assignment gives the labels under the centers that are returned.
    distances = k * (iterations + 1)
    if task.kind in ("restarts", "sweep"):  # mini-batches draw first centers from a small sample
        distances += 1 + (k - 1) * (2 + int(np.log(k)))
    return task.n_init * 2.0 * task.n_stored * distances


def _pair_flops(task: Task) -> float:
    n, d = task.X.shape
    # In addition to the product of two rows: two for the norms, one for the root, one for the sum.
    rest = 2.0 * n * (n - 1)
    if not task.is_sparse:
        return rest + float(n * (n - 1) * d)
    # A product of two rows needs the features that both store.
    counts = np.bincount(task.X.indices, minlength=d).astype(float)
    return rest + float(np.sum(counts * (counts - 1)))


def bytes_read(task: Task) -> float:
    """Bytes of X that must come from memory: at each assignment if X does not fit in the caches."""
    passes = task.passes + 1 if task.n_bytes > CACHE_BYTES else 1
    return float(task.n_bytes * passes)


def bound(task: Task, machine: Machine) -> Bound:
    """The larger time of two: arithmetic at the rate of GEMM, and memory at the rate of a copy."""
    arithmetic = flops(task) / machine.gemm[task.X.dtype.itemsize]
    memory = bytes_read(task) / machine.bandwidth
    if arithmetic >= memory:
        return Bound(arithmetic, "arithmetic")
    return Bound(memory, "memory")
