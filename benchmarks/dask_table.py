"""Fits on 1, 2 and 4 Dask workers, in one process, and by dask-ml.

Run ``python -m benchmarks.dask_table`` from the root. dask-ml takes part if it is installed.
``--small`` takes seconds instead of minutes.
"""

import argparse
import itertools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import dask
import numpy as np
import scipy.sparse as sp
from distributed import Client, LocalCluster

import kmeans_core
from benchmarks import environment
from kmeans_core.dask import KMeans

WORKERS = (1, 2, 4)
SEEDS = 10

# Fits of these lengths tell an iteration from the rest of a fit.
FEW, MANY = 2, 22


class Work(NamedTuple):
    """Rows and the first centers of a fit."""

    name: str
    X: Any
    n_clusters: int

    @property
    def init(self) -> Any:
        """Some rows as dense first centers."""
        first = self.X[: self.n_clusters]
        return first.toarray() if sp.issparse(first) else first


class Cost(NamedTuple):
    """Seconds of a fit: for each iteration, and for everything else."""

    iteration: float
    rest: float
    centers: Any  # after ``MANY`` iterations


def works(small: bool) -> Iterator[Work]:
    """A dense and a sparse matrix without clusters, so that no fit converges early."""
    rng = np.random.default_rng(0)
    n = 20_000 if small else 2_000_000
    yield Work(f"{n:,} x 16 float32, k = 64", rng.random((n, 16), dtype=np.float32), 64)
    n //= 10
    density = 20 / 400
    X = sp.random(n, 400, density, format="csr", random_state=0)
    yield Work(f"{n:,} x 400 CSR, 20 stored in a row, k = 64", sp.csr_array(X), 64)


def cost_of(fit: Callable[[int], Any]) -> Cost:
    """The cost of ``fit(max_iter)``, after one fit that loads code; the best of three."""
    fit(FEW)
    few, many = [], []
    for _ in range(3):
        few.append(_seconds(lambda: fit(FEW)))
        many.append(_seconds(lambda: fit(MANY)))
    iteration = (min(many) - min(few)) / (MANY - FEW)
    return Cost(iteration, min(few) - FEW * iteration, fit(MANY).cluster_centers_)


def _seconds(call: Callable[[], Any]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def blocks_of(client: Client, work: Work, n_blocks: int) -> list[Any]:
    """The rows as blocks on the workers."""
    limits = work.X.shape[0] * np.arange(n_blocks + 1) // n_blocks
    parts = [work.X[a:b] for a, b in itertools.pairwise(limits)]
    return [dask.delayed(part) for part in client.scatter(parts)]


def in_memory(work: Work, max_iter: int) -> Any:
    """A fit of one process on one thread."""
    params = {"init": work.init, "tol": 0, "max_iter": max_iter, "n_threads": 1}
    return kmeans_core.KMeans(work.n_clusters, **params).fit(work.X)


def on_workers(work: Work, blocks: list[Any], max_iter: int) -> Any:
    """The same fit on the current cluster."""
    return KMeans(work.n_clusters, init=work.init, tol=0, max_iter=max_iter).fit(blocks)


def bytes_of_iteration(client: Client, work: Work, blocks: list[Any]) -> float:
    """Bytes that workers send in an iteration, to each other and to the client."""
    sent = []

    def listen(event: kmeans_core.IterationEvent) -> None:
        if event.iteration in (FEW, MANY):
            sent.append(sum(client.run(_sent).values()))

    params = {"init": work.init, "tol": 0, "max_iter": MANY + 1, "on_iteration": listen}
    KMeans(work.n_clusters, **params).fit(blocks)
    # Only a listener needs the inertia: one sum of each 128 rows.
    return (sent[1] - sent[0]) / (MANY - FEW) - 8 * work.X.shape[0] / 128


def _sent(dask_worker: Any) -> int:
    return int(dask_worker.transfer_outgoing_bytes_total)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dask_table", description=__doc__)
    parser.add_argument("--small", action="store_true")
    options = parser.parse_args()
    print(f"{os.cpu_count()} processors, dask {dask.__version__}, one thread for each worker\n")
    for work in works(options.small):
        _print_scaling(work)
    _print_peer(options.small)
    return 0


def _print_scaling(work: Work) -> None:
    alone = cost_of(lambda max_iter: in_memory(work, max_iter))
    print(f"{work.name}\n")
    print("| | ms an iteration | s for the rest | MB an iteration |\n|---|---|---|---|")
    print(f"| one process | {1000 * alone.iteration:.1f} | {alone.rest:.2f} | |")
    for n_workers in WORKERS:
        with _cluster(n_workers) as client:
            blocks = blocks_of(client, work, max(WORKERS))
            cost = cost_of(lambda max_iter, blocks=blocks: on_workers(work, blocks, max_iter))
            moved = bytes_of_iteration(client, work, blocks)
            assert np.array_equal(cost.centers, alone.centers), "the work differs"
        figures = f"{1000 * cost.iteration:.1f} | {cost.rest:.2f} | {moved / 1e6:.2f}"
        print(f"| {n_workers} worker{'s' * (n_workers > 1)} | {figures} |", flush=True)
    n_sums = work.n_clusters * (work.X.shape[1] + 1) * 8
    print(f"\nOne set of centers is {n_sums / 1e6:.3f} MB.\n")


def _print_peer(small: bool) -> None:
    """Time and inertia of dask-ml, from seeding to the end."""
    try:
        from dask_ml.cluster import KMeans as Peer
    except ImportError as error:
        print(f"dask-ml does not take part: {error}")
        return
    n, k = (10_000 if small else 100_000), 30
    rng = np.random.default_rng(0)
    middles = 3 * rng.standard_normal((k, 8))
    X = middles[rng.integers(0, k, n)] + rng.standard_normal((n, 8))
    n_seeds = 3 if small else SEEDS
    print(f"{n:,} x 8, {k} Gaussian clusters, 2 workers, {n_seeds} seeds\n")
    print("| | s | iterations | inertia: least | median | largest |\n|---|---|---|---|---|---|")
    with _cluster(2) as client:
        blocks = client.persist(dask.array.from_array(X, chunks=(n // 4, 8)))
        for name, make in (("kmeans_core.dask", KMeans), ("dask-ml", Peer)):
            make(k, random_state=0, max_iter=2).fit(blocks)  # loads code
            seconds, n_iter, inertia = [], [], []
            for seed in range(n_seeds):
                model = make(k, random_state=seed)
                seconds.append(_seconds(lambda model=model: model.fit(blocks)))
                n_iter.append(model.n_iter_)
                inertia.append(_inertia(X, model.cluster_centers_))
            spread = f"{min(inertia):.0f} | {np.median(inertia):.0f} | {max(inertia):.0f}"
            print(f"| {name} | {np.median(seconds):.2f} | {np.median(n_iter):.0f} | {spread} |")


def _inertia(X: Any, centers: Any) -> float:
    """Computed alike for both: dask-ml's own figure may be a sum of distances."""
    model = kmeans_core.KMeans(len(centers))
    model.cluster_centers_ = np.asarray(centers, dtype=float)
    return -model.score(X)


@contextmanager
def _cluster(n_workers: int) -> Iterator[Client]:
    """Worker processes with one thread each, and their client."""
    options = {"threads_per_worker": 1, "dashboard_address": ":0", "silence_logs": "ERROR"}
    with LocalCluster(n_workers=n_workers, **options) as cluster, Client(cluster) as client:
        yield client


if __name__ == "__main__":
    environment.start_at_best("benchmarks.dask_table")
    sys.exit(main())
