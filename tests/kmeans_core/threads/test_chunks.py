"""chunks.run: each item once, errors, Ctrl-C, nesting, two callers; the threads of the pool."""

import gc
import signal
import threading
import time
import weakref

import numpy as np
import pytest

from kmeans_core import KMeans
from kmeans_core.threads import chunks, pool

MUCH = 10**9


@pytest.mark.parametrize("n_items", [0, 1, 2, 5, 100, 1001])
@pytest.mark.parametrize("n_threads", [1, 2, 3, 8])
@pytest.mark.parametrize("work", [0, MUCH])
def test_every_item_is_in_exactly_one_chunk(n_items, n_threads, work):
    counts = np.zeros(n_items, dtype=int)

    def task(start, stop):
        assert start <= stop
        counts[start:stop] += 1

    chunks.run(n_items, work, n_threads, task)
    assert np.all(counts == 1)


def test_much_work_is_done_by_several_threads():
    together = threading.Barrier(3)
    threads = set()

    def task(start, stop):
        if threading.get_ident() not in threads:
            threads.add(threading.get_ident())
            together.wait(timeout=30)  # breaks unless three threads are here at once

    chunks.run(100, MUCH, 3, task)
    assert len(threads) == 3
    assert threading.get_ident() in threads


@pytest.mark.parametrize(
    ("work", "n_threads"), [(chunks.SMALL_WORK - 1, 8), (chunks.CHUNK_WORK, 1)]
)
def test_little_work_stays_in_the_calling_thread_in_one_piece(
    always_threads, monkeypatch, work, n_threads
):
    monkeypatch.setattr(chunks, "SMALL_WORK", 1_000_000)
    calls = []
    chunks.run(
        100, work, n_threads, lambda start, stop: calls.append((threading.get_ident(), start, stop))
    )
    assert calls == [(threading.get_ident(), 0, 100)]
    assert always_threads.n_helpers == 0


@pytest.mark.parametrize("n_threads", [1, 2])
def test_much_work_is_cut_so_that_ctrl_c_is_heard_between_two_pieces(n_threads):
    calls = []
    work = 50 * chunks.CHUNK_WORK
    chunks.run(1000, work, n_threads, lambda start, stop: calls.append((start, stop)))
    assert sorted(calls) == [(first, first + 20) for first in range(0, 1000, 20)]


@pytest.mark.parametrize("where", ["caller", "helper"])
def test_an_error_reaches_the_caller_once_no_task_runs(where):
    caller = threading.get_ident()
    state = {"running": 0, "done": 0}
    lock = threading.Lock()

    def task(start, stop):
        if (threading.get_ident() == caller) == (where == "caller"):
            raise LookupError("mine")
        with lock:
            state["running"] += 1
        time.sleep(0.02)
        with lock:
            state["running"] -= 1
            state["done"] += 1

    with pytest.raises(LookupError, match="mine"):
        chunks.run(1000, MUCH, 2, task)
    assert state["running"] == 0
    done = state["done"]
    assert done < 8  # of 16 chunks: the others were stopped
    time.sleep(0.05)
    assert state["done"] == done


