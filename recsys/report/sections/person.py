"""One person: what they rated, their groups, their list, and one prediction taken apart."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys.analysis.likings import Liking
from recsys.data.ids import Id
from recsys.data.scale import RatingScale
from recsys.printable import printable
from recsys.recommenders.lists import explained_list, explained_lists
from recsys.report.parts import Block, Section, Text
from recsys.report.render import render
from recsys.report.sections.persons import Person, Persons
from recsys.report.study import Study
from recsys.words import counted

# A page holds the lists of this many people at most: about 2 kB each.
MOST_PEOPLE = 5_000

# An invented person likes this many films at least, if a taste has so many that set it apart.
FEWEST_LIKED = 3

WHAT_SCORES_MEAN = (
    "The film with the highest score comes first. A score is high for films that people like this "
    "one tend to like. It has no unit, and it may be below 0. The reasons speak to the person."
)
WHAT_RATINGS_MEAN = (
    "The predicted rating is what the person would probably give. The dot on the line shows it, "
    "and 8 of 10 such ratings lie within the bar. A film that few people see may have a high "
    "predicted rating and a low score."
)


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    if study.options.with_people:
        return _of_people(study)
    if study.options.user_id is not None:
        return _of_user(study, study.options.user_id)
    return _of_nobody(study)


def _section(
    study: Study, people: Sequence[Person], *, text: str, given: str, who: str, is_real: bool
) -> Section:
    """Show the first person; the script shows the others.

    ``given`` and ``who`` are Python: what must be known of the person, and how they are asked for.
    """
    means = WHAT_SCORES_MEAN
    if study.ratings.scale.predicts:
        means += f" {WHAT_RATINGS_MEAN}"
    block = render(
        "person.html",
        person=people[0],
        # The script needs a chart to change, even if the first person has none.
        apart=next((one.taken_apart for one in people if one.taken_apart), None),
        means=means,
        n_people=len(people),
        is_real=is_real and not study.is_invented,
    )
    calls = [given, f"model = recsys.Hybrid(random_state={study.options.seed}).fit(ratings)"]
    calls.append(f"films = model.recommend({who})")
    if people[0].films:
        calls.append(f'model.explain({who}, movie_id=films["movieId"][0])')
    if study.sample_note:
        calls.insert(0, "# The page fits the model to a sample of the people.")
    has_choice = len(people) > 1
    return Section(
        "person",
        "One person",
        (*(Text(one) for one in (text, study.sample_note) if one), Block(block)),
        calls="\n".join(calls),
        styles=("person.css",),
        scripts=("person.js",) if has_choice else (),
        data=packed(people) if has_choice else {},
    )


# An invented person -----------------------------------------------------------------------------


def _of_nobody(study: Study) -> Section:
    made = invented(study)
    found = explained_list(study.hybrid, made.ratings)
    own = pd.DataFrame({"movieId": list(made.ratings), "rating": list(made.ratings.values())})
    person = Persons(study).person("The invented person", own, found, None)
    given = f"own = {dict(made.ratings)!r}"
    return _section(study, [person], text=made.rule, given=given, who="ratings=own", is_real=False)


@dataclass(frozen=True)
class Invented:
    """The ratings of an invented person by movieId, and how they were chosen."""

    ratings: Mapping[Id, float]
    rule: str


def invented(study: Study) -> Invented:
    """Invent somebody of the largest taste that films set apart, or one who likes known films."""
    scale, tastes = study.ratings.scale, study.tastes.described if study.tastes else ()
    start = "This person is invented, so that the page shows nobody's ratings. The person "
    # A taste of a few telling films makes a person that says more than a larger taste of one film.
    taste = max(
        tastes, key=lambda one: (min(len(one.films), FEWEST_LIKED), one.n_users), default=None
    )
    if taste is None or not taste.films:
        n_ratings = study.sample.ratings["movieId"].value_counts().sort_index()
        films = n_ratings.sort_values(ascending=False, kind="stable").index[:FEWEST_LIKED].tolist()
        rule = f"{start}{_rates(scale, films, scale.largest)}: those with the most ratings."
        return Invented(dict.fromkeys(films, scale.largest), rule)
    more, less = _ids(taste.films), _ids(taste.films_liked_less)
    ratings = dict.fromkeys(more, scale.largest)
    rule = f"{start}{_rates(scale, more, scale.largest)}, because the group “{taste.name}” likes "
    rule += f"{'it' if len(more) == 1 else 'them'} more than others do"
    # Who gave likes alone can say nothing of other films.
    if less and scale.kind != "likes":
        quarter = scale.smallest + (scale.largest - scale.smallest) / 4
        low = float(scale.nearest(np.array([quarter]))[0])
        ratings |= dict.fromkeys(less, low)
        rule += f", and {_rates(scale, less, low)}, because it likes "
        rule += f"{'that film' if len(less) == 1 else 'those'} less"
    return Invented(ratings, f"{rule}.")


def _rates(scale: RatingScale, films: Sequence[Id], rating: float) -> str:
    """What somebody does with films, in words."""
    some = counted(len(films), "film")
    if scale.predicts:
        return f"rates {some} with {rating:g}"
    return f"likes {some}" if rating == scale.largest else f"does not like {some}"


def _ids(films: Sequence[Liking]) -> list[Id]:
    return [film.movie_id for film in films if film.movie_id is not None]


# Users ------------------------------------------------------------------------------------------


def _of_user(study: Study, user_id: Id) -> Section:
    people = [_user(study, Persons(study), user_id)]
    given = f"user_id = {user_id!r}"
    return _section(study, people, text="", given=given, who="user_id", is_real=True)


def _user(study: Study, persons: Persons, user_id: Id) -> Person:
    """A user of the ratings, who may be outside the sample."""
    table = study.ratings.ratings
    own = table[table["userId"] == user_id]
    if (study.sample.ratings["userId"] == user_id).any():
        (found,) = explained_lists(study.hybrid, [user_id])
    else:
        found = explained_list(study.hybrid, own)
    return persons.person(f"User {user_id}", own, found, _group(study, user_id))


def _group(study: Study, user_id: Id) -> int | None:
    """The user's group of taste. None for users outside the sample."""
    if study.tastes is None:
        return None
    try:
        return study.tastes.clusters.cluster_of(user_id)
    except KeyError:
        return None


