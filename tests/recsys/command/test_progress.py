"""Progress bars say when code is compiled."""

import io
from pathlib import Path

import pytest
from numba.core import event

from recsys import load_ratings, make_ratings, save_ratings
from recsys.command.progress import COMPILING, progress, reading
from recsys.readers.heard import HowFar, heard_by


class Terminal(io.StringIO):
    """Standard error that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_bar_says_that_code_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    with progress(3, "step") as bar:
        bar.set_description("reading")
        with event.trigger_event("numba:compile"):
            assert bar.desc == f"{COMPILING}: "
            with event.trigger_event("numba:compile"):  # a kernel that the kernel calls
                pass
            assert bar.desc == f"{COMPILING}: "
        assert bar.desc == "reading: "
    assert COMPILING in terminal.getvalue()
    with event.trigger_event("numba:compile"):
        assert bar.desc == "reading: "  # nobody listens any more


def test_without_a_terminal_there_is_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    with progress(3, "step") as bar, event.trigger_event("numba:compile"):
        bar.update()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_a_bar_shows_how_far_a_file_is_read(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_ratings(make_ratings(n_users=40, n_movies=60, n_ratings=900), tmp_path, form)
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    heard: list[HowFar] = []
    with reading(), heard_by(heard.append):
        load_ratings(tmp_path)
    (last,) = (one for one in heard if one.file == f"ratings.{form}")
    assert last.done == last.total == (900 if form == "parquet" else last.total)
    with reading():
        load_ratings(tmp_path)
    assert f"reading ratings.{form}: 100%" in terminal.getvalue()
