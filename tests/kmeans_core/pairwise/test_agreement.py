"""The adjusted Rand index: by hand, and against scikit-learn and the definition over pairs."""

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from kmeans_core import adjusted_rand_score, reference_scores


def test_agreement_by_hand():
    # Of 10 pairs, a holds 4 together, b holds 2, and both hold 2: rows 0 and 1, and rows 3 and 4.
    a, b = [0, 0, 0, 1, 1], ["x", "x", "y", "z", "z"]
    assert adjusted_rand_score(a, b) == (2 - 0.8) / (3 - 0.8)
    assert adjusted_rand_score(b, a) == adjusted_rand_score(a, b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([0, 0, 1, 2], [7, 7, -3, 0]),
        (["b", "b", "a"], [True, True, False]),
        ([4, 4, 4], [1, 1, 1]),
        ([0, 1, 2], [5, 3, 4]),
        ([3], [8]),
        ([], []),
    ],
)
def test_the_names_of_clusters_do_not_matter(a, b):
    assert adjusted_rand_score(a, b) == 1.0 == sklearn.metrics.adjusted_rand_score(a, b)


PAIRS = st.lists(st.tuples(st.integers(0, 4), st.integers(-2, 2)), min_size=2, max_size=25)


@given(PAIRS)
def test_agreement_is_that_of_the_definition_and_of_scikit_learn(pairs):
    a, b = np.array(pairs).T
    found = adjusted_rand_score(a, b)
    assert found == pytest.approx(sklearn.metrics.adjusted_rand_score(a, b), abs=1e-14)
    same = sklearn.metrics.pair_confusion_matrix(a, b)
    if same[0, 1] or same[1, 0]:  # otherwise it is 1, and the formula may be 0 / 0
        assert found == pytest.approx(reference_scores.adjusted_rand_score(a, b), abs=1e-14)
    assert -0.5 <= found <= 1.0


def test_many_rows_do_not_overflow():
    a = np.zeros(200_000, dtype=np.int8)
    a[:2] = 1
    b = np.arange(200_000) % 100
    expected = sklearn.metrics.adjusted_rand_score(a, b)
    assert adjusted_rand_score(a, b) == pytest.approx(expected, rel=1e-9)
    assert expected != 0.0


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([0, 1, 1], [0, 1], r"inconsistent numbers of samples: \[3, 2\]"),
        ([0.0, np.nan], [0, 1], "Input a contains NaN: the first at row 1"),
        ([0, 1], [None, "x"], r"Input b contains NaN \(here None\): the first at row 0"),
        ([[0], [1]], [0, 1], r"a should be a 1d array, got an array of shape \(2, 1\)"),
        ([0, 1], np.array(["x", 1], dtype=object), "Input b must be uniformly strings or numbers"),
    ],
)
def test_bad_labels_are_named(a, b, message):
    with pytest.raises(ValueError, match=message):
        adjusted_rand_score(a, b)
