"""Tastes: a card for each group of people, and how sure the groups are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from recsys.analysis.descriptions import GroupDescription
from recsys.analysis.likings import FEWEST_RATINGS, Liking
from recsys.analysis.sureness import COMES_BACK, DISSOLVES
from recsys.analysis.taste import RESTARTS, TasteClusters, likes_of, points_in
from recsys.data.scale import RatingScale
from recsys.report.charts.paired_bars import paired_bars
from recsys.report.parts import Block, Section, Text, table
from recsys.report.render import render
from recsys.report.study import MOST_RATED, Study, Tastes
from recsys.titles.names import spoken
from recsys.words import counted, joined

Floats = npt.NDArray[np.float64]

ANCHOR, TITLE = "tastes", "Tastes"

_CAPTION = "What each group likes more and less than all other people"

# What stands above calls that take all people, while the page took a sample.
SAMPLED_CALLS = "# The page took a sample of people; these lines take all.\n"

# A group is shown by this many people nearest to its center, and up to this many films that at
# least half of them liked.
N_TYPICAL, N_SHARED = 10, 3


@dataclass(frozen=True)
class ShownLiking:
    """A film or genre on a card: its shares in words and as bars."""

    name: str
    shares: str
    bars: Markup


@dataclass(frozen=True)
class Likings:
    """A list on a card: films or genres that a group likes more, or less."""

    heading: str
    likings: tuple[ShownLiking, ...]


@dataclass(frozen=True)
class Card:
    """What a card shows of a group. ``less`` and ``facts`` are folded under ``summary``."""

    group: int
    css: str
    name: str
    size: tuple[str, ...]
    more: tuple[Likings, ...]
    typical: tuple[str, ...]
    summary: str
    less: tuple[Likings, ...]
    facts: tuple[str, ...]


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    tastes = study.tastes
    if tastes is None:
        return Section(
            ANCHOR, TITLE, (Text("Nobody liked a film, so there are no tastes to show."),)
        )
    labels = tastes.clusters.labels[tastes.rows]
    cards = [
        _card(tastes.clusters, group, float(again), tastes.silhouettes[labels == group.group])
        for group, again in zip(tastes.described, tastes.sure.recurrence, strict=True)
    ]
    return Section(
        ANCHOR,
        TITLE,
        (
            Text(_what_was_done(study, tastes.clusters)),
            Text(" ".join(tastes.sure.sentences)),
            Text(
                "A card names what a group clearly likes more, or less, than all other people. In "
                "each pair of bars, the upper one is the group, and the lower one is everybody "
                "else. A full bar is 100 %."
            ),
            Block(
                render(
                    "tastes.html",
                    meaning=_meaning(study, tastes),
                    cards=cards,
                    numbers=table(_numbers(tastes), _CAPTION, decimals=1),
                )
            ),
        ),
        calls=_calls(study, tastes.clusters),
        styles=("tastes.css",),
    )


def likes_in_words(scale: RatingScale) -> str:
    """Say in a sentence what counts as a like."""
    if scale.kind == "likes":
        return "Each rating is a like."
    if scale.kind == "counts":
        return "A like is a count above the median of the person's counts."
    return f"A like is a rating of {scale.likes_from:g} or more."


def n_asked(clusters: TasteClusters) -> int:
    """The number of groups that k-means made: all but the people without likes."""
    return clusters.n_clusters - (clusters.leftover is not None)


def _what_was_done(study: Study, clusters: TasteClusters) -> str:
    n_people, n_films = clusters.matrix.shape
    films = counted(n_films, "film" if n_films < MOST_RATED else "most-rated film")
    sentences = [
        f"k-means puts {counted(n_people, 'person', 'people')} into "
        f"{counted(n_asked(clusters), 'group')} by what they liked of the {films}.",
        likes_in_words(study.ratings.scale),
        "How many films somebody liked does not count, only which.",
        study.sample_note,
    ]
    return " ".join(filter(None, sentences))


def _meaning(study: Study, tastes: Tastes) -> str:
    """What the figures of all cards mean, so that none repeats it."""
    all_people = tastes.described[0].ratings_per_user_of_all
    with_others = " “How many groups?” says what changes with other people."
    return (
        "The share of a film is of people: those who liked it, of all, whether they saw it or not. "
        "The share of a genre is of likes. Half of all people gave "
        f"{_ratings(all_people)} or fewer. The typical members of a group are the {N_TYPICAL} "
        "people nearest to its center. The overlap with other runs is the mean Jaccard index: of "
        "the people who are in the group in one run or the other, the share who are in both. "
        "These runs have the same people and other random numbers."
        f"{with_others if 'number' in study.options.sections else ''}"
    )


def _ratings(n: float) -> str:
    """A number of ratings, which may be a half."""
    return f"{n:,g} {'rating' if n == 1 else 'ratings'}"


def _card(
    clusters: TasteClusters, group: GroupDescription, again: float, silhouettes_here: Floats
) -> Card:
    less, facts = _likings("less", group.films_liked_less, group.genres_liked_less), group.facts[1:]
    folded = [*(["what is liked less"] if less else []), *(["more figures"] if facts else [])]
    return Card(
        group=group.group,
        css=f"taste-{group.group % 8}",
        name=group.name,
        size=(*_size(group), *_why_leftover(clusters, group)),
        more=_likings("more", group.films, group.genres),
        typical=(*_typical(clusters, group), *_sure(again, silhouettes_here)),
        summary=" and ".join(folded).capitalize(),
        less=less,
        facts=facts,
    )


def _size(group: GroupDescription) -> Iterator[str]:
    n_all = group.n_users + group.n_users_elsewhere
    if group.n_users == 0:
        yield "Nobody is in this group. There are fewer different tastes than groups."
        return
    percent = f"{100 * group.n_users / n_all:.0f}"
    share = "less than 1 %" if percent == "0" else f"{percent} %"
    median = _ratings(group.ratings_per_user)
    one = group.n_users == 1
    yield (
        f"{counted(group.n_users, 'person', 'people')} of {n_all:,} ({share}). "
        f"{f'This person gave {median}.' if one else f'Half of them gave {median} or fewer.'}"
    )


def _sure(recurrence: float, silhouettes_here: Floats) -> Iterator[str]:
    """How sure a group is. If its people fit other groups better, it is a leftover too."""
    if np.isfinite(recurrence):
        how = "find this group again"
        if recurrence <= DISSOLVES:
            how = "do not find this group again, so do not rely on it"
        elif recurrence < COMES_BACK:
            how = "find only a part of this group again"
        yield f"Other runs {how} (overlap {recurrence:.2f}; 1 means the same people)."
    n_astray = np.count_nonzero(silhouettes_here < 0)
    if 2 * n_astray > len(silhouettes_here):
        yield (
            f"But {n_astray:,} of {len(silhouettes_here):,} are nearer to the people of another "
            "group: this is more a leftover than a group of its own."
        )


def _why_leftover(clusters: TasteClusters, group: GroupDescription) -> Iterator[str]:
    if group.group == clusters.leftover:
        yield "They liked none of these films, so there is no taste to compare."
    elif group.n_users_elsewhere == 0:
        yield "Everybody is in this group, so there is nobody to compare with."
    elif 0 < group.n_users < FEWEST_RATINGS:
        yield f"Fewer than {FEWEST_RATINGS} people say little about a taste, so nothing is told."
    elif group.is_leftover and group.n_users > 0:
        yield (
            "This is a leftover group: there is no film and no genre that it clearly likes more "
            "than others do."
        )


def _typical(clusters: TasteClusters, group: GroupDescription) -> Iterator[str]:
    """What the people nearest to the center have in common. Nothing of small groups."""
    if group.group == clusters.leftover or group.n_users < FEWEST_RATINGS:
        return
    points = points_in(clusters.matrix, "likes")
    members = np.flatnonzero(clusters.labels == group.group)
    # All points have length 1, so the nearest by cosine have the largest products with the center.
    products = points[members] @ points[members].sum(axis=0)
    nearest = members[np.argsort(-products, kind="stable")[:N_TYPICAL]]
    n_likers = likes_of(clusters.matrix)[nearest].sum(axis=0)
    most = np.argsort(-n_likers, kind="stable")[:N_SHARED].tolist()
    shared = [film for film in most if 2 * n_likers[film] >= len(nearest)]
    who = f"Of {len(nearest)} typical members,"
    if not shared:
        yield f"{who} no film was liked by half."
        return
    films = [
        f"{n_likers[film]:.0f} liked {spoken(str(clusters.matrix.titles[film]))}" for film in shared
    ]
    yield f"{who} {joined(films)}."


def _likings(said: str, films: Sequence[Liking], genres: Sequence[Liking]) -> tuple[Likings, ...]:
    """The lists of films and of genres, if they are not empty."""
    return tuple(
        Likings(f"{kind} liked {said} than elsewhere", tuple(_shown(one, what) for one in some))
        for kind, what, some in (("Films", "liked it", films), ("Genres", "of likes", genres))
        if some
    )


def _shown(liking: Liking, what: str) -> ShownLiking:
    here, elsewhere = liking.share, liking.share_elsewhere
    return ShownLiking(liking.name, _shares(here, elsewhere, what), paired_bars(here, elsewhere))


def _shares(here: float, elsewhere: float, what: str) -> str:
    """Write two shares in percent, with a decimal only if they would look equal without."""
    decimals = int(f"{100 * here:.0f}" == f"{100 * elsewhere:.0f}")
    return f"{100 * here:.{decimals}f} % {what}, elsewhere {100 * elsewhere:.{decimals}f} %"


def _numbers(tastes: Tastes) -> pd.DataFrame:
    rows = [
        {
            "group": group.group,
            "liked": said,
            "film or genre": liking.name,
            "% in the group": 100 * liking.share,
            "% elsewhere": 100 * liking.share_elsewhere,
            "in the group": f"{liking.n_liked:,} of {liking.n:,}",
            "elsewhere": f"{liking.n_liked_elsewhere:,} of {liking.n_elsewhere:,}",
        }
        for group in tastes.described
        for said, likings in (
            ("more", (*group.films, *group.genres)),
            ("less", (*group.films_liked_less, *group.genres_liked_less)),
        )
        for liking in likings
    ]
    return pd.DataFrame(rows)


def _calls(study: Study, clusters: TasteClusters) -> str:
    options = f"n_init={RESTARTS}, random_state={study.options.seed}"
    return (
        f"{SAMPLED_CALLS if study.sample_note else ''}"
        f'matrix = recsys.RatingMatrix.from_ratings(ratings, "title").most_rated({MOST_RATED})\n'
        f"tastes = recsys.cluster_users(matrix, {n_asked(clusters)}, {options})\n"
        f"recsys.sureness(tastes, {options}).sentences\n"
        "recsys.describe_groups(tastes, ratings)"
    )
