"""`load_ratings` reads the files of every form as they lie."""

import gzip
from pathlib import Path

import numpy as np
import pytest
from form_files import EXAMPLES, Example

from recsys.data.ratings import Ratings, RatingsError
from recsys.readers.loading import load_ratings

RELEASES = ("MovieLens 1M and 10M", "MovieLens 100K")


@pytest.fixture(params=EXAMPLES, ids=lambda each: f"{each.form}: {next(iter(each.files))}")
def example(request: pytest.FixtureRequest) -> Example:
    found: Example = request.param
    return found


def rows_of(loaded: Ratings) -> set[tuple[object, object, float]]:
    values = "count" if "count" in loaded.ratings else "rating"
    columns = (loaded.ratings[name].tolist() for name in ("userId", "movieId", values))
    return set(zip(*columns, strict=True))


def test_a_file_is_read_as_it_lies(example: Example, tmp_path: Path) -> None:
    loaded = load_ratings(example.write(tmp_path))
    assert rows_of(loaded) == set(example.rows)
    assert loaded.skipped == ()
    seconds = {int(np.datetime64(time, "s").astype(int)) for time in example.times}
    assert loaded.has_times == bool(seconds)
    if seconds:
        assert set(loaded.ratings["timestamp"]) == seconds
    if example.titles is not None:
        columns = (loaded.movies[name] for name in ("movieId", "title", "genres"))
        assert {movie: names for movie, *names in zip(*columns, strict=True)} == {
            movie: list(names) for movie, names in example.titles.items()
        }


def test_a_folder_gives_what_its_file_gives(example: Example, tmp_path: Path) -> None:
    path = example.write(tmp_path)
    assert rows_of(load_ratings(path.parent)) == set(example.rows)


def test_packed_files_are_read_like_others(example: Example, tmp_path: Path) -> None:
    path = example.write(tmp_path)
    for file in path.parent.iterdir():
        if file.is_file() and example.form not in RELEASES:
            file.with_name(f"{file.name}.gz").write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()
    loaded = load_ratings(path.parent)
    assert rows_of(loaded) == set(example.rows)
    assert loaded.has_titles == (example.titles is not None)


def test_a_file_that_is_cut_off_is_read_or_refused_in_one_line(
    example: Example, tmp_path: Path
) -> None:
    path = example.write(tmp_path)
    whole = path.read_bytes()
    refused = []
    for size in range(0, len(whole), max(1, len(whole) // 8)):
        path.write_bytes(whole[:size])
        try:
            assert 0 < len(load_ratings(path).ratings) <= len(whole.splitlines()) * 3
        except RatingsError as error:
            refused.append(str(error))
    assert refused
    assert all(str(path.parent) in line and "\n" not in line for line in refused)


def test_the_form_is_said(example: Example, tmp_path: Path) -> None:
    said = load_ratings(example.write(tmp_path)).reading
    known = dict.fromkeys(RELEASES, "MovieLens") | {
        "Wide table": "wide table: rows are items, columns are users",
        "Jester (wide)": "Jester: rows are users, columns are jokes, the first column counts them",
    }
    assert known.get(example.form, f"as {example.form}") in said


def test_values_that_mean_not_rated_are_counted(tmp_path: Path) -> None:
    counts = {"Book-Crossing": "(0)", "Anime (MyAnimeList)": "(-1, 0)", "Jester (wide)": "(99)"}
    for number, example in enumerate(each for each in EXAMPLES if each.form in counts):
        folder = tmp_path / str(number)
        folder.mkdir()
        n_absent = 3 if example.form == "Jester (wide)" else 1
        reading = load_ratings(example.write(folder)).reading
        assert f"{n_absent} not rated {counts[example.form]}" in reading


def test_the_parts_of_jester_have_different_users(tmp_path: Path) -> None:
    (tmp_path / "jester-data-1.csv").write_text("3,-7.82,99,8.79,-9.66\n2,99,4.08,99,-0.29\n")
    (tmp_path / "jester-data-2.csv").write_text("1,99,99,1.5,99\n2,99,-4.5,99,3.5\n")
    expected = {
        *[(1, 1, -7.82), (1, 3, 8.79), (1, 4, -9.66), (2, 2, 4.08), (2, 4, -0.29)],
        *[(3, 3, 1.5), (4, 2, -4.5), (4, 4, 3.5)],
    }
    assert rows_of(load_ratings(tmp_path)) == expected
    files = [tmp_path / f"jester-data-{part}.csv" for part in (1, 2)]
    assert rows_of(load_ratings(files)) == expected


def test_a_rating_off_the_scale_of_a_form_refuses_the_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("user_id,anime_id,rating\n1,20,8\n1,24,11\n")
    for skip_bad_rows in (False, True):
        with pytest.raises(RatingsError, match=r"ratings\.csv.*--scale"):
            load_ratings(path, skip_bad_rows=skip_bad_rows)
    assert len(load_ratings(path, scale=(1, 11)).ratings) == 2


def test_options_win_over_what_is_known_of_a_form(tmp_path: Path) -> None:
    path = tmp_path / "BX-Book-Ratings.csv"
    path.write_text("User-ID;ISBN;Book-Rating;Extra\n7;X1;0;3\n8;X1;7;4\n")
    loaded = load_ratings(path, absent=(), scale=(0, 10))
    assert rows_of(loaded) == {(7, "X1", 0.0), (8, "X1", 7.0)}
    assert rows_of(load_ratings(path, rating="Extra", scale=(1, 5))) == {
        (7, "X1", 3.0),
        (8, "X1", 4.0),
    }


def test_a_wide_table_of_zeros_names_the_option(tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_text("Movie,Ada,Ben,Cy\nHarbour,4,0,0\nComet,0,0,3\n")
    with pytest.raises(RatingsError, match="--absent 0"):
        load_ratings(path)
    assert rows_of(load_ratings(path, absent=0)) == {("Ada", "Harbour", 4), ("Cy", "Comet", 3)}


def test_amazon_ids_that_do_not_tell_are_user_then_item(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("U1,I1,5,1387670400\nU2,I1,4,1378857600\n")
    loaded = load_ratings(path)
    assert rows_of(loaded) == {("U1", "I1", 5), ("U2", "I1", 4)}
    assert "columns 1, 2, 3, 4 are user, item, rating, time" in loaded.reading
    turned = load_ratings(path, user=2, item=1, rating=3, time=4)
    assert rows_of(turned) == {("I1", "U1", 5), ("I1", "U2", 4)}


def test_amazons_table_of_reviews_has_stars_and_customers(tmp_path: Path) -> None:
    path = tmp_path / "reviews_us.tsv"
    path.write_text(
        "marketplace\tcustomer_id\treview_id\tproduct_id\tproduct_title\tstar_rating\treview_date\n"
        "US\t12\tR1\tB01\tA 'thing\t5\t2015-08-31\nUS\t13\tR2\tB02\tOther\t4\t2015-08-30\n"
    )
    assert rows_of(load_ratings(path)) == {(12, "B01", 5), (13, "B02", 4)}
