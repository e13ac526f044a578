"""docs/conf.py: what it changes in the text of pages, and what it leaves alone."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

CONF = Path(__file__).parents[1] / "docs/conf.py"
MAIN = "https://github.com/kmeans-core/kmeans-core/blob/main"


@pytest.fixture(scope="module")
def conf():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", "")  # conf.py sets it, and then it is as before
        spec = importlib.util.spec_from_file_location("conf", CONF)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module


def changed(conf, text):
    """The text of a page in docs/learn as Sphinx reads it."""
    app = SimpleNamespace(env=SimpleNamespace(doc2path=lambda name: CONF.parent / f"{name}.md"))
    source = [text]
    conf.change_source(app, "learn/near", source)
    return source[0]


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("[a](../glossary.md#k-means)", "[a](../glossary.md#k-means)"),
        ("[a](../../README.md#films)", f"[a]({MAIN}/README.md#films)"),
        ("[a](playground.html#k=2&seed=1)", '<a href="playground.html#k=2&amp;seed=1">a</a>'),
        ("[a](https://example.org/b.html)", "[a](https://example.org/b.html)"),
        ("![a](../../README.md)", "![a](../../README.md)"),
    ],
)
def test_links_to_files_that_are_no_pages_of_the_site_change(conf, link, expected):
    assert changed(conf, f"Before {link} after") == f"Before {expected} after"


def test_code_does_not_change(conf):
    code = "```python\ncalls[0](report.html)\ncalls[1](../../README.md)\n```\n"
    assert changed(conf, f"Text\n\n{code}\nText") == f"Text\n\n{code}\nText"


def test_the_empty_line_after_examples_goes_and_the_one_before_code_stays(conf):
    page = "Text\n\n```\nplain\n```\n\n```python\n>>> 1\n1\n\n```\nText"
    assert changed(conf, page) == page.replace("1\n\n```", "1\n```")


def test_a_notebook_has_no_checks_and_its_links_work_from_anywhere(conf, tmp_path, monkeypatch):
    page = CONF.parent / "learn/near.md"
    front = page.read_text("utf-8").partition("# ")[0]
    cell = "```{code-cell} ipython3\n:tags: [TAG]\nassert True\n```\n"
    copy = tmp_path / "docs/page.md"
    copy.parent.mkdir()
    copy.write_text(
        f"{front}[a](starts.md) [b](https://example.org)\n\n"
        f"```python\ncalls[0](one)\n```\n\n"
        f"{cell.replace('TAG', 'remove-cell')}\n{cell.replace('TAG', 'hide-cell')}",
        "utf-8",
    )
    monkeypatch.setattr(conf, "HERE", tmp_path / "docs")
    text, folded = conf.notebook_of(copy).cells
    assert f"[a]({MAIN}/docs/starts.md) [b](https://example.org)" in text.source
    assert "calls[0](one)" in text.source
    assert folded.metadata["jupyter"] == {"source_hidden": True, "outputs_hidden": True}


def test_a_page_that_is_not_run_is_no_notebook(conf):
    assert conf.notebook_of(CONF.parent / "glossary.md") is None
