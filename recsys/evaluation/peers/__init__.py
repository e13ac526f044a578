"""Well-known algorithms that take part in the evaluation beside our own recommenders."""

from recsys.evaluation.peers.ease import EASE
from recsys.evaluation.peers.ials import ImplicitALS
from recsys.evaluation.peers.item_knn import ItemKNN
from recsys.evaluation.peers.myfm import MyFM
from recsys.evaluation.peers.surprise import ALGORITHMS, Algorithm, SurprisePeer

__all__ = [
    "ALGORITHMS",
    "EASE",
    "Algorithm",
    "ImplicitALS",
    "ItemKNN",
    "MyFM",
    "SurprisePeer",
]
