"""Reasons of many lists at once are the ones found one by one, and one is counted by hand."""

from collections.abc import Sequence
from copy import copy
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from recsys import BiasBaseline, BoostedClusterMeans, MostLiked, Ratings, TasteGroups, make_ratings
from recsys.data.scale import COUNTS, LIKES
from recsys.recommenders import ranking
from recsys.recommenders.bulk_reasons import BulkReasons, Told
from recsys.recommenders.explanations import LARGEST_SHARE, clearly_more
from recsys.recommenders.given_ratings import given_profile
from recsys.recommenders.group_tables import GroupTables, OnlyGroups
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.taste_groups import USERS_PART
from recsys.recommenders.types import Users
from recsys.recommenders.user_groups import UserGroups
from recsys.titles.names import spoken


@pytest.fixture(scope="module")
def stars() -> Ratings:
    """User 1 likes nothing."""
    made = make_ratings(n_users=160, n_movies=150, n_ratings=7000, random_state=3)
    table = made.ratings.assign(rating=made.ratings["rating"].where(made.ratings["userId"] != 1, 1))
    return Ratings.from_frames(table, made.movies, scale=made.scale)


@pytest.fixture(scope="module", params=["stars", "likes", "counts"])
def model(request: pytest.FixtureRequest, stars: Ratings) -> TasteGroups:
    table, scale = stars.ratings, stars.scale
    if request.param == "likes":
        table, scale = table.query("rating >= 3.5").assign(rating=1.0), LIKES
    elif request.param == "counts":
        table, scale = table.assign(rating=(table["rating"] >= 3.5).astype(float)), COUNTS
    ratings = Ratings.from_frames(table, stars.movies, scale=scale)
    groups = TasteGroups(
        n_user_groupings=5, n_item_groupings=0, taste_weight=0.9, rating_model=BiasBaseline()
    )
    return groups.fit(ratings)


def every_item(reasons: Reasons, step: int = 1) -> list[SimpleNamespace]:
    """A list of every so many items for each user, with the rated ones and those without likes."""
    items = np.arange(0, reasons.scores.shape[1], step)
    return [SimpleNamespace(items=items[::-1]) for _ in range(len(reasons.users))]


def one_by_one(reasons: Reasons, best: Sequence[SimpleNamespace]) -> Told:
    told = [
        reasons.evidence(user, item) for user, one in enumerate(best) for item in one.items.tolist()
    ]
    return Told.of([(one.kind, one.n_ratings, one.reason) for one in told])


def same(found: Told, expected: Told) -> bool:
    """Whether all columns are equal, to the letter."""
    pairs = zip(vars(found).values(), vars(expected).values(), strict=True)
    return all(left.tolist() == right.tolist() for left, right in pairs)


def some_users(model: TasteGroups) -> list[Users]:
    """Training users, the first of whom may like nothing; and new users, one without ratings."""
    data = model.trained_on
    movies = data.matrix.movie_ids[data.profiles(np.array([3])).rated_items(0)].tolist()
    liking = dict.fromkeys(movies, data.scale.largest)
    return [
        ranking.known_users(model, np.arange(0, data.n_users, 40)),
        ranking.folded_in(model, [given_profile({}), given_profile(liking)]),
    ]


def test_many_at_once_are_the_same_as_one_by_one(model: TasteGroups) -> None:
    bulk, kinds = BulkReasons(model), set()
    assert model._only_groups() is not None
    for users in some_users(model):
        reasons = Reasons(model, users)
        best = every_item(reasons)
        expected = one_by_one(reasons, best)
        assert same(bulk.of_scored(reasons, best), expected)
        assert same(bulk.of_scored(reasons, best), expected)  # now from what it keeps
        kinds |= set(expected.kinds)
    assert kinds == {"group", "everyone", "thin"}


