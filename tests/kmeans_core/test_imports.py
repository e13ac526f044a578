"""Imports go down only, bring in little and change nothing; a fit leaves numpy's stream alone."""

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import kmeans_core
from kmeans_core import KMeans, kmeans_plusplus, sweep_k


def printed_by(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout.strip()


FIT = """
import sys
import kmeans_core as kc
X = [[0.0], [1.0], [5.0], [9.0]]
model = kc.KMeans(2, random_state=0).fit(X)
model.predict(X), model.transform(X), model.score(X), repr(model)
kc.silhouette_score(X, model.labels_), kc.sweep_k(X, [2, 3]).suggested_k
try:
    kc.KMeans().predict(X)
except kc.NotFittedError:
    pass
"""


@pytest.mark.parametrize("code", ["import sys, kmeans_core", FIT])
def test_nothing_heavy_is_imported(code):
    heavy = ["sklearn", "pandas", "matplotlib", "recsys", "joblib", "threadpoolctl"]
    assert printed_by(f"{code}\nprint([m for m in {heavy} if m in sys.modules])") == "[]"


def test_the_import_changes_no_global_state():
    changed = printed_by(
        """
import os, locale, random, signal, sys, threading, warnings
import numpy as np, numba, scipy.sparse  # they may do as they like

def state():
    return {
        "warnings": list(warnings.filters),
        "numpy errors": np.geterr(),
        "numpy print": np.get_printoptions(),
        "numpy stream": np.random.get_state()[1].tobytes(),
        "stream": random.getstate(),
        "environment": dict(os.environ),
        "path": list(sys.path),
        "folder": os.getcwd(),
        "threads": threading.active_count(),
        "numba threads": numba.get_num_threads(),
        "signals": signal.getsignal(signal.SIGINT),
        "hooks": (sys.excepthook, threading.excepthook),
        "locale": locale.setlocale(locale.LC_ALL),
    }

before = state()
import kmeans_core
after = state()
print([name for name in before if before[name] != after[name]])
"""
    )
    assert changed == "[]"


@pytest.mark.parametrize("random_state", [None, 0])
@pytest.mark.parametrize("init", ["k-means++", "random"])
def test_numpys_global_stream_is_neither_moved_nor_read(blobs, random_state, init):
    X = blobs(60, 2, 4)
    labels = []
    for seed in (0, 0):
        np.random.seed(seed)  # noqa: NPY002 (the very stream that must not matter)
        before = np.random.get_state()[1].tobytes()  # noqa: NPY002
        model = KMeans(8, init=init, n_init=1, max_iter=1, random_state=random_state).fit(X)
        kmeans_plusplus(X, 5, random_state=random_state)
        sweep_k(X, [2], n_init=1, random_state=random_state)
        labels.append(model.labels_.tolist())
        assert np.random.get_state()[1].tobytes() == before  # noqa: NPY002
    # From the same global seed, None still draws afresh; a seed of one's own repeats.
    assert (labels[0] == labels[1]) == (random_state == 0)


# The folders of each package from the lowest up, and files between them. Folders of one line do not
# import each other.
FOLDERS = {
    "kmeans_core": [
        "reference threads",
        "reference_scores reference_weighted kernels",
        "points",
        "interface",
        "fit pairwise",
    ],
    "recsys": [
        "data",
        "titles",
        "readers synthetic",
        "analysis",
        "recommenders",
        "evaluation",
        "partitioned",
        "report",
        "serve",
        "command",
    ],
}
# Folders above all files.
ABOVE = {"kmeans_core": ["dask"], "recsys": []}
# Files beside the folders that every folder may import; the others are above all folders.
COMMON = {
    "kmeans_core": ["arrays", "counts", "errors", "extras", "lazy", "version"],
    "recsys": ["extras", "files", "printable", "words"],
}


def imported_by(file: Path) -> set[str]:
    """Names of the modules that a file imports, also inside functions."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.module is not None, f"{file} has a relative import"
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


@pytest.mark.parametrize("package", FOLDERS)
def test_no_import_goes_up(package):
    root = Path(kmeans_core.__file__).parents[1] / package
    levels = dict.fromkeys(COMMON[package], 0)
    for level, folders in enumerate(FOLDERS[package], start=1):
        levels.update(dict.fromkeys(folders.split(), level))
    top = len(levels)
    levels.update(dict.fromkeys(ABOVE[package], top + 1))
    assert {file.parent.name for file in root.glob("*/*.py")} <= set(levels)
    for file in root.rglob("*.py"):
        place = file.relative_to(root).with_suffix("").parts[0]
        level = levels.get(place, top)
        for module in imported_by(file):
            if module.startswith(f"{package}."):
                other = module.split(".")[1]
                stays = other == place or level in (0, top)
                assert levels.get(other, top) < level + stays, f"{file} imports {module}"


def test_every_public_name_is_there_and_explained():
    assert sorted(kmeans_core.__all__) == kmeans_core.__all__
    for name in kmeans_core.__all__:
        assert getattr(kmeans_core, name).__doc__
