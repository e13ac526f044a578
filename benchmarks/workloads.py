"""The rows of the table: their work, which is made from seeds, and their targets."""

import os
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from benchmarks import invented, task
from benchmarks.task import Task

# "tiny" is for tests, "quick" takes two minutes, and the table has "full".
Scale = Literal["tiny", "quick", "full"]

HERE = Path(__file__).parent
CACHE = HERE / ".cache"


@dataclass(frozen=True)
class Row:
    """One row of the table, with its targets."""

    name: str
    work: str
    make: Callable[[Scale], Task]
    # The least ratios of the times of scikit-learn's default and of the fastest peer to ours.
    against_scikit_learn: float
    against_fastest: float
    # The most memory beyond the input.
    megabytes: float | None = None


def rows_at(task: Task, n_clusters: int) -> Task:
    """The task with rows of X, drawn without replacement, as first centers."""
    chosen = np.random.default_rng(1).permutation(task.X.shape[0])[:n_clusters]
    centers = task.X[np.sort(chosen)]
    if task.is_sparse:
        centers = centers.toarray()
    return replace(task, n_clusters=n_clusters, centers=np.ascontiguousarray(centers))


def fixed(X: Any, n_clusters: int, iterations: int) -> Task:
    """A fixed number of iterations from rows of X."""
    return rows_at(Task("lloyd", X, max_iter=iterations, iterations=iterations), n_clusters)


