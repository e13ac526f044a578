"""The data: histograms of ratings, people, films, years and genres, and what is unusual."""

import os
import re
from collections.abc import Iterator

import numpy as np
import pandas as pd

from recsys.data.ratings import Ratings
from recsys.data.scale import liked
from recsys.report.parts import Block, Part, Section, Table, Text, table
from recsys.report.render import render
from recsys.report.sections.data_charts import charts
from recsys.report.sections.data_profile import Profile
from recsys.report.sections.data_unusual import unusual
from recsys.report.study import Study
from recsys.words import counted, percent

# How many bad rows the page shows.
N_BAD_ROWS = 20


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    ratings = study.ratings
    profile = Profile(ratings)
    found = unusual(profile)
    parts: list[Part] = [Text(" ".join(_facts(ratings)))]
    parts += [Text(note) for note in _notes(ratings)]
    parts.append(Block(render("data.html", charts=list(charts(profile)), unusual=found)))
    if ratings.skipped:
        parts.append(_skipped(ratings))
    return Section("data", "The data", tuple(parts), calls=_calls(ratings))


def _facts(ratings: Ratings) -> Iterator[str]:
    n_people, n_films, n = ratings.n_users, ratings.n_movies, len(ratings.ratings)
    yield (
        f"The data hold {counted(n, 'rating')} of {counted(n_films, 'film')} by "
        f"{counted(n_people, 'person', 'people')}."
    )
    n_liked = int(np.count_nonzero(liked(ratings.ratings["rating"].to_numpy(), ratings.scale)))
    if ratings.scale.predicts:
        yield (
            f"The scale of ratings is {ratings.scale}. A rating of {ratings.scale.likes_from:g} or "
            f"more is a like; {percent(n_liked, n)} of the ratings are likes."
        )
    elif ratings.scale.kind == "counts":
        yield (
            "The ratings are counts. A count is a like if it is above the median of the person's "
            "counts, or if all counts of the person are equal; "
            f"{percent(n_liked, n)} of the counts are likes."
        )
    else:
        yield "Each rating is a like, so there is no histogram of ratings."
    n_cells = n_people * n_films
    if n == n_cells:
        yield "Each person rated each film."
    else:
        mean = n / n_people
        yield (
            f"A person rated {mean:,.{1 if mean < 100 else 0}f} films on average, so "
            f"{percent(n_cells - n, n_cells)} of the cells of the table of people and films are "
            "empty."
        )


def _notes(ratings: Ratings) -> Iterator[str]:
    """What was worked out when the ratings were read, and what they lack."""
    if ratings.reading:
        yield f"How the ratings were understood: {ratings.reading}."
    if not ratings.has_titles:
        yield "The films have no titles, so their ids stand as titles."
    if not ratings.has_genres:
        yield "The films have no genres."
    if not ratings.has_times:
        yield "The ratings have no times."


def _skipped(ratings: Ratings) -> Table:
    n = len(ratings.skipped)
    shown = ratings.skipped[:N_BAD_ROWS]
    rows = [(row.file, row.line, row.value, row.reason) for row in shown]
    first = "" if n == len(shown) else f"; the first {len(shown)}"
    return table(
        pd.DataFrame(rows, columns=["file", "line", "value", "reason"]),
        f"Rows left out because they break a rule: {n:,}{first}",
    )


def _calls(ratings: Ratings) -> str:
    lines = ["import recsys", f"ratings = {_reading_call(ratings)}"]
    lines.append('ratings.ratings["rating"].value_counts().sort_index()')
    lines += [f'ratings.ratings.groupby("{by}").size().describe()' for by in ("userId", "movieId")]
    return "\n".join(lines)


def _reading_call(ratings: Ratings) -> str:
    """The call that makes the same ratings."""
    if os.path.exists(ratings.source):
        skip = ", skip_bad_rows=True" if ratings.skipped else ""
        return f"recsys.load_ratings({ratings.source!r}{skip})"
    if made := re.fullmatch(r"built-in data set \(seed (\d+)\)", ratings.source):
        sizes = f"{ratings.n_users}, {len(ratings.movies)}, {len(ratings.ratings)}"
        return f"recsys.make_ratings({sizes}, random_state={made[1]})"
    return "recsys.Ratings.from_frames(frame_of_ratings, frame_of_movies)"
