"""Long work in parts, so that Ctrl-C is heard: the same bits as in one piece."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core import KMeans, arrays, kmeans_plusplus, silhouette_samples
from kmeans_core.arrays import row_blocks, rows_of
from kmeans_core.fit import runners
from kmeans_core.points import row_groups
from kmeans_core.threads import chunks


@pytest.fixture
def in_small_parts(monkeypatch):
    """Cuts even small work into many parts."""

    def cut():
        monkeypatch.setattr(chunks, "CHUNK_WORK", 50)
        monkeypatch.setattr(row_groups, "PART_VALUES", 10)
        monkeypatch.setattr(arrays, "BLOCK_ENTRIES", 16)
        monkeypatch.setattr(runners, "CALL_WORK", 0)
        monkeypatch.setattr(runners, "PART_WORK", 3000)

    return cut


def as_unknown(X):
    return np.where(X == 0, np.nan, X)


FORMS = {
    "dense": np.asarray,
    "float32": lambda X: X.astype(np.float32),
    "fortran": np.asfortranarray,
    "integers": lambda X: np.round(4 * X).astype(int),
    "objects": lambda X: X.astype(object),
    "few features": lambda X: X[:, :2],
    "csr": sp.csr_array,
    "unknown": as_unknown,
    "unknown csr": sp.csr_array,
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize("n_clusters", [1, 3, 40])
def test_parts_change_no_bit(blobs, in_small_parts, form, listens, n_clusters):
    X = blobs(1100, 6, 5, share_zero=0.3)
    X[:, 0] = np.abs(X[:, 0]) + 1  # known in every row
    X = FORMS[form](X)
    missing = "ignore" if form.startswith("unknown") else "error"
    weights = np.random.default_rng(0).random(1100)

    def everything():
        model = KMeans(
            n_clusters,
            n_init=2,
            max_iter=20,
            tol=0,
            random_state=0,
            missing=missing,
            n_threads=1,
            shrinkage=0.5 if form == "unknown" else 0.0,
            on_iteration=(lambda event: None) if listens else None,
        ).fit(X, sample_weight=weights)
        found = [model.labels_, model.cluster_centers_, model.inertia_, model.n_iter_]
        found += [model.predict(X), model.transform(X), model.score(X)]
        if missing == "error":
            found.append(kmeans_plusplus(X, n_clusters, random_state=1)[1])
        if n_clusters > 1:
            found.append(silhouette_samples(X, model.labels_, missing=missing, n_threads=1))
        return [np.asarray(part).tobytes() for part in found]

    whole = everything()
    in_small_parts()
    assert everything() == whole


def test_parts_of_sums_have_a_limited_size(monkeypatch):
    monkeypatch.setattr(row_groups, "PART_VALUES", 10)
    made = row_groups.all_rows(np.repeat([0, 2, 3], [9, 1, 2]).astype(np.int32), np.ones(12), 4)
    calls = []

    def kernel(rows, factors, starts, start, stop, sums):
        for c in range(start, stop):
            for entry in range(starts[c], starts[c + 1]):
                sums[c] += factors[entry]
                calls[-1].append(int(rows[entry]))

    def counted(*args):
        calls.append([])
        kernel(*args)

    sums = np.zeros(4)
    made.add(counted, 0, 4, 3.0, sums)
    assert sums.tolist() == [9, 0, 1, 2]
    assert calls == [[0, 1, 2], [3, 4, 5], [6, 7, 8], [9], [10, 11]]
    calls.clear()
    made.add(counted, 1, 4, 3.0, sums)
    assert calls == [[9, 10, 11]]
    assert sums.tolist() == [9, 0, 2, 4]


@pytest.mark.parametrize("shape", [(), (0,), (1,), (40,), (0, 3), (3, 0), (40, 3), (5, 4, 3)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int8, ">f8"])
@pytest.mark.parametrize("entries", [1, 7, 10**6])
def test_copies_in_blocks_are_numpys(monkeypatch, shape, dtype, entries):
    monkeypatch.setattr(arrays, "BLOCK_ENTRIES", entries)
    drawn = np.asarray(np.random.default_rng(0).integers(-9, 9, size=shape)).astype(dtype)
    for array in (drawn, np.asfortranarray(drawn) if drawn.ndim else drawn, drawn[...]):
        copy = rows_of(array, np.float64)
        assert (copy.dtype, copy.shape) == (np.float64, array.shape)
        assert copy.flags.c_contiguous
        assert copy.tolist() == array.tolist()
        assert rows_of(copy, np.float64) is copy
        if len(shape) > 0:
            blocks = list(row_blocks(shape))
            assert [i for rows in blocks for i in range(shape[0])[rows]] == list(range(shape[0]))


def test_parts_read_only_memory_that_was_written():
    # Python runs the kernels, so that memory can be filled before they get it.
    code = """
import warnings
import numpy as np, scipy.sparse as sp

def filled(shape, dtype=np.float64, make=np.empty):
    array = make(shape, dtype)
    array[...] = np.nan if array.dtype.kind == "f" else 1
    return array

np.empty = filled
from kmeans_core import KMeans
from kmeans_core.fit import runners
warnings.simplefilter("error")
X = np.random.default_rng(0).normal(size=(60, 2))
X[np.abs(X) < 0.3] = 0.0
for kind in (np.array, sp.csr_array):
    def fit():
        model = KMeans(4, n_init=3, tol=0, random_state=0, n_threads=1).fit(kind(X))
        return model.labels_.tolist(), model.cluster_centers_.tolist(), model.inertia_
    call_work, part_work = runners.CALL_WORK, runners.PART_WORK
    whole = fit()
    runners.CALL_WORK = runners.PART_WORK = 0
    assert fit() == whole
    runners.CALL_WORK, runners.PART_WORK = call_work, part_work
print("as in one piece")
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split("\n")[0] == "as in one piece", done.stderr
