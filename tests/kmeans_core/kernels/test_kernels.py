"""Kernels by themselves: they write only their own chunk, and the JIT changes no bit."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

import kmeans_core
from kmeans_core import reference
from kmeans_core.kernels import dense, dense_distances, jit, sparse, sparse_direct, sparse_filter
from kmeans_core.kernels.centers import squared_lengths
from kmeans_core.kernels.pairs import add_distances, silhouettes, transpose
from kmeans_core.kernels.sparse_pairs import columns_of
from kmeans_core.points.centers import transposed
from kmeans_core.points.row_groups import all_rows, moved_rows

PACKAGE = Path(kmeans_core.__file__).parent


@pytest.fixture(name="X")
def some_rows(blobs):
    return blobs(20, 4, 3, share_zero=0.3)


def csr_of(X):
    matrix = sp.csr_array(X)
    norms = np.empty(len(X))
    sparse.squared_norms(matrix.data, matrix.indptr, 0, len(X), norms)
    return (matrix.data, matrix.indices, matrix.indptr), norms


# Chunks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "stop"), [(0, 20), (3, 11), (19, 20), (5, 5)])
def test_only_the_rows_of_the_chunk_are_written(X, start, stop):
    centers, center_norms = X[:3], np.empty(3)
    squared_lengths(centers, center_norms)
    table = transposed(centers, dense_distances.DIFFERENCE_LANES)
    csr, norms = csr_of(X)
    labels = np.full(20, 2, dtype=np.int32)
    all_distances = reference.squared_distances(X, X[:3])
    inside = np.zeros(20, dtype=bool)
    inside[start:stop] = True

    def check(kernel, out, expected, *args):
        kernel(*args, start, stop, out)
        np.testing.assert_allclose(out[inside], expected[inside], rtol=1e-12, atol=1e-300)
        assert np.all(out[~inside] == -7)

    def blank(*shape):
        return np.full(shape, -7.0)

    own = all_distances[:, 2]
    roots = np.sqrt(all_distances)
    check(dense_distances.by_differences, blank(20, 3), roots, X, table)
    check(dense.own_distances, blank(20), own, X, centers, labels)
    form = (*csr, norms, centers, table, center_norms)
    check(sparse.distances, blank(20, 3), roots, *form)
    check(sparse.own_distances, blank(20), own, *csr, centers, center_norms, labels)

    nearest = reference.nearest(X, X[:3])
    table32 = np.zeros((4, 16), dtype=np.float32)
    table32[:, :3] = X[:3].T
    half_norms = np.full(16, np.inf, dtype=np.float32)
    half_norms[:3] = center_norms / 2
    known = (centers, center_norms[None], center_norms, half_norms)
    for kernel, args in (
        (dense.assign, (X, centers)),
        (sparse_filter.assign, (*csr, norms, *known, table32, (0,))),
        (sparse_filter.assign_few, (*csr, *known, table32, (0,) * 16)),
        (sparse_direct.assign_directly, (*csr, *known)),
    ):
        found = np.full(20, -7, dtype=np.int32)
        assert kernel(*args, start, stop, found) == stop - start
        assert np.array_equal(found[inside], nearest[inside])
        assert np.all(found[~inside] == -7)


def test_only_the_clusters_of_the_chunk_are_summed(X):
    labels = (np.arange(20) % 4).astype(np.int32)
    weights = np.arange(20.0)
    groups = all_rows(labels, weights, 4)
    csr, _ = csr_of(X)
    for kernel, data in ((dense.add_rows, (X,)), (sparse.add_rows, csr)):
        sums = np.full((4, 4), -7.0)
        kernel(*data, groups.rows, groups.factors, groups.starts, 1, 3, sums)
        for c in (1, 2):
            expected = -7.0 + weights[labels == c] @ X[labels == c]
            np.testing.assert_allclose(sums[c], expected, rtol=1e-12)
        assert np.all(sums[[0, 3]] == -7)


def test_rows_are_grouped_in_ascending_order():
    labels = np.array([2, 0, 2, 4, 0, 2], dtype=np.int32)
    groups = all_rows(labels, np.arange(6.0), 5)
    assert groups.rows.tolist() == [1, 4, 0, 2, 5, 3]
    assert groups.factors.tolist() == [1, 4, 0, 2, 5, 3]
    assert groups.starts.tolist() == [0, 2, 2, 5, 5, 6]


def test_rows_that_moved_leave_one_cluster_and_join_another():
    before = np.array([2, 0, 2, 4, 0, 2], dtype=np.int32)
    labels = np.array([2, 2, 0, 4, 0, 4], dtype=np.int32)
    groups = moved_rows(before, labels, np.arange(6.0), 5)
    assert groups.starts.tolist() == [0, 2, 2, 5, 5, 6]
    assert groups.rows.tolist() == [1, 2, 1, 2, 5, 5]
    assert groups.factors.tolist() == [-1, 2, 1, -2, -5, 5]
    assert len(moved_rows(labels, labels, np.arange(6.0), 5).rows) == 0


def test_silhouettes_of_a_block_are_written_to_its_rows():
    X = np.array([[0.0], [1.0], [5.0], [9.0]])
    distances = np.sqrt(reference.squared_distances(X, X))
    # There are two labelings: clusters 0 and 1, and clusters 2, 3 (which is empty) and 4.
    clusters = np.array([[0, 0, 1, 1], [2, 4, 4, 4]], dtype=np.int32)
    sums = np.zeros((5, 4))
    add_distances(distances, clusters, 0, sums, 0)
    expected = [[1, 1, 9, 17], [14, 12, 4, 4], [0, 1, 5, 9], [0, 0, 0, 0], [15, 12, 8, 12]]
    assert sums.tolist() == expected
    out = np.full((2, 4), -7.0)
    sizes, limits = np.array([2, 2, 1, 0, 3]), np.array([0, 2, 5])
    silhouettes(sums[:, 2:3].copy(), sizes, limits, clusters, 2, out)
    assert out.tolist() == [[-7, -7, (4.5 - 4) / 4.5, -7], [-7, -7, (5 - 4) / 5, -7]]


def test_distances_are_added_from_a_column_on_and_no_further():
    sums = np.zeros((2, 5))
    clusters = np.array([[0, 1, 1]], dtype=np.int32)
    add_distances(np.array([[1.0, 2.0], [4.0, 8.0]]), clusters, 1, sums, 2)
    assert sums.tolist() == [[0] * 5, [0, 0, 5, 10, 0]]
    wider = np.array([[1.0, 2.0, np.nan]])
    add_distances(wider, clusters, 0, sums, 3)
    assert sums.tolist() == [[0, 0, 0, 1, 2], [0, 0, 5, 10, 0]]


@pytest.mark.parametrize("shape", [(1, 1), (7, 9), (8, 3), (17, 30)])
def test_rows_become_columns(shape):
    distances = np.arange(float(np.prod(shape))).reshape(shape)
    out = np.full((shape[1] - shape[1] // 3, shape[0]), -7.0)
    transpose(distances, out)
    assert out.tolist() == distances.T[: len(out)].tolist()


def test_columns_of_a_block_are_its_transpose(X):
    (data, indices, indptr), _ = csr_of(X)
    n_stored = indptr[15] - indptr[4]
    starts = np.full(5, 99, dtype=np.uint32)
    rows, values = np.empty(n_stored, dtype=np.uint16), np.empty(n_stored)
    columns_of(data, indices, indptr, 4, 15, starts, rows, values)
    transposed_block = sp.csr_array(X[4:15].T)
    assert starts.tolist() == transposed_block.indptr.tolist()
    assert rows.tolist() == transposed_block.indices.tolist()
    assert values.tolist() == transposed_block.data.tolist()


@pytest.mark.parametrize("pair", [(0, 1), (0, 0), (0, 2), (2, 1), (2, 2), (3, 0), (1, 3)])
def test_the_distance_of_two_sparse_rows_walks_both(pair):
    X = np.array([[1.0, 0, 2, 0, 3], [0, 5.0, 2, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 7.0, 1]])
    (data, indices, indptr), _ = csr_of(X)
    one, other = pair
    for power in (1, 2):
        distance = sparse.exact_pair_distance(data, indices, indptr, one, other, power)
        assert distance == np.sum(np.abs(X[one] - X[other]) ** power)


# Without the JIT, without a cache --------------------------------------------------------------

# Most kernels on few rows: overlapping clusters, half ratings, relocation, float32.
EVERYTHING = """
import hashlib, warnings
import numpy as np
import scipy.sparse as sp
from kmeans_core import KMeans, MiniBatchKMeans, silhouette_samples
warnings.simplefilter("ignore", UserWarning)
rng = np.random.default_rng(0)
ratings = rng.integers(0, 11, size=(30, 4)) / 2
floats = rng.normal(size=(30, 4)) * (rng.random((30, 4)) < 0.7)
for X in (ratings, floats, floats.astype(np.float32)):
    for form in (np.asarray, sp.csr_array):
        Z = form(X)
        answers = hashlib.sha256()
        scores = []
        for init in ("k-means++", np.vstack([X[:3], X[3:5] + 100])):
            n_init = 2 if isinstance(init, str) else 1
            model = KMeans(5, init=init, n_init=n_init, random_state=0)
            model.fit(Z, sample_weight=np.arange(30.0))
            for answer in (model.labels_, model.cluster_centers_, model.transform(Z),
                           np.array(model.inertia_), np.array(model.n_iter_)):
                answers.update(answer.tobytes())
            scores += silhouette_samples(Z, model.labels_).tolist()
        model = MiniBatchKMeans(5, batch_size=10, max_iter=3, random_state=0).fit(Z)
        for answer in (model.labels_, model.cluster_centers_, np.array(model.inertia_)):
            answers.update(answer.tobytes())
        print(answers.hexdigest(), *scores)
    Z = np.where(rng.random(X.shape) < 0.3, np.nan, X)
    Z[:5] = X[:5]
    model = KMeans(5, n_init=2, random_state=0, missing="ignore", shrinkage=0.5)
    distances = model.fit_transform(Z, sample_weight=np.arange(30.0))
    for answer in (model.labels_, model.cluster_centers_, distances, np.array(model.inertia_)):
        answers.update(answer.tobytes())
    scores = silhouette_samples(Z, model.labels_, missing="ignore").tolist()
    print(answers.hexdigest(), *scores, *scores)
