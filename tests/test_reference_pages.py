"""The site's reference: every public name has a place on one of its pages, and nothing else has."""

import importlib
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[1] / "docs/reference"


def listed():
    """The full names in the tables of the reference."""
    names = set()
    for page in PAGES.glob("*.md"):
        module = None
        for line in page.read_text(encoding="utf-8").splitlines():
            if found := re.match(r"\.\. currentmodule:: (\S+)", line):
                module = found[1]
            elif found := re.match(r"   (\w+)$", line):
                names.add(f"{module}.{found[1]}")
    return names


def public(module):
    found = importlib.import_module(module)
    names = getattr(found, "__all__", None)
    if names is None:
        names = [
            name
            for name, value in vars(found).items()
            if not name.startswith("_") and getattr(value, "__module__", None) == module
        ]
    return {f"{module}.{name}" for name in names if name != "__version__"}


MODULES = [
    "kmeans_core",
    "kmeans_core.dask",
    "kmeans_core.plots",
    "kmeans_core.reference",
    "kmeans_core.reference_scores",
    "kmeans_core.reference_weighted",
    "recsys",
    "recsys.plots",
]


@pytest.mark.parametrize("module", MODULES)
def test_the_reference_lists_every_public_name(module):
    of_module = {name for name in listed() if name.rpartition(".")[0] == module}
    assert of_module == public(module)


def test_the_reference_lists_only_these_modules():
    assert {name.rpartition(".")[0] for name in listed()} == set(MODULES)
