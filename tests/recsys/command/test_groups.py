"""`recsys clusters`: what it says of groups, of few users and of likes."""

import json
from pathlib import Path

import pandas as pd
import pytest
from tiny_files import written

from recsys.command.cli import run


def test_clusters(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "groups.csv"
    arguments = ["clusters", "--data", str(folder), "--n-clusters", "4", "--films", "2"]
    assert run([*arguments, "--out", str(out)]) == 0
    text = capsys.readouterr().out
    assert "Group 3 (" in text
    assert "Group 4 (" not in text
    groups = pd.read_csv(out)
    assert groups["userId"].tolist() == list(range(1, 81))
    assert set(groups["cluster"]) == {0, 1, 2, 3}


def test_empty_groups_are_reported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Up,War\n", "utf-8")
    rows = "".join(f"{user},1,{rating},0\n" for user, rating in enumerate([3, 3, 4, 4], start=1))
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating,timestamp\n" + rows, "utf-8")
    asked = ["clusters", "--data", str(tmp_path), "--n-clusters", "3"]
    assert run([*asked, "--space", "ratings"]) == 0
    assert "groups without users: 1;" in capsys.readouterr().err


def two_tastes(path: Path) -> list[str]:
    """Users 1 to 20 like film 1, users 21 to 40 like film 2, and user 41 likes nothing."""
    rows = [f"{user},{1 if user <= 20 else 2},5 {user},3,2" for user in range(1, 41)]
    return ["clusters", "--data", str(written(path, " ".join([*rows, "41,3,1"]))), "--n-clusters"]


def test_groups_are_described_by_shares_and_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*two_tastes(tmp_path), "2"]) == 0
    text = capsys.readouterr().out
    assert text.startswith("41 users by their likes of the 3 most-rated films; likes of ")
    for film in (1, 2):
        assert f" (20 users): Фильм {film}\n" in text
        assert f"    Фильм {film} 100 % (20 of 20), elsewhere 0 % (0 of 21)\n" in text
    assert "Group 2 (1 user): leftover: people without likes\n" in text
    assert "The groups are far apart (mean silhouette 1.00; 1 is best).\n" in text
    assert "Groups found again in most runs: 0, 1.\n" in text


def test_the_table_of_groups_names_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*two_tastes(tmp_path), "2", "--format", "json"]) == 0
    groups = json.loads(capsys.readouterr().out)
    assert sorted(group["name"] for group in groups[:2]) == ["Фильм 1", "Фильм 2"]
    assert groups[2] == {
        "cluster": 2,
        "users": 1,
        "median_ratings": 1.0,
        "mean_rating": 1.0,
        "name": "leftover: people without likes",
        "likes_more": "",
        "likes_less": "",
    }


def test_groups_of_likes_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = "".join(f"{user},{1 if user < 20 else 2}\n" for user in range(40))
    (tmp_path / "likes.csv").write_text("user,item\n" + rows, "utf-8")
    assert run(["clusters", "--data", str(tmp_path / "likes.csv"), "--n-clusters", "2"]) == 0
    text = capsys.readouterr().out
    assert "100 % (20 of 20), elsewhere 0 % (0 of 20)" in text
    assert "mean_rating" not in text


def test_fewer_users_than_groups_are_not_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(written(tmp_path, "1,1,5 2,1,5 2,3,4 3,1,1 3,2,4"))
    notebook = ["--data", data, "--user", "1", "--method", "cluster-mean"]
    assert run(["recommend", *notebook]) == 0
    assert run(["predict", *notebook, "--movie", "2"]) == 0
    *told, part = capsys.readouterr().out.splitlines()[-3:]
    assert "1 of the 2 others rated it, 4.00 on average" in " ".join(map(str.strip, told))
    assert part.strip() == "+4.00  mean of those who rated it"


def test_large_data_get_fewer_restarts_and_a_notice(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("recsys.analysis.taste.MOST_WORK", 1)
    run(["clusters", "--n-clusters", "3", "--data", str(folder)])
    notice = capsys.readouterr().err.splitlines()[-1]
    assert notice.endswith("ratings are many for 3 groups: k-means makes 1 restart, not 50")
