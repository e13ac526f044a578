"""k-means on a Dask cluster; needs the extra ``[dask]``."""

from kmeans_core.dask.estimator import KMeans
from kmeans_core.dask.failures import SchedulerLostError, WorkerLostError

__all__ = ["KMeans", "SchedulerLostError", "WorkerLostError"]
