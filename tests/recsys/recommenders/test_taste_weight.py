"""The weight of taste beside popularity: its model of choices, and lists with and without taste."""

import numpy as np
import pytest
from scipy.special import log_softmax

from recsys import BiasBaseline, Hybrid, MostLiked, Ratings, TasteGroups, make_ratings
from recsys.recommenders import taste_weight
from recsys.recommenders.hybrid import LIKED_TOGETHER
from recsys.recommenders.ranking import known_users
from recsys.recommenders.taste_weight import weight_of
from recsys.recommenders.training import TrainingData


def groups(weight: float | None = None) -> TasteGroups:
    return TasteGroups(
        n_user_groupings=10,
        n_item_groupings=6,
        taste_weight=weight,
        rating_model=BiasBaseline(),
    )


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=150, n_movies=90, n_ratings=4500, random_state=0)


@pytest.fixture(scope="module")
def by_chance(ratings: Ratings) -> Ratings:
    """Users are drawn anew for each rating, so that only popularity and activity are left."""
    users = np.random.default_rng(1).permutation(ratings.ratings["userId"].to_numpy())
    table = ratings.ratings.assign(userId=users).drop_duplicates(["userId", "movieId"])
    return Ratings.from_frames(table, ratings.movies)


def test_the_weight_makes_the_likes_most_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(taste_weight, "LENGTH", 4)
    rng = np.random.default_rng(0)
    popularity, scores = rng.normal(size=12), rng.normal(size=(50, 12))
    may = rng.random((50, 12)) < 0.8
    chance = np.exp(popularity + 0.5 * scores)
    liked = may & (rng.random((50, 12)) < 0.3 * chance / chance.mean())
    listed = np.zeros((50, 12), dtype=bool)
    for user in range(50):
        items = np.flatnonzero(may[user])
        for by in (popularity[items], scores[user][items]):
            listed[user, items[np.argsort(-by)[:4]]] = True
    strengths = np.linspace(0.02, 3, 150)

    def likelihood(weight: float) -> float:
        total = weight * scores + (1 - weight) * popularity
        return max(
            log_softmax(np.where(listed, strength * total, -np.inf), axis=1)[liked & listed].sum()
            for strength in strengths
        )

    found = weight_of(popularity, scores, may, liked)
    assert found == pytest.approx(max(np.linspace(0, 1, 51), key=likelihood), abs=0.03)
    # Likes of items that neither list shows change nothing.
    assert weight_of(popularity, scores, may, liked & listed) == found
    assert weight_of(popularity, scores, may, liked & ~listed) == 1.0
    # So many likes show that scores count. A few of them do not.
    assert weight_of(popularity, scores, may, liked, unless_clear=0.0) == found
    first = np.arange(50)[:, None] < 1
    assert weight_of(popularity, scores, may, liked & first) > 0
    assert weight_of(popularity, scores, may, liked & first, unless_clear=0.0) == 0


def test_training_data_without_some_ratings(ratings: Ratings) -> None:
    data = TrainingData.of(ratings)
    rest = data.without(np.arange(len(data.ages)) % 3 == 0)
    cells = data.matrix.values.tocoo()
    kept = np.arange(len(data.ages)) % 3 > 0
    assert rest.matrix.values.shape == data.matrix.values.shape
    np.testing.assert_array_equal(rest.matrix.values.data, cells.data[kept])
    users, times = cells.coords[0][kept], -data.ages[kept]
    later = [np.sum(times[users == user] > time) for user, time in zip(users, times, strict=True)]
    np.testing.assert_array_equal(rest.ages, later)


def test_training_data_of_some_users_and_items(ratings: Ratings) -> None:
    data, table = TrainingData.of(ratings), ratings.ratings
    rows, columns = np.arange(3, 150, 4), np.arange(0, 80, 3)
    found = data.among(rows, columns)
    users, movies = data.matrix.user_ids[rows], data.matrix.movie_ids[columns]
    kept = table[table["userId"].isin(users) & table["movieId"].isin(movies)]
    again = TrainingData.of(Ratings.from_frames(kept, ratings.movies))
    assert found.matrix.user_ids.tolist() == again.matrix.user_ids.tolist()
    assert found.matrix.titles.tolist() == again.matrix.titles.tolist()
    np.testing.assert_array_equal(found.matrix.values.toarray(), again.matrix.values.toarray())
    np.testing.assert_array_equal(found.ages, again.ages)
    assert np.any(found.ages)
    np.testing.assert_array_equal(found.genres, data.genres[columns])


def test_the_last_fifth_is_held_out(ratings: Ratings) -> None:
    data = TrainingData.of(ratings)
    held_out = taste_weight._last_fifths(data, np.arange(data.n_users), np.random.default_rng(0))
    user_index = data.matrix.values.tocoo().coords[0]
    for user in (0, 77):
        ages, out = data.ages[user_index == user], held_out[user_index == user]
        assert np.sum(out) == np.ceil(len(ages) / 5)
        assert np.max(ages[out]) <= np.min(ages[~out])


def test_users_who_differ_by_chance_get_the_most_liked(by_chance: Ratings) -> None:
    model = groups().fit(by_chance)
    assert model._taste_weight <= 0.05
    alone, popular = groups(0.0).fit(by_chance), MostLiked().fit(by_chance)
    for user in by_chance.ratings["userId"].unique()[:20]:
        shown = alone.recommend(user, 10)["movieId"].tolist()
        assert shown == popular.recommend(user, 10)["movieId"].tolist()
    assert set(alone.recommend(1, 10)["reason"].str.contains("others rated it")) == {True}


def test_users_who_differ_by_taste_get_their_own(ratings: Ratings) -> None:
    assert groups().fit(ratings)._taste_weight >= 0.8


def test_nobody_has_a_like_to_hold_out(ratings: Ratings) -> None:
    few = ratings.ratings.groupby("userId").head(4)
    assert groups().fit(Ratings.from_frames(few, ratings.movies))._taste_weight == 1.0


def test_the_weight_multiplies_all_parts_but_popularity(ratings: Ratings) -> None:
    all_of_it, half = (Hybrid(groups=groups(weight)).fit(ratings) for weight in (1.0, 0.5))
    users = known_users(half, np.array([3, 50]))
    whole = all_of_it._score_parts(known_users(all_of_it, np.array([3, 50])))
    parts = half._score_parts(users)
    *names, last = (name for name in parts if name != LIKED_TOGETHER)
    for name in (*names, LIKED_TOGETHER):
        np.testing.assert_allclose(parts[name], whole[name] / 2)
    share = np.maximum(half.trained_on.n_likes / half.trained_on.n_users, 1e-9)
    extra = parts[last] - whole[last] / 2
    np.testing.assert_allclose(extra, np.tile(np.log(share) / 2, (2, 1)))
    film = int(users.rated.indices[0])
    for row in (0, 1):
        one = known_users(half, np.array([3, 50])[row])
        added = half._liked_together(one, film).added.sum()
        assert added == pytest.approx(parts[LIKED_TOGETHER][row, film])


@pytest.mark.parametrize("weight", [-0.1, 1.5, float("nan")])
def test_an_impossible_weight_is_named(ratings: Ratings, weight: float) -> None:
    with pytest.raises(ValueError, match="taste_weight must be from 0 to 1"):
        groups(weight).fit(ratings)
