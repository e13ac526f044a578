"""The ratings of one person: exports of Letterboxd, IMDb and Goodreads, and other tables."""

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recsys.data.ratings import RatingsError
from recsys.data.scale import HALF_STARS, WHOLE_STARS, RatingScale
from recsys.readers.exports import OwnRating, export_of, read_export

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2023-09-02,Quiet Harbour,2022,https://example.org/a,1.5
2023-09-04,"Comet, Paper",2014,https://example.org/b,5
2023-09-05,Unrated,2015,https://example.org/c,
"""
IMDB = """Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Year,Genres
tt0000001,10,2014-07-22,Quiet Harbour,Havre calme,https://example.org/1,movie,7.3,2010,"Drama, War"
tt0000002,8,2014-06-24,Paper Comet,Paper Comet,https://example.org/2,tvSeries,7.1,1990,Romance
"""
IMDB_OLD = """position,const,created,modified,description,Title,Title type,Directors,You rated,Year
1,tt0000001,Sat Nov  2 00:00:00 2013,,,Quiet Harbour,Feature Film,A B,9,2010
"""
GOODREADS = """Book Id,Title,Author,ISBN,ISBN13,My Rating,Average Rating,Year Published,\
Original Publication Year,Date Read,Date Added
11,"Paper Comet (Comets, #1)",A B,="000000001X",="97800",4,4.1,2008,1999,2012/01/05,2011/12/01
12,To Read,C D,="",="",0,3.9,2010,,,2012/02/01
"""


def seconds(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp())


def saved(path: Path, text: str, name: str = "ratings.csv") -> Path:
    file = path / name
    file.write_text(text, "utf-8")
    return file


def test_letterboxd(tmp_path: Path) -> None:
    own = read_export(saved(tmp_path, LETTERBOXD))
    assert (own.form, own.scale, own.n_unrated) == ("Letterboxd", HALF_STARS, 1)
    assert own.rated == (
        OwnRating("Quiet Harbour", 2022, "", 1.5, seconds("2023-09-02")),
        OwnRating("Comet, Paper", 2014, "", 5.0, seconds("2023-09-04")),
    )


def test_the_zip_of_letterboxd(tmp_path: Path) -> None:
    file = tmp_path / "letterboxd-ann-2024.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("diary.csv", LETTERBOXD)
        archive.writestr("likes/films.csv", "Date,Name,Year,Letterboxd URI\n")
        archive.writestr("ratings.csv", LETTERBOXD)
    assert read_export(file).rated == read_export(saved(tmp_path, LETTERBOXD)).rated


LIKES = """Date,Name,Year,Letterboxd URI
2023-09-02,Quiet Harbour,2022,https://example.org/a
2023-09-03,Liked Alone,2001,https://example.org/d
"""


@pytest.mark.parametrize("zipped", [True, False])
def test_likes_without_a_rating_belong_to_a_whole_export(tmp_path: Path, zipped: bool) -> None:
    files = {"me/ratings.csv": LETTERBOXD, "me/likes/films.csv": LIKES}
    path = tmp_path / "me"
    if zipped:
        path = tmp_path / "me.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, text in files.items():
                archive.writestr(name, text)
    else:
        (path / "likes").mkdir(parents=True)
        for name, text in files.items():
            saved(tmp_path, text, name)
    own = read_export(path)
    assert (own.n_liked, own.n_unrated, len(own.rated)) == (1, 1, 3)
    assert own.rated[2] == OwnRating("Liked Alone", 2001, "", 5.0, seconds("2023-09-03"))


def test_lists_of_letterboxd_without_ratings(tmp_path: Path) -> None:
    own = read_export(saved(tmp_path, LIKES, "likes.csv"))
    assert (own.form, own.n_liked, [each.rating for each in own.rated]) == (
        "Letterboxd", 2, [5.0, 5.0]
    )  # fmt: skip
    with pytest.raises(RatingsError, match=r"watched\.csv: no ratings; give the ratings\.csv"):
        read_export(saved(tmp_path, LIKES, "watched.csv"))


@pytest.mark.parametrize(
    ("text", "rated"),
    [
        ("588,4\n1,2.5\n", [("", "588", 4.0), ("", "1", 2.5)]),
        ("Paper Comet;4,5\nUp;2\n", [("Paper Comet", "Paper Comet", 4.5), ("Up", "Up", 2.0)]),
        ("588,4,1260759144\n1,2,1260759145\n", [("", "588", 4.0), ("", "1", 2.0)]),
    ],
)
def test_a_table_without_a_header(
    tmp_path: Path, text: str, rated: list[tuple[str, str, float]]
) -> None:
    own = read_export(saved(tmp_path, text, "mine.csv"))
    assert [(each.name, each.film_id, each.rating) for each in own.rated] == rated


def test_times_in_seconds_are_times(tmp_path: Path) -> None:
    text = "movieId,rating,timestamp\n588,4,1260759144\n1,2,1260759145\n"
    own = read_export(saved(tmp_path, text))
    assert [each.time for each in own.rated] == [1260759144, 1260759145]


def test_dates_that_cannot_be_told_apart_are_left_out(tmp_path: Path) -> None:
    text = "movieId,rating,date\n588,4,02/03/2004\n1,2,05/06/2004\n"
    own = read_export(saved(tmp_path, text))
    assert [each.time for each in own.rated] == [None, None]


def test_many_columns_without_a_header_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RatingsError, match="no header, and not two or three columns"):
        read_export(saved(tmp_path, "7,588,4,1260759144\n7,1,2,1260759145\n", "mine.csv"))


@pytest.mark.parametrize("name", ["mine.zip", "mine.csv"])
def test_a_file_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(RatingsError) as raised:
        read_export(tmp_path / name)
    assert str(raised.value) == f"{tmp_path / name}: no such file"


@pytest.mark.parametrize("root", ["", "letterboxd-ann/"])
def test_ratings_of_a_folder_below_are_left(tmp_path: Path, root: str) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{root}deleted/ratings.csv", LETTERBOXD.replace("Quiet", "Deleted"))
        archive.writestr(f"{root}ratings.csv", LETTERBOXD)
    assert read_export(file).rated == read_export(saved(tmp_path, LETTERBOXD)).rated


def test_two_exports_in_a_zip_are_listed(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("ann/ratings.csv", LETTERBOXD)
        archive.writestr("ben/ratings.csv", LETTERBOXD)
    with pytest.raises(RatingsError, match=r"holds ann/ratings.csv, ben/ratings.csv"):
        read_export(file)


def test_a_zip_without_ratings_lists_its_files(tmp_path: Path) -> None:
    file = tmp_path / "export.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.csv", LETTERBOXD)
        archive.writestr("b.csv", LETTERBOXD)
    with pytest.raises(RatingsError, match=r"needs one ratings.csv; it holds a.csv, b.csv"):
        read_export(file)


def test_imdb(tmp_path: Path) -> None:
    own = read_export(saved(tmp_path, IMDB))
    assert (own.form, own.scale) == ("IMDb", RatingScale(1, 10, 1))
    assert own.rated == (
        OwnRating("Quiet Harbour", 2010, "tt0000001", 10.0, seconds("2014-07-22"), "Havre calme"),
        OwnRating("Paper Comet", 1990, "tt0000002", 8.0, seconds("2014-06-24"), "Paper Comet"),
    )


def test_the_older_export_of_imdb(tmp_path: Path) -> None:
    (own,) = read_export(saved(tmp_path, IMDB_OLD)).rated
    assert own == OwnRating("Quiet Harbour", 2010, "tt0000001", 9.0, seconds("2013-11-02"))


def test_goodreads(tmp_path: Path) -> None:
    own = read_export(saved(tmp_path, GOODREADS))
    assert (own.form, own.scale, own.n_unrated) == ("Goodreads", WHOLE_STARS, 1)
    (book,) = own.rated
    assert (book.name, book.year, book.rating) == ("Paper Comet (Comets, #1)", 1999, 4.0)
    assert book.time == seconds("2012-01-05")


@pytest.mark.parametrize(
    "text",
    [
        "title,rating\nQuiet Harbour,4\nPaper Comet,2\n",
        "Movie;Stars\nQuiet Harbour;4,0\nPaper Comet;2,0\n",
        "id\tscore\ttitle\n7\t4\tQuiet Harbour\n9\t2\tPaper Comet\n",
    ],
)
def test_any_table_with_titles_and_ratings(tmp_path: Path, text: str) -> None:
    own = read_export(saved(tmp_path, text, "mine.txt"))
    assert own.scale is None
    assert [(each.name, each.rating) for each in own.rated] == [
        ("Quiet Harbour", 4.0),
        ("Paper Comet", 2.0),
    ]
    assert own.scale_beside(WHOLE_STARS) == WHOLE_STARS
    assert own.scale_beside(RatingScale(-1, 1, 1)) == WHOLE_STARS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("title,year\nUp,2009\n", "no column of ratings among 'title', 'year'"),
        ("who,rating\nme,4\n", "no column of titles or ids among 'who', 'rating'"),
        ("title,rating\nUp,good\n", "line 2: rating is not a number: 'good'"),
        (LETTERBOXD.replace("1.5", "7"), "line 2: rating is off the scale 0.5 to 5 by 0.5 of Lett"),
        (GOODREADS.replace(",4,", ",0,"), "no rating among 2 rows"),
    ],
)
def test_bad_tables_are_one_clear_error(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RatingsError, match=message):
        read_export(saved(tmp_path, text))


def test_sites_are_recognised_by_their_columns() -> None:
    names = {name: export_of(text.splitlines()[0].split(",")) for name, text in FORMS.items()}
    assert {name: export.name for name, export in names.items() if export} == {
        name: name for name in FORMS
    }
    assert export_of(["userId", "movieId", "rating"]) is None
    assert export_of(None) is None


FORMS = {"Letterboxd": LETTERBOXD, "IMDb": IMDB, "Goodreads": GOODREADS}
