"""Ctrl-C, forks and a lack of threads do not break compilation, nor the calls after it.

Fits do the same in ``tests/long/compiling.py``.
"""

import os
import signal
import subprocess
import sys
import threading

import pytest

from kmeans_core.kernels import compiling
from kmeans_core.kernels.jit import kernel
from kmeans_core.threads import stopping

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and forks of POSIX")


class MyError(Exception):
    """An exception that the handler of a user raises."""


@pytest.fixture(params=[signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def signum(request):
    """A signal whose handler raises MyError."""

    def handler(signum, frame):
        raise MyError

    before = signal.signal(request.param, handler)
    yield request.param
    signal.signal(request.param, before)


def test_the_exception_of_a_handler_waits_until_the_kernel_is_ready(signum):
    done = []

    def work():
        signal.pthread_kill(threading.main_thread().ident, signum)
        for _ in range(3):
            signal.pthread_kill(threading.main_thread().ident, signum)
            threading.Event().wait(0.05)
        done.append(threading.current_thread())
        return "ready"

    with pytest.raises(MyError):
        compiling._in_another_thread(work)
    assert done
    assert done[0] is not threading.main_thread()
    assert compiling._in_another_thread(lambda: "ready") == "ready"


def test_a_kernel_that_waits_for_the_lock_is_given_up_at_once(signum):
    begun, may_end = threading.Event(), threading.Event()

    def other():
        with compiling.global_compiler_lock:
            begun.set()
            assert may_end.wait(60)

    thread = threading.Thread(target=other)
    thread.start()
    assert begun.wait(60)
    timer = threading.Timer(0.2, lambda: signal.pthread_kill(threading.main_thread().ident, signum))
    timer.start()
    done = []
    with pytest.raises(MyError):
        compiling._in_another_thread(lambda: done.append(1))
    assert thread.is_alive()
    may_end.set()
    thread.join()
    timer.join()
    with compiling.global_compiler_lock:  # the thread that was given up has had the lock by now
        pass
    assert done == []


def test_no_kernel_begins_after_ctrl_c(signum):
    compiled = []

    @compiling.unless_stopped
    def compile_one(name):
        compiled.append(name)
        if name == "outer":
            signal.pthread_kill(threading.main_thread().ident, signum)
            threading.Event().wait(0.2)
            compile_one("inner")

    with pytest.raises(MyError):
        compiling._in_another_thread(lambda: compile_one("outer"))
    assert compiled == ["outer"]
    compiling._in_another_thread(lambda: compile_one("next"))
    assert compiled == ["outer", "next"]


def test_no_kernel_begins_in_a_thread_whose_work_was_stopped():
    class Work:
        is_stopped = False

    outcomes = []

    def part(work):
        stopping.join(work)
        try:
            outcomes.append(compiling.unless_stopped(lambda: "compiled")())
        except stopping.Stopped:
            outcomes.append("stopped")

    for is_stopped in (False, True):
        work = Work()
        work.is_stopped = is_stopped
        thread = threading.Thread(target=part, args=(work,))
        thread.start()
        thread.join()
    assert outcomes == ["compiled", "stopped"]


def test_errors_of_the_compiler_are_raised_unchanged():
    @kernel
    def wrong(a):
        return a + "text"

    for _ in range(2):
        with pytest.raises(Exception, match="No implementation"):
            wrong(1.0)


def in_a_new_process(code: str, *arguments: str, cache: str) -> str:
    """The output of ``code`` in a new process, which must end without an error."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", PROLOGUE + code, *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


PROLOGUE = """
import multiprocessing, os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np
from kmeans_core import silhouette_samples
from kmeans_core.kernels import centers
def rate():  # compiles several kernels that call each other, and far sooner than a fit
    X = [[0.0], [0.0], [9.0], [9.0]]
    return silhouette_samples(X, [0, 0, 1, 1])[:2].tolist()
"""


def test_ctrl_c_during_compilation_does_not_break_the_next_calls(tmp_path):
    answers = in_a_new_process(
        """
def interrupt():
    while not is_done.wait(0.2):
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
is_done = threading.Event()
threading.Thread(target=interrupt, daemon=True).start()
heard = 0
while True:
    try:
        rated = rate()
        is_done.set()
        break
    except KeyboardInterrupt:
        heard += 1
print(heard > 0, *rated, *rate())
""",
        cache=str(tmp_path),
    )
    assert answers.split() == ["True", "1.0", "1.0", "1.0", "1.0"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
@pytest.mark.parametrize("way", ["os.fork", "multiprocessing"])
def test_a_child_that_is_forked_while_a_thread_compiles_can_compile(tmp_path, way):
    # Each child compiles a kernel that no parent has compiled.
    answers = in_a_new_process(
        """
thread = threading.Thread(target=rate)
thread.start()
def child(size):
    assert centers.total(np.ones(size, dtype=np.float32)) == size
codes = []
for size in (1, 2, 3):
    time.sleep(0.15)
    if sys.argv[1] == "os.fork":
        pid = os.fork()
        if pid == 0:
            child(size)
            os._exit(7)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    else:
        process = multiprocessing.get_context("fork").Process(target=child, args=(size,))
        process.start()
        process.join()
        codes.append(process.exitcode)
thread.join()
print(codes, *rate())
""",
        way,
        cache=str(tmp_path),
    )
    assert answers.strip() == ("[7, 7, 7] 1.0 1.0" if way == "os.fork" else "[0, 0, 0] 1.0 1.0")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_handler_may_fork_while_the_main_thread_compiles(tmp_path):
    answers = in_a_new_process(
        """
codes = []
def handler(signum, frame):
    pid = os.fork()
    if pid == 0:
        os._exit(5 if centers.total(np.ones(2, dtype=np.float32)) == 2 else 6)
    codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
signal.signal(signal.SIGALRM, handler)
signal.setitimer(signal.ITIMER_REAL, 0.4)
print(*rate(), *rate())
while not codes:
    time.sleep(0.1)
print(*codes)
""",
        cache=str(tmp_path),
    )
    assert answers.split() == ["1.0", "1.0", "1.0", "1.0", "5"]


def test_a_handler_that_interrupts_another_compilation_of_its_thread_may_compile(tmp_path):
    # For example, the main thread compiles a numba function of the user.
    answers = in_a_new_process(
        """
from numba.core.compiler_lock import global_compiler_lock
with global_compiler_lock:
    print(*rate())
""",
        cache=str(tmp_path),
    )
    assert answers.split() == ["1.0", "1.0"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_a_thread_that_holds_the_compiler_may_fork(tmp_path):
    answers = in_a_new_process(
        """
from kmeans_core.kernels import compiling
with compiling.global_compiler_lock:
    pid = os.fork()
    if pid == 0:
        os._exit(5 if centers.total(np.ones(2)) == 2 else 6)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), *rate())
