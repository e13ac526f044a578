"""Connections and tasks: sums in order, and clear errors for what a cluster cannot do."""

import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys import make_ratings
from recsys.command.cli import run
from recsys.data.ratings import RatingsError
from recsys.partitioned.client import Cluster, ClusterError, connected
from recsys.partitioned.files import find_files
from recsys.partitioned.ratings import distribute


def doubled(number: float) -> float:
    return 2 * number


def out_of_memory() -> None:
    raise MemoryError


def test_sums_are_added_in_order(client: Any) -> None:
    done = []
    cluster = Cluster(client, lambda: done.append(1))
    numbers = np.random.default_rng(0).random(20).tolist()
    total = cluster.result(cluster.total(cluster.each(doubled, numbers)))
    pairs = [sum(2 * each for each in numbers[at : at + 4]) for at in range(0, 20, 4)]
    assert total == sum(pairs[:4]) + pairs[4]
    assert len(done) == 1


def test_workers_that_a_command_starts_leave_ctrl_c_to_it(client: Any) -> None:
    handlers = client.run(signal.getsignal, signal.SIGINT)
    assert list(handlers.values()) == [signal.SIG_IGN] * 2


def test_lack_of_memory_is_a_clear_error(client: Any) -> None:
    cluster = Cluster(client)
    with pytest.raises(ClusterError, match=r"ran out of memory, .* \(--partition-rows\)"):
        cluster.result(cluster.submit(out_of_memory))


def test_a_scheduler_that_is_gone_is_a_clear_error() -> None:
    distributed = pytest.importorskip("distributed", reason="a cluster needs dask")
    local = distributed.LocalCluster(n_workers=0, processes=False, dashboard_address="127.0.0.1:0")
    with distributed.Client(local.scheduler.address) as client:
        future = Cluster(client).submit(doubled, 1.0)
        local.close()
        with pytest.raises(ClusterError, match="the scheduler is gone, and its work with it"):
            Cluster(client).result(future)


def test_nothing_answers() -> None:
    pytest.importorskip("distributed", reason="a cluster needs dask")
    with (
        pytest.raises(ClusterError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9; start"),
        connected("tcp://127.0.0.1:9", None, patience=1),
    ):
        pass


def test_a_worker_with_another_version_is_named(
    local_cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = local_cluster.scheduler_address
    with connected(address, None) as client:
        assert client.scheduler.address == address
    monkeypatch.setattr("recsys.partitioned.client.__version__", "0.0")
    message = r"worker tcp://.* has version .* kmeans-core, and this command has 0\.0; install"
    with pytest.raises(ClusterError, match=message), connected(address, None):
        pass


def test_dask_must_be_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_ratings(n_users=5, n_movies=30, n_ratings=60).ratings.to_parquet(
        tmp_path / "ratings.parquet"
    )
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(["clusters", "--data", str(tmp_path), "--workers", "2"]) == 2
    assert 'needs dask: pip install ".[dask,arrow]" in a clone' in capsys.readouterr().err


def test_a_file_that_a_worker_cannot_read_is_named(client: Any, tmp_path: Path) -> None:
    file = tmp_path / "ratings.parquet"
    make_ratings(n_users=5, n_movies=30, n_ratings=60).ratings.to_parquet(file)
    files = find_files(tmp_path)
    file.unlink()
    message = (
        r"ratings\.parquet: cannot be read by worker tcp://.*: No such file or directory; every"
    )
    with pytest.raises(RatingsError, match=message):
        distribute(Cluster(client), files)
