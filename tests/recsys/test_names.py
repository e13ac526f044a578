"""The names of the package, where a package that they need is missing."""

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
