"""Every reason is recounted from the ratings, is the same everywhere, and names what lifts."""

from collections import Counter
from copy import copy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from every_recommender import MAKERS
from recounting import Recount, recounted

from recsys import (
    BiasBaseline,
    BoostedClusterMeans,
    Hybrid,
    Ratings,
    Recommender,
    TasteGroups,
    make_ratings,
)
from recsys.data.scale import COUNTS, LIKES
from recsys.recommenders import ranking
from recsys.recommenders.bulk_reasons import BulkReasons
from recsys.recommenders.case import Case
from recsys.recommenders.chains import USERS_PART
from recsys.recommenders.explanations import of_everyone, of_film
from recsys.recommenders.item_groups import ItemGroups
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.stages import UserStage
from recsys.recommenders.types import Evidence, Users, total_of
from recsys.recommenders.user_groups import UserGroups

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


def test_reasons_on_real_ratings_are_true_and_personal(real_ratings: Ratings) -> None:
    """A sample of users and few groupings; `tests/long/reasons.py` recounts all default lists."""
    groups = TasteGroups(n_user_groupings=15, n_item_groupings=8, rating_model=BiasBaseline())
    kinds = recounted(Hybrid(groups=groups).fit(real_ratings), real_ratings, every=12)
    personal = kinds["film"] + kinds["group"] + kinds["own"]
    assert personal >= 0.8 * sum(kinds.values())
    assert min(kinds["film"], kinds["group"]) > 30


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
            assert sum(part.value for part in told.score_parts) == pytest.approx(told.score)
            recount.check(told, movie, user)


def test_many_reasons_at_once_are_those_found_one_by_one(named: tuple[str, Recommender]) -> None:
    """Recommenders of many kinds of evidence; `test_bulk_reasons.py` has groups alone in full."""
    _, model = named
    users = ranking.known_users(model, np.array([0, 79, 159]))
    reasons, every_film = Reasons(model, users), model.trained_on.eligible(None)
    best = [*ranking.best_items(model, users, reasons.scores, 8, False, every_film)]
    told = BulkReasons(model).of_scored(reasons, best)
    expected = [
        reasons.evidence(user, item) for user, one in enumerate(best) for item in one.items.tolist()
    ]
    assert told.kinds.tolist() == [one.kind for one in expected]
    assert told.n_ratings.tolist() == [one.n_ratings for one in expected]
    assert told.reasons.tolist() == [one.reason for one in expected]


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
def test_reasons_of_likes_and_of_counts_are_true(name: str, many: Ratings) -> None:
    liked = many.ratings.query("rating >= 3.5").assign(rating=1.0)
    counted = many.ratings.assign(rating=(many.ratings["rating"] >= 3.5).astype(float))
    for table, scale in ((liked, LIKES), (counted, COUNTS)):
        ratings = Ratings.from_frames(table, many.movies, scale=scale)
        assert recounted(MAKERS[name]().fit(ratings), ratings, 3, every=5)


# Evidence that is taken away -------------------------------------------------------------------


def without_films(users: Users, items: np.ndarray) -> Users:
    """The only user in the same groups, without some of the ratings."""
    keep = ~np.isin(users.rated.indices, items)
    kept = (users.rated.data[keep], users.rated.indices[keep], [0, int(np.sum(keep))])
    rated = sp.csr_array(kept, shape=users.rated.shape)
    return replace(users, rated=rated, ages=users.ages[keep])


def without_likes(groups: TasteGroups, rows: np.ndarray, item: int) -> TasteGroups:
    """The same groups, as if the users of these rows did not like the item."""
    likes = groups._likes_of(groups.trained_on.matrix.values).tocoo()
    users, items = likes.coords
    keep = ~(np.isin(users, rows) & (items == item))
    fewer = sp.csr_array((likes.data[keep], (users[keep], items[keep])), shape=likes.shape)
    changed = copy(groups)
    of_users, of_items = groups._user_groups, groups._item_groups
    changed._user_groups = UserGroups.of(of_users.labels, of_users.limits, fewer)
    changed._item_groups = ItemGroups.of(fewer, of_items.labels)
    return changed


