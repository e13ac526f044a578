"""What `recsys clusters` does: it groups users and describes the groups."""

import argparse
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from recsys.command.inputs import read_ratings
from recsys.command.progress import progress
from recsys.command.tables import fitted, heading, line_width, wrapped, write_table, written
from recsys.command.terminal import answer, tell
from recsys.words import counted

if TYPE_CHECKING:
    import pandas as pd

    from recsys.analysis.descriptions import GroupDescription


def clusters(options: argparse.Namespace) -> None:
    """Print the groups of users, how sure they are, and what each likes more and less."""
    from recsys.analysis.descriptions import describe_groups
    from recsys.analysis.sureness import sureness
    from recsys.analysis.taste import RESTARTS, cluster_users
    from recsys.data.matrix import RatingMatrix

    ratings = read_ratings(options)
    matrix = RatingMatrix.from_ratings(ratings, "title").most_rated(options.n_movies)
    with progress(None, "iteration") as bar:
        clusters = cluster_users(
            matrix,
            options.n_clusters,
            space=options.space,
            n_init=RESTARTS,
            random_state=options.seed,
            on_iteration=lambda event: bar.update(),
        )
    if options.out is not None:
        write_table(clusters.user_labels(), options.out, options.format)
        answer(f"Group of each user written to {options.out.absolute()}")
    n_empty = int((clusters.sizes == 0).sum())
    if n_empty:
        tell(f"groups without users: {n_empty}; there are fewer distinct users than groups")
    described = describe_groups(clusters, ratings, options.films)
    frame = _table(described)
    if not ratings.scale.predicts:
        frame = frame.drop(columns="mean_rating")
    if options.format not in (None, "table"):
        answer(*written(frame, options.format).removesuffix("\n").split("\n"))
        return
    answer(*fitted(frame.drop(columns=["likes_more", "likes_less"]), line_width()), "")
    sure = sureness(clusters, n_init=RESTARTS, random_state=options.seed)
    answer(*(line for said in sure.sentences for line in wrapped(said, "", line_width())))
    for group in described:
        answer("", *_lines(group))


def _table(described: Sequence["GroupDescription"]) -> "pd.DataFrame":
    import pandas as pd

    rows = [
        {
            "cluster": group.group,
            "users": group.n_users,
            "median_ratings": group.ratings_per_user,
            "mean_rating": group.mean_rating,
            "name": group.name,
            "likes_more": "; ".join(film.name for film in group.films),
            "likes_less": "; ".join(film.name for film in group.films_liked_less),
        }
        for group in described
    ]
    return pd.DataFrame(rows)


def _lines(group: "GroupDescription") -> Iterator[str]:
    number = f"Group {group.group} ({counted(group.n_users, 'user')}): "
    yield from heading(number, group.name, "", line_width())
    for fact in group.facts:
        yield from wrapped(fact, "  ", line_width())
    for said, likings in (
        ("Films liked more, as shares of users:", group.films),
        ("Films liked less, as shares of users:", group.films_liked_less),
        ("Genres liked more, as shares of likes:", group.genres),
        ("Genres liked less, as shares of likes:", group.genres_liked_less),
    ):
        if likings:
            yield f"  {said}"
        for liking in likings:
            yield from heading("    ", liking.name, str(liking), line_width())
