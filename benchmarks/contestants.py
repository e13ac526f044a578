"""Contestants: one small class for each library, which does a task its own way.

Each takes the data in the form it likes best. ``prepare`` converts the data, and is not timed. A
timed call ends with centers and the labels of all rows under these centers.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np

from benchmarks.task import Fit, Kind, Result, Silhouette, Sweep, Task

Run = Callable[[int], Result]


class Contestant:
    """The questions that a worker asks of a library.

    Attributes
    ----------
    name : str
        Its name in the table.
    package : str
        The package whose version is recorded. The contestant takes part if it is installed.
    single_threaded : bool
        Whether it is called with one thread only.
    takes_sparse : bool
    has_minibatches : bool
        Whether it draws batches of a given size.
    lacks : dict of str to str
        The kinds of tasks that it is left out of, and why.
    """

    name: ClassVar[str]
    package: ClassVar[str]
    single_threaded: ClassVar[bool] = False
    takes_sparse: ClassVar[bool] = True
    has_minibatches: ClassVar[bool] = False
    lacks: ClassVar[dict[Kind, str]] = {}

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads

    def version(self) -> str:
        return version(self.package)

    @classmethod
    def cannot(cls, task: Task) -> str | None:
        """Why the contestant is left out of a task; None if it takes part."""
        if task.is_sparse and not cls.takes_sparse:
            return "takes no sparse matrix"
        if task.kind == "minibatch" and not cls.has_minibatches:
            return "has no mini-batches of its own"
        return cls.lacks.get(task.kind)

    def prepare(self, task: Task) -> Run:
        """Make the function that is timed; it is called with a seed."""
        raise NotImplementedError


class Ours(Contestant):
    """kmeans_core."""

    name = "kmeans_core"
    package = "kmeans-core"
    has_minibatches = True

    def prepare(self, task: Task) -> Run:
        from kmeans_core import KMeans, MiniBatchKMeans, silhouette_score, sweep_k

        threads = {"n_threads": self.n_threads}

        def sweep(seed: int) -> Result:
            found = sweep_k(task.X, task.ks, n_init=task.n_init, random_state=seed, **threads)
            return Sweep(found.inertia, found.silhouette)

        def silhouette(seed: int) -> Result:
            return Silhouette(silhouette_score(task.X, task.labels, **threads))

        runs = _fits(KMeans, task, **threads) | {"sweep": sweep, "silhouette": silhouette}
        runs["minibatch"] = _minibatches(MiniBatchKMeans, task, **threads)
        return runs[task.kind]


def _fits(kmeans: Any, task: Task, **params: Any) -> dict[str, Run]:
    """Fits of a class with scikit-learn's interface, from given centers and from its own."""

    def fit(**more: Any) -> Result:
        model = kmeans(task.n_clusters, **params, **more).fit(task.X)
        return Fit(model.labels_, model.cluster_centers_, int(model.n_iter_))

    def lloyd(seed: int) -> Result:
        return fit(init=task.centers, n_init=1, max_iter=task.max_iter, tol=0)

    def restarts(seed: int) -> Result:
        return fit(n_init=task.n_init, random_state=seed)

    return {"lloyd": lloyd, "restarts": restarts}


def _minibatches(kmeans: Any, task: Task, **params: Any) -> Run:
    """A fixed number of batches by a class with scikit-learn's interface."""

    def run(seed: int) -> Result:
        model = kmeans(
            task.n_clusters,
            batch_size=task.batch_size,
            max_iter=task.max_iter,
            max_no_improvement=None,
            random_state=seed,
            **params,
        ).fit(task.X)
        return Fit(model.labels_, model.cluster_centers_, int(model.n_steps_))

    return run


class ScikitLearn(Contestant):
    """sklearn.cluster.KMeans with its default algorithm, "lloyd", and MiniBatchKMeans."""

    name = "scikit-learn"
    package = "scikit-learn"
    has_minibatches = True
    algorithm = "lloyd"
    n_jobs: int | None = None

    def kmeans(self) -> Any:
        from sklearn.cluster import KMeans

        return KMeans

    def prepare(self, task: Task) -> Run:
        from sklearn.cluster import MiniBatchKMeans
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
            return Silhouette(float(silhouette_score(task.X, task.labels, n_jobs=self.n_jobs)))

        runs = _fits(kmeans, task, algorithm=self.algorithm)
        runs |= {"sweep": sweep, "silhouette": silhouette}
        runs["minibatch"] = _minibatches(MiniBatchKMeans, task)
        return runs[task.kind]


