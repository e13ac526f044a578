"""Groups on a cluster are those of one machine from the same start, and are described alike."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kmeans_core import KMeans
from recsys import RatingMatrix, Ratings, make_ratings
from recsys.analysis.descriptions import describe_groups
from recsys.analysis.taste import TasteClusters, points_in
from recsys.command.cli import run
from recsys.partitioned.client import Cluster
from recsys.partitioned.files import find_files
from recsys.partitioned.groups import DistributedGroups, group_users
from recsys.partitioned.ratings import DistributedRatings, distribute

RATINGS = make_ratings(n_users=200, n_movies=60, n_ratings=4000, random_state=0)
N_MOVIES = 40


@pytest.fixture
def distributed_ratings(client: Any, tmp_path: Path) -> DistributedRatings:
    """The ratings in three partitions. User 7 likes nothing, and two films have one title."""
    table, movies = RATINGS.ratings.copy(), RATINGS.movies.copy()
    table.loc[table["userId"] == 7, "rating"] = 1.0
    movies.loc[1, "title"] = movies.loc[0, "title"]
    table.to_parquet(tmp_path / "ratings.parquet", row_group_size=500, index=False)
    movies.to_parquet(tmp_path / "movies.parquet", index=False)
    return distribute(Cluster(client), find_files(tmp_path), rows=1500)


def on_one_machine(folder: Path) -> tuple[RatingMatrix, Any]:
    table, movies = (pd.read_parquet(folder / f"{name}.parquet") for name in ("ratings", "movies"))
    ratings = Ratings.from_frames(table, movies)
    return RatingMatrix.from_ratings(ratings, "title").most_rated(N_MOVIES), ratings


@pytest.mark.parametrize("space", ["likes", "ratings"])
def test_groups_are_those_of_one_machine(
    distributed_ratings: DistributedRatings, tmp_path: Path, space: Any
) -> None:
    assert len(distributed_ratings.partitions) == 3
    matrix, ratings = on_one_machine(tmp_path)
    points = points_in(matrix, space)
    grouped = np.diff(points.indptr) > 0 if space == "likes" else np.ones(200, np.bool_)
    start = points[np.flatnonzero(grouped)[:4]].toarray()
    alone = KMeans(4, init=start, n_init=1).fit(points[grouped])
    labels = np.full(200, 4)
    labels[grouped] = alone.labels_
    found = group_users(
        distributed_ratings, 4, n_movies=N_MOVIES, space=space, init=start, n_init=1
    )
    assert found.leftover == (4 if space == "likes" else None)
    assert found.labels.tolist() == labels.tolist()
    assert found.inertia == pytest.approx(alone.inertia_, rel=1e-12)
    frame = found.user_labels()
    assert frame["userId"].tolist() == matrix.user_ids.tolist()
    check_table(found, TasteClusters(matrix, found.labels, found.n_clusters, 0.0), ratings)


def check_table(found: DistributedGroups, clusters: TasteClusters, ratings: Any) -> None:
    described = describe_groups(clusters, ratings, n=3)
    assert any(group.films for group in described)
    expected = pd.DataFrame(
        {
            "cluster": [group.group for group in described],
            "users": [group.n_users for group in described],
            "median_ratings": [group.ratings_per_user for group in described],
            "mean_rating": [group.mean_rating for group in described],
            "likes_more": ["; ".join(film.name for film in group.films) for group in described],
            "likes_less": [
                "; ".join(film.name for film in group.films_liked_less) for group in described
            ],
        }
    )
    pd.testing.assert_frame_equal(found.table(3), expected, check_dtype=False)


def test_too_many_groups_are_refused(distributed_ratings: DistributedRatings) -> None:
    with pytest.raises(ValueError, match="199 users with likes cannot make 200 groups"):
        group_users(distributed_ratings, 200, n_movies=N_MOVIES)


def test_the_command_writes_the_group_of_each_user(
    local_cluster: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    RATINGS.ratings.to_parquet(tmp_path / "ratings.parquet", index=False)
    out = tmp_path / "groups.parquet"
    asked = ["clusters", "--data", str(tmp_path), "--n-clusters", "3", "--out", str(out)]
    address = local_cluster.scheduler_address
    assert run([*asked, "--scheduler", address, "--partition-rows", "700", "--starts", "2"]) == 0
    said = capsys.readouterr()
    assert "200 users in 6 partitions, by their likes of the 60" in said.out
    assert "the rows are read 6 times" in said.err
    groups = pd.read_parquet(out)
    assert groups["userId"].tolist() == list(range(1, 201))
    assert set(groups["cluster"]) == {0, 1, 2}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "a cluster reads Parquet files: give it one --data FOLDER; `recsys convert"),
        (["--data", "x", "--sep", ";"], "--sep cannot be used there"),
        (["--data", "nowhere", "--space", "known"], "--space known groups users on one machine"),
        (["--data", "nowhere"], "nowhere: no such file or folder"),
    ],
)
def test_bad_commands_are_one_line(
    options: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["clusters", "--workers", "2", *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line
