"""k-means on a Dask cluster; needs the extra ``[dask]``."""

from kmeans_core.extras import install

try:
    import distributed  # noqa: F401
except ImportError as error:
    raise ImportError(f"kmeans_core.dask needs dask and distributed: {install('dask')}") from error

from kmeans_core.dask.estimator import KMeans
from kmeans_core.dask.failures import SchedulerLostError, WorkerLostError
from kmeans_core.dask.silhouette import silhouette_score

__all__ = ["KMeans", "SchedulerLostError", "WorkerLostError", "silhouette_score"]
