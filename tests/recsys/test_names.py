"""The names of the package, where a package that they need is missing, and what they load."""

import subprocess
import sys

import pytest

import recsys
from kmeans_core.extras import install


def missing(name: str) -> None:
    raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_a_name_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recsys, "import_module", lambda home: missing("pandas"))
    with pytest.raises(ModuleNotFoundError) as raised:
        recsys.Hybrid  # noqa: B018
    assert str(raised.value) == f"recsys needs pandas: {install('recsys')}"
    assert raised.value.name == "pandas"


def test_a_file_that_is_missing_is_not_taken_for_a_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recsys, "import_module", missing)
    with pytest.raises(ModuleNotFoundError, match=r"^No module named 'recsys\.recom"):
        recsys.Hybrid  # noqa: B018


def test_the_command_starts_without_numba() -> None:
    # Loading numba takes half as long as all the rest of the start.
    code = (
        "import sys\n"
        "import recsys.readers.opened, recsys.data.saved_ratings, recsys.command.tables\n"
        "import recsys.command.serve, recsys.command.cli\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
