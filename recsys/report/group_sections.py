"""The sections of the report about groups of users: by their likes, and by all their ratings."""

from collections.abc import Iterator

import pandas as pd

from recsys.analysis.descriptions import GroupDescription
from recsys.analysis.taste import RESTARTS
from recsys.report.findings import Findings, GroupFindings
from recsys.report.parts import Part, Section, Text, table
from recsys.words import counted

N_LABELS = 10


def group_sections(found: Findings) -> Iterator[Section]:
    """The sections about groups, in order."""
    yield _tastes(found)
    yield _groups(found)


def _tastes(found: Findings) -> Section:
    anchor, title = "tastes", "Groups of taste"
    if found.tastes is None:
        return Section(anchor, title, "", (Text("Nobody liked any of these films."),))
    clusters = found.tastes.clusters
    n_asked = clusters.n_clusters - (clusters.leftover is not None)
    parts: list[Part] = [
        Text(
            f"k-means divides users into {counted(n_asked, 'group')} by the films that they liked "
            f"of the {counted(found.most_rated.shape[1], 'most-rated film')}. How many films they "
            "liked does not count: the likes of each user are a vector of length 1."
        ),
        Text(" ".join(found.tastes.sure.sentences)),
        Text(
            "Each group is described by the films and genres that it clearly likes more, or less, "
            "than all other users do. A film's share is of users: those who liked it, of all in "
            "the group, whether they saw it or not. A genre's share is of likes. Likes of other "
            "than the most-rated films are not counted. Nothing is said about a film or genre with "
            "fewer than 10 ratings in the group, or about the taste of fewer than 10 users."
        ),
        _overview(found.tastes),
    ]
    for group in found.tastes.described:
        parts.append(Text(f"Group {group.group}: {' '.join(group.facts)}"))
        likings = _likings(group)
        if len(likings):
            parts.append(table(likings, f"Group {group.group}: {group.name}"))
    call = (
        f"tastes = recsys.cluster_users(matrix, {n_asked}, n_init={RESTARTS}, "
        f"random_state={found.seed})\n"
        f"recsys.sureness(tastes, n_init={RESTARTS}, random_state={found.seed}).sentences\n"
        "recsys.describe_groups(tastes, ratings)"
    )
    return Section(anchor, title, call, tuple(parts))


def _likings(group: GroupDescription) -> pd.DataFrame:
    rows = [
        {
            "liked": said,
            "film or genre": f"{what}{liking.name}",
            "in the group": _unbroken(liking.here),
            "elsewhere": _unbroken(liking.elsewhere),
        }
        for said, what, likings in (
            ("more", "", group.films),
            ("less", "", group.films_liked_less),
            ("more", "genre ", group.genres),
            ("less", "genre ", group.genres_liked_less),
        )
        for liking in likings
    ]
    return pd.DataFrame(rows)


def _unbroken(text: str) -> str:
    """A text that stays on one line of a table's cell."""
    return text.replace(" ", "\N{NO-BREAK SPACE}")


def _overview(groups: GroupFindings) -> Part:
    rows = [
        {
            "group": group.group,
            "name": group.name,
            "users": group.n_users,
            "median ratings per user": group.ratings_per_user,
            "mean rating": group.mean_rating,
            "found again": again,
        }
        for group, again in zip(groups.described, groups.sure.recurrence, strict=True)
    ]
    frame = pd.DataFrame(rows)
    if frame["mean rating"].isna().all():
        frame = frame.drop(columns="mean rating")
    return table(frame, "The groups; 'found again' is the mean Jaccard index in other runs")


def _groups(found: Findings) -> Section:
    clusters = found.groups.clusters
    return Section(
        "groups",
        "Groups by ratings of films",
        f'clusters = recsys.cluster_users(matrix, {clusters.n_clusters}, space="ratings", '
        f"random_state={found.seed})",
        (
            Text(
                f"k-means divides {counted(found.most_rated.shape[0], 'user')} into "
                f"{counted(clusters.n_clusters, 'group')} by their ratings of the "
                f"{counted(found.most_rated.shape[1], 'most-rated film')}, as in the notebook. A "
                "film without a rating counts as 0. So the groups differ in what and how much "
                "users watched, and not only in what they liked."
            ),
            Text(" ".join(found.groups.sure.sentences)),
            _overview(found.groups),
            table(clusters.user_labels().head(N_LABELS), "The groups of the first users"),
        ),
    )
