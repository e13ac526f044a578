"""Every MovieLens format, from folders and zips: the content, and the search for the files."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.scale import HALF_STARS, WHOLE_STARS
from recsys.readers.movielens import load_release


def in_zip(path: Path, files: dict[str, str | bytes], top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(top + name, content)
    return path


# Content --------------------------------------------------------------------------------------


def test_csv_is_read_into_the_tidy_frames(tmp_path, samples, in_folder):
    table = load_release(in_folder(tmp_path, samples["csv"]))
    expected = pd.DataFrame(
        {
            "userId": np.array([1, 1, 2], np.int64),
            "movieId": np.array([31, 11, 11], np.int64),
            "rating": [2.5, 3.0, 5.0],
            "timestamp": np.array([1260759144, 1260759179, 1260759185], np.int64),
        }
    )
    pd.testing.assert_frame_equal(table.ratings, expected)
    assert isinstance(table.ratings.index, pd.RangeIndex)
    assert table.movies["movieId"].tolist() == [1, 11, 31]
    assert table.movies["title"].tolist() == [
        "Toy Story (1995)",
        "American President, The (1995)",
        "11'09\"01 - September 11 (2002)",
    ]
    assert table.movies["genres"].tolist()[1:] == ["Comedy|Drama|Romance", "(no genres listed)"]
    assert [str(dtype) for dtype in table.movies.dtypes] == ["int64", "object", "object"]
    assert (table.scale, table.source, table.skipped) == (HALF_STARS, str(tmp_path), ())


def test_ml_1m_is_latin_1_with_whole_stars_and_colons_in_titles(tmp_path, samples, in_folder):
    table = load_release(in_folder(tmp_path, samples["ml-1m"]))
    assert table.scale == WHOLE_STARS
    assert table.ratings.to_numpy().tolist()[1] == [1, 661, 3, 978302109]
    assert table.movies["title"].tolist() == ["Misérables, Les: Part 1:", "Toy Story (1995)"]
    assert table.movies["genres"].tolist() == ["Drama|Musical", "Animation|Children's|Comedy"]


def test_ml_10m_is_utf_8_with_half_stars(tmp_path, samples, in_folder):
    table = load_release(in_folder(tmp_path, samples["ml-10m"]))
    assert table.scale == HALF_STARS
    assert table.ratings["rating"].tolist() == [5, 3.5, 1]
    assert table.movies["title"].tolist()[0] == "Misérables, Les: Part 1:"


def test_ml_100k_names_its_genre_flags(tmp_path, samples, in_folder):
    table = load_release(in_folder(tmp_path, samples["ml-100k"]))
    assert table.scale == WHOLE_STARS
    assert table.ratings["movieId"].tolist() == [2, 267, 2]
    assert table.movies["title"].tolist()[1:3] == ["Misérables, Les (1995)", "unknown"]
    assert table.movies["genres"].tolist() == [
        "Animation|Children's|Comedy",
        "Action|Adventure|Thriller",
        "unknown",
        "(no genres listed)",
    ]


def test_u_genre_names_the_flags(tmp_path, in_folder, refusal):
    files = {
        "u.data": "1\t5\t4\t0\n",
        "u.item": "5|Up|||| 0|1".replace(" ", "") + "\n",
        "u.genre": "Calm|0\r\nLoud|1\r\n\r\n",
    }
    assert load_release(in_folder(tmp_path, files)).movies["genres"].tolist() == ["Loud"]
    (tmp_path / "u.genre").write_text("Calm|0\nLoud|2\n")
    assert refusal(tmp_path) == f"{tmp_path / 'u.genre'}, line 2: not NAME|1: 'Loud|2'"


@pytest.mark.parametrize(
    ("ratings", "genres", "scale"),
    [
        ("4", "Drama", WHOLE_STARS),
        ("4.5", "Drama", HALF_STARS),
        ("4.5", "Children|Drama", HALF_STARS),
        ("4", "Children", HALF_STARS),
        ("4", "Drama|Children's", WHOLE_STARS),
        ("4.5", "Children|Children's", HALF_STARS),
        ("4", "Children|Children's", WHOLE_STARS),
    ],
)
def test_genre_names_or_else_ratings_determine_the_scale_of_dat_files(
    tmp_path, ratings, genres, scale, in_folder
):
    files = {"ratings.dat": f"1::2::{ratings}::0\n", "movies.dat": f"2::Up::{genres}\n"}
    assert load_release(in_folder(tmp_path, files)).scale == scale


def test_a_half_star_in_ml_1m_is_an_error(tmp_path, samples, in_folder, refusal):
    ratings = samples["ml-1m"]["ratings.dat"].replace("::3::", "::3.5::")
    message = refusal(in_folder(tmp_path, {**samples["ml-1m"], "ratings.dat": ratings}))
    assert "ratings.dat, line 2: rating is off the scale 1 to 5 by 1: '3.5'; " in message


def test_dat_and_item_files_turned_into_utf_8_are_recognised(tmp_path, samples, in_folder):
    files = {**samples["ml-1m"], "movies.dat": samples["ml-1m"]["movies.dat"].decode("latin-1")}
    table = load_release(in_folder(tmp_path / "1m", files))
    assert table.movies["title"].tolist()[0] == "Misérables, Les: Part 1:"
    files = {**samples["ml-100k"], "u.item": samples["ml-100k"]["u.item"].decode("latin-1")}
    table = load_release(in_folder(tmp_path / "100k", files))
    assert table.movies["title"].tolist()[1] == "Misérables, Les (1995)"


def test_ratings_small_needs_no_movies_file_of_its_own(tmp_path, samples, in_folder):
    files = {
        "ratings_small.csv": samples["csv"]["ratings.csv"],
        "movies.csv": samples["csv"]["movies.csv"],
    }
    folder = in_folder(tmp_path, files)
    assert len(load_release(folder).ratings) == 3
    assert len(load_release(folder / "ratings_small.csv").ratings) == 3


def test_ratings_csv_comes_first_and_a_named_file_is_the_one_read(tmp_path, samples, in_folder):
    small = "userId,movieId,rating,timestamp\n9,1,4,0\n"
    folder = in_folder(tmp_path, {**samples["csv"], "ratings_small.csv": small})
    assert load_release(folder).n_users == 2
    assert load_release(str(folder / "ratings_small.csv")).n_users == 1


@pytest.mark.parametrize("release", ["csv", "ml-1m", "ml-10m", "ml-100k"])
@pytest.mark.parametrize("top", ["", "ml/"])
def test_a_zip_and_a_folder_in_a_folder_read_as_the_folder_does(
    tmp_path, release, top, samples, in_folder
):
    files = samples[release]
    plain = load_release(in_folder(tmp_path / "plain", files))
    zipped = load_release(in_zip(tmp_path / "ml.zip", {"README": "x", **files}, top))
    inner = in_folder(tmp_path / "outer" / top, files)
    for table in (zipped, load_release(tmp_path / "outer"), load_release(inner)):
        pd.testing.assert_frame_equal(table.ratings, plain.ratings)
        pd.testing.assert_frame_equal(table.movies, plain.movies)


@pytest.mark.parametrize("release", ["csv", "ml-1m", "ml-10m", "ml-100k"])
def test_crlf_byte_order_mark_blank_lines_and_no_last_line_end_change_nothing(
    tmp_path, release, samples, in_folder
):
    files = samples[release]
    plain = load_release(in_folder(tmp_path / "plain", files))
    odd_files = {}
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        odd = b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n").removesuffix(b"\r\n")
        head, _, rest = odd.partition(b"\r\n")
        odd_files[name] = head + b"\r\n\r\n" + rest
    odd = load_release(in_folder(tmp_path / "odd", odd_files))
    pd.testing.assert_frame_equal(odd.ratings, plain.ratings)
    pd.testing.assert_frame_equal(odd.movies, plain.movies)


def test_columns_are_found_by_name_and_fields_may_be_quoted_or_begin_with_zeros(
    tmp_path, in_folder
):
    files = {
        "ratings.csv": 'x,timestamp,rating,"movieId",userId\na,5,"4.5",000000000000000000001,007\n',
        "movies.csv": 'genres,"title",movieId,year\nDrama,"Up, up",1,2009\n',
    }
    table = load_release(in_folder(tmp_path, files))
    assert table.ratings.to_numpy().tolist() == [[7, 1, 4.5, 5]]
    assert table.movies.to_numpy().tolist() == [[1, "Up, up", "Drama"]]


def test_a_title_over_two_lines_keeps_its_line_end_and_the_lines_after_it(
    tmp_path, samples, in_folder, refusal
):
    movies = 'movieId,title,genres\n31,"Two\nlines",Drama\n11,Up,Drama\n11,Up,Drama\n'
    folder = in_folder(tmp_path, {**samples["csv"], "movies.csv": movies})
    assert "movies.csv, line 5: movieId is on line 4 already: '11'" in refusal(folder)
    table = load_release(folder, skip_bad_rows=True)
    assert table.movies["title"].tolist() == ["Two\nlines", "Up"]


# Search ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("skip", [False, True])
def test_a_folder_without_ratings_names_what_was_looked_for(tmp_path, skip, refusal):
    (tmp_path / "ratings.csv").mkdir()
    message = refusal(tmp_path, skip_bad_rows=skip)
    assert message.startswith(f"{tmp_path}: no ratings")
    for name in ("ratings.csv", "ratings_small.csv", "ratings.dat", "u.data"):
        assert name in message


@pytest.mark.parametrize("release", ["csv", "ml-1m", "ml-100k"])
def test_a_missing_file_of_movies_is_named(tmp_path, release, samples, in_folder, refusal):
    files = samples[release]
    ratings, movies = files
    folder = in_folder(tmp_path, {ratings: files[ratings]})
    assert refusal(folder) == f"{folder}: {ratings} needs {movies} beside it"
    assert refusal(folder / ratings) == f"{folder / ratings}: needs {movies} beside it"
    zipped = in_zip(tmp_path / "ml.zip", {ratings: files[ratings]}, "ml/")
    assert f"ml.zip/ml/: {ratings} needs {movies}" in refusal(zipped)


def test_several_releases_in_one_folder_are_not_guessed_between(
    tmp_path, samples, in_folder, refusal
):
    in_folder(tmp_path / "b", samples["csv"])
    in_folder(tmp_path / "a", samples["ml-1m"])
    assert refusal(tmp_path) == f"{tmp_path}: several releases; name one of them: a, b"


def test_a_path_that_is_not_there_and_a_file_of_another_name_are_refused(
    tmp_path, samples, in_folder, refusal
):
    assert refusal(tmp_path / "ml-1m") == f"{tmp_path / 'ml-1m'}: no such file or folder"
    folder = in_folder(tmp_path, samples["csv"])
    message = refusal(folder / "movies.csv")
    assert message.startswith(
        f"{folder / 'movies.csv'}: not a file of ratings; its name must be ratings.csv, "
    )
    assert "ratings_small.csv" in message


def test_a_file_that_the_system_will_not_read_is_named(tmp_path, samples, in_folder, refusal):
    folder = in_folder(tmp_path, {"ratings.csv": samples["csv"]["ratings.csv"]})
    (folder / "movies.csv").symlink_to("movies.csv")
    message = refusal(folder)
    assert "movies.csv" in message
    # This name is too long for any file system.
    assert "cannot be read: File name too long" in refusal(folder / ("x" * 5000))


def test_a_bad_row_in_a_zip_is_named_with_zip_and_member(tmp_path, samples, refusal):
    files = {
        **samples["csv"],
        "ratings.csv": samples["csv"]["ratings.csv"].replace("3.0", "x"),
    }
    message = refusal(in_zip(tmp_path / "ml.zip", files, "ml/"))
    assert message.startswith(f"{tmp_path / 'ml.zip'}/ml/ratings.csv, line 3: ")


def test_a_damaged_zip_is_named(tmp_path, samples, refusal):
    path = in_zip(
        tmp_path / "ml.zip",
        {**samples["csv"], "ratings.csv": samples["csv"]["ratings.csv"] * 20},
        "ml/",
    )
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert refusal(path).startswith(f"{path}: the zip is damaged")
    path.write_bytes(b"<html>Not found</html>")
    assert refusal(path).startswith(f"{path}: the zip is damaged")
    # Change each byte in the packed data of the first member, except the last one.
    start = whole.index(b"ratings.csv") + len("ratings.csv")
    for at in range(start, whole.index(b"PK", start) - 1):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
        assert refusal(path, skip_bad_rows=True).startswith(f"{path}: the zip is damaged")


# Round trips ----------------------------------------------------------------------------------

TEXT = st.text(
    st.characters(codec="latin-1", exclude_categories=["Cc"], exclude_characters="|"),
    min_size=1,
    max_size=12,
)
GENRES = st.lists(st.sampled_from(["Drama", "Sci-Fi", "Film-Noir", "War"]), unique=True, max_size=3)


@st.composite
def tables(draw):
    ids = st.integers(1, 40) | st.integers(-(2**63), 2**63 - 1)
    movies = draw(st.dictionaries(ids, st.tuples(TEXT, GENRES), min_size=1, max_size=6))
    pairs = st.tuples(ids, st.sampled_from(sorted(movies)))
    rating_and_time = st.tuples(st.integers(1, 5), st.integers(0, 2**40))
    return movies, draw(st.dictionaries(pairs, rating_and_time, min_size=1, max_size=12))


def write_csv(folder, movies, ratings):
    pd.DataFrame([(*pair, *rest) for pair, rest in ratings.items()]).to_csv(
        folder / "ratings.csv", index=False, header=["userId", "movieId", "rating", "timestamp"]
    )
    pd.DataFrame(
        [
            (i, title, "|".join(genres) or "(no genres listed)")
            for i, (title, genres) in movies.items()
        ]
    ).to_csv(folder / "movies.csv", index=False, header=["movieId", "title", "genres"])


def write_dat(folder, movies, ratings):
    rows = ["::".join(map(str, (*pair, *rest))) + "\n" for pair, rest in ratings.items()]
    (folder / "ratings.dat").write_text("".join(rows))
    # Each title ends in é, so the file in ISO-8859-1 (as in ml-1m) is never valid UTF-8.
    lines = [f"{i}::{title}é::{'|'.join(genres)}\n" for i, (title, genres) in movies.items()]
    (folder / "movies.dat").write_bytes("".join(lines).encode("latin-1"))


def write_item(folder, movies, ratings):
    rows = ["\t".join(map(str, (*pair, *rest))) + "\n" for pair, rest in ratings.items()]
    (folder / "u.data").write_text("".join(rows))
    names = ["Drama", "Sci-Fi", "Film-Noir", "War"]
    (folder / "u.genre").write_text("".join(f"{name}|{i}\n" for i, name in enumerate(names)))
    lines = [
        f"{i}|{title}é|||x|" + "|".join(str(int(name in genres)) for name in names) + "\n"
        for i, (title, genres) in movies.items()
    ]
    (folder / "u.item").write_bytes("".join(lines).encode("latin-1"))


@given(table=tables(), layout=st.integers(0, 2))
def test_what_is_written_in_any_format_is_read_back(tmp_path_factory, table, layout):
    movies, ratings = table
    write = (write_csv, write_dat, write_item)[layout]
    folder = tmp_path_factory.getbasetemp() / write.__name__
    folder.mkdir(exist_ok=True)
    write(folder, movies, ratings)
    read = load_release(folder)

    rows = [[*pair, *rest] for pair, rest in ratings.items()]
    for position, name in enumerate(read.ratings.columns):
        assert read.ratings[name].tolist() == [row[position] for row in rows]
    suffix = "" if write is write_csv else "é"
    names = ["Drama", "Sci-Fi", "Film-Noir", "War"]
    expected = [
        (i, title + suffix, sorted(genres, key=names.index))
        for i, (title, genres) in movies.items()
    ]
    found = [
        (i, title, sorted(set(genres.split("|")) & set(names), key=names.index))
        for i, title, genres in read.movies.itertuples(index=False)
    ]
    assert found == expected


# The real data --------------------------------------------------------------------------------


def test_the_real_release_has_its_known_shape(real_ratings):
    assert real_ratings.ratings.shape == (100_004, 4)
    assert real_ratings.movies.shape == (9_125, 3)
    assert (real_ratings.n_users, real_ratings.n_movies) == (671, 9_066)
    assert (real_ratings.scale, real_ratings.skipped) == (HALF_STARS, ())


def test_the_real_release_equals_what_pandas_reads(real_ratings, movielens_dir):
    pd.testing.assert_frame_equal(
        real_ratings.ratings, pd.read_csv(movielens_dir / "ratings.csv"), check_exact=True
    )
    movies = pd.read_csv(movielens_dir / "movies.csv", encoding="utf-8")
    pd.testing.assert_frame_equal(
        real_ratings.movies, movies.astype({"title": object, "genres": object})
    )


def test_reading_needs_no_download_library():
    code = (
        "import sys, recsys.readers.movielens; "
        "print('pooch' in sys.modules, 'requests' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert re.fullmatch(r"False False\s*", found.stdout)
