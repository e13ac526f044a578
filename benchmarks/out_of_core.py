"""Memory of fits on files, and k-means|| beside k-means++: ``python -m benchmarks.out_of_core``."""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from kmeans_core import ChunkedRows, IterationEvent, KMeans

N_SEEDS = 10

# float32 rows: 1.5 GB.
N_ROWS, N_FEATURES, N_CLUSTERS = 3_750_000, 100, 16
BLOCK_ROWS = 50_000


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.out_of_core", description=__doc__)
    parser.add_argument("--only", choices=["memory", "inertia"])
    parser.add_argument("--rows", type=int, default=N_ROWS, help="rows of the file (%(default)s)")
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(_measure(*options.measure)))
        return 0
    if options.only != "inertia":
        _compare_memory(options.rows)
    if options.only != "memory":
        _compare_inertia()
    return 0


# Memory ---------------------------------------------------------------------------------------


def _compare_memory(n_rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "X.npy"
        _write(path, n_rows)
        print(f"{n_rows} x {N_FEATURES} float32, {path.stat().st_size / 1e6:.0f} MB")
        print("| Rows | init | RssAnon, MB | VmHWM, MB | CPU, s | inertia |")
        print("|---|---|---|---|---|---|")
        for kind in ("map, given", "npy, given", "map, k-means++", "npy, k-means||"):
            command = [sys.executable, "-m", "benchmarks.out_of_core", "--measure", kind, str(path)]
            found = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            numbers = "{anonymous:.0f} | {peak:.0f} | {cpu:.1f} | {inertia!r}".format(**found)
            print(f"| {kind.replace(', ', ' | ')} | {numbers} |", flush=True)


def _write(path: Path, n_rows: int) -> None:
    rng = np.random.default_rng(0)
    middles = rng.normal(scale=2.0, size=(N_CLUSTERS, N_FEATURES)).astype(np.float32)
    rows = np.lib.format.open_memmap(path, "w+", np.float32, (n_rows, N_FEATURES))
    for first in range(0, n_rows, BLOCK_ROWS):
        block = rows[first : first + BLOCK_ROWS]
        block[:] = middles[rng.integers(N_CLUSTERS, size=len(block))]
        block += rng.standard_normal(block.shape, dtype=np.float32)
    rows.flush()


def _measure(kind: str, path: str) -> dict[str, float]:
    """The peak of the process's own memory, and of all its pages in memory."""
    form, init = kind.split(", ")
    X: Any = np.load(path, mmap_mode="r") if form == "map" else ChunkedRows.from_npy(path)
    first: Any = np.load(path, mmap_mode="r")[:N_CLUSTERS].copy() if init == "given" else init
    peaks, is_over = [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.005):
            peaks[0] = max(peaks[0], _kilobytes("RssAnon"))

    thread = threading.Thread(target=watch)
    thread.start()
    began = time.process_time()
    model = KMeans(N_CLUSTERS, init=first, random_state=0, max_iter=6, tol=0).fit(X)
    cpu = time.process_time() - began
    is_over.set()
    thread.join()
    return {
        "anonymous": peaks[0] / 1e3,
        "peak": _kilobytes("VmHWM") / 1e3,
        "cpu": cpu,
        "inertia": model.inertia_,
    }


def _kilobytes(name: str) -> int:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition(f"{name}:")[2].split()[0])


# Inertia --------------------------------------------------------------------------------------


def _groups(rng: np.random.Generator) -> Any:
    """Separate groups of very different sizes."""
    sizes = np.round(8_000 / np.arange(1, 51)).astype(int) + 20
    middles = rng.normal(scale=6.0, size=(50, 16))
    return np.repeat(middles, sizes, axis=0) + rng.normal(size=(sizes.sum(), 16))


def _cloud(rng: np.random.Generator) -> Any:
    """One cloud without groups, with heavy tails."""
    return rng.standard_t(3, size=(30_000, 8))


def _ratings(rng: np.random.Generator) -> Any:
    """Half stars of users for films, most of them for few films."""
    chances = 0.5 / np.sqrt(np.arange(1, 801))
    rated = rng.random((4_000, 800)) < chances
    taste = rng.normal(size=(4_000, 4)) @ rng.normal(size=(4, 800)) / 2
    stars = np.clip(np.round(2 * (3.5 + taste + 0.5 * rng.normal(size=rated.shape))) / 2, 0.5, 5)
    return sp.csr_array(np.where(rated, stars, 0.0))


SHAPES: list[tuple[str, Callable[[np.random.Generator], Any], int]] = [
    ("separate groups of different sizes, 50 clusters", _groups, 50),
    ("one cloud with heavy tails, 100 clusters", _cloud, 100),
    ("ratings, CSR, 20 clusters", _ratings, 20),
]


def _compare_inertia() -> None:
    """Medians over the seeds, in units of the median final inertia of k-means++."""
    print("| Rows | init | first centers | final | least, most | CPU of the seeding, s |")
    print("|---|---|---|---|---|---|")
    for name, make, n_clusters in SHAPES:
        X = make(np.random.default_rng(0))
        found = {
            init: np.array([_seeded(X, n_clusters, init, seed) for seed in range(N_SEEDS)])
            for init in ("k-means++", "k-means||", "random")
        }
        unit = np.median(found["k-means++"][:, 1])
        for init, runs in found.items():
            first, final, _ = np.median(runs, axis=0)
            ends = f"{runs[:, 1].min() / unit:.3f}, {runs[:, 1].max() / unit:.3f}"
            numbers = (
                f"{first / unit:.3f} | {final / unit:.3f} | {ends} | {np.median(runs[:, 2]):.2f}"
            )
            print(f"| {name} | {init} | {numbers} |", flush=True)


def _seeded(X: Any, n_clusters: int, init: str, seed: int) -> tuple[float, float, float]:
    """The inertia of the first centers and of the fit, and CPU seconds up to the first event."""
    events: list[tuple[float, float]] = []

    def listen(event: IterationEvent) -> None:
        if event.iteration == 0:
            events.append((event.inertia, time.process_time()))

    began = time.process_time()
    model = KMeans(
        n_clusters, init=init, n_init=1, random_state=seed, on_iteration=listen, n_threads=1
    ).fit(X)
    return events[0][0], model.inertia_, events[0][1] - began


if __name__ == "__main__":
    sys.exit(main())