"""


def python(code: str, folder=None, **environment: str) -> subprocess.CompletedProcess:
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=folder,
        env=os.environ | environment,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_same_bits_with_the_jit_off():
    # Silhouettes may differ by rounding, because only compiled products are fused.
    compiled = python(EVERYTHING)
    interpreted = python(EVERYTHING, NUMBA_DISABLE_JIT="1")
    lines = [done.stdout.splitlines() for done in (compiled, interpreted)]
    assert len(lines[0]) == len(lines[1]) == 9
    for one, other in zip(*lines, strict=True):
        (digest, *scores), (other_digest, *other_scores) = one.split(), other.split()
        assert digest == other_digest
        np.testing.assert_allclose(np.float64(scores), np.float64(other_scores), atol=1e-12)
        assert len(scores) == 60
    assert interpreted.stderr == compiled.stderr == ""


def test_without_a_folder_for_the_cache_calls_work_and_one_warning_says_so(tmp_path):
    # Nobody can make a folder below a file, not even root.
    copy = tmp_path / "kmeans_core"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    file = tmp_path / "file"
    file.touch()
    for folder in (copy, copy / "kernels"):
        (folder / "__pycache__").touch()
    nowhere = str(file / "below")
    done = python(
        "import warnings; warnings.simplefilter('always')\n"
        "import kmeans_core; print(kmeans_core.__file__)\n"
        "print(*kmeans_core.silhouette_samples([[0.0], [0.0], [9.0]], [0, 0, 1]))",
        folder=tmp_path,
        NUMBA_CACHE_DIR=nowhere,
        HOME=nowhere,
        XDG_CACHE_HOME=nowhere,
    )
    assert done.stdout.split() == [str(copy / "__init__.py"), "1.0", "1.0", "0.0"]
    assert done.stderr.count("numba finds no folder to cache compiled code in") == 1


# It prints the first of five rows at which the sum of ones reaches .5 of their total.
FIND = """
import numpy as np
from kmeans_core.kernels.seeding import find_rows
found = np.empty(1, dtype=np.intp)
find_rows(np.ones(5), np.ones(5), np.array([5.0]), np.array([0.5]), 0.0, found)
print(*found)
"""


def test_no_compiled_kernel_outlives_a_change_of_one_it_calls(tmp_path):
    copy, cache = tmp_path / "kmeans_core", tmp_path / "cache"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))

    def run():
        done = python(FIND, folder=tmp_path, NUMBA_CACHE_DIR=str(cache))
        compiled = {file: file.stat().st_mtime_ns for file in cache.rglob("*.nb?")}
        return done.stdout.split(), compiled

    found, compiled = run()
    assert found == ["2"]
    assert any("seeding.find_rows" in file.name for file in compiled)
    assert run() == (found, compiled)  # the files are the same, so nothing is compiled again

    # total now adds twice as much; the kernel that calls it is in another file.
    called = copy / "kernels" / "centers.py"
    text = called.read_text()
    changed = text.replace("found += values[i]", "found += 2.0 * values[i]")
    assert changed != text
    called.write_text(changed)
    assert run()[0] == ["4"]


def test_other_errors_of_numba_are_raised(monkeypatch):
    def fail(**options):
        raise RuntimeError("something else")

    monkeypatch.setattr(jit, "njit", fail)
    with pytest.raises(RuntimeError, match="something else"):
        jit.kernel(lambda: None)
