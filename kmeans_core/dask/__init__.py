"""k-means on a Dask cluster; needs the extra ``[dask]``."""

from kmeans_core.dask.estimator import KMeans
from kmeans_core.dask.failures import SchedulerLostError, WorkerLostError
from kmeans_core.dask.silhouette import silhouette_score

__all__ = ["KMeans", "SchedulerLostError", "WorkerLostError", "silhouette_score"]
