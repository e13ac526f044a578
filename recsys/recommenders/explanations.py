"""The sentences of reasons: each counts ratings, and is None if the counts do not bear it out."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from recsys.recommenders.case import Case, Mask
from recsys.recommenders.types import Evidence, Floats, Ints
from recsys.titles.names import spoken

# (n_groupings, n_users): the group of each user in each grouping, numbered through all of them.
Labels = npt.NDArray[np.integer[Any]]

# People share a taste if they are at most this share of all other users.
LARGEST_SHARE = 0.25

# Fewer ratings of an item are thin evidence.
FEWEST_RATINGS = 10

# Fewer ratings of similar items do not show what the user thinks of them.
FEWEST_OWN = 5

# A share or a mean is clearly higher if it is this many standard errors above the other one.
STANDARD_ERRORS = 2.0

# This stands in front of a reason that rests on little.
THIN = "the evidence is thin: "

NOTHING = np.empty(0, np.int64)

# A reason names at most this many films that a group likes as the user does.
N_NAMED = 3

# A film that most of a group do not like is this far below all others in their order.
NOT_MOST = -1.0


# Everybody --------------------------------------------------------------------------------------


def of_everyone(case: Case, why: str = "") -> Evidence:
    """The ratings of all other users. The sentence says whether they are thin evidence.

    ``why`` tells in front why they are the evidence.
    """
    thin = len(case.ratings) < FEWEST_RATINGS
    found = _counts(case, case.ratings, case.n_others)
    if case.n_others == 0:
        found = "there are no other people"
    return Evidence(
        "thin" if thin else "everyone",
        f"{why}{THIN if thin else ''}{found}",
        case.n_others,
        len(case.ratings),
        len(case.likers),
        _mean(case.ratings),
        None,
        (),
        (),
    )


def of_quality(case: Case) -> Evidence | None:
    """The ratings of all other users, if they are enough to say how good the item is."""
    return of_everyone(case) if len(case.ratings) >= FEWEST_RATINGS else None


def of_cluster(case: Case, members: Mask, whose: str) -> Evidence | None:
    """The ratings of the others in a cluster, or None if there are none.

    They are thin evidence of a taste if they are few or if the cluster is large.
    """
    rows = np.flatnonzero(members & (np.arange(len(members)) != case.row))
    ratings = case.ratings[members[case.raters]]
    if len(ratings) == 0:
        return None
    thin = len(ratings) < FEWEST_RATINGS or len(rows) > LARGEST_SHARE * case.n_others
    found = _counts(case, ratings, len(rows), f" in {whose}")
    return _of_people(case, "cluster", f"{THIN if thin else ''}{found}", rows, NOTHING)


def _counts(case: Case, ratings: Floats, n_people: int, where: str = "") -> str:
    """How many of some people rated the item, and how."""
    n_liked = int(np.sum(case.data.liked(ratings)))
    if n_people == 1:
        return _of_one(case, ratings, n_liked == 1, f"the only other person{where}")
    people = f"of the {n_people:,} others{where}"
    liked = f"{n_liked:,}" if n_liked else "none"
    if not case.data.scale.predicts:
        return f"{liked} {people} liked it"
    if len(ratings) == 0:
        return f"none {people} rated it"
    return f"{len(ratings):,} {people} rated it, {_mean(ratings):.2f} on average; {liked} liked it"


def _of_one(case: Case, ratings: Floats, likes_it: bool, who: str) -> str:
    """What one person did with the item."""
    if not case.data.scale.predicts:
        return f"{who} {'liked' if likes_it else 'did not like'} it"
    if len(ratings) == 0:
        return f"{who} did not rate it"
    return f"{who} rated it {ratings[0]:.2f} and {'liked' if likes_it else 'did not like'} it"


# Groups of people -------------------------------------------------------------------------------


def of_likes(
    case: Case, labels: Labels, groups: Ints, taste: str = "taste", fewest_likes: int = 0
) -> Evidence | None:
    """The evidence of one of the user's groups: its share of likes is nearest to the mean of all.

    ``labels`` is (n_groupings, n_users), and ``groups`` has the user's group in each grouping. The
    share must be clearly larger than that of the other users. The group with the largest share
    would be a lucky one, because there are many. ``fewest_likes`` members must like the item.
    """
    members = labels == groups[:, None]
    if case.row >= 0:
        members[:, case.row] = False
    sizes = np.sum(members, axis=1)
    n_ratings = np.sum(members[:, case.raters], axis=1)
    n_liked = np.sum(members[:, case.likers], axis=1)
    n_likers = len(case.likers)
    typical = int(typical_group(n_liked, n_ratings, sizes, n_likers, case.n_others, fewest_likes))
    if typical < 0:
        return None
    n, n_here = int(sizes[typical]), int(n_liked[typical])
    found = sentence_of_likes(n_here, n, n_likers - n_here, case.n_others - n, taste)
    return _of_group(case, members[typical], found)


def typical_group(
    n_liked: Ints,
    n_ratings: Ints,
    sizes: Ints,
    n_likers: npt.ArrayLike,
    n_others: npt.ArrayLike,
    fewest_likes: int = 0,
) -> npt.NDArray[np.intp]:
    """The place along the last axis of the group that a reason counts, or -1 if none is sound.

    Each group has ``sizes`` members, of whom ``n_ratings`` rated the item and ``n_liked`` liked it.
    ``n_likers`` of all ``n_others`` liked it. These two broadcast to the groups.

    Examples
    --------
    Three groups of 20 people have 16, 12 and 2 people who like the item. 40 of all 100 people do.
    The groups' shares are .8, .6 and .1. Their mean is .5, so the second group is typical.

    >>> n_liked, sizes = np.array([16, 12, 2]), np.array([20, 20, 20])
    >>> int(typical_group(n_liked, n_liked, sizes, 40, 100))
    1
    """
    n_likers, n_others = np.asarray(n_likers), np.asarray(n_others)
    more = clearly_more(n_liked, sizes, n_likers - n_liked, n_others - sizes)
    sound = more & (n_ratings >= FEWEST_RATINGS) & (sizes <= LARGEST_SHARE * n_others)
    sound &= n_liked >= fewest_likes
    shares = n_liked / np.maximum(sizes, 1)
    # Rounded, so that the last bits of a sum do not decide between groups that are equally near.
    apart = np.round(np.abs(shares - shares.mean(axis=-1, keepdims=True)), 9)
    nearest = np.argmin(np.where(sound, apart, np.inf), axis=-1)
    return np.where(np.any(sound, axis=-1), nearest, -1)


def sentence_of_likes(
    n_liked: int, n: int, n_liked_elsewhere: int, n_elsewhere: int, taste: str = "taste"
) -> str:
    """Say how many people of a group liked the item, here and elsewhere.

    Examples
    --------
    >>> sentence_of_likes(41, 60, 31, 1000)
    '41 of the 60 people who share your taste liked it (68 %); elsewhere 3 %'
    """
    found = f"{n_liked:,} of the {n:,} people who share your {taste} liked it "
    return f"{found}({share_of(n_liked, n)}); elsewhere {share_of(n_liked_elsewhere, n_elsewhere)}"


def of_means(case: Case, groups: Iterable[Mask]) -> Evidence | None:
    """The evidence of the first group of users that rates the item clearly higher than the others.

    Each group is a mask of the training users.
    """
    for members in groups:
        members = members & (np.arange(case.data.n_users) != case.row)
        n, here = int(np.sum(members)), members[case.raters]
        if n > LARGEST_SHARE * case.n_others or np.sum(here) < FEWEST_RATINGS or np.all(here):
            continue
        mean, elsewhere = _mean(case.ratings[here]), _mean(case.ratings[~here])
        if clearly_higher(case.ratings[here], case.ratings[~here]):
            found = f"{np.sum(here):,} of the {n:,} people who share your taste rated it, "
            found += f"{mean:.2f} on average; elsewhere {elsewhere:.2f}"
            return _of_group(case, members, found)
    return None


def _of_group(case: Case, members: Mask, found: str) -> Evidence:
    likes_too = _likes_too(case, members)
    if len(likes_too):
        found += like_you(spoken(str(title)) for title in case.data.matrix.titles[likes_too])
    return _of_people(case, "group", found, np.flatnonzero(members), likes_too)


def like_you(names: Iterable[str]) -> str:
    """Name the films that most of a group liked as the user did.

    Examples
    --------
    >>> like_you(["The Godfather (1972)", "Up (2009)"])
    '; like you, most of them liked The Godfather (1972); Up (2009)'
    """
    return f"; like you, most of them liked {'; '.join(names)}"


def _likes_too(case: Case, members: Mask) -> Ints:
    """The user's films that most of the group liked, and clearly more of them than elsewhere."""
    data, n = case.data, int(np.sum(members))
    rated = data.matrix.values[np.flatnonzero(members)]
    liked = rated.indices[data.liked(rated.data)]
    here = np.bincount(liked, minlength=data.n_items)[case.my_likes]
    elsewhere = data.n_likes[case.my_likes] - here - (case.row >= 0)
    apart = apart_if_most(here, n, elsewhere, case.n_others - n)
    order = np.argsort(-apart, kind="stable")[:N_NAMED]
    return case.my_likes[order[apart[order] > NOT_MOST]]


