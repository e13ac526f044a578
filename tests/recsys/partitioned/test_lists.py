"""Lists by partitions are those of one machine with the same groups, even if a worker is killed."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys import BiasBaseline, Ratings, TasteGroups, make_ratings
from recsys.command.cli import run
from recsys.partitioned.client import Cluster, ClusterError
from recsys.partitioned.files import find_files
from recsys.partitioned.lists import lists_of, make_lists
from recsys.partitioned.ratings import DistributedRatings, distribute
from recsys.partitioned.taste import DistributedGroupings, likes_of_partition

RATINGS = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
WEIGHT = 0.7


def in_three_partitions(client: Any, folder: Path) -> DistributedRatings:
    """The ratings in three partitions. User 7 likes nothing."""
    table = RATINGS.ratings.copy()
    table.loc[table["userId"] == 7, "rating"] = 1.0
    table.to_parquet(folder / "ratings.parquet", row_group_size=500, index=False)
    RATINGS.movies.to_parquet(folder / "movies.parquet", index=False)
    return distribute(Cluster(client), find_files(folder), rows=1500)


def fitted(folder: Path) -> TasteGroups:
    table, movies = (pd.read_parquet(folder / f"{name}.parquet") for name in ("ratings", "movies"))
    model = TasteGroups(
        n_user_groupings=12,
        n_item_groupings=0,
        stars_weight=0.0,
        taste_weight=WEIGHT,
        rating_model=BiasBaseline(),
    )
    return model.fit(Ratings.from_frames(table, movies))


def groupings_of(model: TasteGroups, ratings: DistributedRatings) -> DistributedGroupings:
    """The groups of a model, in the partitions."""
    cluster, groups = ratings.cluster, model._user_groups
    labels = [
        cluster.keep(np.ascontiguousarray(of_users.T))
        for of_users in ratings.split(groups.labels.T.copy())
    ]
    likes = cluster.each(likes_of_partition, ratings.partitions)
    return DistributedGroupings(likes, labels, groups.limits)


def test_lists_are_those_of_one_machine(client: Any, tmp_path: Path) -> None:
    ratings = in_three_partitions(client, tmp_path)
    model = fitted(tmp_path)
    blocks = list(lists_of(ratings, model, groupings_of(model, ratings), WEIGHT, n=5))
    assert len(blocks) == 3
    found, expected = pd.concat(blocks, ignore_index=True), model.recommend_all(5)
    assert expected["reason"].str.contains("who share your taste").any()
    pd.testing.assert_frame_equal(found, expected, rtol=1e-12, atol=1e-12)


def test_the_command_writes_the_same_lists_if_workers_are_killed_meanwhile(
    local_cluster: Any, client: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_three_partitions(client, tmp_path)
    asked = ["clusters", "--data", str(tmp_path), "--n-clusters", "3", "--partition-rows", "1500"]
    asked += ["--scheduler", local_cluster.scheduler_address, "--starts", "1", "-n", "4"]
    first, second = tmp_path / "first.parquet", tmp_path / "second.parquet"
    assert run([*asked, "--lists", str(first)]) == 0
    killed = []

    def killing(*options: Any, **named: Any) -> Iterator[pd.DataFrame]:
        blocks = make_lists(*options, **named)
        yield next(blocks)
        for pid in client.run(os.getpid).values():
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)
        yield from blocks

    monkeypatch.setattr("recsys.partitioned.lists.make_lists", killing)
    assert run([*asked, "--lists", str(second)]) == 0
    assert len(killed) == 2
    lists = pd.read_parquet(first)
    assert lists["userId"].unique().tolist() == list(range(1, 201))
    assert lists.groupby("userId").size().eq(4).all()
    pd.testing.assert_frame_equal(pd.read_parquet(second), lists, check_exact=True)
    assert not list(tmp_path.glob(".recsys-*"))


def test_nothing_is_written_if_the_lists_fail(
    local_cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, client: Any
) -> None:
    in_three_partitions(client, tmp_path)

    def failing(*options: Any, **named: Any) -> Iterator[pd.DataFrame]:
        yield pd.DataFrame({"userId": [1], "title": ["Up"]})
        raise ClusterError("the scheduler is gone")

    monkeypatch.setattr("recsys.partitioned.lists.make_lists", failing)
    asked = ["clusters", "--data", str(tmp_path), "--n-clusters", "3"]
    asked += ["--scheduler", local_cluster.scheduler_address, "--starts", "1"]
    assert run([*asked, "--lists", str(tmp_path / "lists.parquet")]) == 2
    assert sorted(each.name for each in tmp_path.iterdir()) == ["movies.parquet", "ratings.parquet"]
