"""Lessons: each is a notebook in one form. The site's build runs their code."""

import re
from pathlib import Path

import jupytext
import pytest

LEARN = Path(__file__).parents[1] / "docs/learn"
LESSONS = [
    "near",
    "assign-and-move",
    "starts",
    "kmeans-plusplus",
    "how-many",
    "where-it-fails",
    "ratings",
]
FRONT_MATTER = """---
file_format: mystnb
kernelspec:
  name: python3
  display_name: Python 3
---
"""


def text_of(lesson):
    return (LEARN / f"{lesson}.md").read_text(encoding="utf-8")


def cells_of(lesson):
    """The cells as Jupyter gets them."""
    return jupytext.reads(text_of(lesson), fmt="md:myst").cells


def answer_of(cells, number):
    """The folded cell that comes after the text of an exercise."""
    places = [
        place
        for place, cell in enumerate(cells)
        if cell.cell_type == "markdown" and f"**Exercise {number}.**" in cell.source
    ]
    assert len(places) == 1, places
    return next(
        cell for cell in cells[places[0] + 1 :] if "hide-cell" in cell.metadata.get("tags", [])
    )


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_is_a_notebook(lesson):
    assert text_of(lesson).startswith(FRONT_MATTER)


@pytest.mark.parametrize("lesson", LESSONS)
def test_jupyter_reads_every_code_cell(lesson):
    written = re.findall(r"^```\{code-cell\} ipython3$", text_of(lesson), flags=re.M)
    read = [cell for cell in cells_of(lesson) if cell.cell_type == "code"]
    assert len(read) == len(written) > 3
    # An option that jupytext does not understand would stay in the code.
    assert not [cell.source for cell in read if re.match(r":|---", cell.source)]


@pytest.mark.parametrize("lesson", LESSONS)
def test_two_exercises_have_folded_answers_that_check_themselves(lesson):
    assert re.findall(r"^\*\*Exercise (\d+)\.\*\*", text_of(lesson), flags=re.M) == ["1", "2"]
    cells = cells_of(lesson)
    answers = [answer_of(cells, number) for number in (1, 2)]
    assert answers[0] is not answers[1]
    for number, answer in enumerate(answers, start=1):
        assert re.search(r"^ *assert ", answer.source, flags=re.M), answer.source
        prompts = answer.metadata["mystnb"]
        assert prompts["code_prompt_show"] == f"Answer to exercise {number}"
        assert prompts["code_prompt_hide"] == f"Answer to exercise {number}"


@pytest.mark.parametrize(
    ("lesson", "following"), list(zip(LESSONS, [*LESSONS[1:], "ladder"], strict=True))
)
def test_a_lesson_ends_with_a_link_to_the_next_page(lesson, following):
    paragraphs = text_of(lesson).strip().split("\n\n")
    assert f"]({following}.md)" in paragraphs[-1]


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_has_no_markup_that_jupyter_shows_raw(lesson):
    prose = "\n".join(cell.source for cell in cells_of(lesson) if cell.cell_type == "markdown")
    assert not re.findall(r"^ *(?:`{3,}|:{3,}|~{3,})\{.*", prose, flags=re.M)  # directives
    assert not re.findall(r"\{[\w:+-]+\}`", prose)  # roles
    assert not re.findall(r"^\([\w-]+\)=$", prose, flags=re.M)  # targets


def test_the_page_of_lessons_lists_them_in_order():
    listed = re.findall(r"^([\w-]+)$", text_of("index"), flags=re.M)
    assert listed[: len(LESSONS)] == LESSONS
