"""One cluster of two worker processes for all tests of this folder."""

from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="package")
def local_cluster() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed", reason="a cluster needs dask")
    pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0"
    ) as cluster:
        yield cluster


@pytest.fixture
def client(local_cluster: Any) -> Iterator[Any]:
    from distributed import Client

    with Client(local_cluster) as connected:
        yield connected
