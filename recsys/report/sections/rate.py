"""Rate some films: the visitor gives stars, and a list changes with each click."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.ids import Ids
from recsys.data.scale import no_likes
from recsys.evaluation.stored import StoredEvaluation
from recsys.printable import printable
from recsys.recommenders.pocket_groups import PocketGroups
from recsys.report.parts import Section, Text
from recsys.report.rating_form import form
from recsys.report.study import Study
from recsys.words import joined

ANCHOR, TITLE = "rate", "Rate some films"

PRIVACY = (
    "This page makes the list by itself, and sends nothing. Your ratings stand in its address, so "
    "a link brings them back."
)

NOT_MEASURED = (
    "This page does not say how good these lists are. They are measured by recsys evaluate "
    "--cold-start --out FILE, and a page made with --evaluation FILE says the result here."
)

# The names of the page's model, of the full one, and of the baseline in evaluations.
COMPARED = ("pocket-groups", "hybrid", "most-liked")

# With fewer ratings than this, each list is compared with popularity.
FEW = 5

# JavaScript has all whole numbers up to 2^53, and so the differences of numbers up to this one.
LARGEST_EXACT = 2**52


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    model = study.pocket
    ids, scale = model.packed_ids, model.trained_on.scale
    if len(ids) == 0:
        return Section(ANCHOR, TITLE, (Text(f"There is no list: {no_likes(scale)}."),))
    block, data = form(model, ids, PRIVACY, list(_notes(study, model)))
    packed = model.packed()
    packed["titles"] = [printable(title) for title in packed["titles"]]
    note = f"# {study.sample_note}\n" if study.sample_note else ""
    calls = f"""{note}model = recsys.PocketGroups(random_state={study.options.seed}).fit(ratings)
model.recommend(ratings={{{ids.tolist()[0]!r}: {scale.largest!r}}})"""
    return Section(
        ANCHOR,
        TITLE,
        (block,),
        calls,
        styles=("rate.css",),
        scripts=("pocket.js", "rate.js", "rate_pocket.js"),
        data=data | {"model": packed, "ids": packed_ids(ids)},
    )


def packed_ids(ids: Ids) -> list[Any]:
    """Ids of films for JSON: text, or the difference of each whole number to the one before.

    Examples
    --------
    >>> packed_ids(np.array([3, 5, 6])), packed_ids(np.array(["a", "7"], dtype=object))
    ([3, 2, 1], ['a', '7'])
    """
    if ids.dtype.kind != "i" or ids.min() < -LARGEST_EXACT or ids.max() > LARGEST_EXACT:
        return [str(one) for one in ids.tolist()]
    differences: list[int] = np.diff(ids, prepend=0).tolist()
    return differences


def _notes(study: Study, model: PocketGroups) -> Iterator[str]:
    n_known, n_films = len(model.packed_ids), study.ratings.n_movies
    if n_known < n_films:
        yield f"The page knows {n_known:,} of the {n_films:,} films: those with the most likes."
    if study.sample_note:
        yield study.sample_note
    if study.ratings.scale.predicts:
        yield _how_good(study.evaluation, study) or NOT_MEASURED


def _how_good(found: StoredEvaluation | None, study: Study) -> str:
    """What the cold start of an evaluation says; empty if it does not say it of these ratings."""
    if found is None or (found.data and not found.data.is_of(study.ratings)):
        return ""
    table = found.tables.get("cold start", pd.DataFrame(columns=["name", "n_shown", "ndcg"]))
    shown = table[(table["n_shown"] > 0) & table["ndcg"].notna()]
    if not set(COMPARED) <= set(shown["name"]):
        return ""
    mean, counts = shown.groupby("name")["ndcg"].mean(), shown["n_shown"]
    small, full, popular = (f"{mean[name]:.3f}" for name in COMPARED)
    return (
        f"For people who show {counts.min():g} to {counts.max():g} ratings, the lists of this page "
        f"score {small}, those of the full model {full}, and what most people like {popular}. The "
        "score is the mean NDCG@10: 1 if the ten films are the ones that a person came to like, "
        "and 0 if none is. It is far below 1 as a rule, because there are many good films that a "
        f"person never rates. {_with_few(shown)}"
    )


def _with_few(shown: pd.DataFrame) -> str:
    """How good the lists are for people who show few ratings; empty if that was not measured."""
    few = shown[shown["n_shown"] < FEW].pivot_table("ndcg", "n_shown", "name").sort_index()
    if few.empty:
        return ""
    counts = joined([f"{n:g}" for n in few.index])
    small, _, popular = (joined([f"{one:.3f}" for one in few[name]]) for name in COMPARED)
    noun = "rating" if few.index[-1] == 1 else "ratings"
    return (
        f"With {counts} {noun} shown, the lists of this page score {small}, and what most people "
        f"like {popular}."
    )
