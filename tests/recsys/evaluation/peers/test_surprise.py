"""Surprise's algorithms behind fit and predict: with a stand-in, and with Surprise if installed."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from recsys import Ratings, make_ratings
from recsys.evaluation import default_recommenders, evaluate_ratings
from recsys.evaluation.peers import ALGORITHMS, SurprisePeer


class StandInAlgorithm:
    """Predicts the user's id plus the item's id / 1000, and keeps what it was given."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def fit(self, trainset: Any) -> None:
        self.trainset = trainset

    def predict(self, uid: Any, iid: Any) -> Any:
        return SimpleNamespace(est=uid + iid / 1000)


@pytest.fixture
def surprise(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A stand-in for the part of Surprise that the peers use."""
    stand_in: Any = ModuleType("surprise")
    stand_in.__spec__ = ModuleSpec("surprise", None)
    stand_in.Reader = lambda rating_scale: SimpleNamespace(scale=rating_scale)

    class Dataset:
        @staticmethod
        def load_from_df(df: Any, reader: Any) -> Any:
            return SimpleNamespace(build_full_trainset=lambda: (df, reader.scale))

    stand_in.Dataset = Dataset
    for name in ("SVD", "BaselineOnly", "KNNBaseline"):
        setattr(stand_in, name, type(name, (StandInAlgorithm,), {}))
    monkeypatch.setitem(sys.modules, "surprise", stand_in)
    module: ModuleType = stand_in
    return module


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=20, n_movies=60, n_ratings=500, random_state=0)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_it_is_fitted_on_all_ratings_and_asked_pair_by_pair(
    algorithm: str, ratings: Ratings, surprise: ModuleType
) -> None:
    peer = SurprisePeer(algorithm, random_state=6).fit(ratings)
    table, scale = peer._fitted.trainset
    assert type(peer._fitted) is getattr(surprise, algorithm.removesuffix(" items"))
    assert table.to_numpy().tolist() == ratings.ratings.iloc[:, :3].to_numpy().tolist()
    assert table.columns.tolist() == ["userId", "movieId", "rating"]
    assert scale == (0.5, 5.0)
    options = peer._fitted.options
    if algorithm == "KNNBaseline items":
        assert options["sim_options"]["user_based"] is False
    else:  # default settings, except for the seed or the silence
        assert options == ({"random_state": 6} if algorithm == "SVD" else {"verbose": False})
    assert peer.predict(np.array([3, 1]), np.array([20, 7])).tolist() == [3.02, 1.007]


def test_an_unknown_algorithm_is_refused() -> None:
    with pytest.raises(ValueError, match="algorithm must be one of SVD, BaselineOnly, KNNBaseline"):
        SurprisePeer("Magic")


def test_they_are_among_the_recommenders_if_surprise_is_installed(
    ratings: Ratings, surprise: ModuleType
) -> None:
    names = [f"Surprise {algorithm}" for algorithm in ALGORITHMS]
    makers = {name: make for name, make in default_recommenders().items() if name in names}
    assert list(makers) == names
    found = evaluate_ratings(makers, ratings, n_folds=1)
    assert [score.name for score in found.scores] == names


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_with_surprise_itself(algorithm: str, ratings: Ratings) -> None:
    pytest.importorskip("surprise")
    predictions = SurprisePeer(algorithm).fit(ratings).predict([1, 2, 999], [1, 2, 3])
    assert np.all((predictions >= 0.5) & (predictions <= 5))
    assert len(set(predictions.tolist())) == 3


@pytest.mark.parametrize(
    ("algorithm", "most", "told"),
    [
        ("KNNBaseline", 39, "it would hold similarities of 40 x 40, and its limit is 39"),
        ("KNNBaseline", 40, ""),
        ("KNNBaseline items", 59, "it would hold similarities of 60 x 60, and its limit is 59"),
        ("SVD", 1, ""),
    ],
)
def test_too_many_similarities_are_refused(
    algorithm: str, most: int, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.evaluation.peers.surprise.MOST", most)
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    assert SurprisePeer(algorithm).refusal(ratings) == told
