"""`recsys recommend --all`: the lists of everyone, printed, and written block by block."""

from pathlib import Path

import pandas as pd
import pytest

from recsys.command import inputs
from recsys.command.cli import run
from recsys.recommenders import bulk_lists, group_lists

ASKED = ["recommend", "--all", "-n", "3", "--method", "user-groups"]


def test_parquet_comes_in_blocks_and_holds_what_csv_holds(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr(group_lists, "USERS_TOGETHER", 30)
    for name in ("all.csv", "all.parquet"):
        assert run([*ASKED, "--data", str(folder), "--out", str(tmp_path / name)]) == 0
    # A film with many likes is left out of each list of those who rated it.
    assert pyarrow.ParquetFile(tmp_path / "all.parquet").num_row_groups == 3
    written = pd.read_parquet(tmp_path / "all.parquet")
    assert written["userId"].is_monotonic_increasing
    assert written["userId"].nunique() > 70
    pd.testing.assert_frame_equal(
        written, pd.read_csv(tmp_path / "all.csv"), check_dtype=False, check_exact=False
    )


def test_a_list_that_cannot_be_made_leaves_the_file_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("pyarrow")
    out, frame_of = tmp_path / "all.parquet", bulk_lists.ranking.frame_of
    out.write_bytes(b"before")
    n_blocks = []

    def second_fails(*arguments: object) -> pd.DataFrame:
        n_blocks.append(1)
        if len(n_blocks) == 2:
            raise ValueError("no second block")
        return frame_of(*arguments)

    monkeypatch.setattr(group_lists, "USERS_TOGETHER", 30)
    monkeypatch.setattr(bulk_lists.ranking, "frame_of", second_fails)
    assert run([*ASKED, "--data", str(folder), "--out", str(out)]) == 2
    assert out.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [out]


def test_no_film_for_anybody_is_an_empty_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("pyarrow")
    (tmp_path / "ratings.csv").write_text("userId,movieId,rating\n1,1,5\n2,1,5\n")
    out = tmp_path / "all.parquet"
    assert run([*ASKED, "--data", str(tmp_path / "ratings.csv"), "--out", str(out)]) == 0
    assert "there is no film to recommend: films that are rated" in capsys.readouterr().err
    assert pd.read_parquet(out).empty
    assert "reason" in pd.read_parquet(out)


def test_large_data_take_the_groups_of_users_and_say_so(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(inputs, "MOST_CELLS", 15_000)
    asked = ["recommend", "--data", str(folder), "-n", "1", "--format", "csv"]
    assert run([*asked, "--all"]) == 0
    by_default = capsys.readouterr()
    assert by_default.err.startswith("recsys: 80 users x 200")
    assert by_default.err.endswith(
        " films are many: groups of users alone rank all films (--method user-groups); "
        "--method hybrid may take hours\n"
    )
    assert run([*asked, "--all", "--method", "user-groups"]) == 0
    assert capsys.readouterr() == (by_default.out, "")
    # One list does not take long.
    assert run([*asked, "--user", "7"]) == 0
    assert "are many" not in capsys.readouterr().err
