"""The recommenders that an evaluation compares by default."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

# Makes an unfitted recommender from a seed; recsys.evaluation.answers says what it can be asked.
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
