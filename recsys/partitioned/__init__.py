"""Groups and lists of users by Dask: workers read partitions of users, and the client gathers."""
