"""Workers, the scheduler or the client die: the same bits, or one clear error, and nothing left."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("distributed", reason="dask is not installed: pip install '.[dask]'")

import dask
import dask.array as da
from distributed import Client, LocalCluster, Status

import kmeans_core
from kmeans_core.dask import KMeans, SchedulerLostError, WorkerLostError

N = 40_000
X = np.random.default_rng(0).standard_normal((N, 4))


@pytest.fixture(scope="module")
def events():
    """The events of a fit in memory."""
    return []


@pytest.fixture(scope="module")
def expected(events):
    def listen(event):
        events.append(event.copy())

    model = kmeans_core.KMeans(5, init=X[:5], tol=0, max_iter=25, on_iteration=listen)
    return model.fit(X)


def model(**params):
    return KMeans(5, init=X[:5], tol=0, max_iter=25, **params)


def kill_one(client):
    """SIGKILL one of the worker processes, and nothing else."""
    victim = min(client.run(os.getpid).values())
    os.kill(victim, signal.SIGKILL)


def dies_once(block, marker):
    """Kill the worker that computes this block, the first time."""
    with suppress(FileExistsError):
        Path(marker).touch(exist_ok=False)  # one worker succeeds
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def tasks_of(client, within=10):
    """The tasks that the scheduler still knows, once they are none or time is over."""
    for _ in range(10 * within):
        tasks = client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks))
        if not tasks:
            break
        time.sleep(0.1)
    return tasks


def test_a_worker_killed_during_a_fit_changes_no_bit(processes, expected, events):
    def listen(event):
        # The final sums are new, so only the iterations tell whether the lost states came back.
        assert event.n_moved == events[event.iteration].n_moved
        assert event.center_shift == events[event.iteration].center_shift
        # The sums are new at iteration 0 and then updated, so lost states need all updates.
        if event.iteration == 4:
            kill_one(processes)

    found = model(on_iteration=listen).fit(da.from_array(X, chunks=(7000, 4)))
    assert found.inertia_ == expected.inertia_
    assert found.n_iter_ == expected.n_iter_ == 25
    np.testing.assert_array_equal(found.cluster_centers_, expected.cluster_centers_)
    np.testing.assert_array_equal(found.labels_.compute(), expected.labels_)


def test_a_worker_killed_during_seeding_draws_the_same_rows(processes, monkeypatch):
    blocks = da.from_array(X, chunks=(7000, 4))
    seeded = KMeans(5, random_state=0, max_iter=1)
    before = seeded.fit(blocks).inertia_
    from kmeans_core.dask.seeding import DaskPasses

    sample, rounds = DaskPasses.sample, []

    def killing(passes, *args):
        rounds.append(args)
        if len(rounds) == 2:
            kill_one(processes)
        return sample(passes, *args)

    monkeypatch.setattr(DaskPasses, "sample", killing)
    assert seeded.fit(blocks).inertia_ == before
    assert len(rounds) >= 5


def test_a_worker_killed_during_predict_changes_no_label(processes, expected, tmp_path):
    found = model().fit(da.from_array(X, chunks=(7000, 4)))
    marker = tmp_path / "died"
    # Without meta, Dask would call the function here.
    blocks, meta = da.from_array(X, chunks=(5000, 4)), np.empty((0, 4))
    dying = blocks.map_blocks(dies_once, str(marker), meta=meta)
    np.testing.assert_array_equal(found.predict(dying).compute(), expected.labels_)
    assert marker.exists()
    # Labels that died with the worker are made again.
    np.testing.assert_array_equal(found.labels_.compute(), expected.labels_)


def test_nothing_is_left_after_a_fit_and_after_an_error(processes):
    found = model().fit(da.from_array(X, chunks=(7000, 4)))
    del found
    assert tasks_of(processes) == []

    def fail(event):
        raise RuntimeError("from the listener")

    with pytest.raises(RuntimeError, match="from the listener") as kept:
        model(on_iteration=fail).fit(da.from_array(X, chunks=(7000, 4)))
    assert tasks_of(processes) == []
    del kept  # its traceback held the frames of the fit


def too_much():
    """More than the memory of a worker, a little at a time so that its nanny can look."""
    held = []
    while True:
        held.append(np.ones(2_500_000))
        time.sleep(0.01)


def test_a_worker_out_of_memory_is_one_clear_error(processes):
    def allow(n, dask_scheduler):
        before, dask_scheduler.allowed_failures = dask_scheduler.allowed_failures, n
        return before

    # One death instead of four, which take 2 s each.
    before = processes.run_on_scheduler(allow, 0)
    try:
        with pytest.raises(WorkerLostError, match="more, smaller partitions"):
            model().fit([dask.delayed(too_much)()])
    finally:
        processes.run_on_scheduler(allow, before)


def test_a_memory_error_of_a_task_is_the_same_error(threads):
    def fails():
        raise MemoryError("Unable to allocate 9 TiB")

    with pytest.raises(WorkerLostError, match=r"Unable to allocate 9 TiB.*smaller partitions"):
        model().fit([dask.delayed(fails)()])


@pytest.mark.parametrize(
    ("n_workers", "message"), [(0, "has no worker: start one"), (1, r"paused.*smaller partitions")]
)
def test_a_cluster_in_which_no_worker_runs_is_one_clear_error(monkeypatch, n_workers, message):
    monkeypatch.setattr("kmeans_core.dask.failures.LOOK", 0.1)
    monkeypatch.setattr("kmeans_core.dask.failures.PATIENCE", 0.3)
    options = {"processes": False, "threads_per_worker": 1, "dashboard_address": ":0"}
    options["memory_limit"] = None  # nobody wakes a paused worker
    with (
        LocalCluster(n_workers=n_workers, **options) as cluster,
        Client(cluster, set_as_default=False) as client,
        client.as_current(),
    ):
        for worker in cluster.workers.values():
            worker.status = Status.paused
        with pytest.raises(WorkerLostError, match=message):
            model().fit(da.from_array(X, chunks=(7000, 4)))


def test_a_dead_client_leaves_nothing_running(processes):
    code = f"""
