"""What to install when an optional package is missing."""


def install(extra: str) -> str:
    """The command that installs an extra.

    Examples
    --------
    >>> install("serve")
    'pip install ".[serve]" in a clone of https://github.com/kmeans-core/kmeans-core'
    """
    # kmeans_core loads numba, which would slow the start of each command.
    from kmeans_core import extras

    return extras.install(extra)
