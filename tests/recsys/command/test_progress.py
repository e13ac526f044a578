"""Progress bars say when code is compiled."""

import io

import pytest
from numba.core import event

from recsys.command.progress import COMPILING, progress


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
