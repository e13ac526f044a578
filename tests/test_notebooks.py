"""Pages that are run: the notebook, which lacks their hidden cells, does what the page does."""

import ast
from pathlib import Path

import jupytext
import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [
    page
    for folder in ("learn", "how-to")
    for page in sorted((DOCS / folder).glob("*.md"))
    if page.read_text(encoding="utf-8").startswith("---\nfile_format: mystnb\n")
]


def parsed_cells(text):
    """The syntax tree of each code cell, and whether the page shows it."""
    return [
        (ast.parse(cell.source), "remove-cell" not in cell.metadata.get("tags", []))
        for cell in jupytext.reads(text, fmt="md:myst").cells
        if cell.cell_type == "code"
    ]


def own_nodes(tree):
    """All nodes, without those that have names of their own: functions and comprehensions."""
    yield tree
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.FunctionDef | ast.ClassDef | ast.alias):
            yield child
        elif not isinstance(child, ast.Lambda | ast.comprehension):
            yield from own_nodes(child)


def loaded(tree):
    nodes = list(ast.walk(tree))
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return names - {n.arg for n in nodes if isinstance(n, ast.arg)}


def made(tree):
    """The names that a cell makes: variables, functions, imports."""
    nodes = list(own_nodes(tree))
    variables = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    defined = {n.name for n in nodes if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    return variables | defined | {n.asname or n.name for n in nodes if isinstance(n, ast.alias)}


def streams(tree):
    """Variables that hold a stream of random numbers."""
    makers = ("np.random.default_rng", "np.random.RandomState")
    return {
        ast.unparse(node.targets[0])
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and ast.unparse(node.value.func) in makers
    }


def faults(text):
    """Names by which a hidden cell changes what a later cell does."""
    changed, random, found = set(), set(), set()
    for tree, is_shown in parsed_cells(text):
        if is_shown:
            found |= (loaded(tree) - made(tree)) & changed
            changed -= made(tree)
            random |= streams(tree)
        else:
            changed |= made(tree) | (loaded(tree) & random)
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_cells_that_are_not_shown_change_nothing(page):
    assert faults(page.read_text(encoding="utf-8")) == set()


def test_there_are_lessons_the_ladder_and_recipes():
    assert len(PAGES) == 7 + 1 + 12


CELL = "\n```{{code-cell}} ipython3\n{}\n```\n"


@pytest.mark.parametrize(
    ("first", "second", "third", "expected"),
    [
        ("x = 1", "assert x == 1", "print(x)", set()),
        ("x = 1", "y = x", "print(y)", {"y"}),
        ("x = 1", "x = 2", "print(x)", {"x"}),
        ("g = np.random.default_rng(0)", "z = g.normal()", "print(g.normal())", {"g"}),
        ("x = 1", "assert [x for x in range(3)]", "print(x)", set()),
        ("x = 1", "x = 2", "x = 3\nprint(x)", set()),
    ],
)
def test_faults_are_found(first, second, third, expected):
    front = (
        "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n"
    )
    cells = first, f":tags: [remove-cell]\n{second}", third
    assert faults(front + "".join(map(CELL.format, cells))) == expected
