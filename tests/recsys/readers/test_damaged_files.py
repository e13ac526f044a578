"""Files with any content are refused in one short line or read correctly, in linear time."""

import csv
import io
import itertools
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import mutations
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.ratings import Ratings, RatingsError
from recsys.readers.movie_files import _csv_records
from recsys.readers.movielens import load_release

# Seconds. These tests take far less, so a test that takes longer hangs.
HANG = 120


@pytest.fixture
def spoiled(tmp_path, samples, in_folder):
    """Writes a sample release with one file replaced, and returns the folder."""

    def write(release: str, name: str, content: str | bytes) -> Path:
        return in_folder(tmp_path, {**samples[release], name: content})

    return write


def test_damaged_releases_are_refused_or_read_soundly(samples, tmp_path):
    """Tries some damaged files; tests/long/damaged_files.py tries more."""
    outcomes = set()
    for path, data in itertools.islice(mutations.damaged_releases(samples, tmp_path, seed=7), 600):
        try:
            outcomes.add(mutations.check_reading(path))
        except Exception as error:
            error.add_note(f"{path.name} after a change of these bytes: {data[:2000]!r}")
            raise
    # The test is worth something only if it sees every outcome.
    assert outcomes == {"refused", "skipped", "read"}


# Time -------------------------------------------------------------------------------------------

READ = """
import sys
from recsys.readers.movielens import load_release
from recsys.data.ratings import RatingsError
for path in sys.argv[1:]:
    try:
        print(len(load_release(path, skip_bad_rows=True).skipped))
    except RatingsError as error:
        print(error)
"""


def read_in_another_process(paths: list[Path]) -> list[str]:
    """For each path, the number of bad rows or the error. A process that hangs is ended."""
    command = [sys.executable, "-c", READ, *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG)
    assert done.stderr == ""
    return done.stdout.splitlines()