def apart_if_most(
    here: Ints, n: npt.ArrayLike, elsewhere: Ints, n_elsewhere: npt.ArrayLike
) -> Floats:
    """How far the share of a group that likes each film is above the share elsewhere.

    It is `NOT_MOST` if half of the group or less like the film, or not clearly more than elsewhere.

    Examples
    --------
    Of 60 people 41 like one film, and 30 like another one. 20 and 10 of 100 people elsewhere do.

    >>> apart_if_most(np.array([41, 30]), 60, np.array([20, 10]), 100).round(3).tolist()
    [0.483, -1.0]
    """
    n, n_elsewhere = np.asarray(n), np.asarray(n_elsewhere)
    named = (2 * here > n) & clearly_more(here, n, elsewhere, n_elsewhere)
    return np.where(named, here / n - elsewhere / n_elsewhere, NOT_MOST)


# Films of the user ------------------------------------------------------------------------------


def of_film(case: Case, films: Ints, fewest_likes: int = 0) -> Evidence | None:
    """The evidence of the first film whose likers like the item clearly more than others do.

    ``films`` are films that the user liked, the one that adds most to the score first.
    ``fewest_likes`` of the likers of a film must like the item.
    """
    rated, liked = np.zeros((2, case.data.n_users), dtype=np.bool_)
    rated[case.raters] = liked[case.likers] = True
    for film in films:
        people = case.likers_of(int(film))
        n, n_liked, n_all = len(people), int(np.sum(liked[people])), case.n_others
        if n > LARGEST_SHARE * n_all or np.sum(rated[people]) < FEWEST_RATINGS:
            continue
        if n_liked < fewest_likes:
            continue
        if clearly_more(n_liked, n, len(case.likers) - n_liked, n_all - n):
            title = spoken(str(case.data.matrix.titles[film]))
            found = f"you liked {title}: {n_liked:,} of the {n:,} others who liked it liked this "
            found += f"too ({share_of(n_liked, n)}); elsewhere "
            found += share_of(len(case.likers) - n_liked, n_all - n)
            return _of_people(case, "film", found, people, np.array([film]))
    return None