def fixed_from_means(X: Any, n_clusters: int, iterations: int) -> Task:
    """A fixed number of iterations of sparse X; each first center is the mean of a few rows.

    Among ratings, the shortest row would be the nearest center of nearly all rows: from rows, k=10
    converged in three iterations with 15,988 of 16,000 rows in one cluster.
    """
    n_rows = max(1, min(40, X.shape[0] // n_clusters))
    chosen = np.random.default_rng(1).permutation(X.shape[0])[: n_clusters * n_rows]
    place = (np.full(len(chosen), 1.0 / n_rows), (np.arange(len(chosen)) // n_rows, chosen))
    averaging = sp.csr_array(place, shape=(n_clusters, X.shape[0]))
    centers = (averaging @ X).toarray().astype(X.dtype)
    return Task("lloyd", X, n_clusters, centers=centers, max_iter=iterations, iterations=iterations)


# Real ratings if MOVIELENS_DIR names them, otherwise the built-in set -----------------------------


@cache
def _ratings() -> Any:
    import recsys

    path = os.environ.get("MOVIELENS_DIR")
    return recsys.load_ratings(path) if path else recsys.builtin_ratings()


def user_movie_matrix(scale: Scale) -> Any:
    """Users x the 1,000 most-rated movies, CSR float64; the real ratings give 671 x 1,000."""
    from recsys import RatingMatrix

    X = RatingMatrix.from_ratings(_ratings(), columns="title").most_rated(1000).values
    if scale == "tiny":
        X = X[:100, :50]
    # scikit-learn accepts only 32-bit indices.
    parts = (X.data, X.indices.astype(np.int32), X.indptr.astype(np.int32))
    return sp.csr_array(parts, shape=X.shape)


def two_genre_means() -> Any:
    """Mean ratings of romance and science fiction by users who like one of them: 183 x 2."""
    from recsys import contrast_subset, genre_means

    means = genre_means(_ratings(), ["Romance", "Sci-Fi", "Action"])
    subset = contrast_subset(means, append_first_two=True).dropna()
    return np.ascontiguousarray(subset.iloc[:, 1:3].to_numpy())


def iterations_of_a_restart(X: Any, n_clusters: int, n_init: int) -> int:
    """Count the average iterations of a restart with k-means++ and the default tol."""
    from kmeans_core import KMeans

    events: list[int] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # more clusters than distinct rows
        KMeans(
            n_clusters,
            n_init=n_init,
            random_state=0,
            on_iteration=lambda event: events.append(event.iteration),
        ).fit(X)
    return max(1, round(len(events) / n_init))


# The rows -----------------------------------------------------------------------------------------


def w1a(scale: Scale) -> Task:
    from kmeans_core import KMeans

    X = user_movie_matrix(scale)
    work = rows_at(Task("lloyd", X), 10)
    model = KMeans(10, init=work.centers, n_init=1, tol=0).fit(X)
    return replace(work, iterations=int(model.n_iter_))


def w1b(scale: Scale) -> Task:
    X = user_movie_matrix(scale)
    n_init = 2 if scale == "tiny" else 10
    seeds = 1 if scale == "tiny" else 5
    iterations = iterations_of_a_restart(X, 10, n_init)
    return Task("restarts", X, 10, n_init=n_init, iterations=iterations, seeds=seeds)


def w2(scale: Scale) -> Task:
    X = two_genre_means()
    step = {"tiny": 90, "quick": 45, "full": 5}[scale]
    ks = tuple(range(2, min(183, len(X)), step))
    n_init = 2 if scale == "tiny" else 10
    seeds = 1 if scale == "tiny" else 3
    iterations = tuple(iterations_of_a_restart(X, k, n_init) for k in ks)
    return Task("sweep", X, ks=ks, n_init=n_init, iterations_by_k=iterations, seeds=seeds)


def w3a(scale: Scale) -> Task:
    from kmeans_core import KMeans

    X = user_movie_matrix(scale)
    return Task("silhouette", X, 10, labels=KMeans(10, random_state=0).fit(X).labels_)


def w3b(scale: Scale) -> Task:
    n = {"tiny": 300, "quick": 3_000, "full": 20_000}[scale]
    X, labels = invented.blobs(n, 50, 50, spread=1.0, seed=3)
    return Task("silhouette", X, 50, labels=labels)


def w3c(scale: Scale) -> Task:
    n = {"tiny": 200, "quick": 2_000, "full": 10_000}[scale]
    X, labels = invented.sparse_groups(n, 2_000, 0.02, n_groups=20, seed=4)
    return Task("silhouette", X, 20, labels=labels)


def w4(scale: Scale) -> Task:
    n, iterations = {"tiny": (1_000, 3), "quick": (20_000, 10), "full": (200_000, 50)}[scale]
    X, _ = invented.blobs(n, 32, 64, spread=0.5, seed=5)
    return fixed(X.astype(np.float32), 64, iterations)


def w5(scale: Scale, n_features: int) -> Task:
    n, k, iterations = {
        "tiny": (500, 20, 3),
        "quick": (10_000, 100, 10),
        "full": (100_000, 1_000, 50),
    }[scale]
    X, _ = invented.blobs(n, n_features, 100, spread=2.0, seed=6)
    return fixed(X, k, iterations)


def w6(scale: Scale, n_clusters: int) -> Task:
    n_users, n_items, n_ratings, iterations = {
        "tiny": (200, 500, 4_000, 3),
        "quick": (4_000, 20_000, 600_000, 5),
        "full": (16_000, 59_000, 2_500_000, 10),
    }[scale]
    X = invented.ratings_matrix(n_users, n_items, n_ratings, seed=7)
    return fixed_from_means(X, n_clusters, iterations)


def w6_25m(scale: Scale) -> Task:
    n_users, n_items, n_ratings, iterations = {
        "tiny": (300, 500, 6_000, 3),
        "quick": (8_000, 59_000, 1_200_000, 5),
        "full": (162_000, 59_000, 25_000_000, 10),
    }[scale]
    X = invented.ratings_matrix(n_users, n_items, n_ratings, seed=8)
    return fixed_from_means(X, 10, iterations)


def w7(scale: Scale, n_clusters: int, iterations: int) -> Task:
    n, iterations = {
        "tiny": (400, 2),
        "quick": (4_000, min(iterations, 5)),
        "full": (60_000, iterations),
    }[scale]
    return fixed(invented.stroke_images(n, seed=9), n_clusters, iterations)


def minibatches(X: Any, n_clusters: int, batch_size: int, passes: int, seeds: int) -> Task:
    """Batches of rows that together are as many as in some passes over X."""
    n_steps = passes * X.shape[0] // batch_size
    steps = {"max_iter": passes, "iterations": n_steps, "batch_size": batch_size}
    return Task("minibatch", X, n_clusters, seeds=seeds, **steps)


def w8a(scale: Scale) -> Task:
    n, k, size, seeds = {
        "tiny": (600, 5, 100, 1),
        "quick": (20_000, 50, 1024, 2),
        "full": (200_000, 50, 1024, 5),
    }[scale]
    X, _ = invented.blobs(n, 20, 50, spread=1.0, seed=10)
    return minibatches(X, k, size, 2, seeds)


def w8b(scale: Scale) -> Task:
    n, d, size, seeds = {
        "tiny": (400, 200, 100, 1),
        "quick": (10_000, 1_000, 1024, 2),
        "full": (100_000, 1_000, 1024, 5),
    }[scale]
    X, _ = invented.sparse_groups(n, d, 0.01, n_groups=20, seed=11)
    return minibatches(X, 20, size, 2, seeds)


def w8c(scale: Scale) -> Task:
    n, k, size, seeds = {
        "tiny": (600, 20, 100, 1),
        "quick": (10_000, 256, 1024, 2),
        "full": (50_000, 256, 1024, 5),
    }[scale]
    X, _ = invented.blobs(n, 128, 256, spread=1.0, seed=12)
    return minibatches(X.astype(np.float32), k, size, 4, seeds)


ROWS = [
    Row("W1a", "671 x 1,000 ratings, CSR, k=10, given centers, tol=0", w1a, 8, 5),
    Row("W1b", "671 x 1,000 ratings, CSR, k=10, k-means++, n_init=10", w1b, 14, 6),
    Row("W1b-dense", "the same as a dense array", lambda scale: w1b(scale).as_dense(), 20, 6),
    Row("W2", "183 x 2, k = 2, 7, ..., 182, n_init=10, with silhouettes", w2, 40, 8),
    Row("W3a", "silhouette, 671 x 1,000 CSR, 10 labels", w3a, 4, 4),
    Row("W3b", "silhouette, 20,000 x 50 dense, 50 labels", w3b, 4, 4, 64),
    Row("W3c", "silhouette, 10,000 x 2,000 CSR at 2 %, 20 labels", w3c, 4, 4, 64),
    Row("W4", "200,000 x 32 float32, k=64, 50 iterations", w4, 2, 2),
    Row("W5-2d", "100,000 x 2, k=1,000, 50 iterations", lambda scale: w5(scale, 2), 20, 3),
    Row("W5-4d", "100,000 x 4, k=1,000, 50 iterations", lambda scale: w5(scale, 4), 20, 3),
    Row("W6-10", "2.5 M ratings, 16,000 x 59,000 CSR float32, k=10, 10 iterations",
        lambda scale: w6(scale, 10), 3, 2.5),
    Row("W6-100", "the same, k=100", lambda scale: w6(scale, 100), 15, 6),
    Row("W6-25M", "25 M ratings, 162,000 x 59,000, k=10, 10 iterations", w6_25m, 3, 2),
    Row("W7-10", "60,000 x 784 float32, k=10, 7 iterations", lambda scale: w7(scale, 10, 7), 2, 2),
    Row("W7-256", "the same, k=256, 20 iterations", lambda scale: w7(scale, 256, 20), 1, 1),
    Row("W8a", "mini-batches, 200,000 x 20, k=50, 390 batches of 1,024", w8a, 1, 1),
    Row("W8b", "mini-batches, 100,000 x 1,000 CSR at 1 %, k=20, 195 batches of 1,024", w8b, 1, 1),
    Row("W8c", "mini-batches, 50,000 x 128 float32, k=256, 195 batches of 1,024", w8c, 1, 1),
]  # fmt: skip


def chosen(names: str) -> list[Row]:
    """Rows with these names, separated by commas; W6 stands for all rows that begin with W6."""
    found: list[Row] = []
    for name in names.split(","):
        exact = [row for row in ROWS if row.name == name]
        begin = exact or [row for row in ROWS if row.name.startswith(name)]
        if not begin:
            raise ValueError(f"no row {name!r}; there are {', '.join(row.name for row in ROWS)}")
        found += begin
    return [row for row in ROWS if row in found]


def file_of(row: Row, scale: Scale) -> Path:
    """The file of the row's task, which every contestant reads; it is made if it is missing."""
    source = "".join((HERE / name).read_text("utf-8") for name in ("workloads.py", "invented.py"))
    ratings = os.environ.get("MOVIELENS_DIR", "built-in")
    edition = sha256(f"{source} {ratings} {np.__version__}".encode()).hexdigest()[:10]
    path = CACHE / f"{row.name}-{scale}-{edition}.npz"
    if not path.exists():
        for old in CACHE.glob(f"{row.name}-{scale}-*.npz"):
            old.unlink()
        task.save(row.make(scale), path)
    return path
