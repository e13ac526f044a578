"""The command with closed and full streams, and with names and titles of any bytes."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from recsys import Ratings, RatingsError, make_ratings
from recsys.command.cli import run
from recsys.report.report import write_report

RECSYS = shlex.join([sys.executable, "-m", "recsys"])
# Characters that a terminal acts on: C0 without the line end, DEL, C1, separators, directions.
CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
ODD_TITLES = (
    "Up\x1b[31m\x1b]0;x\x07", "Bell\x07", "Nul\x00", "Back\x08\x08", "Feed\x0c", "Two\nlines",
    "Two\r\nlines", "C1\x9b31m", "Line\u2028end", "Turned\u202eround", "Del\x7f", "$x^2$",
    "100 % & #1 {a}_b~\\", "<b>bold</b>", "日本 😀", "Tab\tbed",
)  # fmt: skip


@pytest.fixture(scope="module")
def odd() -> Ratings:
    """Ratings of films whose titles and genres hold characters that a terminal acts on."""
    made = make_ratings(n_users=60, n_movies=150, n_ratings=3000, random_state=3)
    movies = made.movies.copy()
    movies["title"] = [
        f"{ODD_TITLES[place % len(ODD_TITLES)]} {title}"
        for place, title in enumerate(made.movies["title"])
    ]
    movies["genres"] = [f"{genres}|Odd\x1b[5m" for genres in movies["genres"]]
    return Ratings.from_frames(made.ratings, movies)


@pytest.fixture(scope="module")
def folder(odd: Ratings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same ratings in files."""
    path = tmp_path_factory.mktemp("odd")
    odd.ratings.to_csv(path / "ratings.csv", index=False)
    odd.movies.to_csv(path / "movies.csv", index=False)
    return path


