"""SweepResult: the best k, the suggestion and its reason, stability and the frame."""

import numpy as np
import pytest

from kmeans_core import SweepResult, sweep_k


def result_of(ks, silhouettes, seeds=None, bootstraps=None) -> SweepResult:
    n_ks = len(ks)
    unmeasured = np.empty((n_ks, 0))
    return SweepResult(
        ks=np.array(ks),
        inertia=np.arange(n_ks, 0.0, -1.0),
        silhouette=np.array(silhouettes),
        calinski_harabasz=np.arange(n_ks) + 0.25,
        davies_bouldin=np.arange(n_ks) + 0.75,
        n_found=np.array(ks),
        labels=np.zeros((n_ks, 3), dtype=np.int32),
        seed_agreement=unmeasured if seeds is None else np.array(seeds),
        bootstrap_agreement=unmeasured if bootstraps is None else np.array(bootstraps),
    )


@pytest.mark.parametrize(
    ("ks", "silhouettes", "best", "suggested"),
    [
        ([2, 3, 4], [0.3, 0.5, 0.4], 3, 3),
        ([2, 3, 4], [0.485, 0.4, 0.5], 4, 2),  # 2 is within 0.02 of the best
        ([2, 3, 4], [0.475, 0.4, 0.5], 4, 4),  # and now it is not
        ([9, 4, 2], [0.5, 0.49, 0.3], 9, 4),  # in whatever order
        ([7, 3, 5], [0.5, 0.5, 0.1], 3, 3),  # of equals the least
        ([1, 2, 3], [np.nan, 0.1, 0.2], 3, 3),
        ([1, 2, 3], [np.nan, -0.3, -0.29], 3, 2),
    ],
)
def test_best_and_suggested_k(ks, silhouettes, best, suggested):
    result = result_of(ks, silhouettes)
    assert result.best_k == best
    assert result.suggested_k == suggested
    assert type(result.best_k) is type(result.suggested_k) is int


@pytest.mark.parametrize("name", ["best_k", "suggested_k"])
def test_best_k_needs_a_silhouette(name):
    result = sweep_k([[1.0], [2.0], [6.0]], [1, 3], random_state=0)
    assert np.isnan(result.silhouette).all()
    assert result.inertia.tolist() == [14.0, 0.0]
    with pytest.raises(ValueError, match=r"No k among \[1, 3\] has a silhouette"):
        getattr(result, name)


# Agreements with two other seeds and two bootstraps: stability .99, .95, .85, .7 and .55.
SEEDS = [[1.0, 1.0], [1.0, 0.9], [0.9, 0.9], [0.8, 0.8], [0.6, 0.6]]
BOOTSTRAPS = [[1.0, 0.96], [1.0, 0.9], [0.9, 0.7], [0.6, 0.6], [0.5, 0.5]]


@pytest.mark.parametrize(
    ("silhouettes", "k", "rule"),
    [
        ([0.5, 0.5, 0.5, 0.5, 0.5], 4, "stable"),
        ([0.5, 0.5, 0.47, 0.5, 0.5], 3, "stable"),
        ([0.1, 0.1, 0.1, 0.49, 0.5], 5, "most stable"),
        ([0.1, 0.1, 0.1, 0.1, 0.5], 6, "most stable"),
        ([np.nan, 0.5, 0.1, 0.1, 0.1], 3, "stable"),
    ],
)
def test_the_suggestion_is_the_largest_stable_k_or_else_the_most_stable(silhouettes, k, rule):
    forward = result_of([2, 3, 4, 5, 6], silhouettes, SEEDS, BOOTSTRAPS)
    backward = result_of([6, 5, 4, 3, 2], silhouettes[::-1], SEEDS[::-1], BOOTSTRAPS[::-1])
    for result in (forward, backward):
        assert (result.suggestion.k, result.suggestion.rule) == (k, rule)
        assert result.suggested_k == k


def test_the_reason_names_its_numbers():
    assert result_of([2, 3], [0.7, 0.71]).suggestion.reason == (
        "k = 2 is the least k with a silhouette within 0.02 of the best, 0.71."
    )
    stable = result_of([2, 3], [0.7, 0.71], [[1.0, 1.0], [0.9, 0.9]], [[1.0, 1.0], [0.8, 0.8]])
    assert stable.suggestion.reason == (
        "k = 3 is the largest k with a stability of at least 0.8 and a silhouette within 0.02 of "
        "the best, 0.71. Its stability is 0.85 (95 % interval 0.85 to 0.85)."
    )
    unstable = result_of([2, 3], [0.04, 0.03], [[0.7, 0.7], [0.7, 0.7]], [[0.7, 0.68], [0.3, 0.3]])
    assert unstable.suggestion.reason == (
        "No k with a silhouette within 0.02 of the best, 0.04, has a stability of at least 0.8. "
        "The most stable is k = 2, with 0.69 (95 % interval 0.63 to 0.76). Its mean silhouette, "
        "0.04, is no sign of clusters (Kaufman and Rousseeuw 1990): compare it with that of data "
        "without groups."
    )


