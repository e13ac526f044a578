"""Lists that are found without the scores of all items are those that the scores make."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys import BiasBaseline, Ratings, TasteGroups, make_ratings
from recsys.recommenders import bulk_lists, group_lists, ranking
from recsys.recommenders.ages import no_ages
from recsys.recommenders.reasons import Reasons
from recsys.recommenders.types import Profiles, Ranking
from recsys.recommenders.user_groups import UserGroups

N = 7


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    """User 1 likes nothing, and the items of lists stand in several tiles."""
    made = make_ratings(n_users=70, n_movies=330, n_ratings=4000, random_state=0)
    table = made.ratings.assign(rating=made.ratings["rating"].where(made.ratings["userId"] != 1, 1))
    return Ratings.from_frames(table, made.movies, scale=made.scale)


def fitted(ratings: Ratings, taste_weight: float, discount: float = 0.3) -> TasteGroups:
    return TasteGroups(
        n_user_groupings=3,
        n_item_groupings=0,
        stars_weight=0.0,
        popularity_discount=discount,
        taste_weight=taste_weight,
        rating_model=BiasBaseline(),
    ).fit(ratings)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> TasteGroups:
    return fitted(ratings, 0.8)


def by_scores(
    model: TasteGroups, reasons: Reasons, exclude_rated: bool, among: list[int] | None
) -> pd.DataFrame:
    """The lists by definition: all scores sorted, then numbers of ratings, then columns."""
    data, rows = model.trained_on, []
    for user, of_all in enumerate(reasons.scores):
        scores = np.where(data.eligible(among), of_all, -np.inf)
        if exclude_rated:
            scores[reasons.users.rated_items(user)] = -np.inf
        order = np.lexsort((-data.n_ratings, -scores))
        for item in order[scores[order] > -np.inf][:N].tolist():
            reason = reasons.evidence(user, item).reason
            rows.append((data.matrix.user_ids[user], item, scores[item], reason))
    return pd.DataFrame(rows, columns=["userId", "item", "score", "reason"])


@pytest.mark.parametrize(
    ("taste_weight", "discount", "exclude_rated", "among"),
    [
        (1.0, 0.3, True, None),
        (0.4, 0.3, False, None),
        (0.4, 0.0, True, list(range(1, 300, 4))),
        (0.0, 0.3, False, [5, 3, 8]),
    ],
)
def test_lists_and_reasons_are_those_of_all_scores(
    ratings: Ratings,
    taste_weight: float,
    discount: float,
    exclude_rated: bool,
    among: list[int] | None,
) -> None:
    model = fitted(ratings, taste_weight, discount)
    data = model.trained_on
    reasons = Reasons(model, ranking.known_users(model, np.arange(data.n_users)))
    expected = by_scores(model, reasons, exclude_rated, among)
    found = model.recommend_all(N, exclude_rated=exclude_rated, among=among)
    assert found["userId"].tolist() == expected["userId"].tolist()
    assert found["movieId"].tolist() == data.matrix.movie_ids[expected["item"]].tolist()
    # The same bits.
    assert found["score"].tolist() == expected["score"].tolist()
    assert found["reason"].tolist() == expected["reason"].tolist()
    # One user alone has the same list.
    for user_id in (1, 2, 40):
        one = model.recommend(user_id, N, exclude_rated=exclude_rated, among=among)
        assert one.equals(found[found["userId"] == user_id][one.columns].reset_index(drop=True))
    # The score has the same bits in an explanation.
    movie_id = found["movieId"][0]
    assert model.explain(found["userId"][0], movie_id).score == found["score"][0]


def lists(model: TasteGroups) -> list[Ranking]:
    users = ranking.known_users(model, np.arange(model.trained_on.n_users))
    best = model._best(users, N, True, model.trained_on.eligible(None))
    assert best is not None
    return best


def test_lists_do_not_depend_on_the_users_beside(
    model: TasteGroups, monkeypatch: pytest.MonkeyPatch
) -> None:
    together, everyone = lists(model), model.recommend_all(N)

    def one_by_one(n: int, work: int, n_threads: int, task: Callable[[int, int], None]) -> None:
        for place in range(n):
            task(place, place + 1)

    monkeypatch.setattr(group_lists.chunks, "run", one_by_one)
    for alone, beside in zip(lists(model), together, strict=True):
        assert alone.items.tolist() == beside.items.tolist()
        assert alone.scores.tolist() == beside.scores.tolist()
        assert alone.are_lifted == beside.are_lifted
    monkeypatch.setattr(group_lists, "USERS_TOGETHER", 9)
    blocks = list(bulk_lists.blocks_of_lists(model, N))
    assert len(blocks) == 8
    assert pd.concat(blocks, ignore_index=True).equals(everyone)


def test_what_is_said_to_be_lifted_is_lifted(ratings: Ratings) -> None:
    model = fitted(ratings, 1.0)
    reasons = Reasons(model, ranking.known_users(model, np.arange(70)))
    part, n_sure = model._groups_part, 0
    for user, one in enumerate(lists(model)):
        n_sure += one.are_lifted
        assert not one.are_lifted or reasons.lifted(part, user, one.items).all()
    assert n_sure > 2
    assert not any(one.are_lifted for one in lists(fitted(ratings, 0.0)))


def ranked(likes: np.ndarray, standing: np.ndarray, n: int, popular: float = 0.0) -> list[Ranking]:
    """The lists of users who all are in one group."""
    n_users, n_items = likes.shape
    groups = UserGroups.of(np.zeros((1, n_users), np.int64), np.array([0, 1]), sp.csr_array(likes))
    weights = groups.weights(groups.shares(sp.csr_array(likes)))
    profiles = Profiles(sp.csr_array(likes), no_ages(int(likes.sum())))
    weights_of_log_p = np.full(n_users, popular)
    may = np.ones(n_items, dtype=np.bool_)
    return group_lists.ranked(
        groups, weights, profiles, 1.0, weights_of_log_p, may, standing, True, n
    )


def test_a_list_by_hand() -> None:
    likes = np.array([[1, 0, 0, 0, 0], [1, 1, 1, 0, 0], [1, 1, 0, 1, 0]], float)
    first, second, third = ranked(likes, np.array([3, 2, 1, 9, 9]), 3)
    # Two of the three like item 1, and one each likes items 2 and 3, of which 3 has more standing.
    assert first.items.tolist() == [1, 3, 2]
    # (2 + 2/3) / 4 and (1 + 1/3) / 4
    assert np.exp(first.scores) == pytest.approx([2 / 3, 1 / 3, 1 / 3])
    # Nobody likes item 4.
    assert second.items.tolist() == [3]
    assert third.items.tolist() == [2]


def test_ties_in_many_tiles_are_decided_by_standing() -> None:
    likes = np.zeros((3, 400))
    likes[0], likes[1, :5], likes[2, 0] = 1, 1, 1
    standing = np.random.default_rng(0).permutation(400) // 2
    third = ranked(likes, standing, 20)[2].items.tolist()
    assert third[:4] == (1 + np.argsort(-standing[1:5], kind="stable")).tolist()
    assert third[4:] == (5 + np.argsort(-standing[5:], kind="stable"))[:16].tolist()


def test_nobody_likes_anything() -> None:
    groups = UserGroups.of(np.full((1, 2), 1), np.array([0, 1]), sp.csr_array((2, 3)))
    weights = groups.weights(groups.shares(sp.csr_array((2, 3))))
    profiles = Profiles(sp.csr_array((2, 3)), no_ages(0))
    may, popular = np.ones(3, dtype=np.bool_), np.zeros(2)
    found = group_lists.ranked(groups, weights, profiles, 1.0, popular, may, np.zeros(3), True, 4)
    assert [one.items.tolist() for one in found] == [[], []]
