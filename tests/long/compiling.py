"""Ctrl-C, forks and damaged caches while kernels are compiled, each in new processes.

Every trial begins with a cache of its own and must end with the figures of an undisturbed fit.
Prints one line for each hunt.
"""

import argparse
import collections
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

# Kernels of many kinds, some of which threads of the pool compile.
FIT = """
import multiprocessing, os, signal, sys, threading, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, scipy.sparse as sp
from kmeans_core import KMeans, silhouette_samples
X = np.random.default_rng(0).normal(size=(3000, 8))
Z = sp.csr_array(X * (X > 1))
def fit(*forms):
    figures = []
    for data in forms or (X, Z):
        model = KMeans(5, n_init=2, random_state=0, n_threads=2).fit(data)
        figures += [model.inertia_, float(silhouette_samples(data, model.labels_).sum())]
    return figures
"""

INTERRUPTED = """
print("ready", flush=True)
while True:
    try:
        figures = fit()
        break
    except KeyboardInterrupt:
        print("heard", time.monotonic(), flush=True)
print(figures)
"""

FORKED = """
def child():
    assert fit(X) == fit(X)
thread = threading.Thread(target=fit, args=(Z, X))
thread.start()
time.sleep(float(sys.argv[2]))
for _ in range(2):
    if sys.argv[1] == "os.fork":
        pid = os.fork()
        if pid == 0:
            child()
            os._exit(0)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    else:
        process = multiprocessing.get_context("fork").Process(target=child)
        process.start()
        process.join()
        code = process.exitcode
    assert code == 0, code
thread.join()
print(fit())
"""


class Hunt:
    """Trials of one kind, and their outcomes."""

    def __init__(self, name: str, expected: str) -> None:
        self.name = name
        self.expected = expected
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.seconds: list[float] = []

    def note(self, returncode: int, out: str, errors: str) -> None:
        """Count how a process ended: well, or with which error."""
        is_well = (returncode, errors, out.splitlines()[-1:]) == (0, "", [self.expected])
        self.outcomes["well" if is_well else f"{returncode}: {errors[-500:]}"] += 1

    def close(self) -> bool:
        """Print the outcomes, and return whether all trials ended well."""
        longest = f", Ctrl-C heard after {max(self.seconds):.1f} s at most" if self.seconds else ""
        print(f"{self.name}: {dict(self.outcomes)}{longest}", flush=True)
        return set(self.outcomes) == {"well"}


def start(code: str, cache: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FIT + code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"NUMBA_CACHE_DIR": cache},
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    try:
        out, errors = process.communicate(timeout=600)
    except subprocess.TimeoutExpired:
        process.kill()
        return -1, "-", "hung"
    return process.returncode, out, errors


def interrupts(expected: str, times: int, whole: float) -> Hunt:
    hunt = Hunt("Ctrl-C while kernels are compiled", expected)
    for _ in range(times):
        with tempfile.TemporaryDirectory() as cache:
            process = start(INTERRUPTED, cache)
            assert process.stdout is not None
            is_ready = process.stdout.readline() == "ready\n"
            time.sleep(random.uniform(0, whole))
            sent = time.monotonic()
            if is_ready:  # otherwise its error is counted
                process.send_signal(signal.SIGINT)
            code, out, errors = ended(process)
            heard = [float(line.split()[1]) for line in out.splitlines() if line[:5] == "heard"]
            hunt.seconds += [when - sent for when in heard]
            hunt.note(code, out, errors)
    return hunt


def forks(expected: str, times: int, whole: float) -> Hunt:
    hunt = Hunt("forks while a thread compiles", expected)
    for number in range(times):
        with tempfile.TemporaryDirectory() as cache:
            way = ("os.fork", "multiprocessing")[number % 2]
            hunt.note(*ended(start(FORKED, cache, way, str(random.uniform(0, whole / 2)))))
    return hunt


def damages(expected: str, times: int, sound: Path) -> Hunt:
    hunt = Hunt("caches with damaged files", expected)
    for _ in range(times):
        with tempfile.TemporaryDirectory() as folder:
            cache = Path(folder) / "cache"
            shutil.copytree(sound, cache)
            for file in cache.rglob("*.nb?"):
                if random.random() < 0.3:
                    damage(file)
            hunt.note(*ended(start("print(fit())", str(cache))))
    return hunt


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    place = random.randrange(len(content))
    kind = random.choice(["cut", "zeros", "flip", "garbage", "swap", "gone", "empty", "insert"])
    if kind == "cut":
        del content[place:]
    elif kind == "zeros":
        content[place:] = bytes(len(content) - place)
    elif kind == "flip":
        content[place] ^= 1 << random.randrange(8)
    elif kind == "garbage":
        content[place : place + 64] = random.randbytes(64)
    elif kind == "insert":
        content[place:place] = random.randbytes(7)
    elif kind == "empty":
        content.clear()
    elif kind == "swap":
        content[:] = random.choice(list(file.parent.glob(f"*{file.suffix}"))).read_bytes()
    file.write_bytes(content)
    if kind == "gone":
        file.unlink()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=45, help="trials of each hunt")
    options = parser.parse_args()
    random.seed(0)
    with tempfile.TemporaryDirectory() as cache:
        begun = time.monotonic()
        code, out, errors = ended(start("print(fit())", cache))
        whole = time.monotonic() - begun
        assert code == 0, errors
        expected = out.strip()
        hunts = [
            damages(expected, options.times, Path(cache)),
            forks(expected, options.times, whole),
            interrupts(expected, options.times, whole),
        ]
    are_well = [hunt.close() for hunt in hunts]
    sys.exit(0 if all(are_well) else 1)


if __name__ == "__main__":
    main()
