"""myFM's factorisation machine behind fit and predict: with a stand-in, and with myFM itself."""

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings
from recsys.evaluation.peers import MyFM


class StandInMachine:
    """Keeps what it was given, and predicts the number of features of each row."""

    def __init__(self, **options: Any) -> None:
        self.options = options

    def fit(self, X: Any, y: Any, **options: Any) -> None:
        sys.stderr.write("a progress bar")
        self.given = SimpleNamespace(X=X, y=y, **options)

    def predict(self, X: Any, X_rel: Any) -> Any:
        return sum(np.diff(related.features[related.rows].indptr) for related in X_rel)


@pytest.fixture
def myfm(monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in: Any = ModuleType("myfm")
    stand_in.MyFMRegressor = StandInMachine
    stand_in.RelationBlock = lambda rows, features: SimpleNamespace(rows=rows, features=features)
    monkeypatch.setitem(sys.modules, "myfm", stand_in)


@pytest.fixture(scope="module")
def small() -> Ratings:
    """User 1 rated items 10 and 20, and user 2 rated item 20."""
    return Ratings.from_frames(
        pd.DataFrame({"userId": [1, 2, 1], "movieId": [10, 20, 20], "rating": [5.0, 3.0, 1.0]}),
        pd.DataFrame(
            {"movieId": [10, 20], "title": ["Up (2009)", "Big"], "genres": ["War", "War|Crime"]}
        ),
    )


@pytest.mark.usefixtures("myfm")
def test_features_worked_by_hand(small: Ratings, capsys: pytest.CaptureFixture[str]) -> None:
    model = MyFM(rank=5, n_iter=50, random_state=9).fit(small)
    assert capsys.readouterr().err == ""
    machine = model._fitted
    assert machine.options == {"rank": 5, "random_seed": 9}
    assert machine.given.X is None
    assert machine.given.y.tolist() == [5, 1, 3]  # user 1: items 10 and 20; user 2: item 20
    users, items = machine.given.X_rel
    assert (users.rows.tolist(), items.rows.tolist()) == ([0, 0, 1], [0, 1, 1])
    half = np.sqrt(0.5)
    # The user, then the items that the user rated. The last row is of an unknown user.
    np.testing.assert_allclose(
        users.features.toarray(), [[1, 0, half, half], [0, 1, 0, 1], [0, 0, 0, 0]]
    )
    # The item, the users who rated it, its genres (Crime, War) and its year (2009).
    np.testing.assert_allclose(
        items.features.toarray(),
        [[1, 0, 1, 0, 0, 1, 1], [0, 1, half, half, half, half, 0], [0, 0, 0, 0, 0, 0, 0]],
    )
    assert machine.given.group_shapes == [2, 2, 2, 2, 2, 1]
    assert (machine.given.n_iter, machine.given.n_kept_samples) == (50, 40)


@pytest.mark.usefixtures("myfm")
def test_unknown_users_and_items_have_no_features(small: Ratings) -> None:
    model = MyFM().fit(small)
    predicted = model.predict(np.array([1, 7, 7, 2]), np.array([10, 20, 99, 99]))
    assert predicted.tolist() == [3 + 4, 0 + 5, 0, 2]


@pytest.mark.usefixtures("myfm")
def test_without_genres_and_years_users_and_items_are_left(ratings: Ratings) -> None:
    bare = Ratings.from_frames(ratings.ratings[["userId", "movieId", "rating"]])
    n_users, n_items = bare.n_users, bare.n_movies
    given = MyFM().fit(bare)._fitted.given
    assert given.group_shapes == [n_users, n_items, n_items, n_users, 0, 0]
    assert given.X_rel[1].features.shape == (n_items + 1, n_items + n_users)


def test_with_myfm_itself(ratings: Ratings) -> None:
    pytest.importorskip("myfm")
    table = ratings.ratings
    user_ids, movie_ids = table["userId"].to_numpy(), table["movieId"].to_numpy()
    model = MyFM(rank=2, n_iter=20).fit(ratings)
    errors = model.predict(user_ids, movie_ids) - table["rating"]
    assert np.sqrt((errors**2).mean()) < table["rating"].std()
    assert np.isfinite(model.predict(np.array([999]), np.array([movie_ids[0]]))).all()
