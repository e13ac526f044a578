"""Persons of the report: what each rated, their list, one prediction taken apart, all in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.data.scale import liked, no_likes
from recsys.recommenders.explanations import FEWEST_RATINGS, THIN
from recsys.recommenders.lists import ExplainedList
from recsys.recommenders.types import Part, Prediction
from recsys.report.charts.axes import Axis
from recsys.report.charts.waterfall import Waterfall
from recsys.report.parts import Chart, table
from recsys.report.study import Study
from recsys.titles.names import spoken
from recsys.words import counted

Floats = npt.NDArray[np.float64]

# The films that somebody rated highest, and lowest, that are shown.
N_RATED = 5

# The width of the line on which the predicted rating of a listed film is shown.
LINE = 100.0


@dataclass(frozen=True)
class RatedFilm:
    """A film that a person rated. The rating is empty if it is a like."""

    title: str
    rating: str


@dataclass(frozen=True)
class ListedFilm:
    """A film of a person's list.

    ``places`` are those of the predicted rating and of the ends of its interval on a line of the
    width 100. They, ``rating`` and ``within`` are empty if ratings are likes or counts.
    """

    title: str
    score: str
    rating: str
    within: str
    reason: str
    places: tuple[float, ...]


@dataclass(frozen=True)
class TakenApart:
    """How the prediction for the first film of a list comes about."""

    title: str
    seen: str
    waterfall: Waterfall
    parts: tuple[Part, ...]

    @property
    def chart(self) -> Chart:
        """The drawing, its words and its numbers."""
        frame = pd.DataFrame(
            {
                "part": [part.name for part in self.parts],
                "adds": [part.value for part in self.parts],
            }
        )
        return Chart(self.title, self.seen, self.waterfall.svg(), table(frame, "Parts", decimals=4))


@dataclass(frozen=True)
class Person:
    """What the page shows of one person."""

    name: str
    facts: tuple[str, ...]
    highest: tuple[RatedFilm, ...]
    lowest: tuple[RatedFilm, ...]
    films: tuple[ListedFilm, ...]
    warnings: tuple[str, ...]
    taken_apart: TakenApart | None


class Persons:
    """Makes the persons of a study."""

    def __init__(self, study: Study) -> None:
        self._scale, self._tastes = study.ratings.scale, study.tastes
        movies, rated = study.ratings.movies, study.ratings.ratings
        self._mean = float(rated["rating"].mean())
        self._movie_ids = pd.Index(movies["movieId"])
        self._titles = [spoken(title) for title in movies["title"]]
        places = self._movie_ids.get_indexer(pd.Index(rated["movieId"]))
        self._n_ratings = np.bincount(places, minlength=len(movies))

    def person(
        self, name: str, own: pd.DataFrame, found: ExplainedList, group: int | None
    ) -> Person:
        """Tell of somebody.

        ``own`` has the person's ratings in the columns movieId and rating. ``group`` is their group
        of taste, if it is known.
        """
        highest, lowest = self._highest_and_lowest(own)
        return Person(
            name=name,
            facts=tuple(self._facts(name, own["rating"].to_numpy(), group)),
            highest=highest,
            lowest=lowest,
            films=tuple(self._listed(found.films)),
            warnings=tuple(self._warnings(len(own), found)),
            taken_apart=None if found.best is None else taken_apart(found.best),
        )

    def _facts(self, name: str, rated: Floats, group: int | None) -> Iterator[str]:
        n_liked = int(liked(rated, self._scale).sum())
        if self._scale.kind == "likes":
            yield f"{name} liked {counted(n_liked, 'film')}."
        elif self._scale.kind == "counts":
            yield f"{name} has {counted(len(rated), 'film')}, and liked {n_liked:,} of them."
        else:
            likes = "is a like" if n_liked == 1 else "are likes"
            yield (
                f"{name} gave {counted(len(rated), 'rating')}. The mean is {rated.mean():.2f}, and "
                f"that of all people's ratings is {self._mean:.2f}. {n_liked:,} of {len(rated):,} "
                f"{likes}, which means {self._scale.likes_from:g} or more."
            )
        if self._tastes is not None and group is not None:
            taste = self._tastes.described[group]
            people = counted(taste.n_users, "person", "people")
            yield f"{name} is in the group “{taste.name}”, which has {people}."

    def _highest_and_lowest(
        self, own: pd.DataFrame
    ) -> tuple[tuple[RatedFilm, ...], tuple[RatedFilm, ...]]:
        """The films rated highest, and those rated lower than all of these, lowest first.

        Among equal ratings, films that many people rated come first, because readers know them.
        """
        films = self._movie_ids.get_indexer(pd.Index(own["movieId"]))
        ratings = own["rating"].to_numpy()
        known = -self._n_ratings[films]
        highest = np.lexsort((films, known, -ratings))[:N_RATED]
        lowest = np.lexsort((films, known, ratings))[:N_RATED]
        lowest = lowest[ratings[lowest] < ratings[highest].min()]
        of_highest, of_lowest = (
            tuple(
                RatedFilm(
                    self._titles[films[one]], f"{ratings[one]:g}" if self._scale.predicts else ""
                )
                for one in some
            )
            for some in (highest, lowest)
        )
        return of_highest, of_lowest

    def _listed(self, films: pd.DataFrame) -> Iterator[ListedFilm]:
        line = Axis(self._scale.smallest, self._scale.largest, 0.0, LINE)
        columns = ("title", "score", "predicted_rating", "low", "high", "reason")
        for title, score, rating, low, high, reason in zip(
            *(films[column].tolist() for column in columns), strict=True
        ):
            is_known = self._scale.predicts
            yield ListedFilm(
                title=spoken(title),
                score=f"{score:.2f}",
                rating=f"{rating:.2f}" if is_known else "",
                within=f"{low:.1f} to {high:.1f}" if is_known else "",
                reason=reason,
                places=tuple(map(line.at, (rating, low, high))) if is_known else (),
            )

    def _warnings(self, n_own: int, found: ExplainedList) -> Iterator[str]:
        reasons = found.films["reason"]
        if len(reasons) == 0:
            has_likes = self._tastes is not None
            why = (
                "films that are rated already are left out" if has_likes else no_likes(self._scale)
            )
            yield f"There is no film to recommend: {why}."
            return
        if n_own < FEWEST_RATINGS:
            ratings = counted(n_own, "rating")
            yield f"The evidence is thin: {ratings} cannot tell much about a taste."
        n_thin = int(reasons.str.contains(THIN, regex=False).sum())
        if n_thin:
            rest = "rests" if n_thin == 1 else "rest"
            yield (
                f"Of the {counted(len(reasons), 'film')}, {n_thin} {rest} on thin evidence: fewer "
                f"than {FEWEST_RATINGS} other people rated such a film."
            )


def taken_apart(found: Prediction) -> TakenApart:
    """Take a predicted rating apart, or a score if ratings are not predicted."""
    film = spoken(found.title)
    if isnan(found.rating):
        parts, total = _of_person(found.score_parts), Part("score", found.score)
        first, rest, interval = Part("before any part", 0.0), parts, None
    else:
        parts, total = _of_person(found.parts), Part("predicted rating", found.rating)
        first, rest, interval = parts[0], parts[1:], (found.low, found.high)
    seen = f"It starts at {first.value:.2f}, the {first.name}. "
    if interval is None:
        seen = ""
    largest = max(rest, key=lambda part: abs(part.value), default=None)
    if largest is not None:
        seen += f"The part that changes most is {largest.name}: {largest.value:+.2f}. "
    seen += f"All parts add up to {total.value:.2f}."
    if interval is not None:
        low, high = interval
        seen += f" Of 10 ratings that are predicted so, 8 lie from {low:.2f} to {high:.2f}."
    what = "rating" if interval else "score"
    title = f"How the {what} of {film} comes about"
    return TakenApart(title, seen, Waterfall.of(first, rest, total, interval), parts)


def _of_person(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The page calls users people, and so do the names of parts."""
    return tuple(Part(part.name.replace("the user", "the person"), part.value) for part in parts)
