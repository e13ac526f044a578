"""What to install when an optional package is missing."""

SOURCE = "https://github.com/kmeans-core/kmeans-core"


def install(extra: str) -> str:
    """The command that installs an extra. The packages are on no index yet, so it needs a clone.

    Examples
    --------
    >>> install("plots")
    'pip install ".[plots]" in a clone of https://github.com/kmeans-core/kmeans-core'
    """
    return f'pip install ".[{extra}]" in a clone of {SOURCE}'
