"""Contestants: how ours and each peer do a task, one small class a library.

Each takes the data in the form it likes best; bringing it there is part of ``prepare`` and is not
timed. A timed call ends with centers and the labels of all rows under these centers.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from benchmarks.task import Fit, Result, Silhouette, Sweep, Task

Run = Callable[[int], Result]


class Contestant:
    """What the worker asks of each; a call of ``prepare``'s answer with a seed is what is timed.

    Attributes
    ----------
    name : str
        In the table.
    package : str
        Whose version is recorded; the contestant takes part if it is installed.
    single_threaded : bool
        Asked at one thread only.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    single_threaded: ClassVar[bool] = False

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def version(self) -> str:
        return version(self.package)

    @staticmethod
    def cannot(task: Task) -> str | None:
        """Why such a task is left out; None if it can be done."""
        raise NotImplementedError

    def prepare(self, task: Task) -> Run:
        raise NotImplementedError


class Ours(Contestant):
    """kmeans_core."""

    name = "kmeans_core"
    package = "kmeans-core"

    @staticmethod
    def cannot(task: Task) -> str | None:
        return None

    def prepare(self, task: Task) -> Run:
        from kmeans_core import KMeans, silhouette_score, sweep_k

        threads = {"n_threads": self.n_threads}

        def sweep(seed: int) -> Result:
            found = sweep_k(task.X, task.ks, n_init=task.n_init, random_state=seed, **threads)
            return Sweep(found.inertia, found.silhouette)

        def silhouette(seed: int) -> Result:
            return Silhouette(silhouette_score(task.X, task.labels, **threads))

        runs = _fits(KMeans, task, **threads) | {"sweep": sweep, "silhouette": silhouette}
        return runs[task.kind]


def _fits(kmeans: Any, task: Task, **params: Any) -> dict[str, Run]:
    """What any class with scikit-learn's interface does: from given centers, and from its own."""

    def fit(**more: Any) -> Result:
        model = kmeans(task.n_clusters, **params, **more).fit(task.X)
        return Fit(model.labels_, model.cluster_centers_, int(model.n_iter_))

    def lloyd(seed: int) -> Result:
        return fit(init=task.centers, n_init=1, max_iter=task.max_iter, tol=0)

    def starts(seed: int) -> Result:
        return fit(n_init=task.n_init, random_state=seed)

    return {"lloyd": lloyd, "starts": starts}


class ScikitLearn(Contestant):
    """sklearn.cluster.KMeans as it comes: algorithm="lloyd"."""

    name = "scikit-learn"
    package = "scikit-learn"
    algorithm = "lloyd"

    @staticmethod
    def cannot(task: Task) -> str | None:
        return None

    def kmeans(self) -> Any:
        from sklearn.cluster import KMeans

        return KMeans

    def prepare(self, task: Task) -> Run:
        from sklearn.metrics import silhouette_score

        kmeans = self.kmeans()

        def sweep(seed: int) -> Result:
            inertia, silhouette = [], []
            for k in task.ks:
                model = kmeans(
                    k, n_init=task.n_init, random_state=seed, algorithm=self.algorithm
                ).fit(task.X)
                inertia.append(model.inertia_)
                silhouette.append(silhouette_score(task.X, model.labels_))
            return Sweep(inertia, silhouette)

        def silhouette(seed: int) -> Result:
            return Silhouette(float(silhouette_score(task.X, task.labels)))

        runs = _fits(kmeans, task, algorithm=self.algorithm)
        runs |= {"sweep": sweep, "silhouette": silhouette}
        return runs[task.kind]


class ScikitLearnElkan(ScikitLearn):
    """sklearn.cluster.KMeans with algorithm="elkan"."""

    name = "scikit-learn elkan"
    algorithm = "elkan"

    @staticmethod
    def cannot(task: Task) -> str | None:
        return "has no silhouette of its own" if task.kind == "silhouette" else None


class ScikitLearnSilhouetteJobs(ScikitLearn):
    """sklearn.metrics.silhouette_score with n_jobs, which its default does not use."""

    name = "scikit-learn n_jobs"

    @staticmethod
    def cannot(task: Task) -> str | None:
        return None if task.kind == "silhouette" else "is scikit-learn but for silhouettes"

    def prepare(self, task: Task) -> Run:
        from sklearn.metrics import silhouette_score

        def silhouette(seed: int) -> Result:
            score = silhouette_score(task.X, task.labels, n_jobs=self.n_threads)
            return Silhouette(float(score))

        return silhouette


class ScikitLearnIntelex(ScikitLearn):
    """sklearnex.cluster.KMeans; silhouettes in a sweep are scikit-learn's, as for its users."""

    name = "scikit-learn-intelex"
    package = "scikit-learn-intelex"

    @staticmethod
    def cannot(task: Task) -> str | None:
        return "has no silhouette of its own" if task.kind == "silhouette" else None

    def kmeans(self) -> Any:
        import daal4py
        from sklearnex.cluster import KMeans

        daal4py.daalinit(self.n_threads)
        return KMeans


