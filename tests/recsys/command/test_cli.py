"""The `recsys` command as users type it: answers, exit codes, one clear line about bad input."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from tiny_files import written

from kmeans_core.extras import install
from recsys.command.cli import run
from recsys.command.inputs import METHOD_NAMES
from recsys.readers.fetch import Fetched
from recsys.recommenders import item_weights
from recsys.recommenders.registry import METHODS

PROGRAM = [sys.executable, "-m", "recsys"]


def test_report_ends_by_naming_what_it_wrote(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine.html"
    arguments = ["report", "--data", str(folder), "--out", str(out), "--seed", "2", "--user", "5"]
    assert run(arguments) == 0
    captured = capsys.readouterr()
    assert captured.out.splitlines()[-1] == f"Report written to {out}"
    assert captured.err == ""
    page = out.read_text("utf-8")
    assert f"recsys report --data {folder} --out {out} --seed 2 --user 5" in page


def test_report_without_data_uses_the_built_in_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["report", "--sections", "data"]) == 0
    captured = capsys.readouterr()
    assert "its users and films are invented" in captured.err
    assert captured.out == f"Report written to {tmp_path / 'recsys-report.html'}\n"
    assert "100,004 ratings" in (tmp_path / "recsys-report.html").read_text("utf-8")


@pytest.mark.parametrize("method", METHODS)
def test_every_method_recommends_and_predicts(
    method: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--data", str(folder), "--user", "7", "--method", method]
    assert run(["recommend", *asked, "-n", "2"]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith("  1. ")
    assert run(["predict", *asked, "--movie", "1"]) == 0
    rating, _, *parts = capsys.readouterr().out.splitlines()
    total = sum(float(part.split()[0]) for part in parts if part.strip()[0] in "+-")
    assert total == pytest.approx(float(rating.split()[0]), abs=0.03)


def test_the_command_knows_every_method() -> None:
    assert tuple(METHODS) == METHOD_NAMES


def test_recommend(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["recommend", "--data", str(folder), "--user", "7", "-n", "3"]) == 0
    ranked, columns, *lines = capsys.readouterr().out.splitlines()
    assert ranked.startswith("ranked by score, ")
    assert ranked.endswith("; stars are predicted ratings")
    assert columns == "     score  stars"
    assert len(lines) == 6
    assert lines[0].startswith("  1. ")
    assert "movieId" in lines[0]
    assert "others who liked it liked this too" in lines[1]
    scores = [float(line.split()[1]) for line in lines[::2]]
    assert scores == sorted(scores, reverse=True)
    assert all(0.5 <= float(line.split()[2]) <= 5 for line in lines[::2])


def test_recommend_and_predict_answer_by_one_recommender(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked, out = ["--data", str(folder), "--user", "7"], tmp_path / "found.csv"
    assert run(["recommend", *asked, "-n", "1", "--out", str(out)]) == 0
    listed = pd.read_csv(out)
    movie = str(listed["movieId"][0])
    assert run(["predict", *asked, "--movie", movie, "--out", str(out)]) == 0
    columns = ["movieId", "predicted_rating", "reason"]
    pd.testing.assert_frame_equal(pd.read_csv(out)[columns], listed[columns])


def test_recommend_says_how_many_films_have_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["recommend", "--data", str(folder), "--user", "7"]
    monkeypatch.setattr(item_weights, "MOST_ITEMS", 50)
    assert run(asked) == 0
    assert capsys.readouterr().err == (
        "recsys: the groups alone rank films beyond the 50 that have the most ratings\n"
    )
    assert run([*asked, "--method", "most-liked"]) == 0
    assert capsys.readouterr().err == ""


def test_no_likes_are_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "ratings.csv"
    file.write_text("userId,movieId,rating\n1,1,3\n2,2,2.5\n")
    why = "no rating here is a like, because all are below 4; choose a smaller like_threshold"
    assert run(["recommend", "--data", str(file), "--user", "1"]) == 0
    captured = capsys.readouterr()
    assert captured.out == ""
    assert f"recsys: there is no film to recommend to user 1: {why}" in captured.err
    for command in (["clusters"], ["sweep", "--space", "likes"]):
        assert run([*command, "--data", str(file)]) == 2
        assert f"recsys: error: {why}" in capsys.readouterr().err


def test_predict(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ratings = pd.read_csv(folder / "ratings.csv")
    own = ratings[ratings["userId"] == 7].set_index("movieId")["rating"]
    movie = int(ratings["movieId"].value_counts()[own.index].idxmax())
    assert run(["predict", "--data", str(folder), "--user", "7", "--movie", str(movie)]) == 0
    first, second, interval, *parts = capsys.readouterr().out.splitlines()
    assert interval.strip().startswith("8 of 10 such ratings are from ")
    assert parts[0].endswith("mean of all ratings")
    learned = f"user 7 rated it {own[movie]:g}; the model learned from this rating"
    assert parts[-1].strip() == learned
    titles = pd.read_csv(folder / "movies.csv").set_index("movieId")["title"]
    predicted, title = first.split("  ", 1)
    assert 0.5 <= float(predicted) <= 5
    assert title == titles[movie]
    assert "liked it" in second


def test_explain(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The parts of the score add up to the score that ranks the list, for the same reason."""
    asked = ["--data", str(folder), "--user", "7", "--method", "taste-groups"]
    assert run(["recommend", *asked, "-n", "1", "--format", "json"]) == 0
    (first,) = json.loads(capsys.readouterr().out)
    pair = ["explain", *asked, "--movie", str(first["movieId"])]
    assert run([*pair, "--format", "json"]) == 0
    parts = pd.DataFrame(json.loads(capsys.readouterr().out))
    totals = parts.groupby("of")["value"].sum()
    assert totals["score"] == pytest.approx(first["score"], abs=1e-9)
    assert totals["stars"] == pytest.approx(first["predicted_rating"], abs=1e-9)
    assert run(pair) == 0
    _, reason, *lines = map(str.strip, capsys.readouterr().out.splitlines())
    assert reason == first["reason"]
    ranks = f"score {first['score']:.2f}, which ranks lists"
    (start,) = [place for place, line in enumerate(lines) if line.startswith(ranks)]
    told = [line.split("  ")[1] for line in lines[start + 1 :]]
    assert told == parts["part"][parts["of"] == "score"].tolist()


