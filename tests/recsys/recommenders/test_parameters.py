"""Parameters of recommenders, and the texts that show recommenders and tables."""

from collections.abc import Callable
from inspect import signature
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    ClusterMeanRecommender,
    RatingMatrix,
    Recommender,
    TasteClusters,
    TasteGroups,
    make_ratings,
)
from recsys.recommenders.registry import FOR_MANY, METHODS

# Each parameter with a value that is not the default.
OTHERS: dict[str, dict[str, Any]] = {
    "hybrid": {
        "groups": BiasBaseline(n_sweeps=4),
        "item_weight": 2.0,
        "damping": 20.0,
        "random_state": 7,
    },
    "taste-groups": {
        "n_user_groupings": 3,
        "n_item_groupings": 2,
        "item_weight": 0.5,
        "stars_weight": 0.5,
        "popularity_discount": 0.0,
        "taste_weight": 0.5,
        "rating_model": BiasBaseline(n_sweeps=4),
        "random_state": 7,
    },
    "pocket-groups": {
        "n_groupings": 3,
        "taste_weight": 0.5,
        "max_users": 15,
        "max_items": 20,
        "random_state": 7,
    },
    "boosted": {
        "n_chains": 1,
        "n_stages": 3,
        "learning_rate": 0.5,
        "damping": 2.0,
        "random_state": 7,
    },
    "biases": {"item_damping": 1.0, "user_damping": 2.0, "n_sweeps": 3},
    "most-liked": {},
    "cluster-mean": {
        "n_clusters": 3,
        "n_movies": 20,
        "region": (4, 5),
        "n_init": 1,
        "random_state": 7,
    },
}

OTHERS[FOR_MANY] = OTHERS["taste-groups"]


@pytest.mark.parametrize(("method", "make"), METHODS.items())
class TestEveryRecommender:
    def test_defaults(self, method: str, make: Callable[[int], Recommender]) -> None:
        kind = type(make(0))
        defaults = {name: p.default for name, p in signature(kind).parameters.items()}
        assert kind().get_params() == kind().get_params(deep=False) == defaults
        assert repr(kind()) == f"{kind.__name__}()"

    def test_parameters_make_an_equal_one(
        self, method: str, make: Callable[[int], Recommender]
    ) -> None:
        kind, others = type(make(0)), OTHERS[method]
        assert others.keys() == signature(kind).parameters.keys()
        model = kind(**others)
        for again in (kind(**model.get_params(deep=False)), kind().set_params(**others)):
            assert again.get_params(deep=False) == others
            assert repr(again) == repr(model)
        shown = ", ".join(f"{name}={value!r}" for name, value in others.items())
        assert repr(model) == f"{kind.__name__}({shown})"

    def test_scikit_learn_clones_it(self, method: str, make: Callable[[int], Recommender]) -> None:
        ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
        model = type(make(0))(**OTHERS[method]).fit(ratings)
        again = clone(model)
        assert repr(again) == repr(model)
        assert not hasattr(again, "trained_on")
        users, items = np.arange(1, 6), np.arange(1, 6)
        predicted = again.fit(ratings).predict(users, items)
        assert predicted.tolist() == model.predict(users, items).tolist()

    def test_an_unknown_parameter_is_refused(
        self, method: str, make: Callable[[int], Recommender]
    ) -> None:
        for name in ("n_wheels", "random_state__n_wheels", "trained_on", "__init__"):
            with pytest.raises(ValueError, match=f"has no parameter '{name}'"):
                make(0).set_params(**{name: 3})


def test_parameters_of_a_recommender_within() -> None:
    model = TasteGroups(rating_model=BiasBaseline(n_sweeps=4))
    assert model.get_params()["rating_model__n_sweeps"] == 4
    assert "rating_model__n_sweeps" not in model.get_params(deep=False)
    model.set_params(rating_model__n_chains=3, rating_model=BoostedClusterMeans())
    assert repr(model) == "TasteGroups(rating_model=BoostedClusterMeans(n_chains=3))"
    outer = TasteGroups(rating_model=model)
    assert outer.get_params()["rating_model__rating_model__n_chains"] == 3
    outer.set_params(rating_model__rating_model__n_chains=5)
    assert model.rating_model.get_params()["n_chains"] == 5
    with pytest.raises(ValueError, match="BoostedClusterMeans has no parameter 'n_sweeps'"):
        model.set_params(rating_model__n_sweeps=1)
    with pytest.raises(ValueError, match="TasteGroups has no parameter 'rating_model__n_sweeps'"):
        TasteGroups().set_params(rating_model__n_sweeps=1)


def test_recommenders_within_each_other_are_shown_once_each() -> None:
    """A file may nest many of them."""
    calls = []

    class Innermost(BiasBaseline):
        def __repr__(self) -> str:
            calls.append(self)
            return "innermost"

    model: Recommender = Innermost()
    for _ in range(8):
        model = TasteGroups(rating_model=model)
    assert repr(model) == "TasteGroups(rating_model=" * 8 + "innermost" + ")" * 8
    assert len(calls) == 1


def test_new_parameters_take_effect_at_the_next_fit() -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    model = BiasBaseline().fit(ratings)
    before = model.predict(movie_ids=[1, 2], ratings={3: 5.0})
    model.set_params(user_damping=500.0)
    assert model.predict(movie_ids=[1, 2], ratings={3: 5.0}).tolist() == before.tolist()
    assert model.fit(ratings).predict(movie_ids=[1, 2], ratings={3: 5.0}).tolist() != (
        before.tolist()
    )


def test_tables_say_how_large_they_are() -> None:
    ratings = make_ratings(n_users=20, n_movies=30, n_ratings=300, random_state=0)
    matrix = RatingMatrix.from_ratings(ratings)
    n_items = ratings.ratings["movieId"].nunique()
    assert repr(matrix) == f"RatingMatrix(20 users x {n_items} movies, 300 ratings)"
    clusters = ClusterMeanRecommender(3).fit(ratings).clusters
    assert repr(clusters) == f"TasteClusters(3 groups, 20 users x {n_items} movies)"
    one = TasteClusters(matrix, np.zeros(20, dtype=np.int32), 1, 0.0)
    assert repr(one) == f"TasteClusters(1 group, 20 users x {n_items} movies)"
