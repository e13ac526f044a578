"""The form of the section "rate": which ratings a visitor can give, and its HTML."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from math import floor, log10
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from recsys.analysis.taste import likes_of
from recsys.analysis.telling_films import telling_films
from recsys.data.ids import Id, Ids
from recsys.data.scale import RatingScale
from recsys.printable import printable
from recsys.recommenders.base import Recommender
from recsys.recommenders.training import TrainingData
from recsys.report.parts import Block
from recsys.report.render import render
from recsys.titles.names import spoken

Control: TypeAlias = Literal["stars", "list", "like"]

# The length of a visitor's list.
N_BEST = 10

# The number of films that the form begins with.
N_TELLING = 8

# A scale of more ratings is thinned out to this many, from its smallest to its largest.
MOST_CHOICES = 41
FEWER_CHOICES = 21


@dataclass(frozen=True)
class Choices:
    """The ratings that a visitor can choose from, ascending, and the control that shows them."""

    control: Control
    ratings: tuple[float, ...]


def choices_on(scale: RatingScale) -> Choices:
    """The choices on a scale: stars, a list of numbers, or a like.

    Examples
    --------
    >>> choices_on(RatingScale(1, 5, 1))
    Choices(control='stars', ratings=(1.0, 2.0, 3.0, 4.0, 5.0))
    >>> choices_on(RatingScale(-10, 10, 0)).ratings[:3]
    (-10.0, -9.0, -8.0)
    """
    if not scale.predicts:
        return Choices("like", (1.0,))
    length = scale.largest - scale.smallest
    if not scale.step:
        return Choices("list", _between(scale.smallest, scale.largest))
    step = scale.step
    n_steps = int(length / step + 1e-9)
    n_choices = n_steps + 1 if n_steps < MOST_CHOICES else FEWER_CHOICES
    ratings = scale.smallest + step * np.linspace(0, n_steps, n_choices).round()
    are_stars = (
        scale.step in (0.5, 1) and scale.smallest in (scale.step, 1) and scale.largest in (3, 4, 5)
    )
    # The rounding removes what sums of steps such as 0.1 have in excess.
    return Choices("stars" if are_stars else "list", tuple(ratings.round(9).tolist()))


def _between(smallest: float, largest: float) -> tuple[float, ...]:
    """Ratings at equal distances between two others, rounded to few digits, but not beyond them."""
    ratings = np.linspace(smallest, largest, FEWER_CHOICES)
    n_decimals = 2 - floor(log10(ratings[1] - ratings[0]))
    unit = 10.0**-n_decimals
    ratings = ratings.round(n_decimals)
    ratings += unit * (ratings < smallest) - unit * (ratings > largest)
    # The rounding removes what sums with units such as 0.1 have in excess.
    return tuple(ratings.round(n_decimals).tolist())


def form(
    model: Recommender, movie_ids: Ids, privacy: str, notes: Sequence[str] = ()
) -> tuple[Block, dict[str, Any]]:
    """The form as HTML, and what its script reads.

    ``movie_ids`` are the films that can be rated. ``privacy`` says where ratings go. ``notes`` are
    sentences under the list.
    """
    scale = model.trained_on.scale
    choices = choices_on(scale)
    best = model.recommend(ratings={}, n=N_BEST)
    listed = [
        (spoken(title), reason) for title, reason in zip(best["title"], best["reason"], strict=True)
    ]
    data = {
        "control": choices.control,
        "ratings": choices.ratings,
        "films": _first_films(model.trained_on, best, set(movie_ids.tolist())),
        "n": N_BEST,
    }
    html = render("rate.html", control=choices.control, best=listed, privacy=privacy, notes=notes)
    return Block(html), data


def _first_films(
    data: TrainingData, best: pd.DataFrame, known: Collection[Id]
) -> list[tuple[str, str]]:
    """Id and title of the films that the form begins with: telling ones, then the most liked."""
    matrix = replace(data.matrix, scale=data.scale)  # the matrix of a saved model has no scale
    telling = telling_films(likes_of(matrix), N_TELLING)
    titles = dict(
        zip(matrix.movie_ids[telling].tolist(), matrix.titles[telling].tolist(), strict=True)
    )
    titles |= dict(zip(best["movieId"].tolist(), best["title"].tolist(), strict=True))
    films = [
        (str(movie_id), printable(spoken(title)))
        for movie_id, title in titles.items()
        if movie_id in known
    ]
    return films[:N_TELLING]
