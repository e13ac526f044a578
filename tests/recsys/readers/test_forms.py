"""Every form is recognised by its look, and its ratings, titles and genres are read."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from form_files import EXAMPLES, Example

from recsys.data.columns import find_roles
from recsys.data.ids import as_ids
from recsys.data.ratings import RatingsError
from recsys.readers.forms import FORMS, Form, files_of_forms, find_form
from recsys.readers.items import movies_beside, read_items
from recsys.readers.looks import look
from recsys.readers.recognised import is_named
from recsys.readers.tables import read_table


def form_of(path: Path) -> Form | None:
    """The form of a file among the files of its folder."""
    return find_form(look(path), [file.name for file in path.parent.iterdir()])


def rows_of(path: Path) -> list[tuple[object, object, float]]:
    """The user, item and rating of each row, by the form of the file."""
    form, seen = form_of(path), look(path)
    assert form is not None
    if form.read is not None:
        raw = form.read(seen, absent=form.absent)
        users, items, ratings = raw.users, raw.items, raw.ratings
    else:
        roles = form.roles or find_roles(seen.names or ())
        assert roles.rating is not None
        frame = read_table(seen, [roles.user, roles.item, roles.rating]).frame
        users, items, ratings = (frame[name] for name in frame)
    numbers = np.array([float(value) for value in ratings])
    kept = ~np.isin(numbers, form.absent)
    ids = (as_ids(np.asarray(each)[kept]).tolist() for each in (users, items))
    return list(zip(*ids, numbers[kept].tolist(), strict=True))


def name_of(example: Example) -> str:
    return f"{example.form}: {next(iter(example.files))}"


@pytest.fixture(params=EXAMPLES, ids=name_of)
def example(request: pytest.FixtureRequest) -> Example:
    found: Example = request.param
    return found


def test_every_form_has_an_example() -> None:
    assert [form.name for form in FORMS] == list(dict.fromkeys(each.form for each in EXAMPLES))


def test_a_form_is_recognised_and_its_ratings_are_read(example: Example, tmp_path: Path) -> None:
    path = example.write(tmp_path)
    form = form_of(path)
    assert form is not None
    assert form.name == example.form
    assert rows_of(path) == list(example.rows)


def test_ratings_are_on_the_scale_of_the_form(example: Example, tmp_path: Path) -> None:
    form = form_of(example.write(tmp_path))
    assert form is not None
    if form.scale is not None:
        assert form.scale.holds(np.array([rating for _, _, rating in example.rows])).all()


def test_titles_and_genres_are_found_beside_the_ratings(example: Example, tmp_path: Path) -> None:
    path = example.write(tmp_path)
    movies = movies_beside(path, form_of(path))
    if example.titles is None:
        assert movies is None
        return
    assert movies is not None
    found = read_items(movies, form_of(path))
    known = zip(found.titles, found.genres, strict=True)
    assert dict(zip(as_ids(found.ids).tolist(), known, strict=True)) == example.titles


NAMED = [
    each
    for each in EXAMPLES
    for form in FORMS
    if form.name == each.form and any(is_named(next(iter(each.files)), p) for p in form.files)
]


@pytest.mark.parametrize("example", NAMED, ids=name_of)
def test_a_folder_is_searched_for_the_usual_name(example: Example) -> None:
    names = [name.rpartition("/")[2] for name in example.files]
    assert files_of_forms([*names, "readme.txt"]) == (names[0],)


@pytest.mark.parametrize("name", ["data.txt", "Ratings final.CSV"])
def test_a_renamed_file_is_recognised_by_its_look(
    example: Example, tmp_path: Path, name: str
) -> None:
    known_by_name = {"MovieLens 100K", "FilmTrust", "Jester (long, one tab)"}
    path = example.write(tmp_path)
    form = form_of(path.rename(path.with_name(name)))
    if example.form in known_by_name:
        assert form is None
    else:
        assert form is not None
        assert form.name == example.form


SEMICOLONS = [
    ("BX.csv", "ISBN;User-ID;Book-Rating\r\nX1;7;8\r\nX2;7;0\r\n", [(7, "X1", 8.0)]),
    ("j.csv", "2;-7,82;99;8,79\r\n1;99;4,08;99\r\n", [(1, 1, -7.82), (2, 2, 4.08), (1, 3, 8.79)]),
    (
        "w.csv",
        "Viewer;Harbour;Comet\r\nAda;4,5;\r\nBen;;3\r\n",
        [("Ada", "Harbour", 4.5), ("Ben", "Comet", 3.0)],
    ),
]


@pytest.mark.parametrize(("name", "text", "rows"), SEMICOLONS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_files_that_a_spreadsheet_saved(
    tmp_path: Path,
    name: str,
    text: str,
    rows: Sequence[tuple[object, object, float]],
    encoding: str,
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    assert rows_of(path) == list(rows)


EXPORTS = [
    ("Letterboxd", "Date,Name,Year,Letterboxd URI,Rating\n2023-09-02,Harbour,2022,http,1.5\n"),
    ("IMDb", "Const,Your Rating,Date Rated,Title,URL\ntt0000001,10,2014-07-22,Harbour,http\n"),
    ("IMDb", '"position","const","created","Title","You rated"\n"1","tt01","Thu","Comet","8"\n'),
    ("Goodreads", 'Book Id,Title,Author,ISBN,My Rating\n1,Comet,A,"=""0439023483""",5\n'),
]