threading.Thread(target=lambda: print(*rate())).start()  # the lock is free again
""",
        cache=str(tmp_path),
    )
    assert answers.split() == ["5", "1.0", "1.0", "1.0", "1.0"]


def test_without_new_threads_the_main_thread_compiles_and_works(tmp_path):
    # No thread can have such a large stack, so that none starts, as in a full container.
    answers = in_a_new_process(
        """
from kmeans_core.threads import chunks, pool
chunks.SMALL_WORK = 0
threading.stack_size(2**46)
try:
    threading.Thread(target=print).start()
except RuntimeError as error:
    print(error)
X = np.random.default_rng(0).normal(size=(300, 2))
def rate_in_threads():
    return silhouette_samples(X, np.arange(300) % 3, n_threads=3).tolist()
alone = rate_in_threads()
threading.stack_size(0)
print(alone == rate_in_threads())
print(len(pool._started) > 0)
""",
        cache=str(tmp_path),
    )
    assert answers.splitlines() == ["can't start new thread", "True", "True"]


def test_threads_with_a_small_stack_are_not_asked_to_compile(tmp_path):
    answers = in_a_new_process("threading.stack_size(2**16); print(*rate())", cache=str(tmp_path))
    assert answers.split() == ["1.0", "1.0"]


def test_signal_handlers_of_the_user_stay_in_place():
    seen = []

    def work():
        seen.append(signal.getsignal(signal.SIGINT))

    compiling._in_another_thread(work)
    assert seen == [signal.getsignal(signal.SIGINT)]