def test_quotes_that_are_not_closed_take_no_quadratic_time(samples, in_folder, tmp_path):
    # 20 kB took two seconds when each line was read to the end of the file.
    folders = []
    for line, end in itertools.product(['5,"Up\n', 'a","\n', '5,"a""\n'], ["", '"x"y\n']):
        movies = samples["csv"]["movies.csv"] + line * (300_000 // len(line)) + end
        folder = tmp_path / str(len(folders))
        folders.append(in_folder(folder, {**samples["csv"], "movies.csv": movies}))
    skipped = read_in_another_process(folders)
    assert len(skipped) == 6
    assert all(int(n_rows) > 0 for n_rows in skipped)


def every_record_from_its_own_line(lines: list[str]) -> list[tuple[int, list[str] | str]]:
    """Rows of movies.csv by the rule: after a bad row, go on at the next line."""
    found: list[tuple[int, list[str] | str]] = []
    at = 1
    while at < len(lines):
        reader = csv.reader((line + "\n" for line in lines[at:]), strict=True)
        try:
            row = next(reader)
            if row:
                wrong = f"{len(row)} fields, not 3"
                found.append((at + 1, row if len(row) == 3 else wrong))
            at += reader.line_num
        except csv.Error as error:
            found.append((at + 1, f"not a row of CSV ({error})"))
            at += 1
    return found


@given(
    st.lists(st.text('a,"\r', max_size=8), max_size=12)
    | st.lists(
        st.sampled_from(['1,"a', 'a",b', "1,a,b", '"', '"a"b', "", '","', 'a""']), max_size=12
    )
)
def test_the_shortcut_for_open_quotes_changes_no_row(rows):
    lines = ["movieId,title,genres", *rows]
    found = [
        (record.line, record.fields if isinstance(record.fields, list) else record.fields.reason)
        for record in _csv_records(lines, Path("movies.csv"))
    ]
    assert found == every_record_from_its_own_line(lines)


# Characters -------------------------------------------------------------------------------------

CONTROLS = ["\0", "\x01", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x1f", "\x7f", "\x85"]


@pytest.mark.parametrize("control", CONTROLS)
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("before", [True, False])
def test_a_control_character_beside_a_number_is_named(
    samples, refusal, spoiled, control, place, before
):
    fields = ["2", "31", "0.5", "7"]
    fields[place] = control + fields[place] if before else fields[place] + control
    rows = samples["csv"]["ratings.csv"] + ",".join(fields) + "\n"
    folder = spoiled("csv", "ratings.csv", rows)
    message = refusal(folder)
    name = ["userId", "movieId", "rating", "timestamp"][place]
    assert f"ratings.csv, line 5: {name} is not a " in message
    assert message.endswith(f": {fields[place]!r}")
    assert len(load_release(folder, skip_bad_rows=True).skipped) == 1


@pytest.mark.parametrize("control", ["\x0b", "\x0c", "\x1d", "\x85"])
def test_a_line_of_a_control_character_is_not_blank(samples, refusal, spoiled, control):
    rows = samples["csv"]["ratings.csv"] + f"{control}\n"
    assert "ratings.csv, line 5: 1 fields, not 4" in refusal(spoiled("csv", "ratings.csv", rows))


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0"])
def test_white_space_beside_a_number_is_passed_over(samples, spoiled, space):
    rows = samples["csv"]["ratings.csv"] + f"{space}2,31{space},{space}0.5{space},7\n"
    assert load_release(spoiled("csv", "ratings.csv", rows)).ratings["rating"].tolist()[-1] == 0.5


@pytest.mark.parametrize(
    ("release", "name"),
    [
        ("csv", "ratings.csv"), ("csv", "movies.csv"), ("ml-1m", "ratings.dat"),
        ("ml-1m", "movies.dat"), ("ml-100k", "u.data"), ("ml-100k", "u.item"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("skip_bad_rows", [True, False])
def test_lines_that_end_in_cr_alone_are_refused(
    samples, refusal, spoiled, release, name, skip_bad_rows
):
    text = samples[release][name]
    data = text.encode() if isinstance(text, str) else text
    folder = spoiled(release, name, data.replace(b"\n", b"\r"))
    message = refusal(folder, skip_bad_rows=skip_bad_rows)
    assert f"{folder / name}, line 1: " in message
    assert "CR" in message or "fields, not 4" in message


# Length -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ratings.csv", "movies.csv"])
@pytest.mark.parametrize(
    "header",
    ["x" * 1_000_000, '"' + "x" * 140_000, "userId," * 100_000, "movieId,\x1b" + "y" * 300_000],
    ids=["one field", "quoted field", "many fields", "control"],
)
def test_a_header_of_any_length_is_refused_in_a_short_line(
    refusal, spoiled, tmp_path, name, header
):
    message = refusal(spoiled("csv", name, header + "\n1,2,3,4\n"))
    assert message.startswith(f"{tmp_path / name}, line 1: ")
    assert message.isprintable()
    assert len(message) < len(str(tmp_path)) + 250


@pytest.mark.parametrize("frame", ["ratings", "movies"])
@pytest.mark.parametrize(
    "value",
    ["\udce9" * 1_000_000, 10**5000, -(10**400), "\x1b[31m\udce9", ["x"] * 100_000, 1.5, None],
    ids=["text", "huge", "large", "control", "list", "half", "none"],
)
def test_a_value_of_any_length_in_a_frame_is_refused_in_a_short_line(frame, value):
    tables = {
        "ratings": pd.DataFrame({"userId": [7], "movieId": [1], "rating": [4]}),
        "movies": pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": ["War"]}),
    }
    tables[frame]["movieId"] = pd.Series([value], dtype=object)
    with pytest.raises(RatingsError) as caught:
        Ratings.from_frames(**tables)
    message = str(caught.value)
    assert message.startswith(f"{frame} frame, row 0 (counted from 0): movieId is n")
    assert message.isprintable()
    assert len(message) < 250


def test_columns_of_any_name_are_listed_in_a_short_line():
    frame = pd.DataFrame({"x\x1b" * 1_000_000: [1], **{f"c{i}": [1] for i in range(10_000)}})
    movies = pd.DataFrame({"movieId": [1], "title": ["Up"], "genres": ["War"]})
    with pytest.raises(RatingsError) as caught:
        Ratings.from_frames(frame, movies)
    message = str(caught.value)
    assert "no column of users among 'x\\x1bx" in message
    assert message.isprintable()
    assert len(message) < 2100


@pytest.mark.parametrize(
    "text", ["Crime|7|x", "x" * 1_000_000, "\x1b[31m" * 1000], ids=["name", "long", "control"]
)
def test_a_bad_line_of_u_genre_is_refused_in_a_short_line(refusal, spoiled, tmp_path, text):
    message = refusal(spoiled("ml-100k", "u.genre", text + "\n"))
    assert message.startswith(f"{tmp_path / 'u.genre'}, line 1: not NAME|0: ")
    assert message.isprintable()
    assert len(message) < len(str(tmp_path)) + 500


# Zips and places --------------------------------------------------------------------------------


def zip_of(files: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def test_a_name_in_a_zip_that_is_not_text_is_refused(samples, refusal, tmp_path):
    data = zip_of({**samples["csv"], "é": "x"}).replace("é".encode(), b"\xff\xfe")
    path = tmp_path / "ml.zip"
    path.write_bytes(data)
    assert refusal(path).startswith(f"{path}: the zip is damaged or cannot be read: ")


@pytest.mark.parametrize("name", ["//", "a//b", "/", "/a/"])
def test_a_zip_with_a_name_that_python_cannot_walk_is_refused(samples, refusal, tmp_path, name):
    path = tmp_path / "ml.zip"
    path.write_bytes(zip_of({**samples["csv"], name: "x"}))
    assert "the zip is not safe: " in refusal(path)


def test_a_zip_that_expands_without_bounds_is_refused(samples, refusal, tmp_path):
    path = tmp_path / "ml.zip"
    path.write_bytes(zip_of({**samples["csv"], "movies.csv": "\0" * 50_000_000}))
    assert "more than 100 times as many" in refusal(path)


def test_a_pipe_is_never_waited_for(samples, in_folder, tmp_path):
    names = ["u.data", "u.item", "u.genre", "ml.zip"]
    for name in names:
        files = {file: text for file, text in samples["ml-100k"].items() if file != name}
        os.mkfifo(in_folder(tmp_path / name, files) / name)
    folders = [tmp_path / name for name in names]
    pipes = [tmp_path / name / name for name in names]
    answers = read_in_another_process([*folders, *pipes])
    # In a folder, the reader ignores names that are not regular files.
    assert [answer == "0" for answer in answers] == [False, False, True, True, *[False] * 4]
    for path, answer in zip([*folders, *pipes], answers, strict=True):
        assert answer == "0" or str(path) in answer


@pytest.mark.parametrize("target", ["/dev/zero", "/dev/null"])
def test_a_link_to_a_device_is_refused(refusal, in_folder, samples, tmp_path, target):
    in_folder(tmp_path, {"u.item": samples["ml-100k"]["u.item"]})
    (tmp_path / "u.data").symlink_to(target)
    assert "neither a folder nor a regular file" in refusal(tmp_path / "u.data")
    assert "no ratings here" in refusal(tmp_path)