@pytest.mark.parametrize(("name", "text"), EXPORTS)
def test_the_export_of_one_person_is_refused_with_the_command_that_takes_it(
    tmp_path: Path, name: str, text: str
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    with pytest.raises(RatingsError, match=f"{name} export of one person.*--ratings .*ratings.csv"):
        form_of(path)


NO_FORM = [
    ("ratings.csv", "user_id,movie_id,rating\n1,1,5\n"),
    ("ratings.csv", "userId,movieId,rating\n1,1,10\n"),
    ("ratings.csv", "user_id,book_id,rating\n1,1,10\n"),
    ("scores.csv", "uid,iid,r\n1,2,5\n1,3,4\n2,2,3\n"),
    ("scores.csv", "uid,iid,r\n1,2,5\n2,3,4\n3,2,3\n"),
    ("likes.csv", "user,x,y\n1,2,\n1,3,4\n"),
    ("people.csv", "Name,City,Age,Shoes\nAda,Rome,41,38\nBen,Oslo,29,44\n"),
    ("people.csv", "Name,Age,Shoes\nAda,41,38\nBen,29,44\n"),
    ("events.csv", "who,when,what\n1,1000000001,5\n2,1000000002,4\n"),
    ("ratings.dat", "1::2::100::978300760\n"),
    ("pairs.csv", "A0000001,A0000002,5\nA0000003,A0000001,4\n"),
    ("numbers.csv", "1000000001,55,4,1387670400\n1000000002,56,5,1387670400\n"),
    ("ratings.csv", "1,2,3,4\n5,6,7,8\n"),
]


@pytest.mark.parametrize(("name", "text"), NO_FORM)
def test_other_tables_have_no_form(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    (tmp_path / "books.csv").write_text("book_id,title\n1,Comet\n")
    assert form_of(path) is None


def test_a_folder_of_the_netflix_prize_gives_all_its_parts() -> None:
    names = ["combined_data_2.txt.gz", "movie_titles.csv", "probe.txt", "combined_data_1.txt.gz"]
    assert files_of_forms(names) == ("combined_data_1.txt.gz", "combined_data_2.txt.gz")


def test_several_files_of_another_form_are_listed() -> None:
    names = ["ratings_Music.csv", "ratings_Books.csv", "readme.txt"]
    with pytest.raises(RatingsError, match=r"several .*: ratings_Books\.csv, ratings_Music\.csv"):
        files_of_forms(names)


def test_items_of_a_table_without_a_form_are_read(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("game_id;name;category\n7;Go;\n8;Chess;Board, Old\n7;Go again;\n;No id;\n")
    found = read_items(path)
    assert found.ids.tolist() == ["7", "8"]
    assert found.titles == ["Go", "Chess"]
    assert found.genres == ["(no genres listed)", "Board|Old"]
    assert found.notes == (
        "1 row of list.csv left out (no id)",
        "1 row of list.csv left out (an id that came before)",
    )


def test_the_name_of_the_items_in_the_ratings_chooses_the_column_of_ids(tmp_path: Path) -> None:
    path = tmp_path / "things.csv"
    path.write_text("movie_id,code,title\n1,X1,Comet\n")
    assert read_items(path, item="Code").ids.tolist() == ["X1"]
    path.write_text("colour,title\nred,Comet\n")
    with pytest.raises(RatingsError, match=r"things.csv: no column of ids among 'colour', 'title'"):
        read_items(path)


@pytest.mark.parametrize("header", ["user_id,movie_id,stars", "userId,movieId,rating"])
def test_a_table_of_titles_is_found_by_its_columns(tmp_path: Path, header: str) -> None:
    ratings = tmp_path / "mine.csv"
    ratings.write_text(f"{header}\n1,7,5\n")
    (tmp_path / "tags.csv").write_text("movieId,tag\n7,sea\n")
    (tmp_path / "reviews.csv").write_text("user_id,movieId,title\n1,7,Good\n")
    assert movies_beside(ratings, form_of(ratings)) is None
    (tmp_path / "catalogue.csv").write_text("Movie_ID,Name\n7,Comet\n")
    assert movies_beside(ratings, form_of(ratings)) == tmp_path / "catalogue.csv"
    (tmp_path / "other.csv").write_text("movieId,name\n7,Harbour\n")
    assert movies_beside(ratings, form_of(ratings)) is None


def test_a_table_that_only_repeats_the_titles_of_the_ratings_is_not_read(tmp_path: Path) -> None:
    ratings = tmp_path / "mine.csv"
    ratings.write_text("user_id,title,stars\n1,Comet,5\n")
    (tmp_path / "tags.csv").write_text("title,tag\nComet,sea\n")
    assert movies_beside(ratings, form_of(ratings)) is None


def test_movies_of_a_release_win_over_metadata(tmp_path: Path) -> None:
    example = next(each for each in EXAMPLES if each.form == "The Movies Dataset")
    path = example.write(tmp_path)
    (tmp_path / "movies.csv").write_text("movieId,title,genres\n1,Comet,War\n")
    form = form_of(path)
    assert form is not None
    assert form.name == "MovieLens (CSV)"
    assert movies_beside(path, form) == tmp_path / "movies.csv"


def test_a_column_of_ids_wins_over_one_of_names(tmp_path: Path) -> None:
    path = tmp_path / "films.csv"
    path.write_text("movie,movieId,movie_title\nA,7,Comet\n")
    found = read_items(path)
    assert (found.ids.tolist(), found.titles) == (["7"], ["Comet"])


def test_rows_of_metadata_that_are_left_out_are_counted(tmp_path: Path) -> None:
    example = next(each for each in EXAMPLES if each.form == "The Movies Dataset")
    example.write(tmp_path)
    found = read_items(tmp_path / "movies_metadata.csv")
    assert found.notes == ("1 row of movies_metadata.csv left out (broken)",)


def test_metadata_without_links_keep_their_ids(tmp_path: Path) -> None:
    example = next(each for each in EXAMPLES if each.form == "The Movies Dataset")
    example.write(tmp_path)
    (tmp_path / "links.csv").unlink()
    assert read_items(tmp_path / "movies_metadata.csv").ids.tolist() == ["862", "9909"]


def test_titles_stay_in_step_with_a_recount_by_pandas(tmp_path: Path) -> None:
    path = tmp_path / "movies.csv"
    frame = pd.DataFrame({"movieId": range(50), "title": [f"Film {n % 7}" for n in range(50)]})
    frame.sample(frac=1, random_state=0).to_csv(path, index=False)
    found = read_items(path)
    again = pd.read_csv(path, dtype=str)
    assert dict(zip(found.ids, found.titles, strict=True)) == dict(
        zip(again["movieId"], again["title"], strict=True)
    )
