"""Measures how soon Ctrl-C takes effect in long calls of many shapes; prints one row for each.

Each call runs in a process of its own with all kernels compiled, and is interrupted at several
moments. It must end with KeyboardInterrupt every time, and a small fit must be right afterwards.
"""

import argparse
import random
import signal
import subprocess
import sys
import threading
import time

PROLOGUE = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
import numpy as np, scipy.sparse as sp
from kmeans_core import KMeans, kmeans_plusplus, silhouette_samples, sweep_k
rng = np.random.default_rng(0)
threads = None if sys.argv[1] == "all" else int(sys.argv[1])
def dense(n, d, dtype=np.float32):
    return (rng.normal(size=(50, d))[rng.integers(50, size=n)] * 2
            + rng.normal(size=(n, d))).astype(dtype)
def ratings(n, d, each):
    places = np.sort(rng.integers(0, d // each, size=(n, each)) + np.arange(each) * (d // each))
    return sp.csr_array((rng.integers(1, 11, n * each) / 2, places.ravel(),
                         np.arange(0, n * each + 1, each)), shape=(n, d))
def kmeans(k, **params):
    return KMeans(k, **{"n_init": 1, "random_state": 0, "n_threads": threads, "tol": 0} | params)
"""

EPILOGUE = """
call()  # compiles
print("ready", flush=True)
while True:
    try:
        print("begins", flush=True)
        while True:
            call()
    except KeyboardInterrupt:
        print("heard", time.monotonic(), flush=True)
        if sys.stdin.readline() == "end\\n":
            break
small = KMeans(2, random_state=0).fit([[0.0], [1.0], [9.0]])
print(small.inertia_)
"""

CALLS = {
    "dense 400,000 x 300, k=500, random": """
X = dense(400_000, 300)
def call(): kmeans(500, init="random", max_iter=4).fit(X)""",
    "dense 400,000 x 300, k=500, k-means++": """
X = dense(400_000, 300)
def call(): kmeans_plusplus(X, 20, random_state=0)""",
    "dense 400,000 x 300, k=2": """
X = dense(400_000, 300)
def call(): kmeans(2).fit(X)""",
    "dense 300,000 x 100 float64 in Fortran's order": """
X = np.asfortranarray(dense(300_000, 100, np.float64))
def call(): kmeans(8, max_iter=4).fit(X)""",
    "dense 3,000,000 x 2, k=300": """
X = dense(3_000_000, 2)
def call(): kmeans(300, init="random", max_iter=20).fit(X)""",
    "dense 200,000 x 1, n_init=64": """
X = dense(200_000, 1, np.float64)
def call(): kmeans(8, n_init=64, tol=1e-4).fit(X)""",
    "dense 60,000 x 10, k=20, n_init=10": """
X = rng.random((60_000, 10))
def call(): kmeans(20, n_init=10).fit(X)""",
    "sweep_k 20,000 x 10, k=2..99": """
X = dense(20_000, 10)
def call(): sweep_k(X, range(2, 100), n_init=2, random_state=0, n_threads=threads)""",
    "sweep_k 50,000 x 10, k=2..20": """
X = dense(50_000, 10)
def call(): sweep_k(X, range(2, 21), n_init=2, random_state=0, n_threads=threads)""",
    "CSR 1,000,000 x 1,000, 20 a row, k=500": """
X = ratings(1_000_000, 1_000, 20)
def call(): kmeans(500, init="random", max_iter=4).fit(X)""",
    "CSR 200,000 x 1,000, k=4000": """
X = ratings(200_000, 1_000, 20)
def call(): kmeans(4000, init="random", max_iter=2).fit(X)""",
    "CSR 20,000 x 1,000, k=40, n_init=10": """
X = ratings(20_000, 1_000, 20)
def call(): kmeans(40, n_init=10).fit(X)""",
    "missing='ignore' 200,000 x 100, k=50": """
X = dense(200_000, 100)
X[rng.random(X.shape) < 0.5] = np.nan
def call(): kmeans(50, missing="ignore", max_iter=4).fit(X)""",
    "silhouettes 30,000 x 20": """
X, labels = dense(30_000, 20), np.arange(30_000) % 50
def call(): silhouette_samples(X, labels, n_threads=threads)""",
    "silhouettes CSR manhattan 15,000 x 3,000": """
X, labels = ratings(15_000, 3_000, 60), np.arange(15_000) % 50
def call(): silhouette_samples(X, labels, metric="manhattan", n_threads=threads)""",
    "silhouettes missing='ignore' 8,000 x 100": """
X, labels = dense(8_000, 100), np.arange(8_000) % 7
X[rng.random(X.shape) < 0.5] = np.nan
def call(): silhouette_samples(X, labels, missing="ignore", n_threads=threads)""",
    "predict, transform, score 200,000 x 300, k=300": """
X = dense(200_000, 300)
model = kmeans(300, init="random", max_iter=1).fit(X)
def call(): model.predict(X), model.transform(X), model.score(X)""",
}


def seconds_until_heard(code: str, threads: str, times: int, longest: float) -> list[float]:
    """Seconds from each of several interrupts to the KeyboardInterrupt."""
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROLOGUE + code + EPILOGUE, threads],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    guard = threading.Timer(900, process.kill)
    guard.start()
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    seconds = []
    for number in range(times):
        assert process.stdout.readline() == "begins\n"
        time.sleep(random.uniform(0.01, longest))
        sent = time.monotonic()
        process.send_signal(signal.SIGINT)
        word, when = process.stdout.readline().split()
        assert word == "heard"
        seconds.append(float(when) - sent)
        process.stdin.write("end\n" if number == times - 1 else "again\n")
        process.stdin.flush()
    assert process.stdout.read() == "0.5\n"
    assert process.wait() == 0
    guard.cancel()
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=10, help="interrupts of each call")
    parser.add_argument("--longest", type=float, default=3.0, help="seconds before one, at most")
    parser.add_argument("--only", default="", help="calls whose name has this")
    options = parser.parse_args()
    random.seed(0)
    print("| Call | Threads | Median s | Longest s |\n|---|---|---|---|")
    for name, code in CALLS.items():
        for threads in ("1", "all"):
            if options.only in name:
                found = sorted(seconds_until_heard(code, threads, options.times, options.longest))
                row = (name, threads, f"{found[len(found) // 2]:.2f}", f"{found[-1]:.2f}")
                print("|", " | ".join(row), "|", flush=True)


if __name__ == "__main__":
    main()
