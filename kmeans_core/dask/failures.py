"""Waits for results of a cluster, and turns its errors into one clear error each."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any

from dask.distributed import Client, Future, KilledWorker, wait

# Seconds between two looks at the workers while results are awaited, and the time after which a
# cluster counts as stuck if no worker runs.
LOOK = 5
PATIENCE = 30


class WorkerLostError(RuntimeError):
    """Workers died with rows that cannot be computed again, most likely out of memory."""


class SchedulerLostError(ConnectionError):
    """The client lost the scheduler."""


def results_of(client: Client, futures: Sequence[Future]) -> list[Any]:
    """The results of futures; one of the errors above if they will not come."""
    with clear_errors(client):
        _await(client, futures)
        return list(client.gather(futures))


def _await(client: Client, futures: Sequence[Future]) -> None:
    """Wait for futures; WorkerLostError if no worker runs for ``PATIENCE`` seconds."""
    last_run = time.monotonic()
    while len(futures) > 0:
        try:
            wait(futures, timeout=LOOK)
            return
        except TimeoutError:
            workers = client.scheduler_info()["workers"].values()
            states = sorted({worker["status"] for worker in workers})
            if "running" in states:
                last_run = time.monotonic()
            elif time.monotonic() - last_run > PATIENCE:
                raise WorkerLostError(_nobody_runs(states)) from None


def _nobody_runs(states: Sequence[str]) -> str:
    if not states:
        return "The cluster has no worker: start one by `dask worker ADDRESS`."
    return (
        f"No worker runs (they are {', '.join(states)}). A worker pauses if its memory is nearly "
        "full: cut X into more, smaller partitions, add workers, or give each more memory."
    )


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