@pytest.mark.parametrize("name", ["taste groups", "hybrid"])
def test_without_its_evidence_an_item_has_a_lower_score(
    name: str, many: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The weight of parts must not change with the number of ratings, which falls here.
    monkeypatch.setattr("recsys.recommenders.taste_groups.TRUST", 0.0)
    model = MAKERS[name]().fit(many)
    data, kinds = model.trained_on, Counter[str]()
    for row in range(0, data.n_users, 4):
        users = ranking.known_users(model, row)
        reasons = Reasons(model, users)
        for item in np.argsort(-reasons.scores[0])[:8].tolist():
            told, changed, lesser = reasons.evidence(0, item), model, users
            kinds[told.kind] += 1
            if told.kind == "film":
                lesser = without_films(users, data.columns(told.movie_ids))
            elif told.kind == "group" and isinstance(model, Hybrid):
                changed = copy(model)
                changed._groups = without_likes(model._groups, data.rows(told.user_ids), item)
            elif told.kind == "group":
                changed = without_likes(model, data.rows(told.user_ids), item)
            else:
                continue
            assert changed._scores(lesser)[0, item] < reasons.scores[0, item]
    assert kinds["film"] > 20
    assert kinds["group"] > 20


@pytest.mark.parametrize("name", ["taste groups", "hybrid"])
def test_a_reason_names_the_part_and_the_film_that_lift_most(
    name: str, many: Ratings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recsys.recommenders.taste_groups.TRUST", 0.0)
    model = MAKERS[name]().fit(many)
    n_films = 0
    for row in range(0, model.trained_on.n_users, 8):
        users = ranking.known_users(model, row)
        parts, scores = model._score_parts(users), model._scores(users)[0]
        may = np.isfinite(scores)
        may[users.rated.indices] = False
        for item in np.argsort(-np.where(may, scores, -np.inf))[:8].tolist():
            case = Case.of(model.trained_on, users, 0, item)
            told = Reasons(model, users).evidence(0, item)
            lifts = {of[0, item] - np.median(of[0][may]): part for part, of in parts.items()}
            of_parts = [
                (lifts[lift], found)
                for lift in sorted(lifts, reverse=True)
                if lift > 0 and (found := model._evidence(lifts[lift], case, users, 0))
            ]
            first, found = (*of_parts, ("", of_everyone(case)))[0]
            assert told == found
            if told.kind != "film":
                continue
            left = {}
            for film in case.my_likes.tolist():
                if of_film(case, np.array([film])):
                    fewer = model._score_parts(without_films(users, np.array([film])))
                    if total_of(fewer)[0, item] < scores[item]:
                        left[film] = fewer[first][0, item]
            (named,) = model.trained_on.columns(told.movie_ids).tolist()
            assert left[named] == pytest.approx(min(left.values()), abs=1e-5)
            n_films += len(left) > 1
    assert n_films > 5


def test_without_its_evidence_a_rating_has_a_lower_prediction(many: Ratings) -> None:
    model = BoostedClusterMeans(n_chains=1, n_stages=30, random_state=1).fit(many)
    data, kinds = model.trained_on, Counter[str]()
    for row in range(0, data.n_users, 2):
        users = ranking.known_users(model, row)
        again = model._place_new(users.rated, users.ages)
        reasons = Reasons(model, users)
        for item in np.setdiff1d(np.arange(row % 6, data.n_items, 6), users.rated.indices):
            told = reasons.evidence(0, item)
            kinds[told.kind] += 1
            if told.kind == "own":
                rest = without_films(users, data.columns(told.movie_ids))
                fewer = model._place_new(rest.rated, rest.ages)
                after, before = (
                    total_of(model._parts(placed, np.array([0]), np.array([item])))
                    for placed in (fewer, again)
                )
                assert after < before
            group = model._evidence(USERS_PART, Case.of(data, users, 0, int(item)), users, 0)
            if group is not None:
                kinds["group"] += 1
                assert adds_of(model, users, group, item) > 0
    assert min(kinds["own"], kinds["group"]) > 20


def adds_of(model: BoostedClusterMeans, users: Users, told: Evidence, item: int) -> float:
    """What the stages whose group has these people add to the predicted rating."""
    people = model.trained_on.rows(told.user_ids)
    found = [
        stage.adds[known[0], item]
        for stage, known in zip(model._learned.stages, users.placed.stages, strict=True)
        if isinstance(stage, UserStage)
        and np.array_equal(
            np.setdiff1d(np.flatnonzero(stage.labels == known[0]), users.rows), people
        )
    ]
    assert found
    return float(sum(found))