class Faiss(Contestant):
    """faiss.Kmeans on all rows, float32; it has no tolerance, so it is told the iterations.

    Silhouettes in a sweep are scikit-learn's.
    """

    name = "faiss"
    package = "faiss-cpu"
    super_kmeans = False

    @staticmethod
    def cannot(task: Task) -> str | None:
        if task.is_sparse:
            return "takes no sparse matrix"
        return "has no silhouette" if task.kind == "silhouette" else None

    def prepare(self, task: Task) -> Run:
        import faiss

        faiss.omp_set_num_threads(self.n_threads)
        X = np.ascontiguousarray(task.X, dtype=np.float32)
        settings = {
            "nredo": task.n_init,
            "min_points_per_centroid": 1,
            "max_points_per_centroid": 2**31 - 1,
            "use_super_kmeans": self.super_kmeans,
            "spherical": False,
        }

        def lloyd(seed: int) -> Result:
            model = faiss.Kmeans(X.shape[1], task.n_clusters, niter=task.iterations, **settings)
            model.train(X, init_centroids=centers)
            return Fit(model.assign(X)[1], model.centroids, len(model.obj))

        def starts(seed: int) -> Result:
            return from_plusplus(task.n_clusters, task.iterations, seed)

        def from_plusplus(k: int, iterations: int, seed: int) -> Fit:
            model = faiss.Kmeans(
                X.shape[1],
                k,
                niter=iterations,
                seed=seed + 1,
                init_method=faiss.ClusteringInitMethod_KMEANS_PLUS_PLUS,
                **settings,
            )
            model.train(X)
            return Fit(model.assign(X)[1], model.centroids)

        def sweep(seed: int) -> Result:
            return sweep_of(task, from_plusplus, seed)

        if task.centers is not None:
            centers = np.ascontiguousarray(task.centers, dtype=np.float32)
        return {"lloyd": lloyd, "starts": starts, "sweep": sweep}[task.kind]


class FaissSuper(Faiss):
    """faiss.Kmeans with use_super_kmeans, which prunes by partial distances."""

    name = "faiss super"
    super_kmeans = True

    @staticmethod
    def cannot(task: Task) -> str | None:
        return Faiss.cannot(task) or (
            None if task.kind == "lloyd" else "is asked for fixed iterations only"
        )


class Scipy(Contestant):
    """scipy.cluster.vq.kmeans2 and a last vq: its labels are those of the centers before."""

    name = "scipy"
    package = "scipy"
    single_threaded = True

    @staticmethod
    def cannot(task: Task) -> str | None:
        if task.is_sparse:
            return "takes no sparse matrix"
        return "has no silhouette" if task.kind == "silhouette" else None

    def prepare(self, task: Task) -> Run:
        from scipy.cluster.vq import kmeans2, vq

        def lloyd(seed: int) -> Result:
            centers, _ = kmeans2(task.X, task.centers, iter=task.iterations, minit="matrix")
            return Fit(vq(task.X, centers, check_finite=False)[0], centers)

        def starts(seed: int) -> Result:
            return from_plusplus(task.n_clusters, task.iterations, seed)

        def from_plusplus(k: int, iterations: int, seed: int) -> Fit:
            rng = np.random.default_rng(seed)
            best, least = None, np.inf
            for _ in range(task.n_init):
                centers, _ = kmeans2(task.X, k, iter=iterations, minit="++", seed=rng)
                labels, distances = vq(task.X, centers, check_finite=False)
                inertia = float(np.sum(distances**2))
                if inertia < least:
                    best, least = Fit(labels, centers), inertia
            assert best is not None
            return best

        def sweep(seed: int) -> Result:
            return sweep_of(task, from_plusplus, seed)

        return {"lloyd": lloyd, "starts": starts, "sweep": sweep}[task.kind]


class Mlpack(Contestant):
    """mlpack.kmeans, given centers only: it has no restarts and takes no tolerance."""

    name = "mlpack hamerly"
    package = "mlpack"
    algorithm = "hamerly"

    @staticmethod
    def cannot(task: Task) -> str | None:
        if task.is_sparse:
            return "takes no sparse matrix"
        return None if task.kind == "lloyd" else "has no restarts"

    def prepare(self, task: Task) -> Run:
        import mlpack

        X = np.ascontiguousarray(task.X, dtype=np.float64)
        centers = np.ascontiguousarray(task.centers, dtype=np.float64)

        def lloyd(seed: int) -> Result:
            found = mlpack.kmeans(
                task.n_clusters,
                X,
                # A copy: mlpack writes its result into the array it is given.
                initial_centroids=centers.copy(),
                max_iterations=task.iterations,
                algorithm=self.algorithm,
                labels_only=True,
            )
            return Fit(found["output"].ravel().astype(np.int64), found["centroid"])

        return lloyd


class MlpackElkan(Mlpack):
    """mlpack.kmeans by Elkan's bounds."""

    name = "mlpack elkan"
    algorithm = "elkan"


class MlpackDualTree(Mlpack):
    """mlpack.kmeans by two k-d trees."""

    name = "mlpack dualtree"
    algorithm = "dualtree"

    @staticmethod
    def cannot(task: Task) -> str | None:
        if reason := Mlpack.cannot(task):
            return reason
        return "is for few features" if task.X.shape[1] > 8 else None


def sweep_of(task: Task, fit: Callable[[int, int, int], Fit], seed: int) -> Sweep:
    """A sweep for a library that has no silhouette: scikit-learn's serves."""
    from sklearn.metrics import silhouette_score

    inertia, silhouette = [], []
    for k, iterations in zip(task.ks, task.iterations_by_k, strict=True):
        found = fit(k, iterations, seed)
        inertia.append(float(np.sum((task.X - found.centers[found.labels]) ** 2)))
        silhouette.append(float(silhouette_score(task.X, found.labels)))
    return Sweep(inertia, silhouette)


ALL: dict[str, type[Contestant]] = {
    kind.name: kind
    for kind in (
        Ours,
        ScikitLearn,
        ScikitLearnElkan,
        ScikitLearnSilhouetteJobs,
        ScikitLearnIntelex,
        Faiss,
        FaissSuper,
        Scipy,
        Mlpack,
        MlpackElkan,
        MlpackDualTree,
    )
}
OURS, DEFAULT = Ours.name, ScikitLearn.name
