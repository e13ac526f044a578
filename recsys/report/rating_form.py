"""The form of the section "rate": which ratings a visitor can give, and its HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pandas as pd

from recsys.data.ids import Id
from recsys.data.scale import RatingScale
from recsys.printable import printable
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
    step = scale.step or length / (FEWER_CHOICES - 1)
    n_steps = int(length / step + 1e-9)
    n_choices = n_steps + 1 if n_steps < MOST_CHOICES else FEWER_CHOICES
    ratings = scale.smallest + step * np.linspace(0, n_steps, n_choices).round()
    are_stars = (
        scale.step in (0.5, 1) and scale.smallest in (scale.step, 1) and scale.largest in (3, 4, 5)
    )
    # The rounding removes what sums of steps such as 0.1 have in excess.
    return Choices("stars" if are_stars else "list", tuple(ratings.round(9).tolist()))


def form(
    scale: RatingScale, films: Mapping[Id, str], best: pd.DataFrame, notes: Sequence[str]
) -> tuple[Block, dict[str, Any]]:
    """The form as HTML, and what its script reads.

    ``films`` are the ids and titles of the films that it begins with. ``best`` is the list of a
    visitor without ratings, as `recommend` returns it. ``notes`` are sentences under the list.
    """
    choices = choices_on(scale)
    listed = [
        (spoken(title), reason) for title, reason in zip(best["title"], best["reason"], strict=True)
    ]
    html = render("rate.html", control=choices.control, best=listed, notes=notes)
    data = {
        "control": choices.control,
        "ratings": choices.ratings,
        "films": [[str(one), printable(spoken(title))] for one, title in films.items()],
        "n": N_BEST,
    }
    return Block(html), data