def test_sweep_takes_the_genres_of_most_films_if_the_notebooks_are_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [f"{user},{movie},{1 + user * movie % 5}" for user in range(9) for movie in (1, 2)]
    path = written(tmp_path, " ".join(rows), n_movies=2)
    (path / "movies.csv").write_text("movieId,title,genres\n1,Up,War|Art\n2,Big,Art\n", "utf-8")
    assert run(["sweep", "--data", str(path), "--ks", "2:4", "--all-users"]) == 0
    assert "9 users by Art, War" in capsys.readouterr().out


def test_sweep(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sweep", "--data", str(folder), "--ks", "2:6", "--all-users"]
    assert run([*arguments, "--genres", "Drama", "Comedy"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith(" users by Drama, Comedy")
    assert [line.split()[0] for line in lines[2:6]] == ["2", "3", "4", "5"]
    assert lines[6].startswith("best k ")


def test_sweep_by_likes_and_stability(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["sweep", "--data", str(folder), "--space", "likes", "--ks", "2:4"]
    assert run([*asked, "--stability", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("80 users by their likes of the ")
    assert "bootstrap_stability" in lines[1]
    assert "stability of at least 0.8" in lines[-1]
    assert run([*asked, "--all-users"]) == 2
    assert "--all-users are for groups by genres" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["recommend"], "for whom? give --user or --all"),
        (["recommend", "--user", "7", "--like", "Heat"], "no two of these"),
        (["recommend", "--user", "9999"], "no user 9999"),
        (["recommend", "--user", "seven"], "no user seven"),
        (
            ["recommend", "--user", "7", "--genre", "Dramma"],
            "no genre 'Dramma'; did you mean Drama?",
        ),
        (["recommend", "--user", "7", "--exclude", "No Such"], "no film 'No Such'"),
        (["movies", "zzzqqq"], "no film 'zzzqqq'"),
        (["predict", "--user", "9999", "--movie", "1"], "; the ids lie between 1 and 80"),
        (["predict", "--user", "1", "--movie", "-4"], "no film -4"),
        (["predict", "--user", "1", "--movie", "zzzqqq"], "; `recsys movies` looks up words of"),
        (["report", "--user", "9999"], "no user 9999"),
        (["clusters", "--n-clusters", "999"], "80 users cannot make 999 groups"),
        (["sweep", "--genres", "Nonsense", "Drama"], "no film has the genre 'Nonsense'"),
        (["sweep", "--genres", "Drama"], "need two genres, not only Drama; choose two with"),
        (["sweep", "--ks", "500:600"], "k from 500 needs more users: only "),
        (["sweep", "--ks", "500:600"], " like one genre and not the other; choose smaller k with"),
        (["sweep", "--ks", "2:1000000000000"], "k up to 999999999999 needs more users: only"),
        (["sweep", "--ks", "1000000000000:1:-1"], "k up to 1000000000000 needs more users"),
        (["sweep", "--ks", f"2:{10**30}", "--all-users"], f"k up to {10**30 - 1} needs more users"),
        (["sweep", "--ks", "500:600", "--all-users"], " rated all the genres; choose smaller k"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    folder: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*arguments, "--data", str(folder)]) == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("recsys: error: ")
    assert message in line


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dance"], "dance"),
        (["recomend"], "there is no 'recomend'; did you mean recommend?"),
        (["predict", "--user", "7"], "--movie"),
        (["recommend", "--user", "7", "--method", "boost"], "did you mean boosted?"),
        (["recommend", "--user", "7", "--year", "1999-1990"], "must begin with the earlier year"),
        (["recommend", "--user", "7", "--year", "nineties"], "must be a year or FIRST-LAST"),
        (["clusters", "--n-clusters", "x"], "--n-clusters: must be a whole number, not 'x'"),
        (["report", "--seed", "1.5"], "--seed: must be a whole number, not '1.5'"),
        (["report", "--out", "no/such/r.html"], "--out: there is no folder no/such"),
        (["clusters", "--out", "."], "--out: . is a folder, not a file"),
        (["recommend", "--user", "7", "-n", "0"], "must be at least 1"),
        (["report", "--seed", "-1"], "must be 0 to 2**32 - 1"),
        (["sweep", "--ks", "1:5"], "must name numbers of at least 2"),
        (["sweep", "--ks", "a:b"], "START:STOP"),
        (["sweep", "--stability", "1"], "--stability: must be 0, or 2 to 1000, not 1"),
        (["fetch"], "release"),
    ],
)
def test_bad_arguments_are_one_line_and_exit_code_2(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(arguments)
    assert stopped.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


@pytest.mark.parametrize(
    "command",
    ["report", "clusters", "recommend", "predict", "explain", "movies", "fit", "sweep", "fetch"],
)
def test_help_has_an_example(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run([command, "--help"])
    assert stopped.value.code == 0
    assert f"example: recsys {command}" in capsys.readouterr().out


def test_bad_rows_are_an_error_or_counted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ratings = (folder / "ratings.csv").read_text("utf-8") + "1,1,seven,0\n"
    (tmp_path / "ratings.csv").write_text(ratings, "utf-8")
    (tmp_path / "movies.csv").write_bytes((folder / "movies.csv").read_bytes())
    assert run(["clusters", "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "ratings.csv" in error
    assert "line 4002" in error
    assert "seven" in error
    assert run(["clusters", "--data", str(tmp_path), "--skip-bad-rows"]) == 0
    assert "bad rows left out: 1; the first: " in capsys.readouterr().err


def test_a_missing_folder_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["report", "--data", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err


def test_fetch_says_where_the_release_is_and_what_to_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def fetched(release: str, **options: object) -> Fetched:
        asked.append((release, options["to"], options["accept_unverified"], options["progress"]))
        return Fetched(tmp_path / release, True, False, "ab12", "it is not the one of 2016")

    monkeypatch.setattr("recsys.command.fetch.fetch", fetched)
    assert run(["fetch", "ml-latest-small", "--to", str(tmp_path), "--accept-unverified"]) == 0
    assert asked == [("ml-latest-small", tmp_path, True, False)]
    captured = capsys.readouterr()
    assert captured.out == f"ml-latest-small is in {tmp_path / 'ml-latest-small'}\n"
    assert "not the one of 2016" in captured.err
    assert "its sha256 is ab12" in captured.err


def test_fetch_of_an_unknown_release_names_the_known_ones(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(["fetch", "ml-9000"]) == 2
    error = capsys.readouterr().err
    assert "ml-9000" in error
    assert "ml-100k" in error


def without_pandas(tmp_path: Path) -> dict[str, str]:
    """An environment in which importing pandas fails, as if it were not installed."""
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *a: None if name == 'pandas' else find(name, *a)\n"
        "sys.modules['pandas'] = None\n",
        "utf-8",
    )
    path = os.pathsep.join([str(tmp_path), *sys.path])
    return {**os.environ, "PYTHONPATH": path}


def test_without_the_extra_the_command_says_what_to_install(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PROGRAM, "report"],
        env=without_pandas(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr == f"recsys needs pandas: {install('recsys')}\n"
    assert done.stdout == ""


def test_a_closed_pipe_is_not_an_error(folder: Path) -> None:
    with subprocess.Popen(
        [*PROGRAM, "sweep", "--data", str(folder), "--ks", "2:4", "--all-users"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert running.stderr.read() == b""
    assert running.returncode == 141


def test_letters_that_the_terminal_cannot_show_are_escaped(tmp_path: Path) -> None:
    data = str(written(tmp_path, "1,1,5 2,1,4"))
    done = subprocess.run(
        [*PROGRAM, "predict", "--data", data, "--user", "1", "--movie", "1"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert r"\u0424" in done.stdout
    assert done.stderr == ""


def test_no_traceback_when_interrupted(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("recsys.readers.loading.load_ratings", interrupt)
    assert run(["clusters", "--data", str(folder)]) == 130
    assert capsys.readouterr().err == "recsys: interrupted\n"


def test_bare_it_prints_its_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run([])
    assert stopped.value.code == 0
    assert "recommend films to users of the data" in capsys.readouterr().out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.startswith("kmeans-core ")
