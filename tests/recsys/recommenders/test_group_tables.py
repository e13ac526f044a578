"""Tables of groups and films against pandas."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

from recsys.recommenders import group_tables
from recsys.recommenders.group_tables import GroupTables

N_USERS, N_FILMS, N_GROUPS = 90, 70, 11


@pytest.fixture(scope="module")
def rated() -> sp.csr_array:
    """Half stars of 90 users for 70 films. Half of them are likes."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 11, (N_USERS, N_FILMS)) / 2 * (rng.random((N_USERS, N_FILMS)) < 0.4)
    return sp.csr_array(cells)


@pytest.fixture(scope="module")
def labels() -> np.ndarray:
    """Groups 0 to 4, and 5 to 10. Some users are in none."""
    rng = np.random.default_rng(1)
    found = np.array([rng.integers(0, 5, N_USERS), rng.integers(5, N_GROUPS, N_USERS)])
    found[:, ::9] = N_GROUPS
    return found


def counted_by_pandas(labels: np.ndarray, rated: sp.csr_array) -> np.ndarray:
    cells = rated.tocoo()
    tables = [
        pd.crosstab(of_user[cells.coords[0]], cells.coords[1]).reindex(
            index=range(N_GROUPS), columns=range(N_FILMS), fill_value=0
        )
        for of_user in labels
    ]
    return sum(tables).to_numpy()


def test_tables_count_what_pandas_counts(rated: sp.csr_array, labels: np.ndarray) -> None:
    tables = GroupTables.counted(labels, N_GROUPS, rated, rated.data >= 2.5)
    liked = sp.csr_array(rated.toarray() * (rated.toarray() >= 2.5))
    groups, films = np.arange(N_GROUPS)[:, None], np.arange(N_FILMS)
    assert tables.likes.shape[2] < N_FILMS  # more than one tile
    np.testing.assert_array_equal(tables.likes_of(groups, films), counted_by_pandas(labels, liked))
    np.testing.assert_array_equal(
        tables.ratings_of(groups, films), counted_by_pandas(labels, rated)
    )
    assert tables.sizes.tolist() == np.bincount(labels.ravel(), minlength=12)[:-1].tolist()
    assert tables.likes.dtype == np.uint16


def test_a_group_too_large_for_two_bytes_is_counted_in_full() -> None:
    n_users = 70_000
    rated = sp.csr_array(np.ones((n_users, 1)))
    labels = np.zeros((1, n_users), dtype=np.int64)
    tables = GroupTables.counted(labels, 1, rated, np.ones(n_users, dtype=bool))
    assert tables.likes_of(np.array([0]), np.array([0])).tolist() == [n_users]


def test_the_number_of_threads_changes_no_count(
    rated: sp.csr_array, labels: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    n = 300
    many = np.concatenate(
        [np.where(labels < N_GROUPS, labels + N_GROUPS * k, N_GROUPS * n) for k in range(n)]
    )
    found = []
    for n_threads in (1, 4):
        monkeypatch.setattr(group_tables, "available_threads", lambda n=n_threads: n)
        tables = GroupTables.counted(many, N_GROUPS * n, rated, rated.data >= 2.5)
        found.append(tables.likes)
    assert 2 * n * rated.nnz > 1_000_000  # enough work for threads
    np.testing.assert_array_equal(*found)
    one = GroupTables.counted(labels, N_GROUPS, rated, rated.data >= 2.5).likes
    np.testing.assert_array_equal(found[0], np.tile(one, (1, n, 1)))
