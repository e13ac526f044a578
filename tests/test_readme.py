"""README's Python runs as it stands there, and its links work from anywhere."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
BLOCKS = {
    f"{page} {number}": block
    for page in ("README.md", "docs/index.md", "docs/library.md")
    for number, block in enumerate(
        re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), flags=re.DOTALL)
    )
}


def test_readme_has_a_block_for_each_package() -> None:
    films, clusters = [block for name, block in BLOCKS.items() if name.startswith("README")]
    assert "from recsys import" in films
    assert "from kmeans_core import" in clusters
    assert len(BLOCKS) == 6


@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_runs(
    name: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)  # what a block writes is not left here
    exec(compile(BLOCKS[name], name, "exec"), {})
    assert bool(capsys.readouterr().out) == ("print(" in BLOCKS[name])


def test_readme_has_one_picture_and_no_relative_link() -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", README)
    assert len(links) > 10
    assert [link for link in links if not link.startswith("https://")] == []
    (picture,) = re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", README)
    assert picture.startswith("https://raw.githubusercontent.com/")


def test_readme_has_the_one_line_that_runs_the_tests() -> None:
    assert README.count(".venv/bin/pytest") == 1