def _of_people(study: Study) -> Section:
    matrix, chosen = study.hybrid.trained_on.matrix, study.options.user_id
    user_ids, text = matrix.user_ids.tolist(), ""
    if len(user_ids) > MOST_PEOPLE:
        rng = np.random.default_rng(study.options.seed)
        user_ids = matrix.user_ids[
            np.sort(rng.choice(len(user_ids), MOST_PEOPLE, replace=False))
        ].tolist()
        text = f"The page shows {MOST_PEOPLE:,} people, drawn by chance from {matrix.shape[0]:,}."
    persons = Persons(study)
    people = [] if chosen is None else [_user(study, persons, chosen)]
    first = user_ids[0] if chosen is None else chosen
    with study.steps.step("lists of all people"):
        others = [user_id for user_id in user_ids if user_id != chosen]
        lists = explained_lists(study.hybrid, others)
        for user_id, found in zip(others, lists, strict=True):
            row = matrix.values[[matrix.row_of(user_id)]]
            own = pd.DataFrame({"movieId": matrix.movie_ids[row.indices], "rating": row.data})
            people.append(persons.person(f"User {user_id}", own, found, _group(study, user_id)))
    given = f"user_id = {first!r}"
    return _section(study, people, text=text, given=given, who="user_id", is_real=True)


# Data for the script ----------------------------------------------------------------------------


def packed(people: Sequence[Person]) -> dict[str, Any]:
    """All people for the script. Titles and names of parts are stored once.

    Characters that HTML cannot hold are replaced, as templates replace them.
    """
    titles, names = _Numbers(), _Numbers()
    packed_people = [_packed(person, titles, names) for person in people]
    data = {"people": packed_people, "titles": titles.texts, "names": names.texts}
    found: dict[str, Any] = _printable(data)
    return found


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {key: _printable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(one) for one in value]
    return value


class _Numbers:
    """Gives each different text the next number."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}

    def of(self, text: Any) -> int:
        return self._numbers.setdefault(text, len(self._numbers))

    @property
    def texts(self) -> list[Any]:
        return list(self._numbers)


def _packed(person: Person, titles: _Numbers, names: _Numbers) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": person.name,
        "facts": person.facts,
        "highest": [(titles.of(film.title), film.rating) for film in person.highest],
        "lowest": [(titles.of(film.title), film.rating) for film in person.lowest],
        "films": [(titles.of(film.title), *astuple(film)[1:]) for film in person.films],
        "warnings": person.warnings,
    }
    if person.taken_apart is not None:
        drawn = person.taken_apart.waterfall
        found["apart"] = {
            "title": person.taken_apart.title,
            "seen": person.taken_apart.seen,
            "base": drawn.base,
            "ticks": [astuple(tick) for tick in drawn.ticks],
            "ends": (drawn.low, drawn.high),
            "rows": [
                (names.of(row.lines), row.y, row.bar, row.end, row.number)
                + ((row.css, row.arrow, row.number_at) if row.css != "point" else ())
                for row in drawn.rows
            ],
            "parts": person.taken_apart.chart.numbers.rows,
        }
    return found
