"""EASE and item neighbours against their definitions, and the lists made of their scores."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys import Ratings, make_ratings
from recsys.data.scale import LIKES
from recsys.evaluation.peers import EASE, ItemKNN
from recsys.evaluation.ranking import evaluate_ranking


def profiles(ratings: Ratings, other: float) -> pd.DataFrame:
    """Users x items: 1 for a like, ``other`` for another rating, 0 for no rating."""
    table = ratings.ratings.pivot(index="userId", columns="movieId", values="rating")
    return table.map(lambda rating: 0.0 if np.isnan(rating) else 1.0 if rating >= 4 else other)


def expected_lists(ratings: Ratings, scores: pd.DataFrame, n: int) -> list[list[int]]:
    """The best unrated items of each user; of equal scores, the most liked, then the lowest id."""
    n_likes = (profiles(ratings, 0.0) > 0).sum()
    lists = []
    for user_id, of_user in scores.iterrows():
        rated = ratings.ratings.loc[ratings.ratings["userId"] == user_id, "movieId"]
        rest = of_user.drop(index=rated)
        lists.append(sorted(rest.index, key=lambda i: (-rest[i], -n_likes[i], i))[:n])
    return lists


def brought(ratings: Ratings) -> list[dict[int, float]]:
    """The ratings of each user, as a new user brings them."""
    return [
        dict(zip(rows["movieId"].tolist(), rows["rating"].tolist(), strict=True))
        for _, rows in ratings.ratings.groupby("userId")
    ]


def assert_lists(peer: Any, ratings: Ratings, scores: pd.DataFrame) -> None:
    user_ids = scores.index.to_numpy()
    lists = peer.top(user_ids, 8)
    assert lists.tolist() == peer.top_new(brought(ratings), 8).tolist()
    wanted = expected_lists(ratings, scores.round(10), 8)
    for user_id, listed, best in zip(user_ids, lists.tolist(), wanted, strict=True):
        # Scores that differ by rounding only may change places.
        of_user = scores.loc[user_id]
        np.testing.assert_allclose(of_user[listed], of_user[best], atol=1e-9)
    assert (lists == np.array(wanted)).mean() > 0.98


@pytest.mark.parametrize("n_users", [40, 200])
def test_ease_from_the_paper(n_users: int) -> None:
    """The smaller of X'X and XX' is inverted: there are 60 items."""
    ratings = make_ratings(n_users=n_users, n_movies=60, n_ratings=900, random_state=0)
    X = profiles(ratings, 0.3)
    P = np.linalg.inv(X.T.to_numpy() @ X.to_numpy() + 20 * np.eye(X.shape[1]))
    B = -P / P.diagonal()
    np.fill_diagonal(B, 0)
    scores = pd.DataFrame(X.to_numpy() @ B, index=X.index, columns=X.columns)
    assert_lists(EASE(ridge=20, rated_weight=0.3).fit(ratings), ratings, scores)


@pytest.mark.parametrize(("n_neighbors", "damping"), [(5, 0.0), (1000, 3.0)])
def test_item_neighbours_from_the_definition(
    n_neighbors: int, damping: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings = make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)
    likes = profiles(ratings, 0.0)
    likers = [set(np.flatnonzero(likes[item])) for item in likes]
    S = np.zeros((len(likers), len(likers)))
    for i, first in enumerate(likers):
        for j, second in enumerate(likers):
            both = len(first & second)
            if i != j and both:
                # Ties at the last neighbour must be ties to the bit, as they are in the peer.
                cosine = both / (np.sqrt(len(first)) * np.sqrt(len(second)))
                S[i, j] = both / (both + damping) * cosine
        if n_neighbors < len(S):
            S[i, S[i] < np.sort(S[i])[-n_neighbors]] = 0
    scores = pd.DataFrame(likes.to_numpy() @ S, index=likes.index, columns=likes.columns)
    monkeypatch.setattr("recsys.evaluation.peers.item_knn.MOST_CELLS", 1000)  # several blocks
    assert_lists(ItemKNN(n_neighbors, damping).fit(ratings), ratings, scores)


@pytest.mark.parametrize("make", [EASE, ItemKNN])
def test_who_liked_nothing_gets_what_most_liked(make: Any, ratings: Ratings) -> None:
    table = ratings.ratings
    n_likes = table[table["rating"] >= 4].groupby("movieId").size()
    most_liked = sorted(n_likes.index, key=lambda item: (-n_likes[item], item))
    assert make().fit(ratings).top_new([{}], 6).tolist() == [most_liked[:6]]


@pytest.mark.parametrize("make", [EASE, ItemKNN])
def test_a_list_of_all_items_ends_in_no_item(make: Any, ratings: Ratings) -> None:
    user_id = ratings.ratings["userId"][0]
    rated = ratings.ratings.loc[ratings.ratings["userId"] == user_id, "movieId"]
    n_left = ratings.n_movies - len(rated)
    as_text = Ratings.from_frames(
        ratings.ratings.assign(movieId=[f"m{movie}" for movie in ratings.ratings["movieId"]])
    )
    for data, nothing in ((ratings, -1), (as_text, None)):
        (listed,) = make().fit(data).top(np.array([user_id]), ratings.n_movies).tolist()
        assert listed[n_left:] == [nothing] * len(rated)
        assert nothing not in listed[:n_left]
        assert len(set(listed[:n_left])) == n_left
        own = data.ratings.loc[data.ratings["userId"] == user_id, "movieId"]
        assert not set(listed) & set(own)


def test_what_other_ratings_count(ratings: Ratings) -> None:
    """Without weight, a rating that is no like changes nothing."""
    model = EASE(rated_weight=0.0).fit(ratings)
    liked = {1: 5.0, 2: 4.0}
    first, second = model.top_new([liked, liked | {3: 1.0}], 300)
    assert [item for item in first if item != 3][:290] == second.tolist()[:290]
    heavy = EASE(rated_weight=0.3).fit(ratings)
    assert heavy.top_new([liked | {3: 1.0}], 9).tolist() != heavy.top_new([liked], 9).tolist()


@pytest.mark.parametrize("make", [EASE, ItemKNN])
def test_they_take_part_without_times_genres_or_half_stars(make: Any, ratings: Ratings) -> None:
    table = ratings.ratings[["userId", "movieId"]].assign(rating=np.ceil(ratings.ratings["rating"]))
    data = Ratings.from_frames(table, scale=(1, 5))
    assert not data.has_times
    found = evaluate_ranking({"peer": lambda seed: make()}, data, seeds=(0,)).scores[0]
    assert 0 < found.ndcg.value < 1
    likes = Ratings.from_frames(table.assign(rating=1.0), scale=LIKES)
    assert evaluate_ranking({"peer": lambda seed: make()}, likes).scores[0].ndcg.value > 0
