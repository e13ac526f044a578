"""What this machine can do at most, and the least time a row's plain algorithm takes on it."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from benchmarks.task import Task

# Data below this stays in a cache from one iteration to the next and is read from memory once.
CACHE_BYTES = 32 * 2**20


@dataclass(frozen=True)
class Machine:
    """Sustained rates with all processors.

    Attributes
    ----------
    gemm : dict
        Bytes of a float (4, 8) -> floating-point operations a second of numpy's matrix product.
    bandwidth : float
        Bytes a second, read and written, of a copy larger than the caches.
    """

    gemm: dict[int, float]
    bandwidth: float


@dataclass(frozen=True)
class Bound:
    """Least seconds, and whether arithmetic or memory sets them."""

    seconds: float
    limit: str


def measured(n_threads: int, size: int = 2048, megabytes: int = 256) -> Machine:
    """Measure the machine; about two seconds at the default sizes."""
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
    """Operations of the plain algorithm; a multiplication and an addition are two.

    A distance of a row to a center costs two a stored value (the norms are known); what a cluster
    mean costs is left out, it is 1/k of that. Restarts also pay for k-means++ with 2 + log k
    candidates a center. A silhouette needs each pair of rows once.
    """
    if task.kind == "silhouette":
        return _pair_flops(task)
    is_sweep = task.kind == "sweep"
    ks = task.ks if is_sweep else (task.n_clusters,)
    total = 0.0
    for k, iterations in zip(
        ks, task.iterations_by_k if is_sweep else (task.iterations,), strict=True
    ):
        one = 2.0 * task.n_stored * k
        # One more assignment: labels under the centers that are returned.
        fit = one * (iterations + 1)
        if task.kind != "lloyd":
            fit += 2.0 * task.n_stored * (1 + (k - 1) * (2 + int(np.log(k))))
        total += task.n_init * fit
        if is_sweep:
            total += _pair_flops(task)
    return total


def _pair_flops(task: Task) -> float:
    n, d = task.X.shape
    # Beside the product of two rows: two for the norms, one for the root, one for the sum.
    rest = 2.0 * n * (n - 1)
    if not task.is_sparse:
        return rest + float(n * (n - 1) * d)
    # A pair of rows meets in the features both store.
    counts = np.bincount(task.X.indices, minlength=d).astype(float)
    return rest + float(np.sum(counts * (counts - 1)))


def bytes_read(task: Task) -> float:
    """Bytes of X that must come from memory: at each assignment where caches cannot hold it."""
    passes = task.iterations + 1 if task.n_bytes > CACHE_BYTES else 1
    return float(task.n_bytes * passes)


def bound(task: Task, machine: Machine) -> Bound:
    """The larger of arithmetic at GEMM's rate and memory at the copy's."""
    arithmetic = flops(task) / machine.gemm[task.X.dtype.itemsize]
    memory = bytes_read(task) / machine.bandwidth
    if arithmetic >= memory:
        return Bound(arithmetic, "arithmetic")
    return Bound(memory, "memory")