import os, signal
import dask.array as da
from distributed import Client, LocalCluster, Status
from kmeans_core.dask import KMeans

if __name__ == "__main__":
    def listen(event):
        if event.iteration == 3:
            os.kill(os.getpid(), signal.SIGKILL)

    client = Client({processes.scheduler.address!r})
    X = da.random.default_rng(0).random(({N}, 4), chunks=(7000, 4))
    KMeans(5, random_state=0, tol=0, on_iteration=listen).fit(X)
"""
    done = subprocess.run([sys.executable, "-c", code], timeout=60, check=False)
    assert done.returncode == -signal.SIGKILL
    assert tasks_of(processes) == []


def test_a_dead_scheduler_is_one_clear_error(tmp_path):
    address = tmp_path / "scheduler.json"
    command = [sys.executable, "-m", "dask", "scheduler", "--scheduler-file", str(address)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    command += ["--host", "127.0.0.1", "--port", "0", "--dashboard-address", ":0"]
    worker = [sys.executable, "-m", "dask", "worker", "--scheduler-file", str(address)]
    worker += ["--nthreads", "1", "--no-dashboard", "--local-directory", str(tmp_path)]
    processes = [subprocess.Popen(command, **quiet), subprocess.Popen(worker, **quiet)]
    try:
        with Client(scheduler_file=str(address), timeout=60, set_as_default=False) as client:
            client.wait_for_workers(1, timeout=60)
            died = []

            def listen(event):
                if event.iteration == 2:
                    processes[0].kill()
                    died.append(time.monotonic())

            with client.as_current(), pytest.raises(SchedulerLostError, match="start the sched"):
                model(on_iteration=listen).fit(da.from_array(X, chunks=(7000, 4)))
            assert time.monotonic() - died[0] < 60
    finally:
        for process in processes:
            process.kill()
            process.wait()
