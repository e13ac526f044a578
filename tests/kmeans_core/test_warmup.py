"""warmup: later fits compile nothing, whatever memory holds the data."""

import os
import subprocess
import sys

import joblib
import numpy as np
import pytest
import scipy.sparse as sp

from kmeans_core import (
    InvalidParameterError,
    KMeans,
    kmeans_plusplus,
    silhouette_samples,
    sweep_k,
    warmup,
)
from kmeans_core.arrays import as_kernels_take_it

# Fits of other shapes than warmup's, with every assigner, in a process without other fits.
FITS = """
import importlib, pkgutil, tempfile
from pathlib import Path
import numpy as np, scipy.sparse as sp
import kmeans_core
from kmeans_core import KMeans, MiniBatchKMeans, davies_bouldin_score, kernels, silhouette_samples

modules = [importlib.import_module(module.name)
           for module in pkgutil.walk_packages(kernels.__path__, "kmeans_core.kernels.")]

def compiled():
    return {(module.__name__, name, str(signature)) for module in modules
            for name, kernel in vars(module).items() if hasattr(kernel, "signatures")
            for signature in kernel.signatures}

def mapped(X):
    file = Path(folder) / f"{len(list(Path(folder).iterdir()))}.npy"
    np.save(file, X)
    return np.load(file, mmap_mode="r")

def protected(S, dtype):
    parts = [mapped(part) for part in (S.data, S.indices.astype(dtype), S.indptr.astype(dtype))]
    made = sp.csr_array(S.shape)
    made.data, made.indices, made.indptr = map(np.asarray, parts)
    return made

def use(X, missing="error"):
    for listener in (None, lambda event: None):
        model = KMeans(100, n_init=2, random_state=0, on_iteration=listener, missing=missing).fit(X)
    for centers in (model.cluster_centers_, mapped(model.cluster_centers_)):
        model.cluster_centers_ = centers
        model.predict(X), model.transform(X), model.score(X)
    silhouette_samples(X, model.labels_, missing=missing)
    if missing == "error":
        davies_bouldin_score(X, model.labels_)
        MiniBatchKMeans(100, random_state=0).fit(X).partial_fit(X)
    model.set_params(init=mapped(centers + 1e3 * (np.arange(100) == 3)[:, None]), n_init=1).fit(X)

folder = tempfile.mkdtemp()
kmeans_core.warmup(NUMBERS, dtypes=[np.float64], missing=True)
before = compiled()
rng = np.random.default_rng(1)
for shape in ((200, 4), (6000, 1), (300, 40), (300, 210)):
    X = rng.normal(size=shape)
    S, R = sp.csr_array(X * (X > 1)), sp.csr_array(np.round(X))
    for Z in (X, S, R, *PROTECTED):
        use(Z)
Z = rng.normal(size=(9000, 5))  # two chunks of rows
KMeans(100, init=Z[:100], n_init=1, max_iter=3).fit(Z)
Z = rng.normal(size=(12_000, 200))  # its labels settle, so that bounds begin
KMeans(100, init=Z[:100], n_init=1, tol=0).fit(Z)
gaps = np.where(X > 1, np.nan, X)
cells = sp.csr_array(np.nan_to_num(gaps))
for Z in (gaps, cells, *MISSING):
    use(Z, "ignore")
print(len(before), sorted(compiled() - before))
"""
PROTECTED = "mapped(X), protected(S, np.int32), protected(S, np.int64), protected(R, np.int64)"
MISSING = "mapped(gaps), protected(cells, np.int32), protected(cells, np.int64)"


def after_warmup(numbers: str, protected: str = "", missing: str = "") -> list[str]:
    code = FITS.replace("NUMBERS", numbers)
    code = code.replace("PROTECTED", f"({protected})").replace("MISSING", f"({missing})")
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(" ", 1)


def test_nothing_is_compiled_after_it():
    n_compiled, more = after_warmup("[97]", PROTECTED, MISSING)
    assert int(n_compiled) > 40
    assert more.strip() == "[]"


