"""Where the page came from: data, hash, seed, versions, command and times; and what it holds."""

import hashlib
import platform
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version

import pandas as pd

from recsys.data.ratings import Ratings
from recsys.data.scale import liked
from recsys.readers.movielens import RELEASE
from recsys.report.parts import Block, Section
from recsys.report.render import render
from recsys.report.study import Study

PACKAGES = ("kmeans-core", "numpy", "scipy", "numba", "pandas", "jinja2")

# Steps that took fewer seconds are not listed.
LEAST_SECONDS = 0.01


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    ratings, options = study.ratings, study.options
    times = [
        (name, f"{time.cpu:.2f}", f"{time.wall:.2f}")
        for name, time in study.steps.times.items()
        if max(time.cpu, time.wall) >= LEAST_SECONDS
    ]
    html = render(
        "source.html",
        source=ratings.source,
        reading=ratings.reading,
        sha256=sha256(ratings),
        seed=options.seed,
        command=options.command,
        versions=_versions(),
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        times=times,
        total=f"{sum(time.cpu for time in study.steps.times.values()):.1f}",
        holds=list(_holds(study)),
        may_pass_on=_may_pass_on(study),
    )
    return Section(
        "source", "Where it came from", (Block(html),), calls=CALLS, styles=("source.css",)
    )


CALLS = """import hashlib, pandas
rows = pandas.util.hash_pandas_object(ratings.ratings, index=False)
hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()"""


def sha256(ratings: Ratings) -> str:
    """The hash of the table of ratings: of each row's 64-bit hash by pandas, in the rows' order."""
    rows = pd.util.hash_pandas_object(ratings.ratings, index=False)
    return hashlib.sha256(rows.to_numpy().tobytes()).hexdigest()


def _versions() -> list[str]:
    named = [f"Python {platform.python_version()}"]
    for package in PACKAGES:
        try:
            named.append(f"{package} {version(package)}")
        except PackageNotFoundError:  # the command runs from a checkout that is not installed
            named.append(f"{package} (not installed)")
    return named


def _holds(study: Study) -> Iterator[str]:
    """What the page holds of single people."""
    options = study.options
    rated = study.ratings.ratings["rating"].to_numpy()
    if "rate" in options.sections and liked(rated, study.ratings.scale).any():
        yield "what people of the data liked, in packed form and without their ids"
    if "person" in options.sections and options.with_people:
        yield "the ratings of each person, with the person's id"
    elif "person" in options.sections and options.user_id is not None:
        yield f"the ratings of one person (id {options.user_id})"
    if "notebook" in options.sections:
        yield "ratings of some people, in the notebook's steps"


def _may_pass_on(study: Study) -> str:
    if study.is_invented:
        return "All people are invented, so you may pass the page on."
    if f": {RELEASE}" in study.ratings.reading:
        return (
            "The ratings are from MovieLens. Its licence forbids passing ratings on without "
            "permission, so ask GroupLens before you pass on a page that holds ratings or likes."
        )
    return "Check that you may pass on the data before you pass on the page."
