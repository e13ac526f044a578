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
        OwnRating("Quiet Harbour", 2010, "tt0000001", 10.0, seconds("2014-07-22")),
        OwnRating("Paper Comet", 1990, "tt0000002", 8.0, seconds("2014-06-24")),
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