def of_own_ratings(case: Case, groups: Iterable[Mask]) -> Evidence | None:
    """The evidence of the first group of films that the user rates clearly higher than other films.

    Each group is a mask of the user's films.
    """
    for like_it in groups:
        ratings = case.my_ratings[like_it]
        if len(ratings) >= FEWEST_OWN and clearly_higher(ratings, case.my_ratings[~like_it]):
            mean, n = _mean(ratings), len(ratings)
            found = f"you rate films like it {mean:.2f} on average over {n:,} films; you average "
            found += f"{_mean(case.my_ratings):.2f} over {len(case.mine):,}"
            n_liked = int(np.sum(case.data.liked(ratings)))
            movie_ids = tuple(case.data.matrix.movie_ids[case.mine[like_it]].tolist())
            return Evidence("own", found, 0, n, n_liked, mean, None, (), movie_ids)
    return None


# What they have in common -----------------------------------------------------------------------


def clearly_more(
    n_liked: npt.ArrayLike,
    n: npt.ArrayLike,
    n_liked_elsewhere: npt.ArrayLike,
    n_elsewhere: npt.ArrayLike,
) -> Mask:
    """Tell whether the share of likes is clearly higher here than elsewhere.

    Elsewhere counts as if one more user liked the item and one more did not, so that its share is
    never 0 or 1.

    Examples
    --------
    41 of 60 people like a film. Elsewhere 31 of 100 like it, or 62 of 100.

    >>> clearly_more(41, 60, [31, 62], 100).tolist()
    [True, False]
    """
    elsewhere = (np.asarray(n_liked_elsewhere) + 1) / (np.asarray(n_elsewhere) + 2)
    expected = np.asarray(n) * elsewhere
    more: Mask = n_liked - expected > STANDARD_ERRORS * np.sqrt(expected * (1 - elsewhere))
    return more


def clearly_higher(here: Floats, elsewhere: Floats) -> bool:
    """Tell whether ratings are clearly higher on average than those elsewhere.

    Examples
    --------
    >>> clearly_higher(np.array([4.0, 5.0]), np.array([2.0, 3.0, 2.0]))
    True
    >>> clearly_higher(np.array([4.0, 5.0]), np.array([2.0, 5.0, 5.0]))
    False
    """
    if len(elsewhere) == 0:
        return False
    spread = float(np.std(np.concatenate([here, elsewhere])))
    apart = _mean(here) - _mean(elsewhere)
    return bool(apart > 0 and apart > STANDARD_ERRORS * spread / np.sqrt(len(here)))


def share_of(part: int, whole: int) -> str:
    """Write a share in whole percent.

    Examples
    --------
    >>> share_of(41, 60), share_of(1, 1000), share_of(999, 1000)
    ('68 %', 'under 1 %', 'over 99 %')
    """
    percent = 100 * part / whole
    if 0 < percent < 0.5:
        return "under 1 %"
    if 99.5 <= percent < 100:
        return "over 99 %"
    return f"{percent:.0f} %"


def _of_people(case: Case, kind: str, reason: str, rows: Ints, films: Ints) -> Evidence:
    """Count what some of the others, given their rows, did with the item."""
    is_one = np.zeros(case.data.n_users, dtype=np.bool_)
    is_one[rows] = True
    ratings = case.ratings[is_one[case.raters]]
    matrix = case.data.matrix
    return Evidence(
        kind,
        reason,
        len(rows),
        len(ratings),
        int(np.sum(case.data.liked(ratings))),
        _mean(ratings),
        None,
        tuple(matrix.user_ids[rows].tolist()),
        tuple(matrix.movie_ids[films].tolist()),
    )


def _mean(ratings: Floats) -> float:
    return float(np.mean(ratings)) if len(ratings) else float("nan")
