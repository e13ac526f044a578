"""Tables of the command: fitted to a width, and written in each form."""

import json
from argparse import Namespace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.command import tables

FRAME = pd.DataFrame(
    {
        "movieId": [1, 20],
        "title": ["Casablanca (1942)", "A | B\nC"],
        "mean": [4.25, np.nan],
        "reason": ["9 of 10 users who share your taste liked it", ""],
    }
)


@pytest.mark.parametrize("width", [40, 56, 80, 200])
def test_a_table_fits_and_breaks_only_at_words(width: int) -> None:
    lines = tables.fitted(FRAME, width)
    assert max(map(len, lines)) <= max(width, 7 + 16 + 4 + 16 + 6)
    words = " ".join(lines).split()
    for word in [
        "movieId",
        "title",
        "mean",
        "reason",
        "Casablanca",
        "(1942)",
        "4.25",
        "share",
        "liked",
    ]:
        assert word in words


def test_numbers_are_aligned_on_the_right_and_text_on_the_left() -> None:
    assert tables.fitted(FRAME[["movieId", "title", "mean"]], 80) == [
        "movieId  title              mean",
        "      1  Casablanca (1942)  4.25",
        "     20  A | B C",
    ]


@given(st.lists(st.text("ab \u00e9", max_size=40), min_size=1, max_size=5), st.integers(20, 90))
def test_no_letter_is_lost(texts: list[str], width: int) -> None:
    lines = tables.fitted(pd.DataFrame({"n": range(len(texts)), "text": texts}), width)
    found = "".join(line[3:] for line in lines[1:])
    assert sorted(found.replace(" ", "")) == sorted("".join(texts).replace(" ", ""))


def options(form: str | None = None, out: Path | None = None) -> Namespace:
    return Namespace(format=form, out=out)


def test_json_holds_every_digit_and_null_for_what_is_missing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tables.give(FRAME, options("json"))
    rows = json.loads(capsys.readouterr().out)
    assert rows[0] == dict(zip(FRAME.columns, FRAME.iloc[0], strict=True))
    assert rows[1]["mean"] is None
    assert rows[1]["title"] == "A | B\nC"


def test_csv_reads_back(capsys: pytest.CaptureFixture[str]) -> None:
    tables.give(FRAME, options("csv"))
    pd.testing.assert_frame_equal(
        pd.read_csv(
            StringIO(capsys.readouterr().out), keep_default_na=False, na_values={"mean": ""}
        ),
        FRAME.assign(title=FRAME["title"]),
        check_dtype=False,
    )


def test_markdown_escapes_bars(capsys: pytest.CaptureFixture[str]) -> None:
    tables.give(FRAME[["movieId", "title"]], options("markdown"))
    assert capsys.readouterr().out.splitlines() == [
        "| movieId | title |",
        "|---:|---|",
        "| 1 | Casablanca (1942) |",
        "| 20 | A \\| B C |",
    ]


@pytest.mark.parametrize(
    ("name", "form"),
    [("a.csv", None), ("a.json", None), ("a.md", None), ("a.txt", "json"), ("a.parquet", None)],
)
def test_the_name_of_a_file_chooses_the_form(
    tmp_path: Path, name: str, form: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    tables.give(FRAME, options(form, out))
    assert capsys.readouterr().out == f"Table written to {out}\n"
    if name == "a.parquet":
        assert pd.read_parquet(out)["movieId"].tolist() == [1, 20]
    else:
        chosen = form or tables.BY_SUFFIX[out.suffix]
        assert out.read_text("utf-8") == tables.written(FRAME, chosen)


def test_without_a_form_other_files_are_csv(tmp_path: Path) -> None:
    tables.give(FRAME, options(None, tmp_path / "list.txt"))
    assert (tmp_path / "list.txt").read_text("utf-8") == FRAME.to_csv(index=False)


def test_control_characters_are_escaped_in_printed_tables() -> None:
    (line,) = tables.fitted(pd.DataFrame({"title": ["Up\x1b[31m"]}), 80)[1:]
    assert line == "Up\\x1b[31m"


def test_columns_set_the_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    assert tables.line_width() == tables.UNBROKEN
    monkeypatch.setenv("COLUMNS", "44")
    assert tables.line_width() == 44