def test_without_it_there_is_something_to_compile():
    _, more = after_warmup("[]")
    assert "small_sparse" in more
    assert "boxes" in more
    assert "dense_filter" in more
    assert "row_filter" in more
    assert "changed_centers" in more
    assert "observed" in more


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"n_clusters": None}, "n_clusters must be an iterable.* Got None instead"),
        ({"n_clusters": 8.0}, "n_clusters must be an iterable.* Got 8.0 instead"),
        ({"n_clusters": "8"}, "'n_clusters' parameter of warmup must be an int.* Got '8' instead"),
        ({"dtypes": 3.5}, "dtypes must be an iterable.* Got 3.5 instead"),
        ({"index_dtypes": None}, "index_dtypes must be an iterable.* Got None instead"),
    ],
)
def test_input_that_is_neither_a_value_nor_an_iterable_is_refused(params, message):
    with pytest.raises(InvalidParameterError, match=message):
        warmup(**params)


# Read-only memory -------------------------------------------------------------------------------


def test_a_read_only_array_is_not_copied(tmp_path):
    X = np.arange(12.0).reshape(3, 4)
    assert as_kernels_take_it(X) is X
    for read_only in (np.broadcast_to(X, X.shape), np.broadcast_to(X.T, (4, 3)), X[:, :2], X[:0]):
        read_only.flags.writeable = False
        seen = as_kernels_take_it(read_only)
        assert seen.flags.writeable
        assert seen.tolist() == read_only.tolist()
        assert (seen.dtype, seen.strides) == (read_only.dtype, read_only.strides)
        assert np.shares_memory(seen, X) == (X[:0].size < read_only.size)
        assert not read_only.flags.writeable
    np.save(tmp_path / "X.npy", X)
    seen = as_kernels_take_it(np.asarray(np.load(tmp_path / "X.npy", mmap_mode="r")))
    assert seen.sum() == X.sum()  # the map closes with its last reference


def protected(array, folder):
    """A memory map that cannot be written: the process ends if a kernel tries."""
    file = folder / f"{len(list(folder.iterdir()))}.npy"
    np.save(file, array)
    return np.load(file, mmap_mode="r")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", ["dense", "csr", "gaps", "csr gaps"])
def test_memory_that_cannot_be_written_gives_the_same_result(tmp_path, blobs, dtype, kind):
    X = blobs(300, 5, 4, share_zero=0.3).astype(dtype)
    X[:, 0] += 0.5  # at least one cell of each row is known
    missing = "ignore" if "gaps" in kind else "error"
    if kind == "gaps":
        X[X == 0.0] = np.nan
    given = X if kind in ("dense", "gaps") else sp.csr_array(X)

    def read_only(Z):
        if not sp.issparse(Z):
            return protected(Z, tmp_path)
        made = sp.csr_array(Z.shape, dtype=Z.dtype)
        for name in ("data", "indices", "indptr"):
            setattr(made, name, np.asarray(protected(getattr(Z, name), tmp_path)))
        return made

    def everything(Z, weights):
        model = KMeans(4, n_init=2, random_state=0, missing=missing)
        model.fit(Z, sample_weight=weights)
        found = [model.labels_, model.cluster_centers_, model.inertia_, model.transform(Z)]
        found += [model.score(Z, sample_weight=weights)]
        found += [silhouette_samples(Z, model.labels_, missing=missing)]
        if missing == "error":
            found += [*kmeans_plusplus(Z, 4, sample_weight=weights, random_state=0)]
            found += [silhouette_samples(Z, model.labels_, metric=name) for name in METRICS]
            found += [sweep_k(Z, [2, 3], n_init=2, random_state=0).labels]
        return [np.asarray(part).tobytes() for part in found]

    weights = np.linspace(0.5, 2.0, 300)
    assert everything(read_only(given), protected(weights, tmp_path)) == everything(given, weights)


METRICS = ("manhattan", "cosine")


def test_models_and_data_that_joblib_maps_predict_in_its_workers():
    X = np.random.default_rng(0).normal(size=(4000, 40))
    model = KMeans(3, random_state=0).fit(X)
    with joblib.parallel_config(backend="loky", max_nbytes=100):
        asked = (joblib.delayed(predicted)(model, X) for _ in range(2))
        for labels, writeable in joblib.Parallel(n_jobs=2)(asked):
            assert labels == model.labels_.tolist()
            assert writeable == (False, False)


def predicted(model, X):
    return model.predict(X).tolist(), (X.flags.writeable, model.cluster_centers_.flags.writeable)
