"""What is said of the distribution in several places agrees."""

import re
import tomllib
from pathlib import Path

import kmeans_core
import recsys
from kmeans_core import extras

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PROJECT = SETTINGS["project"]
PACKAGES = ("kmeans_core", "recsys")
SOURCES = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
TEXTS = [
    *SOURCES,
    *ROOT.glob("*.md"),
    *(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts),
]


def test_the_version_is_the_same_everywhere() -> None:
    version = kmeans_core.__version__
    assert recsys.__version__ == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    newest = re.search(r"^## \[([^\]]+)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), flags=re.M)
    assert newest is not None
    assert newest[1] == version


def test_every_package_is_in_the_wheel() -> None:
    folders = {
        file.parent.relative_to(ROOT).as_posix().replace("/", ".")
        for file in SOURCES
        if file.name == "__init__.py"
    }
    assert set(SETTINGS["tool"]["setuptools"]["packages"]) == folders


def test_the_hint_names_the_source_and_extras_that_exist() -> None:
    assert PROJECT["urls"]["Source"] == extras.SOURCE
    assert extras.install("a,b") == f'pip install ".[a,b]" in a clone of {extras.SOURCE}'
    named = [
        extra
        for file in SOURCES
        for names in re.findall(r"\binstall\([\"']([\w,]+)[\"']\)", file.read_text("utf-8"))
        for extra in names.split(",")
    ]
    assert {"arrow", "bench", "dask", "plots", "recsys", "serve"} <= set(named)
    assert set(named) <= set(PROJECT["optional-dependencies"])


def test_nobody_is_sent_to_an_index() -> None:
    sent = re.compile(r"pip install [\"']?kmeans[-_]core")
    assert [path.name for path in TEXTS if sent.search(path.read_text("utf-8"))] == []


def test_the_workflow_tries_every_version_that_is_claimed() -> None:
    claimed = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    workflow = (ROOT / ".github/workflows/ci.yml").read_text("utf-8")
    (tried,) = re.findall(r"python: \[(.*)\]", workflow)
    assert claimed
    assert set(claimed) <= set(re.findall(r"3\.\d+", tried))
    assert PROJECT["requires-python"] == f">={claimed[0]}"


def test_pre_commit_has_the_ruff_that_tests_ask_for() -> None:
    hooks = (ROOT / ".pre-commit-config.yaml").read_text("utf-8")
    (hook,) = re.findall(r"ruff-pre-commit\n +rev: v([\d.]+)", hooks)
    (wanted,) = [need for need in PROJECT["optional-dependencies"]["test"] if "ruff" in need]
    assert hook.startswith(wanted.removeprefix("ruff==").removesuffix("*"))
