"""The answer first: in one paragraph, what people like, and how sure that is."""

from dataclasses import dataclass

import numpy as np

from recsys.analysis.descriptions import GroupDescription
from recsys.analysis.sureness import COMES_BACK, SEPARATION
from recsys.data.ratings import Ratings
from recsys.data.scale import liked, no_likes
from recsys.report.parts import Block, Section
from recsys.report.render import render
from recsys.report.study import Study, Tastes
from recsys.titles.names import spoken
from recsys.words import counted, percent, worded

# The paragraph names this many groups, largest first, and this many films that most people liked.
N_GROUPS, N_FILMS = 8, 3

# What the limits of `recsys.analysis.sureness.SEPARATION` mean for tastes.
APART = (
    "which shade into each other",
    "which are weakly apart",
    "which are clearly apart",
    "which are far apart",
)


@dataclass(frozen=True)
class Named:
    """The name of a group or a film, and its people."""

    name: str
    people: str


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    ratings, tastes = study.ratings, study.tastes
    films = _most_liked(ratings)
    groups = _apart(tastes)
    all_named = _named(groups)
    named = all_named[:N_GROUPS]
    html = render(
        "answer.html",
        who=_who(ratings),
        what=_what(tastes, groups),
        groups=named,
        n_more_groups=len(groups) - len(named),
        doubtful=_doubtful(study, groups, all_named),
        leftover=_leftover(tastes) if groups else "",
        sure=_sure(tastes, groups),
        films=films,
        no_films="" if films else _no_films(ratings),
        sample_note=study.sample_note,
        can_rate="rate" in study.options.sections and _somebody_likes(ratings),
        with_tastes="tastes" in study.options.sections and bool(groups),
    )
    return Section("answer", "In short", (Block(html),))


def _who(ratings: Ratings) -> str:
    people, films = counted(ratings.n_users, "person", "people"), counted(ratings.n_movies, "film")
    return f"{people} gave {counted(len(ratings.ratings), 'rating')} to {films}."


def _apart(tastes: Tastes | None) -> list[GroupDescription]:
    """The groups that a taste sets apart, largest first."""
    described = tastes.described if tastes else ()
    apart = [group for group in described if not group.is_leftover]
    return sorted(apart, key=lambda group: -group.n_users)


def _named(groups: list[GroupDescription]) -> list[Named]:
    """The groups by their genres alone, if that names only one of them."""
    short = [group.name.partition(": ")[0] if group.genres else group.name for group in groups]
    names = [
        name if short.count(name) == 1 else group.name
        for name, group in zip(short, groups, strict=True)
    ]
    people = [counted(group.n_users, "person", "people") for group in groups]
    return [Named(*both) for both in zip(names, people, strict=True)]


def _what(tastes: Tastes | None, groups: list[GroupDescription]) -> str:
    """How many tastes there are, and how far apart."""
    if tastes is None:
        return (
            "Nobody liked one of the films that groups are made of, so there are no groups of taste"
        )
    if not groups:
        return "No taste sets a group of people apart"
    if len(groups) == 1:
        return "By what they liked, they form one group of taste"
    silhouette = tastes.sure.silhouette
    apart = [
        word for (limit, _), word in zip(SEPARATION, APART, strict=True) if silhouette <= limit
    ]
    formed = f"By what they liked, they form {worded(len(groups))} groups of taste"
    return ", ".join([formed, *apart[:1]])


def _leftover(tastes: Tastes | None) -> str:
    left = [group.n_users for group in tastes.described if group.is_leftover] if tastes else []
    n_groups, n_people = sum(n > 0 for n in left), sum(left)
    if n_people == 0:
        return ""
    where = "a leftover group" if n_groups == 1 else f"{worded(n_groups)} leftover groups"
    verb = "is" if n_people == 1 else "are"
    people = "person" if n_people == 1 else "people"
    return (
        f"{worded(n_people).capitalize()} {people} {verb} in {where}, where nothing is clearly "
        "liked more than elsewhere."
    )


def _sure(tastes: Tastes | None, groups: list[GroupDescription]) -> str:
    """How many of the tastes other runs find again."""
    if tastes is None or not groups:
        return ""
    back = sum(tastes.sure.recurrence[group.group] >= COMES_BACK for group in groups)
    again = "found again if the groups are made from other random numbers."
    if len(groups) == 1:
        return f"It is {'' if back else 'not '}{again}"
    if back == len(groups):
        return f"All of them are {again}"
    if back == 0:
        return f"None of them is {again}"
    return f"{worded(back).capitalize()} of them {'is' if back == 1 else 'are'} {again}"


def _doubtful(study: Study, groups: list[GroupDescription], named: list[Named]) -> list[str]:
    """The names of the groups most of whose people are nearer to another group."""
    if study.tastes is None:
        return []
    labels, values = study.tastes.clusters.labels[study.tastes.rows], study.tastes.silhouettes
    return [
        name.name
        for group, name in zip(groups, named, strict=True)
        if 2 * np.count_nonzero(values[labels == group.group] < 0)
        > np.count_nonzero(labels == group.group)
    ]


def _most_liked(ratings: Ratings) -> list[Named]:
    """The films that most people liked, if more than one person did."""
    table = ratings.ratings
    likes = table["movieId"][liked(table["rating"].to_numpy(), ratings.scale)].value_counts()
    likes = likes[likes > 1].head(N_FILMS)
    titles = ratings.movies.set_index("movieId")["title"][likes.index]
    shares = [percent(n, ratings.n_users) for n in likes.tolist()]
    return [Named(*both) for both in zip(map(spoken, titles), shares, strict=True)]


def _no_films(ratings: Ratings) -> str:
    """Why no film is named."""
    if _somebody_likes(ratings):
        return "No film was liked by more than one person."
    reason = no_likes(ratings.scale)
    return f"{reason[0].upper()}{reason[1:]}."


def _somebody_likes(ratings: Ratings) -> bool:
    """Whether any rating is a like. Without one, the page has no list to show."""
    return bool(liked(ratings.ratings["rating"].to_numpy(), ratings.scale).any())
