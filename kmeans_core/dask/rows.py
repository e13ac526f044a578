"""The rows of X on the workers, in pieces that hold whole chunks of rows."""

import itertools
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from dask.delayed import Delayed
from dask.distributed import Client, Future

from kmeans_core.arrays import Ints, row_blocks
from kmeans_core.dask.collections import Partitions, vector_blocks
from kmeans_core.dask.failures import clear_errors, results_of
from kmeans_core.dask.pieces import BlockShape, Part, Plan, block_shape, make_piece
from kmeans_core.dask.questions import column_sums, squared_deviations, weight_totals
from kmeans_core.points.row_chunks import LEAST_ROWS, MOST_CHUNKS, by_chunks, starts_of_chunks
from kmeans_core.points.weights import MUCH_WEIGHT

# Where sums in memory have no chunks, the sums of all chunks together have about this many entries
# (256 MB), but there are up to FEWEST_CHUNKS chunks, so that several workers have work.
MOST_SENT = 2**25
FEWEST_CHUNKS = 8


class DaskRows:
    """The rows of X as futures of pieces, in the order of the rows.

    All calls raise one clear error if the cluster fails.
    """

    def __init__(
        self,
        client: Client,
        partitions: Partitions,
        sample_weight: Any,
        n_clusters: int,
        n_threads: int,
    ) -> None:
        self.client = client
        self.n_threads = n_threads
        # A traceback that somebody keeps would keep them on the workers.
        self._futures: weakref.WeakSet[Future] = weakref.WeakSet()
        try:
            with clear_errors(client):
                self._load(partitions, sample_weight, n_clusters)
        except BaseException:
            self.release()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.release()

    def release(self) -> None:
        """Let the cluster forget the rows and all questions."""
        for future in list(self._futures):
            future.release()

    # Questions ------------------------------------------------------------------------------

    def ask(self, question: Callable[..., Any], *args: Any) -> list[Any]:
        """The answers of all pieces, in their order, to the same question."""
        return self.gather(self.submit(question, [args] * len(self.pieces)))

    def submit(
        self,
        question: Callable[..., Any],
        args: Sequence[tuple[Any, ...]],
        pieces: Sequence[int] | None = None,
    ) -> list[Future]:
        """Futures of ``question(piece, *args)`` for some pieces, by default for all."""
        chosen = range(len(self.pieces)) if pieces is None else pieces
        if len(chosen) == 0:
            return []
        columns = list(zip(*args, strict=True))
        with clear_errors(self.client):
            futures = self.client.map(
                question, [self.pieces[i] for i in chosen], *columns, pure=False
            )
        return self._own(futures)

    def gather(self, futures: Sequence[Future]) -> list[Any]:
        """The results of futures."""
        return results_of(self.client, futures)

    def share(self, array: npt.NDArray[Any]) -> list[Future]:
        """The array in blocks of rows, which each worker gets once when it needs them.

        The scheduler can make them again if a worker dies, which it could not if they were
        scattered.
        """
        with clear_errors(self.client):
            return self._own(
                [
                    self.client.submit(_itself, array[rows], pure=False)
                    for rows in row_blocks(array.shape)
                ]
            )

    def pieces_of(self, rows: Ints) -> Iterator[tuple[int, Ints]]:
        """Each piece that has some of the ascending rows, and their places in ``rows``."""
        owners = np.searchsorted(self.firsts, rows, side="right") - 1
        for piece in np.unique(owners):
            yield int(piece), np.flatnonzero(owners == piece)

    def mean_variance(self) -> float:
        """The mean of the features' variances, up to rounding as in memory."""
        n_samples, n_features = self.shape
        means = np.concatenate(self.ask(column_sums)).sum(axis=0) / n_samples
        squares = np.concatenate(self.ask(squared_deviations, self.share(means)))
        return float(np.sum(squares)) / n_samples / n_features

    # How the rows get there -----------------------------------------------------------------

    def _load(self, partitions: Partitions, sample_weight: Any, n_clusters: int) -> None:
        blocks = self._own(self.client.compute(list(partitions.blocks)))
        shapes = self._shapes_of(blocks)
        self.lengths = [shape.n_rows for shape in shapes]
        self.shape = sum(self.lengths), shapes[0].n_features
        self.dtype = np.dtype(max(shape.dtype for shape in shapes))
        if self.shape[0] < n_clusters:
            raise ValueError(f"n_samples={self.shape[0]} should be >= n_clusters={n_clusters}.")
        of_weights, lengths_of_weights = self._weights_of(sample_weight)
        plans = self._plans(n_clusters, lengths_of_weights)
        self.firsts = np.array([plan.first for plan in plans], dtype=np.intp)
        self.n_chunks = [len(plan.starts) - 1 for plan in plans]
        self.pieces = self._made(plans, blocks, of_weights)
        # The cluster forgets the partitions as they become pieces.
        for block in (*blocks, *of_weights):
            block.release()
        self.chunk_weights = np.concatenate(self.ask(weight_totals))
        total_weight = float(np.sum(self.chunk_weights))
        if not total_weight > 0:
            raise ValueError("Sample weights must contain at least one non-zero number.")
        if total_weight > MUCH_WEIGHT:
            raise ValueError(
                f"The sum of sample_weight is {total_weight:.3g}: scale all weights by one factor, "
                "for example sample_weight / max(sample_weight)."
            )

    def _own(self, futures: Sequence[Future]) -> list[Future]:
        """The futures, which the cluster forgets when the rows are released."""
        self._futures.update(futures)
        return list(futures)

    def _shapes_of(self, blocks: Sequence[Future]) -> list[BlockShape]:
        shapes: list[BlockShape] = self.gather(
            self._own(self.client.map(block_shape, blocks, range(len(blocks)), pure=False))
        )
        n_features = shapes[0].n_features
        for partition, shape in enumerate(shapes):
            if shape.n_features != n_features:
                raise ValueError(
                    f"Partition {partition} of X has {shape.n_features} features, but partition 0 "
                    f"has {n_features}."
                )
        n_samples = sum(shape.n_rows for shape in shapes)
        if n_samples == 0 or n_features == 0:
            raise ValueError(f"X has {n_samples} rows and {n_features} features: it is empty.")
        return shapes

    def _weights_of(self, sample_weight: Any) -> tuple[Sequence[Future], list[int]]:
        if sample_weight is None:
            return [], []
        delayed: Sequence[Delayed] = vector_blocks(sample_weight, self.lengths, "sample_weight")
        blocks = self._own(self.client.compute(list(delayed)))
        lengths: list[int] = self.gather(self._own(self.client.map(len, blocks, pure=False)))
        if sum(lengths) != self.shape[0]:
            raise ValueError(
                f"sample_weight has {sum(lengths)} entries, but X has {self.shape[0]} rows."
            )
        return blocks, lengths

    def _plans(self, n_clusters: int, lengths_of_weights: Sequence[int]) -> list[Plan]:
        starts = chunk_starts(*self.shape, n_clusters)
        n_chunks = len(starts) - 1
        # A worker runs a task on each of its threads.
        n_tasks = max(len(self.lengths), sum(self.client.nthreads().values()))
        n_pieces = min(n_chunks, n_tasks)
        limits = n_chunks * np.arange(n_pieces + 1) // n_pieces
        plans = []
        for a, b in itertools.pairwise(limits):
            first, stop = int(starts[a]), int(starts[b])
            plans.append(
                Plan(
                    first,
                    starts[a : b + 1] - first,
                    _parts(self.lengths, first, stop),
                    _parts(lengths_of_weights, first, stop),
                    self.dtype.name,
                    self.n_threads,
                )
            )
        return plans

    def _made(
        self, plans: Sequence[Plan], blocks: Sequence[Future], weights: Sequence[Future]
    ) -> list[Future]:
        pieces = []
        for plan in plans:
            of_rows = [blocks[part.partition] for part in plan.parts]
            of_weights = [weights[part.partition] for part in plan.parts_of_weights]
            pieces.append(self.client.submit(make_piece, plan, of_rows, of_weights, pure=False))
        return self._own(pieces)


def chunk_starts(n_samples: int, n_features: int, n_clusters: int) -> Ints:
    """The first row of each chunk, and the number of rows: as in memory, if it has chunks there.

    In memory more than ``MOST_SUMS`` sums are added cluster by cluster. Workers add chunks then
    too, so their sums round differently.
    """
    if by_chunks(n_features, n_clusters):
        return starts_of_chunks(n_samples, n_features, n_clusters)
    most = max(FEWEST_CHUNKS, MOST_SENT // (n_features * n_clusters))
    n_chunks = max(1, min(MOST_CHUNKS, most, n_samples // LEAST_ROWS))
    starts: Ints = n_samples * np.arange(n_chunks + 1) // n_chunks
    return starts


def _parts(lengths: Sequence[int], first: int, stop: int) -> tuple[Part, ...]:
    """The parts of partitions that hold rows first..stop."""
    limits = np.concatenate([[0], np.cumsum(lengths, dtype=np.intp)])
    parts = []
    for partition, (a, b) in enumerate(itertools.pairwise(limits)):
        begin, end = max(first, int(a)), min(stop, int(b))
        if begin < end:
            parts.append(Part(partition, begin - int(a), end - int(a)))
    return tuple(parts)


def _itself(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return array
