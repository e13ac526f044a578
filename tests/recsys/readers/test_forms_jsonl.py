"""JSON lines: values keep their types, and lines that are no objects are named."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.genre_lists import joined_genres
from recsys.data.ratings import NO_GENRES, RatingsError
from recsys.readers.items import read_items
from recsys.readers.looks import look
from recsys.readers.tables import Table, read_table


def read(path: Path, text: str) -> Table:
    path.write_text(text)
    return read_table(look(path), ["user", "item", "stars"])


def test_values_keep_their_types_and_lines_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    table = read(
        path,
        '{"user": "007", "item": 9007199254740993, "stars": 4.5, "text": "x"}\n\n'
        '{"user": "8", "item": null}\n',
    )
    assert table.frame.to_numpy().tolist() == [["007", 9007199254740993, 4.5], ["8", None, None]]
    assert table.lines([0, 1]).tolist() == [1, 3]  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", ["{", "[1, 2]", '"text"', "7", "[" * 100_000])
def test_a_line_that_is_no_object_is_named(tmp_path: Path, bad: str) -> None:
    good = '{"user": 1, "item": 2, "stars": 3}\n'
    table = read(tmp_path / "reviews.json", f"{good}{bad}\n{good}")
    assert len(table.frame) == 2
    (row,) = table.bad_rows
    assert (row.line, row.reason) == (2, "not an object of JSON")
    assert bad.startswith(row.value.rstrip("…"))


def test_a_file_without_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "reviews.json"
    path.write_text('{"user": 1}\n')
    seen = look(path)
    path.write_text("[]\n")
    with pytest.raises(RatingsError, match="line 1: not an object of JSON"):
        read_table(seen, ["user"])


scalars = st.one_of(st.none(), st.integers(), st.text(), st.floats(allow_nan=False))


@settings(deadline=None, max_examples=40)
@given(rows=st.lists(st.fixed_dictionaries({"user": scalars, "item": scalars}), min_size=1))
def test_what_json_writes_is_read_again(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, object]]
) -> None:
    path = tmp_path_factory.mktemp("json") / "r.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    table = read_table(look(path), ["user", "item"])
    assert table.frame.to_numpy().tolist() == [[row["user"], row["item"]] for row in rows]


def test_items_of_json_have_lists_of_genres(tmp_path: Path) -> None:
    path = tmp_path / "meta.jsonl"
    path.write_text('{"asin": "007", "title": "Comet", "categories": ["Sea", "Books|Old"]}\n')
    found = read_items(path)
    assert (found.ids.tolist(), found.titles, found.genres) == (
        ["007"],
        ["Comet"],
        ["Sea|Books/Old"],
    )


GENRES = [
    (["Drama|War", "", None, float("nan")], ["Drama|War", NO_GENRES, NO_GENRES, NO_GENRES]),
    (["Action, Comedy", "Drama"], ["Action|Comedy", "Drama"]),
    (["Action; Comedy, dark", "N/A"], ["Action|Comedy, dark", NO_GENRES]),
    (["Sci-Fi | War ", "A, B"], ["Sci-Fi|War", "A, B"]),
    (['[{"id": 1, "name": "War"}]', "[{'name': \"Children's\"}]"], ["War", "Children's"]),
    (["['Drama', 'War']", "[]", "[{'id': 1, name: 'Cut'"], ["Drama|War", NO_GENRES, "Cut"]),
    ([["a", "a", "b"], []], ["a|b", NO_GENRES]),
    ([NO_GENRES, "War"], [NO_GENRES, "War"]),
]


@pytest.mark.parametrize(("lists", "expected"), GENRES)
def test_genres_are_parted_and_joined(lists: list[object], expected: list[str]) -> None:
    assert joined_genres(lists) == expected


def test_blanks_part_genres_only_where_a_form_says_so() -> None:
    assert joined_genres(["Comedy War"], blanks=True) == ["Comedy|War"]
    assert joined_genres(["Film noir"]) == ["Film noir"]
