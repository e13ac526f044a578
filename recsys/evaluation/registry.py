"""The recommenders that are held against each other where nobody names others."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from recsys.evaluation.peers import ALGORITHMS, Algorithm, SurprisePeer
from recsys.recommenders.registry import METHODS

# Given a seed, an unfitted recommender; what it can be asked is in recsys.evaluation.answers.
Maker = Callable[[int], Any]


def default_recommenders() -> dict[str, Maker]:
    """Every recommender of this package by name, and Surprise's where it is installed.

    Returns
    -------
    dict of str to callable
        Given a seed, an unfitted recommender.

    Examples
    --------
    >>> default_recommenders()["cluster-mean"](7).random_state
    7
    """
    return {**METHODS, **(_PEERS if find_spec("surprise") else {})}


def _surprise(algorithm: Algorithm) -> Maker:
    return lambda seed: SurprisePeer(algorithm, random_state=seed)


_PEERS = {f"Surprise {algorithm}": _surprise(algorithm) for algorithm in ALGORITHMS}
