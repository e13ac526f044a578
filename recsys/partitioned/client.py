"""The connection to a Dask cluster: it starts, runs tasks, and turns failures into clear errors."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from kmeans_core.version import __version__
from recsys.extras import install

# A scheduler and its workers must answer within this many seconds.
PATIENCE = 30

# A task adds up this many neighbours.
FAN_IN = 4


class ClusterError(ValueError):
    """The cluster cannot do the work. The message names the way out."""


class Cluster:
    """The tasks of one command. Tasks are pure, so those of a lost worker run again elsewhere.

    Parameters
    ----------
    client : distributed.Client
    on_task : callable
        Called when a task that is waited for is done.
    """

    def __init__(self, client: Any, on_task: Callable[[], Any] = lambda: None) -> None:
        self.client = client
        self._on_task = on_task

    def submit(self, function: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """The future of one call on a worker. Arguments may be futures."""
        return self.client.submit(function, *args, **named, pure=False)

    def each(
        self, function: Callable[..., Any], *columns: Sequence[Any], **named: Any
    ) -> list[Any]:
        """The futures of one call for each row of the columns. Named arguments are the same."""
        return [self.submit(function, *row, **named) for row in zip(*columns, strict=True)]

    def keep(self, value: Any) -> Any:
        """The future of a value. The scheduler keeps it, so it outlives each worker."""
        return self.submit(same, value)

    def total(self, futures: Sequence[Any]) -> Any:
        """The future of the sum, added by neighbours in the same order whatever the workers."""
        while len(futures) > 1:
            runs = [futures[first : first + FAN_IN] for first in range(0, len(futures), FAN_IN)]
            futures = [self.submit(added, *run) if len(run) > 1 else run[0] for run in runs]
        return futures[0]

    def results(self, futures: Sequence[Any]) -> Iterator[Any]:
        """The results, in order. Each future is dropped when its result has come."""
        from kmeans_core.dask import failures

        waiting = list(futures)[::-1]
        while waiting:
            with clear_errors():
                (found,) = failures.results_of(self.client, [waiting.pop()])
            self._on_task()
            yield found

    def result(self, future: Any) -> Any:
        """The result of one future."""
        return next(self.results([future]))


def same(value: Any) -> Any:
    return value


def added(first: Any, *others: Any) -> Any:
    """The sum, from left to right."""
    for other in others:
        first = first + other
    return first


@contextmanager
def connected(
    scheduler: str | None, n_workers: int | None, patience: float = PATIENCE
) -> Iterator[Any]:
    """Connect to a scheduler, or start a cluster of worker processes on this machine.

    When the block ends, however it ends, the work that is left is cancelled. ClusterError if dask
    is not installed, if nothing answers, or if a worker has another version of this package.
    """
    try:
        import distributed
    except ImportError:
        raise ClusterError(f"a cluster needs dask: {install('dask,arrow')}") from None
    if scheduler is None:
        # Each worker is one thread: kernels and pyarrow use threads of their own.
        local = distributed.LocalCluster(
            n_workers=n_workers,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            silence_logs=logging.CRITICAL,
            preload=["recsys.partitioned.preload"],
        )
        with local, distributed.Client(local) as client:
            yield client
        return
    try:
        client = distributed.Client(scheduler, timeout=patience)
    except (TimeoutError, OSError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {scheduler}; start one by `dask scheduler`, and workers by "
            f"`dask worker {scheduler}`"
        ) from error
    with _silent_logs(), client:
        try:
            client.wait_for_workers(1, timeout=patience)
        except TimeoutError:
            raise ClusterError(
                f"the scheduler at {scheduler} has no workers; start some by `dask worker "
                f"{scheduler}`"
            ) from None
        _check_versions(client)
        yield client


@contextmanager
def _silent_logs() -> Iterator[None]:
    """Keep dask's logs of failures back, because :func:`clear_errors` tells them in one line."""
    logger = logging.getLogger("distributed.client")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(before)


def _check_versions(client: Any) -> None:
    """ClusterError if a worker lacks this package, or has another version of it."""
    for worker, found in client.run(_version, on_error="return").items():
        if found != __version__:
            has = f"version {found}" if isinstance(found, str) else "no"
            raise ClusterError(
                f"worker {worker} has {has} kmeans-core, and this command has {__version__}; "
                "install the same version everywhere"
            )


def _version() -> str:
    return __version__


@contextmanager
def clear_errors() -> Iterator[None]:
    """Turn the errors of kmeans_core.dask into one line each, with the way out of a command."""
    from kmeans_core.dask import failures

    try:
        yield
    except failures.WorkerLostError as error:
        raise ClusterError(
            "workers died, ran out of memory, or are all gone; use smaller partitions "
            "(--partition-rows), or give workers more memory (dask worker --memory-limit)"
        ) from error
    except failures.SchedulerLostError as error:
        raise ClusterError(
            "the scheduler is gone, and its work with it; start `dask scheduler` and `dask worker` "
            "again, and then this command"
        ) from error
