"""First centers: k-means++ row by row, random rows, given centers, callables."""

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.cluster
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import KMeans, kmeans_plusplus, reference_weighted
from kmeans_core.fit.seeding import draw_restarts, random_rows
from kmeans_core.points.checks import as_points


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("n_local_trials", [None, 1, 4])
def test_chooses_the_rows_that_sklearn_chooses(blobs, storage, seed, weighted, n_local_trials):
    X = blobs(200, 4, 6, seed=seed, share_zero=0.2)
    weights = np.random.default_rng(seed).random(200) if weighted else None
    params = {
        "sample_weight": weights,
        "random_state": seed,
        "n_local_trials": n_local_trials,
    }
    centers, rows = kmeans_plusplus(storage(X), 9, **params)
    _, expected = sklearn.cluster.kmeans_plusplus(storage(X), 9, **params)
    assert rows.tolist() == expected.tolist()
    assert np.array_equal(centers, X[rows])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n_local_trials", [None, 8, 9, 16, 17])
def test_more_trials_than_a_vector_has_lanes(storage, dtype, n_local_trials):
    # Multiples of 1/2: float32 sums are exact in scikit-learn too. With other floats, two rows that
    # are each other's nearest leave the same potential up to rounding, which happens with many
    # clusters.
    rng = np.random.default_rng(0)
    X = storage((rng.integers(0, 11, size=(300, 6)) / 2).astype(dtype))
    weights = rng.integers(0, 3, size=300).astype(float)
    for n_clusters in (5, 200):
        params = {"random_state": 1, "sample_weight": weights, "n_local_trials": n_local_trials}
        _, rows = kmeans_plusplus(X, n_clusters, **params)
        _, expected = sklearn.cluster.kmeans_plusplus(X, n_clusters, **params)
        assert rows.tolist() == expected.tolist()


@pytest.mark.parametrize("new_stream", [np.random.RandomState, np.random.default_rng])
@pytest.mark.parametrize("n_trials", [None, 1, 9])
@pytest.mark.parametrize("n_clusters", [1, 2, 9])
def test_all_restarts_are_drawn_like_successive_restarts(new_stream, n_trials, n_clusters):
    for seed in range(20):
        weights = np.random.default_rng(seed).random(30) * (np.arange(30) % 3 > 0)
        stream, expected = new_stream(seed), new_stream(seed)
        draws = draw_restarts(weights, n_clusters, 4, stream, n_trials)
        for first, uniforms in zip(draws.firsts, draws.uniforms, strict=True):
            assert first == expected.choice(30, p=weights / weights.sum())
            size = 2 + int(np.log(n_clusters)) if n_trials is None else n_trials
            steps = [expected.uniform(size=size).tolist() for _ in range(n_clusters - 1)]
            assert uniforms.tolist() == steps
        assert len(draws.firsts) == 4
        assert stream.random() == expected.random()


class Numbers(np.random.RandomState):
    """A stream that repeats one number."""

    def __init__(self, number: float) -> None:
        super().__init__(0)
        self.number = number

    def random(self, size=None):
        return np.full(size, self.number)


@pytest.mark.parametrize(
    ("weights", "number", "first"),
    [
        ([0, 1, 1, 2], 0.0, 1),  # a row without weight is never chosen
        ([0, 1, 1, 2], 0.25, 2),  # a number on the border belongs to the upper row
        ([0, 1, 1, 2], np.nextafter(0.25, 0), 1),
        ([1] * 10, np.nextafter(1, 0), 9),  # ten tenths sum to less than 1
    ],
)
def test_the_first_row_for_a_number_on_a_border(weights, number, first):
    draws = draw_restarts(np.array(weights, dtype=float), 1, 2, Numbers(number))
    assert draws.firsts.tolist() == [first, first]


@given(data=st.data(), seed=st.integers(0, 1000), sparse=st.booleans())
def test_chooses_the_same_rows_as_reference(exact_cases, data, seed, sparse):
    case = data.draw(exact_cases)
    weights = np.ones(len(case.X)) if case.weights is None else case.weights
    n_clusters = len(case.init)
    _, rows = kmeans_plusplus(
        sp.csr_array(case.X) if sparse else case.X,
        n_clusters,
        sample_weight=case.weights,
        random_state=seed,
    )
    expected = reference_weighted.greedy_kmeans_plusplus(
        case.X, n_clusters, np.random.RandomState(seed), weights
    )
    assert rows.tolist() == expected.tolist()


def test_a_row_without_weight_is_never_chosen(blobs, storage):
    X = blobs(40, 2, 4)
    weights = np.arange(40) % 4 == 0
    for seed in range(20):
        _, rows = kmeans_plusplus(storage(X), 8, sample_weight=weights, random_state=seed)
        assert np.all(rows % 4 == 0)
        chosen = random_rows(
            as_points(storage(X)), 8, weights.astype(float), np.random.RandomState(seed)
        )
        assert np.all(chosen % 4 == 0)
        assert len(set(chosen)) == 8


def test_different_rows_are_chosen_first(storage):
    X = np.repeat(np.array([[0.0], [1.0], [2.0], [3.0]]), 5, axis=0)
    for seed in range(20):
        centers, _ = kmeans_plusplus(storage(X), 4, random_state=seed)
        assert sorted(centers.ravel()) == [0, 1, 2, 3]


def test_more_centers_than_distinct_rows_repeat_some(storage):
    centers, rows = kmeans_plusplus(storage(np.array([[5.0], [5.0], [5.0]])), 3, random_state=0)
    assert centers.tolist() == [[5.0]] * 3
    assert len(rows) == 3


def test_a_generator_is_a_seed_too(blobs):
    X = blobs(50, 3, 4)
    chosen = [
        kmeans_plusplus(X, 5, random_state=np.random.default_rng(seed))[1].tolist()
        for seed in (1, 1, 2)
    ]
    assert chosen[0] == chosen[1] != chosen[2]


# Centers that the caller brings ----------------------------------------------------------------


def test_given_centers_are_rounded_to_the_floats_of_x(blobs, events_of, storage):
    X = blobs(30, 3, 3).astype(np.float32)
    init = X[:3].astype(np.float64) + 0.1
    first, *_ = events_of(KMeans(3, init=init, n_init=1), storage(X))
    assert first.centers.tolist() == init.astype(np.float32).tolist()
    assert first.centers.tolist() != init.tolist()


def test_a_callable_gets_an_array_whatever_x_is(blobs):
    X = blobs(30, 2, 3)
    seen = []

    def init(X, n_clusters, random_state):
        seen.append(X)
        return X[[0, 5, 9]]  # rows by number: a list cannot, a data frame would take columns

    pd = pytest.importorskip("pandas")
    expected = KMeans(3, init=X[[0, 5, 9]], n_init=1).fit(X)
    for given_X in (X, X.tolist(), pd.DataFrame(X), sp.csr_array(X)):
        model = KMeans(3, init=init, n_init=1).fit(given_X)
        assert model.labels_.tolist() == expected.labels_.tolist()
    assert sp.issparse(seen[-1])


def test_names_may_be_numpy_strings(blobs):
    X = blobs(30, 2, 3)
    one = KMeans(3, init=np.str_("k-means++"), random_state=0).fit(X)
    assert one.labels_.tolist() == KMeans(3, random_state=0).fit(X).labels_.tolist()
