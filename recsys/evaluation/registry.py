"""The recommenders that an evaluation compares by default."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from recsys.evaluation.peers import ALGORITHMS, Algorithm, SurprisePeer
from recsys.recommenders.registry import METHODS

# Makes an unfitted recommender from a seed; recsys.evaluation.protocols says what it can be asked.
Maker = Callable[[int], Any]


def default_recommenders() -> dict[str, Maker]:
    """Every recommender of this package, and those of Surprise if it is installed.

    Returns
    -------
    dict of str to callable
        Names of recommenders, and functions that make each one, unfitted, from a seed.

    Examples
    --------
    >>> default_recommenders()["cluster-mean"](7).random_state
    7
    """
    return {**METHODS, **(_PEERS if find_spec("surprise") else {})}


def _surprise(algorithm: Algorithm) -> Maker:
    return lambda seed: SurprisePeer(algorithm, random_state=seed)


_PEERS = {f"Surprise {algorithm}": _surprise(algorithm) for algorithm in ALGORITHMS}