def begun(arguments: str) -> subprocess.Popen[bytes]:
    """The command in a shell that redirects its streams. Tests begin several at once."""
    return subprocess.Popen(
        ["bash", "-c", f"{RECSYS} {arguments}"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def ended(running: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    """The exit code, and what came to the streams that were not redirected."""
    out, error = running.communicate(timeout=300)
    return running.returncode, out, error


# Streams ----------------------------------------------------------------------------------------

FULL = "No space left on device"
CLOSED = "Bad file descriptor"


def test_a_stream_that_is_closed_or_full(folder):
    """A lost notice is not an error. A lost answer is an error, reported if possible."""
    # Without --data the command prints a notice on standard error.
    small = f"--data {folder}"
    cases = [
        ("", "2>/dev/full", None),
        ("", "<&- 2>&-", None),
        ("", ">&-", CLOSED),
        (small, ">/dev/full", FULL),
        (small, ">&- 2>&-", ""),
    ]
    sweep = "sweep --ks 2:3 --all-users"
    running = [begun(f"{sweep} {data} {streams}") for data, streams, _ in cases]
    for (data, streams, error), done in zip(cases, running, strict=True):
        code, out, told = ended(done)
        lost = error is not None
        assert code == (2 if lost else 0), streams
        assert (b"best k" in out) == (not lost), streams
        lines = told.decode().splitlines()
        if error:
            assert lines.pop() == f"recsys: error: standard output cannot be written: {error}"
        assert len(lines) == (1 if error and not data else 0), streams


def test_help_and_errors_that_cannot_be_written():
    nowhere = "predict --user 1 --movie 1 --data nowhere"
    cases = [
        ("--help", ">/dev/full", 2),
        ("--help", "| head -c 1 >/dev/null", 0),
        ("--version", ">&-", 2),
        ("--version", "2>&-", 0),
        ("--dance", "2>&-", 2),
        ("--dance", "2>/dev/full", 2),
        (nowhere, "2>&-", 2),
        (nowhere, "2>/dev/full", 2),
        (nowhere, ">&- 2>/dev/full", 2),
    ]
    running = [begun(f"{arguments} {streams}") for arguments, streams, _ in cases]
    for (arguments, streams, expected), done in zip(cases, running, strict=True):
        code, _, told = ended(done)
        assert code == expected, (arguments, streams)
        assert b"Traceback" not in told
        assert b"Exception ignored" not in told
        assert len(told.splitlines()) == (1 if "2>" not in streams and code else 0), streams


def test_text_for_a_closed_stream_does_not_go_into_the_file(folder, tmp_path):
    out = tmp_path / "groups.csv"
    clusters = f"clusters --n-clusters 3 --data {folder} --out {out}"
    assert ended(begun(f"{clusters} <&- >&- 2>&-"))[0] == 2
    assert pd.read_csv(out).columns.tolist() == ["userId", "cluster"]


# Names of files ---------------------------------------------------------------------------------

ASCII_ONLY = {
    "LC_ALL": "C",
    "PYTHONUTF8": "0",
    "PYTHONCOERCECLOCALE": "0",
    "PYTHONIOENCODING": "ascii",
}


def test_a_report_on_and_to_a_path_of_any_bytes(folder, tmp_path):
    """A name in latin-1 where names are UTF-8, and a name in UTF-8 where letters are ASCII."""
    cases = [
        ({}, b"caf\xe9", "caf\\xe9", "caf\\xe9"),
        (ASCII_ONLY, "café".encode(), "café", "caf\\xe9"),
    ]
    outs, running = [], []
    for environment, name, _, _ in cases:
        data = os.fsencode(tmp_path) + b"/" + name
        os.mkdir(data)
        for file in ("ratings.csv", "movies.csv"):
            os.link(folder / file, data + b"/" + file.encode())
        outs.append(data + b"/r" + name + b".html")
        command = [sys.executable, "-m", "recsys", "report", "--sections", "source"]
        command += ["--data", data, "--out", outs[-1]]
        environment = {**os.environ, **environment}
        pipe = subprocess.PIPE
        running.append(subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe))
    for (_, _, shown, printed), out, done in zip(cases, outs, running, strict=True):
        told = f"Report written to {tmp_path}/{printed}/r{printed}.html\n"
        assert ended(done) == (0, told.encode(), b"")
        with open(out, encoding="utf-8") as page:
            assert f'<dd dir="auto">{tmp_path}/{shown}</dd>' in page.read()


@pytest.mark.parametrize(
    "path", ["no\x1b[31mwhere", "no\udce9where", "no\nwhere", "x" * 300, "x" * 300 + ".zip", "\0"]
)
@pytest.mark.parametrize("option", ["--data", "--out", "--to"])
def test_an_odd_path_is_an_error_of_one_line(option, path, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = {
        "--data": ["sweep", "--data", path],
        "--out": ["report", "--data", "nowhere", "--out", f"{path}/x"],
        "--to": ["fetch", "ml-9000", "--to", path],
    }[option]
    if option == "--out":
        with pytest.raises(SystemExit, match="2"):
            run(arguments)
    else:
        assert run(arguments) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.isprintable()


# Titles -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        ["recommend", "--user", "7", "--method", "most-liked", "-n", "150"],
        ["predict", "--user", "7", "--method", "most-liked"],
        ["clusters", "--n-clusters", "3", "--films", "20"],
        ["sweep", "--genres", "Nonsense", "Drama"],
        ["sweep", "--genres", "Odd\x1b[5m", "Drama", "--ks", "2:3", "--all-users"],
    ],
)
def test_no_control_character_of_a_title_reaches_the_terminal(folder, odd, arguments, capsys):
    if arguments[0] == "predict":
        rated = odd.ratings["movieId"].unique()
        title = odd.movies.set_index("movieId")["title"][rated]
        arguments = [*arguments, "--movie", str(title.index[title.str.startswith("Up\x1b")][0])]
    run([*arguments, "--data", str(folder)])
    captured = capsys.readouterr()
    assert not CONTROLS.search(captured.out + captured.err)
    assert "\\x1b" in captured.out + captured.err


def test_a_value_of_a_bad_row_does_not_reach_the_terminal_raw(tmp_path, capsys):
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Up,War\n")
    (tmp_path / "ratings.csv").write_text(
        "userId,movieId,rating,timestamp\n1,1,\x1b[31m\x07\u202e,0\n", "utf-8"
    )
    assert run(["sweep", "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert "line 2: rating is not a number: '\\x1b[31m\\x07\\u202e'" in error
    assert not CONTROLS.search(error)


def test_the_page_of_a_report_holds_text_only(odd, tmp_path):
    # The constructor takes a source label without a check.
    ratings = Ratings(odd.ratings, odd.movies, odd.scale, "a\ud800b\x1b")
    out = write_report(ratings, tmp_path / "r.html", command="recsys \udce9\x1b")
    page = out.read_text("utf-8")
    assert not CONTROLS.search(page)
    assert "a\\ud800b\\x1b" in page
    assert "recsys \\xe9\\x1b" in page
    assert "Up\\x1b[31m" in page
    assert "&lt;b&gt;bold&lt;/b&gt;" in page


@pytest.mark.parametrize("column", ["title", "genres"])
@pytest.mark.parametrize("text", ["\ud800", "Am\udce9lie", "x" * 1000 + "\udfff"])
def test_half_of_a_surrogate_pair_in_a_frame_is_refused(column, text):
    ratings = pd.DataFrame({"userId": [7], "movieId": [1], "rating": [4]})
    movies = pd.DataFrame({"movieId": [1, 2], "title": ["Up", "Big"], "genres": ["War", ""]})
    movies[column] = pd.Series(["Fine", text], dtype=object)
    with pytest.raises(RatingsError) as caught:
        Ratings.from_frames(ratings, movies)
    message = str(caught.value)
    assert message.startswith("movies frame, row 1 (counted from 0): " + column)
    assert "half of a surrogate pair: " in message
    assert message.isprintable()
    assert len(message) < 200
    movies[column] = ["Fine", "Amélie 😀"]
    assert len(Ratings.from_frames(ratings, movies).movies) == 2
