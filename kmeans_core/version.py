"""The version of the package: pyproject.toml, ``kmeans_core.__version__`` and pickles use it."""

__version__ = "0.1.0"
