"""implicit's ALS behind fit, top and top_new: with a stand-in, and with implicit if installed."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from recsys import MostLiked, Ratings
from recsys.evaluation.peers import ImplicitALS


class StandInALS:
    """The factors of an item are its likes by user, and those of a user are the users alike.

    So an item's score is its number of likes by users with a like in common with the user.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options

    def fit(self, user_items: Any, show_progress: bool) -> None:
        assert user_items.dtype == np.float32
        assert not show_progress
        self.likes = user_items.toarray()
        self.item_factors = self.likes.T

    def recalculate_user(self, userid: Any, user_items: Any) -> Any:
        assert len(userid) == user_items.shape[0]
        return (user_items @ self.likes.T > 0).astype(np.float32)


@pytest.fixture
def implicit(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in: Any = ModuleType("implicit.cpu.als")
    stand_in.AlternatingLeastSquares = StandInALS
    monkeypatch.setitem(sys.modules, "implicit", ModuleType("implicit"))
    monkeypatch.setitem(sys.modules, "implicit.cpu", ModuleType("implicit.cpu"))
    monkeypatch.setitem(sys.modules, "implicit.cpu.als", stand_in)


@pytest.mark.usefixtures("implicit")
def test_lists_are_made_of_factors_of_likes() -> None:
    # Users 1 and 2 both like item 10, so user 1 gets 20 and then 40, which tie with no other.
    rows = [(1, 10, 5), (2, 10, 4), (2, 20, 5), (4, 10, 5), (4, 20, 4), (4, 40, 5), (1, 50, 1)]
    rows += [(3, 30, 5), (5, 30, 5), (6, 30, 5)]
    ratings = Ratings.from_columns(*zip(*rows, strict=True))
    model = ImplicitALS(4, 0.5, 3.0, 7, random_state=9).fit(ratings)
    assert model._fitted.options == {
        "factors": 4,
        "regularization": 0.5,
        "alpha": 3.0,
        "iterations": 7,
        "random_state": 9,
    }
    # Item 50 is rated by user 1 and liked by nobody; 30 is liked by nobody alike.
    assert model.top(np.array([1]), 3).tolist() == [[20, 40, 30]]
    assert model.top_new([{10: 5.0}], 4).tolist() == [[20, 40, 30, 50]]


def test_with_implicit_itself(ratings: Ratings) -> None:
    pytest.importorskip("implicit")
    first, again = (ImplicitALS(factors=8).fit(ratings) for _ in range(2))
    user_ids = np.unique(ratings.ratings["userId"])
    lists = first.top(user_ids, 10).tolist()
    assert lists == again.top(user_ids, 10).tolist()
    own = [
        dict(zip(rows["movieId"].tolist(), rows["rating"].tolist(), strict=True))
        for _, rows in ratings.ratings.groupby("userId")
    ]
    assert lists == first.top_new(own, 10).tolist()
    assert lists != MostLiked().fit(ratings).top(user_ids, 10).tolist()
    assert lists != ImplicitALS(factors=8, random_state=1).fit(ratings).top(user_ids, 10).tolist()
