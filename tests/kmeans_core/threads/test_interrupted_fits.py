"""Fits during fits: in forked children, signal handlers, finalizers and an ending process."""

import os
import subprocess
import sys

import pytest


def in_a_new_process(code: str) -> str:
    """The output of ``code`` in its own process, which must succeed and end soon."""
    prologue = """
import os, sys, threading
import numpy as np
from kmeans_core import KMeans
from kmeans_core.threads import chunks
chunks.SMALL_WORK = 0
X = np.random.default_rng(0).normal(size=(500, 3))
def fit():
    return KMeans(4, random_state=0, n_threads=3).fit(X).inertia_
"""
    done = subprocess.run(
        [sys.executable, "-c", prologue + code],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_forked_child_has_a_pool_of_its_own():
    # Newer Pythons warn of a fork in a process with threads, which is the case tested here.
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


# The task is tiny, so that most interruptions hit the code that asks threads for help.
SHARED = """
counts = []
def share():
    done = np.zeros(30, dtype=int)
    def task(start, stop):
        done[start:stop] += 1
    chunks.run(30, 1, 3, task)
    counts.append(int(done.min() + done.max()))
"""


def test_a_signal_handler_may_fit_wherever_it_interrupts_a_fit():
    answers = in_a_new_process(
        SHARED
        + """
import signal
expected = fit()
answers, depth = [], []
def handler(signum, frame):
    if len(depth) < 2:  # handlers interrupt handlers as well
        depth.append(1)
        share()
        answers.append(fit())
        depth.pop()
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.0007)
while len(answers) < 1000:
    share()
signal.setitimer(signal.ITIMER_REAL, 0)
print(set(answers) == {expected}, set(counts))
"""
    )
    assert answers.strip() == "True {2}"


def test_a_finalizer_may_fit_wherever_it_interrupts_a_fit():
    answers = in_a_new_process(
        SHARED
        + """
import gc
expected = fit()
answers = []
class Fits:
    def __init__(self):
        self.itself = self  # freed by the collector alone, at any allocation and in any thread
    def __del__(self):
        share()
        answers.append(fit())
while len(answers) < 1000:
    Fits()
    gc.set_threshold(1 + len(answers) % 67)  # the collector comes at another place each time
    share()
gc.set_threshold(0)
print(set(answers) == {expected}, set(counts))
"""
    )
    assert answers.strip() == "True {2}"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_child_that_a_signal_handler_forks_during_a_fit_finishes_it_or_raises():
    answers = in_a_new_process(
        """
import signal, warnings
warnings.simplefilter("ignore", DeprecationWarning)
expected = fit()
children, codes = [], []
is_forking = []
def handler(signum, frame):
    if len(children) < 8 and not is_forking:  # Python's own hooks bear no fork in a fork
        is_forking.append(1)
        pid = os.fork()
        if pid == 0:
            signal.setitimer(signal.ITIMER_REAL, 0)
            children[:] = 8 * [0]
            children.append("here")
            return
        children.append(pid)
        is_forking.clear()
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)
try:
    while len(children) < 8:
        assert fit() == expected
except RuntimeError as error:
    assert "forked" in str(error)
if "here" in children:
    os._exit(7 if fit() == expected else 1)
signal.setitimer(signal.ITIMER_REAL, 0)
print({os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children})
"""
    )
    assert answers.strip() == "{7}"
