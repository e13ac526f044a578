"""What all users share is the same from sums over partitions as from one matrix."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.sparse as sp

from recsys import BiasBaseline, Ratings, TasteGroups, make_ratings
from recsys.partitioned.directions import directions_of, embedded
from recsys.partitioned.partitions import Partition
from recsys.partitioned.taste import Grouping, labels_of, likes_of_partition
from recsys.partitioned.training import Everybody, PartitionData, given_ratings
from recsys.partitioned.weight import some_users, weight_of_sample
from recsys.recommenders.embeddings import by_activity
from recsys.recommenders.taste_weight import learned_weight
from recsys.recommenders.training import TrainingData

DATA = TrainingData.of(make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0))


class AtOnce:
    """A cluster that does each task at once, in this process."""

    def submit(self, function: Callable[..., Any], *args: Any) -> Any:
        return function(*args)

    def total(self, results: Sequence[Any]) -> Any:
        return sum(results[1:], results[0])


def in_partitions(data: TrainingData = DATA) -> list[Partition]:
    """The users in three partitions."""
    starts = data.matrix.values.indptr
    return [
        Partition(data.matrix.take(slice(a, b), slice(None)), data.ages[starts[a] : starts[b]])
        for a, b in ((0, 90), (90, 91), (91, 200))
    ]


def test_directions_are_those_of_the_whole_matrix() -> None:
    rows = [by_activity(likes_of_partition(part)) for part in in_partitions()]
    cluster: Any = AtOnce()
    found = directions_of(cluster, rows, (200, 60), n_basis=5, seed=0)
    _, sizes, right = np.linalg.svd(sp.vstack(rows).toarray())
    users = np.concatenate([embedded(part, found) for part in rows])
    np.testing.assert_allclose(np.linalg.norm(users, axis=0), sizes[:5], rtol=0.01)
    assert np.all(np.abs(np.sum(found * right[:5].T, axis=0))[:2] > 0.99)
    assert np.all(np.max(found, axis=0) == np.max(np.abs(found), axis=0))


def test_labels_are_the_nearest_centers_and_users_without_likes_have_none() -> None:
    likes = sp.csr_array(np.array([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]))
    embeddings = np.array([[3.0, 0.0], [0.0, 2.0], [0.0, 0.0]], dtype=np.float32)
    mixture, centers = np.eye(2, dtype=np.float32), np.array([[0.0, 1.0], [1.0, 0.0]])
    groupings = [Grouping(mixture, centers), Grouping(mixture, centers[::-1].copy())]
    found = labels_of(embeddings, likes, np.array([0, 2, 4]), *groupings)
    assert found.tolist() == [[1, 0, 4], [2, 3, 4]]


def test_a_partition_counts_everybody() -> None:
    parts = in_partitions()
    values = np.unique(DATA.matrix.values.data)
    given = sum(
        (given_ratings(part, values) for part in parts[1:]), given_ratings(parts[0], values)
    )
    found = PartitionData.of_partition(parts[1], Everybody(200, values, given))
    assert (found.n_users, found.n_people) == (1, 200)
    assert found.n_ratings.tolist() == DATA.n_ratings.tolist()
    assert found.n_likes.tolist() == DATA.n_likes.tolist()
    assert found.raters(7)[1].tolist() == sorted(DATA.raters(7)[1])


def test_the_weight_of_taste_is_that_of_one_machine_if_all_users_are_drawn() -> None:
    model = TasteGroups(
        n_user_groupings=1, n_item_groupings=0, stars_weight=0.0, rating_model=BiasBaseline()
    )
    data = TrainingData.of(by_chance())
    everyone = np.ones(200, dtype=np.bool_)
    parts = [some_users(part, everyone[: part.matrix.shape[0]]) for part in in_partitions(data)]
    alone = learned_weight(model._with_all_taste(), data, np.random.default_rng(0))
    assert 0 < alone < 1
    assert weight_of_sample(model, parts) == alone


def by_chance() -> Ratings:
    """Users who rate 20 films each, popular ones more often, and like half of them by chance."""
    rng = np.random.default_rng(0)
    popularity = 1 / (np.arange(60) + 3)
    films = [rng.choice(60, 20, replace=False, p=popularity / popularity.sum()) for _ in range(200)]
    users = np.repeat(np.arange(200), 20)
    return Ratings.from_columns(users, np.concatenate(films), rng.choice([2.0, 5.0], 4000))


def test_a_sample_keeps_the_ratings_and_ages_of_its_users() -> None:
    part = in_partitions()[0]
    half = some_users(part, np.arange(90) % 2 == 0)
    assert half.matrix.user_ids.tolist() == part.matrix.user_ids[::2].tolist()
    starts = part.matrix.values.indptr
    ages = [part.ages[starts[user] : starts[user + 1]] for user in range(0, 90, 2)]
    assert half.ages.tolist() == np.concatenate(ages).tolist()
