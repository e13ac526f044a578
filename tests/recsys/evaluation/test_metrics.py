"""Metrics by hand and against scikit-learn; intervals against their known properties."""

import numpy as np
import pytest
from sklearn.metrics import ndcg_score

from recsys.data.scale import RatingScale, liked
from recsys.evaluation.intervals import (
    Measured,
    mean_of,
    measured_errors,
    measured_mean,
    resampled_means,
)
from recsys.evaluation.metrics import (
    ErrorsByUser,
    coverage_at_k,
    errors_by_user,
    hits_at_k,
    ndcg_at_k,
    recall_at_k,
)
from recsys.recommenders.types import NO_ITEM


def test_errors_worked_by_hand() -> None:
    users = np.array([2, 0, 2, 0])
    ratings = np.array([4.0, 1.0, 5.0, 3.0])
    predictions = np.array([3.0, 3.0, 5.0, 3.5])  # off by 1, 2, 0, .5
    errors = errors_by_user(users, ratings, predictions, 3)
    assert errors.n_rows.tolist() == [2, 0, 2]
    assert errors.absolute.tolist() == [2.5, 0.0, 1.0]
    assert errors.squared.tolist() == [4.25, 0.0, 1.0]
    assert errors.mae == 3.5 / 4
    assert errors.rmse == np.sqrt(5.25 / 4)
    both = errors + errors_by_user(np.array([1]), np.array([2.0]), np.array([5.0]), 3)
    assert both.n_rows.tolist() == [2, 1, 2]
    assert both.rmse == np.sqrt(14.25 / 5)
    assert both.mae == 6.5 / 5


@pytest.mark.parametrize(
    ("scale", "least"),
    [
        (RatingScale(0.5, 5, 0.5), 4.0),
        (RatingScale(1, 10, 1), 8.0),
        # .8 of 3 is 2.4000000000000004 in binary.
        (RatingScale(0, 3, 0.1), 2.4),
    ],
)
def test_liked_is_four_fifths_of_the_scale(scale: RatingScale, least: float) -> None:
    assert liked(np.array([least - scale.step, least, scale.largest]), scale).tolist() == [
        False,
        True,
        True,
    ]


def test_hits_belong_to_the_user_of_the_list() -> None:
    lists = np.array([[10, 20, 30], [10, 20, NO_ITEM], [99, 30, 20]])
    rows, items = np.array([0, 0, 1, 2]), np.array([30, 50, 20, 30])
    assert hits_at_k(lists, rows, items).tolist() == [
        [False, False, True],
        [False, True, False],
        [False, True, False],
    ]


def test_hits_take_any_id() -> None:
    lists = np.array([[2**62, -5]])
    assert hits_at_k(lists, np.array([0, 0]), np.array([-5, 2**62])).tolist() == [[True, True]]


def test_no_item_is_no_hit() -> None:
    assert not hits_at_k(np.array([[NO_ITEM]]), np.array([0]), np.array([NO_ITEM])).any()


def test_ndcg_and_recall_worked_by_hand() -> None:
    hits = np.array([[1, 0, 1], [1, 0, 1], [0, 0, 0], [1, 1, 1]], dtype=bool)
    n_relevant = np.array([2, 5, 1, 3])
    half = 1 / np.log2(3)  # the gain of a hit at the second place
    np.testing.assert_allclose(
        ndcg_at_k(hits, n_relevant), [1.5 / (1 + half), 1.5 / (1.5 + half), 0, 1], rtol=1e-14
    )
    assert recall_at_k(hits, n_relevant).tolist() == [1.0, 0.4, 0.0, 1.0]


@pytest.mark.parametrize("metric", [ndcg_at_k, recall_at_k])
def test_users_without_a_relevant_item_are_refused(metric) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="every user needs a relevant item"):
        metric(np.zeros((2, 3), bool), np.array([1, 0]))


@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_is_scikit_learns(k: int) -> None:
    rng = np.random.default_rng(k)
    n_users, n_items = 30, 12
    scores = rng.permuted(np.tile(np.arange(n_items), (n_users, 1)), axis=1)
    relevant = rng.random((n_users, n_items)) < 0.3
    relevant[~relevant.any(axis=1), 0] = True
    lists = np.argsort(-scores, axis=1)[:, :k]
    hits = hits_at_k(lists, *np.nonzero(relevant))
    for user in range(n_users):
        expected = ndcg_score(relevant[[user]].astype(float), scores[[user]], k=k)
        ours = ndcg_at_k(hits[[user]], relevant[[user]].sum(axis=1))
        assert ours[0] == pytest.approx(expected, rel=1e-12)


def test_coverage_counts_known_items_once() -> None:
    lists = np.array([[1, 2], [2, NO_ITEM], [7, 1]])
    assert coverage_at_k(lists, np.array([1, 2, 3, 4, 5])) == 2 / 5


