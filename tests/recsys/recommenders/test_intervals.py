"""Intervals of predicted ratings hold the share of ratings that they promise."""

from collections.abc import Callable

import numpy as np
import pytest

from recsys import BiasBaseline, BoostedClusterMeans, Ratings, TasteGroups, make_ratings
from recsys.evaluation.splits import row_folds
from recsys.recommenders.uncertainty import LEVELS, Uncertainty, features, quantile_at


@pytest.fixture(scope="module")
def ratings() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


@pytest.fixture(scope="module")
def model(ratings: Ratings) -> BoostedClusterMeans:
    return BoostedClusterMeans(n_chains=1, n_stages=10).fit(ratings)


def test_intervals_hold_their_share_of_new_ratings() -> None:
    made = make_ratings(n_users=200, n_movies=300, n_ratings=12_000, random_state=1)
    split = next(row_folds(made))
    model = BoostedClusterMeans(n_chains=1).fit(split.train)
    pairs = split.test["userId"], split.test["movieId"]
    stars = split.test["rating"].to_numpy()
    for level in (0.5, 0.8, 0.95):
        low, high = model.predict_interval(*pairs, level=level)
        held = (low <= stars) & (stars <= high)
        assert held.mean() == pytest.approx(level, abs=0.04)
        if level == 0.8:
            surest_first = held[np.argsort(high - low, kind="stable")]
            shares = [tenth.mean() for tenth in np.array_split(surest_first, 10)]
            assert min(shares) > 0.7
            assert max(shares) < 0.9


def test_larger_levels_have_wider_intervals_on_the_scale(
    model: BoostedClusterMeans, ratings: Ratings
) -> None:
    pairs = ratings.ratings["userId"][:99], ratings.ratings["movieId"][:99]
    narrow, wide = (model.predict_interval(*pairs, level=level) for level in (0.3, 0.99))
    assert np.all((wide.low <= narrow.low) & (narrow.low <= narrow.high))
    assert np.all(narrow.high <= wide.high)
    assert wide.low.min() >= ratings.scale.smallest
    assert wide.high.max() <= ratings.scale.largest
    assert np.any(wide.high - wide.low > narrow.high - narrow.low)


def test_known_and_new_users_and_films_in_one_question(model: BoostedClusterMeans) -> None:
    first, second = model.trained_on.matrix.movie_ids[:2].tolist()
    users, movies = np.array([3, -5, 1, 3, -5]), np.array([second, second, -7, first, first])
    together = model.predict_interval(users, movies)
    for place in range(5):
        alone = model.predict_interval(users[[place]], movies[[place]])
        assert (alone.low[0], alone.high[0]) == (together.low[place], together.high[place])
    nobody = model.predict_interval(movie_ids=[second, first], ratings={})
    assert nobody.low.tolist() == together.low[[1, 4]].tolist()


def test_a_new_user_with_erratic_ratings_has_wider_intervals(model: BoostedClusterMeans) -> None:
    items = model.trained_on.matrix.movie_ids.tolist()
    calm = model.predict(movie_ids=items[:30], ratings={})
    steady = dict(zip(items[:30], model.trained_on.scale.nearest(calm).tolist(), strict=True))
    erratic = {item: 0.5 if item % 2 else 5.0 for item in items[:30]}
    widths = []
    for ratings in (steady, erratic):
        low, high = model.predict_interval(movie_ids=items[30:], ratings=ratings)
        widths.append(np.mean(high - low))
    assert widths[1] > widths[0]


def test_a_recommender_takes_the_intervals_of_its_rating_model(ratings: Ratings) -> None:
    inner = BoostedClusterMeans(n_chains=1, n_stages=3)
    groups = TasteGroups(n_user_groupings=2, n_item_groupings=0, rating_model=inner).fit(ratings)
    low, high = groups.predict_interval([1, 2], [3, 4])
    expected = inner.fit(ratings).predict_interval([1, 2], [3, 4])
    assert (low.tolist(), high.tolist()) == (expected.low.tolist(), expected.high.tolist())


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda model: model.predict_interval([1], [2], level=1.0), "above 0 and below 1, not 1.0"),
        (lambda model: model.predict_interval([1], [2], level=np.nan), "level must be"),
        (lambda model: model.predict_interval([1]), "needs movie_ids"),
        (lambda model: model.predict_interval([1, 2], [3]), "2 user_ids but 1 movie_ids"),
        (lambda model: model.predict_interval(movie_ids=[3]), "user_ids"),
    ],
)
def test_wrong_questions(
    model: BoostedClusterMeans, ask: Callable[[BoostedClusterMeans], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        ask(model)


def test_biases_alone_do_not_know_how_sure_they_are(ratings: Ratings) -> None:
    with pytest.raises(ValueError, match="BiasBaseline does not know how sure it is"):
        BiasBaseline().fit(ratings).predict_interval([1], [2])


def test_a_handful_of_ratings_is_enough() -> None:
    tiny = Ratings.from_columns([1, 1, 2], [1, 2, 1], [4.0, 3.0, 5.0])
    low, high = BoostedClusterMeans(n_chains=1, n_stages=2).fit(tiny).predict_interval([1], [2])
    assert low <= high


def test_the_spread_of_errors_is_found_again() -> None:
    """Errors have a variance of .5 + 2 / (n_of_user + 1)."""
    rng = np.random.default_rng(0)
    n_of_user, n_of_item = rng.integers(0, 20, (2, 40_000))
    known = features(n_of_user, n_of_item, np.ones(40_000), np.ones(40_000))
    errors = rng.normal(size=40_000) * np.sqrt(0.5 + 2 / (n_of_user + 1))
    found = Uncertainty.learned(known, errors, rng.normal(size=40_000))
    for n, expected in ((0, 2.5), (3, 1.0), (19, 0.6)):
        assert found.weights @ features(n, 5, 1.0, 1.0) == pytest.approx(expected, rel=0.08)
    low, high = found.interval(features(3, 5, 1.0, 1.0)[:, None], np.array([0.0]), 0.8)
    assert (low[0], high[0]) == pytest.approx((-1.28, 1.28), abs=0.12)


def test_quantiles_between_levels() -> None:
    assert quantile_at(LEVELS * 100, 0.125) == pytest.approx(12.5)
    assert quantile_at(LEVELS * 100, 1.0) == pytest.approx(100.0)


def test_few_held_out_ratings_promise_no_more_than_they_can() -> None:
    """A new error is outside 9 others with probability 1/5: they are enough for a level of .8."""
    for n, ends in ((9, (0.5, 4.5)), (8, None), (2, None)):
        errors = np.linspace(0.5, 4.5, n)
        found = Uncertainty.learned(features(np.ones(n), 1, 1.0, 1.0), errors, np.zeros(n))
        low, high = found.interval(features(1, 1, 1.0, 1.0)[:, None], np.array([0.0]), 0.8)
        if ends is None:
            assert low[0] < -100
            assert high[0] > 100
        else:
            assert (low[0], high[0]) == pytest.approx(ends)
