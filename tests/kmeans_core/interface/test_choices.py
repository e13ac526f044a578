"""A type checker refuses a misspelt parameter, and every accepted choice runs."""

import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

import kmeans_core
from kmeans_core import KMeans, silhouette_samples
from kmeans_core.interface.choices import Algorithm, Metric, Missing
from kmeans_core.pairwise.pairs import ALIASES, METRICS

HEAD = """
import numpy as np, pandas as pd, scipy.sparse as sp
from kmeans_core import KMeans, kmeans_plusplus, silhouette_samples, silhouette_score, sweep_k
A = np.zeros((2, 2))
"""
RIGHT = """
KMeans(2, init=A)
KMeans(2, init=[[0, 1], [2.0, 3]])
KMeans(2, init=[A[0], A[1]])
KMeans(2, init=pd.DataFrame(A))
KMeans(2, init=sp.csr_array(A))
KMeans(2, init=lambda X, k, random_state: X[:k], n_init=3)
KMeans(2, init="random", n_init="auto", random_state=np.random.default_rng(0))
KMeans(2, algorithm="elkan", missing="ignore", random_state=np.int64(3))
sweep_k(A, [2], init="random", n_init="auto", missing="ignore")
silhouette_score(A, [0, 1], metric="l1", random_state=0)
kmeans_plusplus(A, 2, random_state=np.random.RandomState(0))
"""
WRONG = """
KMeans(2, n_init="atuo")
KMeans(2, init="kmeans++")
KMeans(2, init=3)
KMeans(2, init=["a", "b"])
KMeans(2, algorithm="loyd")
KMeans(2, missing="igonre")
KMeans(2, random_state="0")
sweep_k(A, [2], init=A)
sweep_k(A, [2], init="kmeans++")
sweep_k(A, [2], n_init="atuo")
sweep_k(A, [2], missing="igonre")
sweep_k(A, [2], random_state=1.5)
silhouette_score(A, [0, 1], metric="l3")
silhouette_score(A, [0, 1], random_state=1.5)
silhouette_samples(A, [0, 1], metric="l3")
silhouette_samples(A, [0, 1], missing="igonre")
kmeans_plusplus(A, 2, random_state=1.5)
"""


def test_mypy_refuses_every_wrong_call_and_no_right_one(tmp_path):
    pytest.importorskip("mypy")
    code = HEAD + RIGHT + WRONG
    (tmp_path / "calls.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", tmp_path / "calls.py"],
        cwd=Path(kmeans_core.__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    lines = code.split("\n")
    refused = {lines[int(n) - 1] for n in re.findall(r"calls\.py:(\d+): error", done.stdout)}
    assert refused == set(WRONG.split("\n")) - {""}, done.stdout + done.stderr


def test_every_choice_runs():
    X = np.array([[0.0, 1.0], [1.0, 0.0], [5.0, 6.0], [6.0, 5.0]])
    for algorithm in get_args(Algorithm):
        for missing in get_args(Missing):
            model = KMeans(2, algorithm=algorithm, missing=missing, random_state=0).fit(X)
            assert model.inertia_ == 2.0
    distances = np.abs(X[:, None] - X).sum(axis=2)
    for metric in get_args(Metric):
        rows = distances if metric == "precomputed" else X
        assert silhouette_samples(rows, model.labels_, metric=metric).shape == (4,)
    assert set(get_args(Metric)) == {*METRICS, *ALIASES}
