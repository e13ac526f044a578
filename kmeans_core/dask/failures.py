"""Errors of a cluster as one clear error each."""

from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

from dask.distributed import Client, KilledWorker


class WorkerLostError(RuntimeError):
    """Workers died with rows that cannot be computed again, most likely out of memory."""


class SchedulerLostError(ConnectionError):
    """The client lost the scheduler."""


@contextmanager
def clear_errors(client: Client) -> Iterator[None]:
    """Turn the errors of Dask and of the network into one error with the way out."""
    try:
        yield
    except KilledWorker as error:
        raise WorkerLostError(
            f"Several workers died one after the other at the same work ({error.task}), most "
            "likely because they ran out of memory: see the worker's log. Cut X into more, smaller "
            "partitions, or give each worker more memory or fewer threads."
        ) from error
    except MemoryError as error:
        raise WorkerLostError(
            f"A worker ran out of memory ({error}). Cut X into more, smaller partitions, or give "
            "each worker more memory or fewer threads."
        ) from error
    except (CancelledError, OSError) as error:
        if _is_lost(client, error):
            raise SchedulerLostError(
                f"The connection to the scheduler at {_address(client)} was lost. Nothing of this "
                "call is left: start the scheduler, connect a new Client, and call again."
            ) from error
        if isinstance(error, CancelledError):
            raise WorkerLostError(
                f"Work was cancelled on the cluster: {error} If X was made by client.scatter, it "
                "was lost with its worker: build X from files or functions instead, which Dask can "
                "run again."
            ) from error
        raise


def _is_lost(client: Client, error: BaseException) -> bool:
    reason = getattr(error, "reason", None)
    return client.status != "running" or reason == "scheduler-connection-lost"


def _address(client: Client) -> Any:
    return client.scheduler.address if client.scheduler is not None else "(closed)"
