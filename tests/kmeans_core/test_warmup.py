"""warmup: what it has compiled, fits need not compile any more."""

import os
import subprocess
import sys

# Fits of other shapes than warmup's, by every assigner, in a process where nothing else was fitted.
FITS = """
import importlib, pkgutil
import numpy as np, scipy.sparse as sp
import kmeans_core
from kmeans_core import KMeans, kernels, silhouette_samples

modules = [importlib.import_module(f"kmeans_core.kernels.{module.name}")
           for module in pkgutil.iter_modules(kernels.__path__)]

def compiled():
    return {(module.__name__, name, str(signature)) for module in modules
            for name, kernel in vars(module).items() if hasattr(kernel, "signatures")
            for signature in kernel.signatures}

kmeans_core.warmup(NUMBERS, dtypes=[np.float64], missing=True)
before = compiled()
rng = np.random.default_rng(1)
for shape in ((90, 4), (3000, 3), (2500, 40)):
    X = rng.normal(size=shape)
    for Z in (X, sp.csr_array(X * (X > 1)), sp.csr_array(np.round(X))):
        for listener in (None, lambda event: None):
            model = KMeans(12, n_init=2, random_state=0, on_iteration=listener).fit(Z)
        model.predict(Z), model.transform(Z), model.score(Z), silhouette_samples(Z, model.labels_)
Z = np.where(X > 1, np.nan, X)
model = KMeans(12, n_init=2, random_state=0, missing="ignore").fit(Z)
model.predict(Z), model.transform(Z), model.score(Z)
silhouette_samples(Z, model.labels_, missing="ignore")
print(len(before), sorted(compiled() - before))
"""


def after_warmup(numbers: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", FITS.replace("NUMBERS", numbers)],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split(" ", 1)


def test_nothing_is_compiled_after_it():
    n_compiled, more = after_warmup("[9]")
    assert int(n_compiled) > 40
    assert more.strip() == "[]"


def test_without_it_there_is_something_to_compile():
    _, more = after_warmup("[]")
    assert "small_sparse" in more
    assert "boxes" in more
    assert "dense_filter" in more
    assert "observed" in more
