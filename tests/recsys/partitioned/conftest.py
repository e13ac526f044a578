"""One cluster of two worker processes for all tests of this folder."""

from collections.abc import Iterator
from typing import Any

import pytest

from recsys.partitioned.client import connected


@pytest.fixture(scope="package")
def local_cluster() -> Iterator[Any]:
    pytest.importorskip("distributed", reason="a cluster needs dask")
    pytest.importorskip("pyarrow", reason="Parquet files need pyarrow")
    with connected(None, 2) as starter:
        yield starter.cluster


@pytest.fixture
def client(local_cluster: Any) -> Iterator[Any]:
    from distributed import Client

    with Client(local_cluster) as connected:
        yield connected
