"""Two clusters for all tests of this folder: two worker processes, and threads of this process."""

import pytest

# Files of this folder skip themselves where Dask is not installed.


@pytest.fixture(scope="session")
def _processes():
    import dask
    from distributed import Client, LocalCluster

    with (
        # LocalCluster gives up a killed worker for good if its nanny needs longer to restart it.
        dask.config.set({"distributed.deploy.lost-worker-timeout": "2 minutes"}),
        LocalCluster(
            n_workers=2, threads_per_worker=1, memory_limit="600MB", dashboard_address=":0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture(scope="session")
def _threads():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=1, threads_per_worker=2, processes=False, dashboard_address=":0"
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


@pytest.fixture
def processes(_processes):
    """A client of two worker processes, which is the current one; workers are there again."""
    _processes.wait_for_workers(2, timeout=120)
    with _processes.as_current():
        yield _processes


@pytest.fixture
def threads(_threads):
    """A client of a worker in this process, which is the current one."""
    with _threads.as_current():
        yield _threads
