"""chunks.run: each item once, errors, Ctrl-C, nesting, fork, two callers, a process that ends."""

import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from kmeans_core import KMeans, chunks

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


def test_the_pool_serves_on_after_an_error():
    with pytest.raises(ZeroDivisionError):
        chunks.run(100, MUCH, 4, lambda start, stop: 1 // 0)
    test_every_item_is_in_exactly_one_chunk(100, 4, MUCH)


@pytest.fixture
def ctrl_c():
    """Python's own answer to SIGINT, which processes that a shell starts in the background lack."""
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
    # By then the caller has nothing left to do but wait.
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
    assert always_threads.n_helpers == 1  # the inner ones stay where they are


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


def in_a_new_process(code: str) -> str:
    """What ``code`` prints in a process of its own, which must end well and soon."""
    prologue = """
import os, sys, threading
import numpy as np
from kmeans_core import KMeans, chunks
chunks.SMALL_WORK = 0
X = np.random.default_rng(0).normal(size=(500, 3))
def fit():
    return KMeans(4, random_state=0, n_threads=3).fit(X).inertia_
"""
    done = subprocess.run(
        [sys.executable, "-c", prologue + code],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_has_a_pool_of_its_own():
    # Newer Pythons warn of fork in a process with threads: that is what this is about.
    answers = in_a_new_process(
        """
import warnings
warnings.simplefilter("ignore", DeprecationWarning)
parent = fit()
child = os.fork()
if child == 0:
    together = threading.Barrier(2)
    waited = threading.local()
    def task(start, stop):
        if not hasattr(waited, "yes"):
            waited.yes = True
            together.wait(timeout=20)  # breaks unless a helper is here as well
    try:
        chunks.run(100, 1, 2, task)
        os._exit(0 if fit() == parent else 1)
    except threading.BrokenBarrierError:
        os._exit(2)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), fit() == parent)
"""
    )
    assert answers.split() == ["0", "True"]


def test_a_thread_that_outlives_the_main_one_fits_alone():
    answers = in_a_new_process(
        """
expected = fit()
def work():
    threading.main_thread().join()
    print(fit() == expected)
threading.Thread(target=work).start()
"""
    )
    assert answers.split() == ["True"]


def test_an_exit_handler_may_fit():
    answers = in_a_new_process(
        """
import atexit
expected = fit()
atexit.register(lambda: print(fit() == expected))
"""
    )
    assert answers.split() == ["True"]