def test_draws_are_of_whole_users() -> None:
    """Each user's rows twice give more rows but not more users, so the intervals are the same."""
    rng = np.random.default_rng(0)
    sums, n_rows = rng.integers(1, 50, (20, 2)).astype(float), rng.integers(1, 9, 20)
    once = resampled_means(sums, n_rows, seed=4)
    np.testing.assert_array_equal(once, resampled_means(2 * sums, 2 * n_rows, seed=4))


def test_draws_are_means_over_rows() -> None:
    """One user has 1 row of 0, and one has 3 rows of 4, so only three means are possible."""
    draws = resampled_means(np.array([[0.0], [12.0]]), np.array([1, 3]), seed=0)
    values, counts = np.unique(draws, return_counts=True)
    assert values.tolist() == [0.0, 3.0, 4.0]
    np.testing.assert_allclose(counts / 1000, [0.25, 0.5, 0.25], atol=0.06)


def test_draws_scatter_as_a_mean_does() -> None:
    by_user = np.random.default_rng(1).normal(2, 3, 400)
    draws = resampled_means(by_user[:, None], np.ones(400), seed=2)[:, 0]
    assert draws.mean() == pytest.approx(by_user.mean(), abs=0.03)
    assert draws.std() == pytest.approx(by_user.std() / 20, rel=0.1)


def test_one_user_has_no_interval() -> None:
    found = measured_mean(np.array([0.5]), seed=0)
    assert found.value == 0.5
    assert np.isnan([found.estimate.low, found.less(found).high]).all()


def test_the_seed_decides_the_draws() -> None:
    by_user = np.arange(30.0)
    first, again, other = (measured_mean(by_user, seed).estimate for seed in (0, 0, 1))
    assert first == again
    assert first != other
    assert first.low < first.value == 14.5 < first.high
    errors = ErrorsByUser(np.arange(1, 31), by_user, by_user)
    some, others = (measured_errors(errors, seed).mae.draws.tolist() for seed in (0, 1))
    assert some != others


def test_an_interval_is_the_middle_95_percent() -> None:
    found = Measured(3.0, np.arange(1001.0)).estimate
    assert (found.value, found.low, found.high) == (3.0, pytest.approx(25), pytest.approx(975))


def test_draws_of_errors() -> None:
    """All users err by 2, so every sample does. The user without rows is never drawn."""
    n_rows = np.array([3, 0, 5])
    errors = ErrorsByUser(n_rows, n_rows * 2.0, n_rows * 4.0)
    found = measured_errors(errors, seed=0)
    assert set(found.rmse.draws.tolist()) == set(found.mae.draws.tolist()) == {2.0}


def test_draws_of_squared_and_absolute_errors_are_not_mixed_up() -> None:
    errors = ErrorsByUser(np.array([2, 2]), np.array([2.0, 4.0]), np.array([2.0, 8.0]))
    found = measured_errors(errors, seed=0)
    assert set(found.mae.draws.tolist()) == {1.0, 1.5, 2.0}
    assert set(found.rmse.draws.tolist()) == {1.0, np.sqrt(2.5), 2.0}
    assert (found.mae.value, found.rmse.value) == (1.5, np.sqrt(2.5))


def test_a_difference_is_taken_within_each_sample() -> None:
    """Users differ by 0 to 9, and the second recommender is better by .1 for each of them."""
    by_user = np.random.default_rng(0).integers(0, 10, 50).astype(float)
    worse, better = (measured_mean(values, seed=3) for values in (by_user, by_user - 0.1))
    found = worse.less(better)
    assert (found.value, found.low, found.high) == pytest.approx((0.1, 0.1, 0.1), abs=1e-12)
    assert worse.estimate.high - worse.estimate.low > 1
    itself = worse.less(worse)
    assert (itself.value, itself.low, itself.high) == (0, 0, 0)


def test_a_difference_worked_out_from_its_samples() -> None:
    first, second = np.array([1.0, 4.0, 2.0]), np.array([0.0, 5.0, 5.0])
    rng = np.random.default_rng(8)
    samples = [rng.integers(3, size=3) for _ in range(1000)]
    differences = [(first - second)[sample].mean() for sample in samples]
    found = measured_mean(first, 8).less(measured_mean(second, 8))
    assert found.value == pytest.approx(-1, rel=1e-12)
    expected = np.quantile(differences, [0.025, 0.975])
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-12)


def test_the_mean_of_measures_is_taken_within_each_sample() -> None:
    """The second value mirrors the first, so their mean is the same in every sample."""
    by_user = np.random.default_rng(0).normal(size=40)
    mean = mean_of([measured_mean(values, seed=1) for values in (by_user, 6 - by_user)])
    assert (mean.value, *np.unique(mean.draws.round(9))) == (pytest.approx(3), 3)


def test_shifted_draws_keep_their_width() -> None:
    found = measured_mean(np.arange(30.0), seed=0)
    moved = found.around(20.0)
    assert moved.value == 20
    np.testing.assert_allclose(moved.draws - found.draws, 20 - 14.5, rtol=1e-12)
