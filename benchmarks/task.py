"""Task: the work that every contestant gets, and the answers that they give."""

import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import scipy.sparse as sp

from recsys.files import whole

Kind = Literal["lloyd", "restarts", "minibatch", "sweep", "silhouette"]


@dataclass(frozen=True, eq=False)
class Task:
    """Data, and the work to do with them.

    Attributes
    ----------
    kind : str
        "lloyd": ``max_iter`` iterations from ``centers``, or until no row moves (tol=0).
        "restarts": ``n_init`` restarts with k-means++ and scikit-learn's default tol.
        "minibatch": batches of ``batch_size`` rows, as many as ``max_iter`` passes over X, then
        the labels of all rows. No early stop.
        "sweep": "restarts" for each of ``ks``, and the mean silhouette of each result.
        "silhouette": the mean silhouette of ``labels``.
    X : ndarray or csr_array of shape (n_samples, n_features)
    centers : ndarray of shape (n_clusters, n_features), optional
        Dense, of the dtype of X.
    iterations : int
        The average number of iterations of a restart, or ``max_iter`` if that is fixed. The
        roofline uses it, and contestants that cannot stop by a tolerance. For mini-batches it is
        the number of batches.
    iterations_by_k : tuple of int
        The same for each of ``ks``.
    seeds : int
        The number of seeds that the calls use in turn, so that no contestant profits from one lucky
        draw.
    """

    kind: Kind
    X: Any
    n_clusters: int = 0
    centers: Any = None
    labels: Any = None
    ks: tuple[int, ...] = ()
    n_init: int = 1
    max_iter: int = 300
    batch_size: int = 0
    iterations: int = 0
    iterations_by_k: tuple[int, ...] = ()
    seeds: int = 1

    @property
    def is_sparse(self) -> bool:
        return bool(sp.issparse(self.X))

    @property
    def n_stored(self) -> int:
        return int(self.X.nnz if self.is_sparse else self.X.size)

    @property
    def passes(self) -> int:
        """How often the iterations of a fit read all rows."""
        return self.max_iter if self.kind == "minibatch" else self.iterations

    @property
    def n_bytes(self) -> int:
        if not self.is_sparse:
            return int(self.X.nbytes)
        return int(self.X.data.nbytes + self.X.indices.nbytes + self.X.indptr.nbytes)

    def as_dense(self) -> "Task":
        """The same work on the same numbers, stored as an array."""
        return replace(self, X=self.X.toarray())


@dataclass(frozen=True, eq=False)
class Fit:
    """Centers, the label of each row under these centers, and the iterations if they are known."""

    labels: Any
    centers: Any
    iterations: int | None = None


@dataclass(frozen=True, eq=False)
class Sweep:
    """One entry for each k."""

    inertia: Any
    silhouette: Any


@dataclass(frozen=True)
class Silhouette:
    """The mean over all rows."""

    score: float


Result = Fit | Sweep | Silhouette


def save(task: Task, path: Path) -> None:
    """Write a task to an ``.npz`` file, whole or not at all."""
    numbers = {}
    arrays = {}
    for field in fields(Task):
        value = getattr(task, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = value
        elif field.name != "X" and value is not None:
            numbers[field.name] = value
    if task.is_sparse:
        arrays |= {"data": task.X.data, "indices": task.X.indices, "indptr": task.X.indptr}
        arrays["shape"] = np.array(task.X.shape)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole(path) as file:
        np.savez(file, numbers=np.array(json.dumps(numbers)), **arrays)


def load(path: Path) -> Task:
    """Read what :func:`save` wrote."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    numbers = json.loads(str(arrays.pop("numbers")))
    for name in ("ks", "iterations_by_k"):
        numbers[name] = tuple(numbers[name])
    if "data" in arrays:
        parts = (arrays.pop("data"), arrays.pop("indices"), arrays.pop("indptr"))
        arrays["X"] = sp.csr_array(parts, shape=tuple(arrays.pop("shape").tolist()))
    return Task(**numbers, **arrays)
