"""Every reason is recounted from the ratings, is the same everywhere, and names what lifts."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from every_recommender import MAKERS
from recounting import Recount

from recsys import Ratings, Recommender, make_ratings
from recsys.data.scale import LIKES
from recsys.recommenders import ranking
from recsys.recommenders.reasons import Reasons

# The smallest tables on which reasons once were untrue: `user,film,rating`.
NOT_TRUE = """
1,2,3 1,4,3 2,2,4 3,1,5 3,5,4 3,6,2 4,2,2 4,3,4 4,6,4 5,2,1 5,5,2 6,1,3 6,3,1 6,4,2 6,5,4 6,6,2
7,1,5 7,2,2 7,4,3 8,1,2 8,2,2 8,4,5 8,5,2
"""
NOBODY = """
1,7,1 2,4,3 3,9,4 4,3,2 5,4,3 6,2,4 7,3,5 8,5,4 9,4,5 10,3,2 11,8,4 12,3,2 13,2,2 14,8,3 15,9,2
16,7,2 17,5,4 18,5,5 19,5,1 20,8,1
"""


def table(text: str) -> Ratings:
    rows = [row.split(",") for row in text.split()]
    frame = pd.DataFrame(rows, columns=["userId", "movieId", "rating"])
    return Ratings.from_frames(frame.astype({"userId": int, "movieId": int, "rating": float}))


@pytest.fixture(scope="module")
def many() -> Ratings:
    return make_ratings(n_users=160, n_movies=150, n_ratings=7000, random_state=3)


@pytest.fixture(scope="module")
def recount(many: Ratings) -> Recount:
    return Recount(many)


@pytest.fixture(scope="module", params=MAKERS)
def named(request: pytest.FixtureRequest, many: Ratings) -> tuple[str, Recommender]:
    """Each recommender with its name, fitted to `many`."""
    return request.param, MAKERS[request.param]().fit(many)


def recounted(model: Recommender, ratings: Ratings, n: int = 10) -> Counter[str]:
    """Recount the reasons of all lists, and count their kinds."""
    recount, data, kinds = Recount(ratings), model.trained_on, Counter[str]()
    users = ranking.known_users(model, np.arange(data.n_users))
    reasons = Reasons(model, users)
    every = data.eligible(None)
    lists = ranking.best_items(model, users, reasons.scores, n, True, every)
    for user, best in zip(data.matrix.user_ids.tolist(), lists, strict=True):
        for item, movie in zip(best.items, data.matrix.movie_ids[best.items].tolist(), strict=True):
            told = reasons.evidence(data.row(user), int(item))
            recount.check(told, movie, user)
            kinds[told.kind] += 1
    return kinds


@pytest.mark.parametrize("text", [NOT_TRUE, NOBODY])
@pytest.mark.parametrize("name", MAKERS)
def test_small_tables_that_once_had_untrue_reasons(name: str, text: str) -> None:
    ratings = table(text)
    kinds = recounted(MAKERS[name]().fit(ratings), ratings, 9)
    assert kinds
    assert set(kinds) <= {"thin", "everyone", "cluster"}


def test_every_reason_is_true(named: tuple[str, Recommender], many: Ratings) -> None:
    name, model = named
    kinds = recounted(model, many)
    assert sum(kinds.values()) > 700
    if name.startswith("taste groups"):
        assert kinds["group"] > 20
    if name == "taste groups":
        assert kinds["film"] > 20


def test_one_piece_of_evidence_wherever_it_is_shown(
    named: tuple[str, Recommender], recount: Recount
) -> None:
    _, model = named
    everyone = model.recommend_all(5)
    for user in (1, 80, 160):
        alone = model.recommend(user, 5)
        assert alone["reason"].tolist() == everyone["reason"][everyone["userId"] == user].tolist()
        for movie, reason, n in zip(
            alone["movieId"].tolist(), alone["reason"], alone["n_ratings"], strict=True
        ):
            told = model.explain(user, movie)
            assert (told.reason, told.n_ratings) == (reason, n)
            recount.check(told, movie, user)


def test_reasons_of_new_users_and_of_rated_and_unknown_films(
    named: tuple[str, Recommender], recount: Recount
) -> None:
    _, model = named
    for mine in ({}, {3: 1.0, 4: 0.5}, {5: 5.0, 9: 4.0, 12: 4.5, 999: 4.0}, recount.of_user[7]):
        for movie in (1, 5, 40, 150, 999):
            recount.check(model.explain(movie_id=movie, ratings=mine), movie, None, mine)
    rated = recount.of_user[7]
    for movie in (*list(rated)[:4], 999):
        recount.check(model.explain(7, movie), movie, 7)
    assert model.explain(7, 999).reason.endswith("none of the 159 others rated it")


@pytest.mark.parametrize("name", MAKERS)
def test_reasons_of_likes_are_true(name: str, many: Ratings) -> None:
    liked = many.ratings.query("rating >= 3.5").assign(rating=1.0)
    ratings = Ratings.from_frames(liked, many.movies, scale=LIKES)
    assert recounted(MAKERS[name]().fit(ratings), ratings, 5)