def test_the_pool_works_after_an_error():
    with pytest.raises(ZeroDivisionError):
        chunks.run(100, MUCH, 4, lambda start, stop: 1 // 0)
    test_every_item_is_in_exactly_one_chunk(100, 4, MUCH)


@pytest.fixture
def ctrl_c():
    """Python's own SIGINT handler. Background processes of a shell do not have it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_waits_for_the_tasks_that_run():
    caller = threading.get_ident()
    state = {"running": 0, "begun": 0}
    lock = threading.Lock()

    def task(start, stop):
        with lock:
            state["running"] += 1
            state["begun"] += 1
        try:
            if threading.get_ident() == caller:
                while state["begun"] < 2:  # a helper is at work
                    time.sleep(0.001)
                signal.raise_signal(signal.SIGINT)
            time.sleep(0.1)
        finally:
            with lock:
                state["running"] -= 1

    with pytest.raises(KeyboardInterrupt):
        chunks.run(1000, MUCH, 2, task)
    assert state["running"] == 0
    assert state["begun"] <= 4


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_during_the_wait_for_helpers_is_heard():
    caller = threading.get_ident()
    state = {"running": 0, "begun": 0}

    def task(start, stop):
        state["begun"] += 1
        if threading.get_ident() == caller:
            while not state["running"]:
                time.sleep(0.001)
            interrupter.start()
            return
        state["running"] += 1
        assert interrupted.wait(timeout=30)
        time.sleep(0.05)
        state["running"] -= 1

    def interrupt():
        signal.pthread_kill(caller, signal.SIGINT)
        interrupted.set()

    interrupted = threading.Event()
    # By then the caller only waits.
    interrupter = threading.Timer(0.2, interrupt)
    with pytest.raises(KeyboardInterrupt):
        chunks.run(2, MUCH, 2, task)
    assert state == {"running": 0, "begun": 2}


def test_a_task_may_run_chunks_of_its_own(always_threads):
    counts = np.zeros((40, 50), dtype=int)

    def task(start, stop):
        for row in range(start, stop):

            def inner(begin, end, row=row):
                counts[row, begin:end] += 1

            chunks.run(50, MUCH, 2, inner)

    chunks.run(40, MUCH, 2, task)
    assert np.all(counts == 1)
    assert always_threads.n_helpers == 1  # the inner chunks stay in their thread


@pytest.mark.usefixtures("ctrl_c")
def test_tasks_of_tasks_stop_with_the_whole():
    caller = threading.get_ident()
    begun, interrupted = threading.Event(), threading.Event()
    n_inner = []

    def inner(start, stop):
        n_inner.append(start)
        begun.set()
        assert interrupted.wait(timeout=30)

    def task(start, stop):
        if threading.get_ident() == caller:
            assert begun.wait(timeout=30)  # a helper is in a task of its task
            try:
                signal.raise_signal(signal.SIGINT)
            finally:
                interrupted.set()
        else:
            chunks.run(1000, 1000 * chunks.CHUNK_WORK, 2, inner)

    with pytest.raises(KeyboardInterrupt):
        chunks.run(2, MUCH, 2, task)
    assert len(n_inner) < 1000
    assert not chunks.stopping.has_part()


def test_threads_that_helped_help_again():
    for _ in range(100):
        chunks.run(100, MUCH, 3, lambda start, stop: time.sleep(0.0001))
    before = len(pool._started)
    for _ in range(100):
        chunks.run(100, MUCH, 3, lambda start, stop: time.sleep(0.0001))
    assert len(pool._started) == before <= pool.MOST_THREADS


def test_the_data_of_a_call_are_not_kept(always_threads):
    class Data:
        pass

    data = Data()
    ref = weakref.ref(data)
    for _ in range(2):  # with an idle thread too
        chunks.run(100, MUCH, 3, lambda start, stop, data=data: None)
    with pytest.raises(ZeroDivisionError):
        chunks.run(100, MUCH, 3, lambda start, stop, data=data: 1 // 0)
    del data
    for _ in range(200):  # until the helpers are back at their inboxes
        if ref() is None:
            break
        time.sleep(0.05)
        gc.collect()
    assert always_threads.n_helpers > 0
    assert ref() is None


def test_two_threads_may_fit_at_once(blobs, storage, always_threads):
    X = storage(blobs(300, 4, 5, share_zero=0.3))
    expected = [KMeans(5, n_init=2, random_state=seed).fit(X).inertia_ for seed in range(12)]
    found = [None] * 12

    def fit(seeds):
        for seed in seeds:
            model = KMeans(5, n_init=2, random_state=seed, n_threads=3)
            found[seed] = model.fit(X).inertia_

    threads = [threading.Thread(target=fit, args=(range(first, 12, 3),)) for first in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == expected
    assert always_threads.n_helpers > 0
