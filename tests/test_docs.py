"""Documentation: the files, names and headings that it mentions exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / ".github").rglob("*.md")),
    *sorted(
        page
        for page in (ROOT / "docs").rglob("*.md")
        if not {"_build", "generated"} & set(page.parts)
    ),
]
GLOSSARY = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")


# Hidden folders, such as .venv, hold thousands of files that no page means.
FILES = [file.as_posix() for file in ROOT.glob("*.*")] + [
    file.as_posix() for folder in ROOT.glob("[!.]*/") for file in folder.rglob("*.*")
]


def files_like(mention):
    """Files of the repository whose path ends with the path that a page mentions."""
    return [file for file in FILES if file.endswith(f"/{mention}")]


# Where GitHub shows a file of the repository.
SOURCE = re.compile(
    r"https://(?:github\.com/kmeans-core/kmeans-core/(?:blob|tree)"
    r"|raw\.githubusercontent\.com/kmeans-core/kmeans-core)/main/"
)


def headings(page):
    """The anchors that GitHub makes of the headings of a page."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_mentions_only_files_and_headings_that_exist(page):
    text = page.read_text(encoding="utf-8")
    for mention in set(re.findall(r"`([\w./]+\.(?:py|md))`", text)):
        assert files_like(mention), mention
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.DOTALL)
    # docs/conf.py and the next line understand no link with a title.
    assert not re.findall(r"\]\([^)\s]*\s[^)]*\)", prose)
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        folder = ROOT if SOURCE.match(link) else page.parent
        path, _, anchor = SOURCE.sub("", link).partition("#")
        if path.startswith("http"):
            continue
        target = folder / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


def test_the_glossary_names_the_home_of_each_term():
    homes = re.findall(r"^\|.*\| ([^|]+) \|$", GLOSSARY, flags=re.M)
    assert len(homes) > 80
    for name, path in re.findall(r"`(\w+)` in `([\w/.]+)`", GLOSSARY):
        assert re.search(rf"\b{name}\b", (ROOT / path).read_text(encoding="utf-8")), (name, path)


def test_the_glossary_lists_the_papers_that_it_cites():
    table, _, papers = GLOSSARY.partition("## Papers")
    listed = papers.replace("\n  ", " ").splitlines()
    cited = set(re.findall(r"([A-ZÀ-Ž][\w'-]+)(?:,| and| et)?[^|;]*? (\d{4})\b", table))
    assert len(cited) > 20
    for author, year in cited:
        assert any(author in line and f"({year})" in line for line in listed), (author, year)


@pytest.mark.parametrize(
    ("package", "page"),
    [("kmeans_core", "docs/how-it-works.md"), ("recsys", "docs/recommender.md")],
)
def test_the_drawing_of_a_package_names_every_file(package, page):
    text = (ROOT / page).read_text(encoding="utf-8")
    drawing = text.partition(f"```\n{package}/\n")[2].partition("```")[0]
    drawn = set(re.findall(r"\w+", drawing))
    stems = {path.stem for path in (ROOT / package).rglob("*.py")} - {"__init__", "__main__"}
    assert stems <= drawn, stems - drawn