def test_lists_of_any_length(model: TasteGroups, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chosen films, no film, and more pairs than are counted at once."""
    monkeypatch.setattr("recsys.recommenders.bulk_reasons.N_AT_ONCE", 5)
    users = ranking.known_users(model, np.arange(8))
    reasons, bulk = Reasons(model, users), BulkReasons(model)
    chosen = model.trained_on.eligible(model.trained_on.matrix.movie_ids[::5])
    best = [*ranking.best_items(model, users, reasons.scores, 4, True, chosen)]
    best[1], best[7] = (SimpleNamespace(items=best[0].items[:0]) for _ in range(2))
    found = bulk.of_scored(reasons, best)
    assert same(found, one_by_one(reasons, best))
    assert len(found.kinds) == sum(len(one.items) for one in best)
    assert found.n_ratings.dtype == np.int64
    assert len(bulk.of_lifted(users, [], []).kinds) == 0


def test_of_groups_that_are_equally_near_the_first_one_is_told(model: TasteGroups) -> None:
    """Each grouping twice, the second time with other numbers."""
    twice = copy(model)
    groups = model._user_groups
    n_groups = int(groups.limits[-1])
    in_some = groups.labels < n_groups
    labels = np.vstack(
        [
            np.where(in_some, groups.labels, 2 * n_groups),
            np.where(in_some, groups.labels + n_groups, 2 * n_groups),
        ]
    )
    limits = np.append(groups.limits, groups.limits[1:] + n_groups)
    likes = model._likes_of(model.trained_on.matrix.values)
    twice._user_groups = UserGroups.of(labels, limits, likes)
    users = ranking.known_users(twice, np.arange(3, 160, 30))
    reasons = Reasons(twice, users)
    best = every_item(reasons, 3)
    assert same(BulkReasons(twice).of_scored(reasons, best), one_by_one(reasons, best))


def test_a_new_user_is_no_member_of_a_group(model: TasteGroups) -> None:
    """The last training user is in the groups of the new user. They have no row in common."""
    _, users = some_users(model)
    labels = model._user_groups.labels.copy()
    labels[:, -1] = model._user_groups.heaviest(users.placed.shares, 1)
    changed = copy(model)
    likes = model._likes_of(model.trained_on.matrix.values)
    changed._user_groups = UserGroups.of(labels, model._user_groups.limits, likes)
    reasons = Reasons(changed, users)
    best, found = every_item(reasons), BulkReasons(changed)
    told = found.of_scored(reasons, best)
    assert "group" in told.kinds
    assert same(told, one_by_one(reasons, best))


def test_groups_are_not_alone_if_predicted_stars_have_evidence(stars: Ratings) -> None:
    """Then the strongest part is asked first, which may be that of the stars."""
    boosted = BoostedClusterMeans(n_chains=1, n_stages=1)
    alone = TasteGroups(
        n_user_groupings=2, n_item_groupings=0, taste_weight=1.0, rating_model=boosted
    )
    assert alone.fit(stars)._only_groups() is None


def test_a_part_without_weight_lifts_nothing(model: TasteGroups) -> None:
    plain = copy(model)
    plain._taste_weight = 0.0
    reasons = Reasons(plain, ranking.known_users(plain, np.arange(6)))
    best = every_item(reasons, 3)
    found = BulkReasons(plain).of_scored(reasons, best)
    assert same(found, one_by_one(reasons, best))
    assert "group" not in found.kinds


def test_the_heaviest_groups_of_all_users_are_those_of_each(model: TasteGroups) -> None:
    groups = model._user_groups
    for users in some_users(model):
        shares = users.placed.shares.copy()
        expected = [groups.heaviest(shares, user).tolist() for user in range(len(users))]
        assert groups.heaviest_of_all(shares).tolist() == expected
        # Of equal shares the first group counts.
        shares.data[:] = 1.0
        expected = [groups.heaviest(shares, user).tolist() for user in range(len(users))]
        assert groups.heaviest_of_all(shares).tolist() == expected


# One sentence, counted by hand ------------------------------------------------------------------

N_USERS, MEMBERS = 100, np.arange(20)


class Grouped(MostLiked):
    """Its only group are the first 20 users."""

    labels = np.where(np.arange(N_USERS) < len(MEMBERS), 0, 1)[None]

    def _only_groups(self) -> OnlyGroups:
        data = self.trained_on
        rated = data.matrix.values
        tables = GroupTables.counted(self.labels, 2, rated, data.liked(rated.data))
        return OnlyGroups(USERS_PART, tables, lambda users: np.zeros((len(users), 1), np.int64))


def test_a_sentence_recounted_with_pandas() -> None:
    rng = np.random.default_rng(5)
    cells = [
        (user, film, float(rng.integers(2, 11)) / 2 if user >= 20 or film > 3 else 4.5)
        for user in range(N_USERS)
        for film in range(8)
        if rng.random() < 0.8 or (user, film) in ((0, 1), (0, 2), (0, 3))
        if (user, film) != (0, 0)
    ]
    table = pd.DataFrame(cells, columns=["userId", "movieId", "rating"])
    titles = pd.DataFrame(
        {"movieId": range(8), "title": [f"Film {film}, The" for film in range(8)], "genres": ""}
    )
    model = Grouped().fit(Ratings.from_frames(table, titles))
    lists = [SimpleNamespace(items=np.array([0]))]
    users = ranking.known_users(model, np.array([0]))
    told = BulkReasons(model).of_lifted(users, lists, [np.array([True])])

    others = table[table["userId"] != 0]
    here = others["userId"] < 20
    liked = others["rating"] >= 4
    counts = pd.DataFrame({"here": here & liked, "away": ~here & liked}).groupby(others["movieId"])
    sums = counts.sum()
    assert clearly_more(sums["here"][0], 19, sums["away"][0], 80)
    assert LARGEST_SHARE * 99 >= 19
    shares = sums["here"] / 19 - sums["away"] / 80
    named = shares[[1, 2, 3]].sort_values(ascending=False).index
    assert told.reasons.tolist() == [
        f"{sums['here'][0]} of the 19 people who share your taste liked it "
        f"({100 * sums['here'][0] / 19:.0f} %); elsewhere {100 * sums['away'][0] / 80:.0f} %; "
        f"like you, most of them liked {'; '.join(spoken(titles['title'][film]) for film in named)}"
    ]
    assert told.n_ratings.tolist() == [int(np.sum(here & (others["movieId"] == 0)))]
    assert told.kinds.tolist() == ["group"]