@pytest.mark.parametrize(
    ("silhouette", "said"),
    [
        (-0.1, "-0.10, is no sign of clusters"),
        (-0.012, "-0.01, is no sign of clusters"),
        (-0.004, "0.00, is no sign of clusters"),
        (0.254, "0.25, is no sign of clusters"),
        (0.256, "0.26, is weak, and the clusters may be artificial"),
        (0.504, "0.50, is weak, and the clusters may be artificial"),
        (0.506, None),
        (0.9, None),
    ],
)
@pytest.mark.parametrize("agreement", [None, 0.7, 0.9])
def test_the_reason_warns_of_a_weak_silhouette(silhouette, said, agreement):
    measured = None if agreement is None else [[agreement] * 2] * 2
    # The warning is about the suggested k, which is 2, and not about the best k, which is 3.
    agreements = measured and [measured[0], [0.1, 0.1]]
    result = result_of([2, 3], [silhouette, silhouette + 0.01], agreements, agreements)
    assert result.suggested_k == 2
    reason = result.suggestion.reason
    assert reason.count("mean silhouette") == (said is not None)
    assert "-0.00" not in reason
    if said is not None:
        assert f". Its mean silhouette, {said} (" in reason


def test_stability_that_is_unknown_is_not_used():
    seeds, bootstraps = [[0.9, 0.9], [1.0, 1.0]], [[0.9, 0.9], [1.0, np.nan]]
    result = result_of([2, 3], [0.5, 0.5], seeds, bootstraps)
    assert result.stability.tolist() == [0.9, pytest.approx(np.nan, nan_ok=True)]
    assert (result.suggestion.k, result.suggestion.rule) == (2, "stable")
    result = result_of([3, 4], [0.5, 0.5], [[1.0, 1.0]] * 2, [[1.0, np.nan]] * 2)
    assert (result.suggestion.k, result.suggestion.rule) == (3, "silhouette")


def test_the_interval_by_hand():
    # The means of one agreement of each kind are .9, .8 and .7: standard error .1 / sqrt(3). The
    # 97.5 % point of the t distribution with 2 degrees of freedom is 4.3027.
    result = result_of([2], [0.5], [[1.0, 0.8, 0.7]], [[0.8, 0.8, 0.7]])
    assert result.stability == pytest.approx([0.8])
    half = 4.30265273 * 0.1 / np.sqrt(3)
    assert result.stability_interval == pytest.approx(np.array([[0.8 - half, 1.0]]))
    assert 0.8 + half > 1.0
    result = result_of([2], [0.5], [[0.62, 0.6, 0.58]], [[0.6, 0.6, 0.6]])
    half = 4.30265273 * 0.01 / np.sqrt(3)
    assert result.stability_interval == pytest.approx(np.array([[0.6 - half, 0.6 + half]]))


def test_without_further_fits_there_is_no_stability():
    result = result_of([2, 3], [0.5, 0.6])
    assert np.isnan(result.stability).all()
    assert np.isnan(result.stability_interval).all()
    assert result.stability_interval.shape == (2, 2)


def test_the_frame_has_a_row_for_each_k():
    pd = pytest.importorskip("pandas")
    frame = result_of([2, 3], [0.5, np.nan]).to_frame()
    expected = pd.DataFrame(
        {
            "k": [2, 3],
            "inertia": [2.0, 1.0],
            "silhouette": [0.5, np.nan],
            "calinski_harabasz": [0.25, 1.25],
            "davies_bouldin": [0.75, 1.75],
            "n_found": [2, 3],
        }
    )
    pd.testing.assert_frame_equal(frame, expected)


def test_the_frame_shows_stability_if_it_was_measured():
    pytest.importorskip("pandas")
    frame = result_of([2, 3], [0.5, 0.4], [[1.0, 0.8], [0.5, 0.5]], [[0.7, 0.5], [0.3, 0.3]])
    frame = frame.to_frame()
    assert frame.columns[6:].tolist() == [
        "seed_stability",
        "bootstrap_stability",
        "stability",
        "stability_low",
        "stability_high",
    ]
    assert frame.iloc[1, 6:].tolist() == pytest.approx([0.5, 0.3, 0.4, 0.4, 0.4])
    assert frame.iloc[0, 6:9].tolist() == pytest.approx([0.9, 0.6, 0.75])


def test_the_fields_of_a_result_cannot_be_replaced():
    with pytest.raises(AttributeError):
        result_of([2], [0.5]).ks = np.array([9])
