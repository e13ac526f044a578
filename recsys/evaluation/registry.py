"""The recommenders that are held against each other where nobody names others."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

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
    from recsys.recommenders.registry import METHODS

    return {**METHODS, **(_PEERS if find_spec("surprise") else {})}


def _surprise(algorithm: str) -> Maker:
    def make(seed: int) -> Any:
        from recsys.evaluation.peers import SurprisePeer

        return SurprisePeer(algorithm, random_state=seed)

    return make


_PEERS: dict[str, Maker] = {
    f"Surprise {algorithm}": _surprise(algorithm)
    for algorithm in ("SVD", "BaselineOnly", "KNNBaseline")
}
