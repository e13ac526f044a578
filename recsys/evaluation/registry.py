"""The recommenders that an evaluation compares by default."""

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from recsys.evaluation.peers import (
    ALGORITHMS,
    EASE,
    Algorithm,
    ImplicitALS,
    ItemKNN,
    MyFM,
    SurprisePeer,
)
from recsys.recommenders.boosted import BoostedClusterMeans
from recsys.recommenders.registry import FOR_MANY, METHODS

# Makes an unfitted recommender from a seed; recsys.evaluation.protocols says what it can be asked.
Maker = Callable[[int], Any]


def default_recommenders() -> dict[str, Maker]:
    """Every recommender of this package, and the peers whose packages are installed.

    Returns
    -------
    dict of str to callable
        Names of recommenders, and functions that make each one, unfitted, from a seed.

    Examples
    --------
    >>> default_recommenders()["cluster-mean"](7).random_state
    7
    """
    missing = missing_packages()
    peers = {name: make for name, make in _PEERS.items() if name not in missing}
    # The groups alone are a part of taste-groups, for data that are too large to compare on.
    own = {name: make for name, make in METHODS.items() if name != FOR_MANY}
    return {**own, **_PLAIN, **peers}


def missing_packages() -> dict[str, str]:
    """The peers that cannot be used, by name, and the package that each one lacks."""
    return {name: package for name, package in _PACKAGES.items() if not find_spec(package)}


def _surprise(algorithm: Algorithm) -> Maker:
    return lambda seed: SurprisePeer(algorithm, random_state=seed)


_SURPRISE = {f"Surprise {algorithm}": _surprise(algorithm) for algorithm in ALGORITHMS}

# What is left of a recommender without its stages, to tell what the stages add.
_PLAIN: dict[str, Maker] = {
    "biases with film prior": lambda seed: BoostedClusterMeans(
        n_chains=1, n_stages=0, random_state=seed
    ),
}

_PEERS: dict[str, Maker] = {
    "EASE": lambda seed: EASE(),
    "item-kNN": lambda seed: ItemKNN(),
    "iALS": lambda seed: ImplicitALS(random_state=seed),
    "myFM": lambda seed: MyFM(random_state=seed),
    **_SURPRISE,
}

_PACKAGES = {"iALS": "implicit", "myFM": "myfm", **dict.fromkeys(_SURPRISE, "surprise")}
