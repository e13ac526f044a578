"""`recsys recommend` for somebody new, look-ups of films, saved recommenders, forms of tables."""

import json
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from recsys import make_ratings
from recsys.command.cli import run
from recsys.recommenders.base import Recommender
from recsys.titles.names import spoken


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small release on disk, with links."""
    path = tmp_path_factory.mktemp("small")
    ratings = make_ratings(n_users=80, n_movies=200, n_ratings=4000, random_state=3)
    ratings.ratings.to_csv(path / "ratings.csv", index=False)
    ratings.movies.to_csv(path / "movies.csv", index=False)
    ids = ratings.movies["movieId"]
    links = pd.DataFrame({"movieId": ids, "imdbId": [f"{7000 + i:07d}" for i in ids], "tmdbId": 1})
    links.to_csv(path / "links.csv", index=False)
    return path


@pytest.fixture(scope="module")
def films(folder: Path) -> pd.DataFrame:
    """The films with their numbers of ratings, best known first; each title is unique."""
    table = pd.read_csv(folder / "movies.csv")
    rated = pd.read_csv(folder / "ratings.csv").groupby("movieId")["rating"].agg(["size", "mean"])
    table = table.join(rated, on="movieId").sort_values("size", ascending=False, kind="stable")
    return table[~table["title"].duplicated(keep=False)].reset_index(drop=True)


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(capsys.readouterr().out)
    return found


def test_likes_and_dislikes_are_the_ends_of_the_scale(
    folder: Path, films: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    liked, disliked = films["title"][0], films["title"][1]
    asked = ["recommend", "--data", str(folder), "-n", "4", "--format", "json"]
    assert run([*asked, "--like", spoken(liked).lower(), "--dislike", disliked]) == 0
    by_options = rows(capsys)
    ends = ["--rate", f"{liked}=5", "--rate", f"{disliked}=0.5"]
    assert run([*asked, *ends]) == 0
    assert rows(capsys) == by_options
    assert len(by_options) == 4
    own = set(films["movieId"][:2])
    assert not own & {row["movieId"] for row in by_options}
    titles = dict(zip(films["movieId"], films["title"], strict=True))
    for row in by_options:
        assert row["title"] == spoken(titles[row["movieId"]])
        assert row["reason"]


def test_commas_split_only_what_is_no_title(
    folder: Path, films: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (title.replace(",", "") for title in films["title"][:2])
    asked = ["recommend", "--data", str(folder), "-n", "3", "--format", "csv"]
    assert run([*asked, "--like", f"{first}, {second}"]) == 0
    together = capsys.readouterr().out
    assert run([*asked, "--like", first, "--like", second]) == 0
    assert capsys.readouterr().out == together


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--rate", "Up"], "--rate needs TITLE=RATING"),
        (["--like", "FIRST", "--year", "1801"], "passes --genre, --year, --min-ratings and"),
        (["--rate", "FIRST=4,3"], "the rating is off the scale 0.5 to 5 by 0.5"),
        (["--rate", "FIRST=9"], "the rating is off the scale 0.5 to 5 by 0.5"),
        (["--rate", "FIRST=4", "--dislike", "FIRST"], "is rated twice"),
        (["--like", "Zzyzx Qqrst"], "no film 'Zzyzx Qqrst'"),
        (["--ratings", "nowhere.csv"], "nowhere.csv: no such file"),
    ],
)
def test_bad_wishes_are_one_line(
    folder: Path,
    films: pd.DataFrame,
    options: list[str],
    message: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    options = [option.replace("FIRST", films["title"][0]) for option in options]
    assert run(["recommend", "--data", str(folder), *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_an_export_without_data_is_refused_with_the_way_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ratings.csv").write_text("Date,Name,Year,Letterboxd URI,Rating\n", "utf-8")
    assert run(["recommend", "--ratings", str(tmp_path / "ratings.csv")]) == 2
    assert "recsys fetch ml-latest-small" in capsys.readouterr().err


def letterboxd(path: Path, films: pd.DataFrame) -> Path:
    """An export of films 0 to 4 of the data, one under a wrong title, and one unrated."""
    names = [spoken(title).rpartition(" (")[0] for title in films["title"][:5]]
    years = [title[-5:-1] for title in films["title"][:5]]
    lines = [
        f'2023-09-0{day},"{name}",{year},https://example.org/{day},{rating}'
        for day, name, year, rating in zip(
            range(1, 6), [*names[:4], "No Such Film"], years, [5, 4.5, 1, "", 3], strict=True
        )
    ]
    file = path / "ratings.csv"
    file.write_text("\n".join(["Date,Name,Year,Letterboxd URI,Rating", *lines]) + "\n", "utf-8")
    return file


def test_a_letterboxd_export(
    folder: Path, films: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = letterboxd(tmp_path, films)
    asked = ["recommend", "--data", str(folder), "-n", "3", "--format", "json"]
    assert run([*asked, "--ratings", str(file)]) == 0
    captured = capsys.readouterr()
    assert f"read {file} (Letterboxd): 3 of 4 ratings are of films in {folder}" in captured.err
    assert "rows without a rating: 1" in captured.err
    year = films["title"][4][-5:-1]
    assert f"films without a match: No Such Film ({year})" in captured.err
    own = [f"{title}={rating}" for title, rating in zip(films["title"], [5, 4.5, 1], strict=False)]
    assert run([*asked, *(option for one in own for option in ("--rate", one))]) == 0
    assert rows(capsys) == json.loads(captured.out)


def test_an_imdb_export_is_matched_by_ids(
    folder: Path, films: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ids = films["movieId"][:2].tolist()
    lines = [
        f"tt{7000 + ids[0]:07d},8,2014-07-22,Another Title,movie,1901",
        f"tt{7000 + ids[1]:07d},2,2014-07-23,Wrong,movie,1902",
    ]
    file = tmp_path / "mine.csv"
    header = "Const,Your Rating,Date Rated,Title,Title Type,Year"
    file.write_text("\r\n".join([header, *lines]) + "\r\n", "utf-8")
    asked = ["recommend", "--data", str(folder), "-n", "3", "--format", "json"]
    assert run([*asked, "--ratings", str(file)]) == 0
    captured = capsys.readouterr()
    assert "(IMDb): 2 of 2 ratings" in captured.err
    assert run([*asked, "--rate", f"{ids[0]}=4", "--rate", f"{ids[1]}=1"]) == 0
    assert rows(capsys) == json.loads(captured.out)


def test_filters_of_films(
    folder: Path, films: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["recommend", "--data", str(folder), "--user", "7", "-n", "50", "--format", "json"]
    some = ["--genre", "drama", "--year", "1990-1999", "--min-ratings", "5"]
    assert run([*asked, *some]) == 0
    found = rows(capsys)
    assert found
    by_id = films.set_index("movieId")
    for row in found:
        film = by_id.loc[row["movieId"]]
        assert "Drama" in film["genres"].split("|")
        assert 1990 <= int(film["title"][-5:-1]) <= 1999
        assert film["size"] >= 5
    assert run([*asked, *some, "--exclude", str(found[0]["title"])]) == 0
    assert found[0]["movieId"] not in {row["movieId"] for row in rows(capsys)}


def test_several_users_and_all_users(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["recommend", "--data", str(folder), "-n", "2", "--method", "most-liked"]
    assert run([*asked, "--user", "7", "--user", "9"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("User")] == ["User 7", "User 9"]
    out = tmp_path / "all.parquet"
    assert run([*asked, "--all", "--out", str(out)]) == 0
    table = pd.read_parquet(out)
    ratings = pd.read_csv(folder / "ratings.csv")
    n_left = ratings["movieId"].nunique() - ratings.groupby("userId").size()
    expected = n_left.clip(0, 2)
    assert table.groupby("userId").size().to_dict() == expected[expected > 0].to_dict()


def test_movies_are_looked_up(
    folder: Path, films: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    film = films.iloc[0]
    asked = ["movies", spoken(film["title"]), "--data", str(folder), "--format", "json"]
    assert run(asked) == 0
    (found,) = [row for row in rows(capsys) if row["movieId"] == film["movieId"]]
    assert found["n_ratings"] == film["size"]
    assert found["mean"] == pytest.approx(film["mean"])
    assert found["year"] == int(film["title"][-5:-1])


def test_a_saved_recommender_answers_as_the_fitted_one(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.npz"
    assert run(["fit", "--data", str(folder), "--method", "biases", "--out", str(model)]) == 0
    assert str(model) in capsys.readouterr().out
    Recommender.load(model)
    for asked in (
        ["recommend", "--user", "7", "-n", "3"],
        ["predict", "--user", "7", "--movie", "1"],
        ["explain", "--user", "7", "--movie", "1", "--format", "csv"],
    ):
        assert run([*asked, "--data", str(folder), "--method", "biases"]) == 0
        fitted = capsys.readouterr().out
        assert run([*asked, "--model", str(model)]) == 0
        assert capsys.readouterr().out == fitted


def test_a_saved_recommender_needs_no_data_and_takes_none(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.npz"
    assert run(["fit", "--data", str(folder), "--method", "most-liked", "--out", str(model)]) == 0
    asked = ["recommend", "--user", "7", "--model", str(model)]
    capsys.readouterr()
    assert run([*asked, "--data", str(folder)]) == 2
    assert "give --data or --model" in capsys.readouterr().err
    assert run([*asked, "--genre", "Drama"]) == 2
    assert "leave out --genre, or use --data" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["recommend", "predict"])
def test_an_unknown_user_is_refused_before_a_fit(
    folder: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("a fit began")

    monkeypatch.setattr("recsys.command.inputs.fit", fail)
    more = ["--movie", "1"] if command == "predict" else []
    assert run([command, "--data", str(folder), "--user", "9999", *more]) == 2


def test_lists_fit_the_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    asked = ["recommend", "--data", str(folder), "--user", "7", "-n", "3"]
    assert run([*asked, "--format", "table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    reasons = [line for line in lines if line.startswith(" " * 11)]
    assert len(reasons) > 3
    assert max(map(len, reasons)) <= 50


def test_every_table_has_forms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for asked in (
        ["clusters", "--n-clusters", "3"],
        ["sweep", "--ks", "2:4", "--all-users", "--genres", "Drama,Comedy"],
        ["evaluate", "--quick", "--only", "biases"],
        ["predict", "--user", "7", "--movie", "1", "--method", "biases"],
    ):
        assert run([*asked, "--data", str(folder), "--format", "json"]) == 0
        found = rows(capsys)
        assert found, asked
        assert all(len(row) >= 3 for row in found), asked


def likes_without_titles(path: Path) -> Path:
    """Likes of 8 users, each of 7 of 8 items."""
    file = path / "likes.csv"
    rows_of = [f"{user},{item}" for user in range(1, 9) for item in range(1, 9) if user != item]
    file.write_text("\n".join(["user_id,item_id", *rows_of]) + "\n", "utf-8")
    return file


def test_beside_likes_a_file_brings_its_likes_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = likes_without_titles(tmp_path)
    mine = tmp_path / "mine.csv"
    method = ["--method", "most-liked"]
    asked = ["recommend", "--data", str(file), "-n", "8", "--format", "json", *method]
    mine.write_text("item_id,rating\n1,5\n2,1\n99,4\n", "utf-8")
    assert run([*asked, "--ratings", str(mine)]) == 0
    captured = capsys.readouterr()
    assert f"read {mine}: 2 of 3 ratings are of films in {file}" in captured.err
    assert "not liked, so left out beside likes: 1" in captured.err
    assert run([*asked, "--like", "1"]) == 0
    assert rows(capsys) == json.loads(captured.out)


def test_columns_that_say_nothing_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = likes_without_titles(tmp_path)
    assert run(["movies", "--data", str(file), "-n", "1"]) == 0
    assert capsys.readouterr().out == "movieId  n_ratings\n      1          7\n"
    assert run(["recommend", "--data", str(file), "--user", "3", "--user", "3"]) == 0
    ranked, columns, first, *others = capsys.readouterr().out.splitlines()
    assert (ranked.split(",")[0], columns) == ("ranked by score", "     score")
    assert first.split()[2:] == ["3"]  # an id that stands as the title is not repeated
    assert not any(line.startswith("  2.") for line in others)  # nor is the user's list


def test_a_list_fits_a_narrow_terminal(
    folder: Path,
    films: pd.DataFrame,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("COLUMNS", "34")
    asked = ["recommend", "--data", str(folder), "--like", films["title"][0], "-n", "5"]
    assert run(asked) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 34
    start = lines.index("     score  stars") + 1
    assert lines[0].startswith("ranked by score, highest first")
    places = [line for line in lines[start:] if line[:3].strip()]
    assert len(places) == 5
    assert all(line.startswith(" " * 11) for line in lines[start:] if line not in places)


def test_likes_hold_no_ratings_to_give(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = likes_without_titles(tmp_path)
    assert run(["recommend", "--data", str(file), "--rate", "3=1"]) == 2
    assert f"{file} holds no ratings; use --like" in capsys.readouterr().err


def test_an_id_finds_its_film(
    folder: Path, films: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    movie_id = int(films["movieId"][0])
    assert run(["movies", "--data", str(folder), "--format", "json", str(movie_id)]) == 0
    found = {row["movieId"]: row["title"] for row in rows(capsys)}
    assert found[movie_id] == spoken(films["title"][0])


def test_links_are_read_in_a_zip_and_lead_to_known_films_only(
    folder: Path, films: pd.DataFrame, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    links = pd.read_csv(folder / "links.csv", dtype=str)
    links.loc[len(links)] = ["999999", "tt0000042", "1"]  # a film that the data do not have
    packed = tmp_path / "release.zip"
    with zipfile.ZipFile(packed, "w") as archive:
        for name in ("ratings.csv", "movies.csv"):
            archive.write(folder / name, f"small/{name}")
        archive.writestr("small/links.csv", links.to_csv(index=False))
    movie_id = films["movieId"][0]
    file = tmp_path / "mine.csv"
    file.write_text(
        f"Const,Your Rating,Title,Year\ntt{7000 + movie_id:07d},8,Other,1901\n"
        "tt0000042,8,Nowhere,1902\n",
        "utf-8",
    )
    assert run(["recommend", "--data", str(packed), "--ratings", str(file), "-n", "1"]) == 0
    told = capsys.readouterr().err
    assert "(IMDb): 1 of 2 ratings" in told
    assert "films without a match: Nowhere (1902)" in told


def test_a_rating_of_0_is_told_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.csv"
    file.write_text("user,item,rating\n1,a,0\n1,b,9\n2,a,10\n2,b,3\n", "utf-8")
    asked = ["predict", "--data", str(file), "--method", "biases", "--user", "1"]
    assert run([*asked, "--movie", "a"]) == 0
    assert "user 1 rated it 0;" in capsys.readouterr().out