class ScikitLearnElkan(ScikitLearn):
    """sklearn.cluster.KMeans with algorithm="elkan"."""

    name = "scikit-learn elkan"
    has_minibatches = False
    algorithm = "elkan"
    lacks: ClassVar = {"silhouette": "has no silhouette of its own"}


class ScikitLearnSilhouetteJobs(ScikitLearn):
    """sklearn.metrics.silhouette_score with n_jobs, which its default does not use."""

    name = "scikit-learn n_jobs"
    has_minibatches = False
    lacks: ClassVar = dict.fromkeys(
        ("lloyd", "restarts", "sweep"), "differs from scikit-learn in silhouettes only"
    )

    def __init__(self, n_threads: int) -> None:
        super().__init__(n_threads)
        self.n_jobs = n_threads


class ScikitLearnIntelex(ScikitLearn):
    """sklearnex.cluster.KMeans. A sweep uses scikit-learn's silhouettes, as its users do."""

    name = "scikit-learn-intelex"
    package = "scikit-learn-intelex"
    has_minibatches = False
    lacks: ClassVar = {"silhouette": "has no silhouette of its own"}

    def kmeans(self) -> Any:
        import daal4py
        from sklearnex.cluster import KMeans

        daal4py.daalinit(self.n_threads)
        return KMeans


def _told_runs(task: Task, lloyd: Run, fit: Callable[[int, int, int], Fit]) -> dict[str, Run]:
    """Runs of a library that has no tolerance and no silhouette.

    ``fit`` takes k, the number of iterations, and a seed. A sweep uses scikit-learn's silhouettes.
    """

    def restarts(seed: int) -> Result:
        return fit(task.n_clusters, task.iterations, seed)

    def sweep(seed: int) -> Result:
        from sklearn.metrics import silhouette_score

        inertia, silhouette = [], []
        for k, iterations in zip(task.ks, task.iterations_by_k, strict=True):
            found = fit(k, iterations, seed)
            inertia.append(float(np.sum((task.X - found.centers[found.labels]) ** 2)))
            silhouette.append(float(silhouette_score(task.X, found.labels)))
        return Sweep(inertia, silhouette)

    return {"lloyd": lloyd, "restarts": restarts, "sweep": sweep}


class Faiss(Contestant):
    """faiss.Kmeans on all rows, in float32."""

    name = "faiss"
    package = "faiss-cpu"
    super_kmeans = False
    takes_sparse = False
    lacks: ClassVar = {"silhouette": "has no silhouette"}

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
        if task.centers is not None:
            centers = np.ascontiguousarray(task.centers, dtype=np.float32)

        def lloyd(seed: int) -> Result:
            model = faiss.Kmeans(X.shape[1], task.n_clusters, niter=task.iterations, **settings)
            model.train(X, init_centroids=centers)
            return Fit(model.assign(X)[1], model.centroids, len(model.obj))

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

        return _told_runs(task, lloyd, from_plusplus)[task.kind]


class FaissSuper(Faiss):
    """faiss.Kmeans with use_super_kmeans, which prunes by partial distances."""

    name = "faiss super"
    super_kmeans = True
    lacks: ClassVar = Faiss.lacks | dict.fromkeys(
        ("restarts", "sweep"), "is asked for fixed iterations only"
    )


class Scipy(Contestant):
    """scipy.cluster.vq.kmeans2, then vq, because kmeans2 labels rows by the centers before."""

    name = "scipy"
    package = "scipy"
    single_threaded = True
    takes_sparse = False
    lacks: ClassVar = {"silhouette": "has no silhouette"}

    def prepare(self, task: Task) -> Run:
        from scipy.cluster.vq import kmeans2, vq

        def lloyd(seed: int) -> Result:
            centers, _ = kmeans2(task.X, task.centers, iter=task.iterations, minit="matrix")
            return Fit(vq(task.X, centers, check_finite=False)[0], centers)

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

        return _told_runs(task, lloyd, from_plusplus)[task.kind]


class Mlpack(Contestant):
    """mlpack.kmeans from given centers. It has no restarts and no tolerance."""

    name = "mlpack hamerly"
    package = "mlpack"
    algorithm = "hamerly"
    takes_sparse = False
    lacks: ClassVar = dict.fromkeys(("restarts", "sweep", "silhouette"), "has no restarts")

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
    """mlpack.kmeans with Elkan's bounds."""

    name = "mlpack elkan"
    algorithm = "elkan"


class MlpackDualTree(Mlpack):
    """mlpack.kmeans with two k-d trees."""

    name = "mlpack dualtree"
    algorithm = "dualtree"

    @classmethod
    def cannot(cls, task: Task) -> str | None:
        if reason := super().cannot(task):
            return reason
        return "is for few features" if task.X.shape[1] > 8 else None


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
