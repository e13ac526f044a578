"""The notebook's predictions and its list of films for one person."""

from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.analysis.taste import TasteClusters
from recsys.data.ids import Id
from recsys.recommenders.cluster_mean import NOTEBOOK_REGION, ClusterMeanRecommender
from recsys.report.charts.scatter import scatter
from recsys.report.parts import Chart, table
from recsys.report.sections.notebook_films import FEW_RATINGS
from recsys.report.sections.notebook_step import Step
from recsys.report.study import Study
from recsys.titles.names import spoken
from recsys.words import counted

TOP_N = 20

# The calls that find the person of `median_user`.
_MEDIAN_USER = """\
largest = clusters.members(int(clusters.sizes.argmax()))
by_count = sorted(zip(largest.counts_by_user().tolist(), largest.user_ids.tolist()))
user_id = by_count[len(by_count) // 2][1]"""


def median_user(clusters: TasteClusters) -> Id:
    """The person of the largest group with the median number of ratings."""
    largest = clusters.members(int(clusters.sizes.argmax()))
    by_count = sorted(
        zip(largest.counts_by_user().tolist(), largest.user_ids.tolist(), strict=True)
    )
    user_id: Id = by_count[len(by_count) // 2][1]
    return user_id


class Lists:
    """The notebook's recommender, and the person whom the steps show.

    The person is whom the caller asked for, or the median user if nobody was asked for or is not in
    the sample. The page does not name the median user.
    """

    def __init__(self, study: Study, clusters: TasteClusters) -> None:
        self.study, self.clusters = study, clusters
        with study.steps.step("means of groups"):
            model = ClusterMeanRecommender(region=NOTEBOOK_REGION)
            self.model = model.fit_clusters(clusters, study.sample)
        asked = study.options.user_id
        self.is_asked = asked is not None and bool((clusters.matrix.user_ids == asked).any())
        self.user_id = asked if asked is not None and self.is_asked else median_user(clusters)
        self.group = clusters.cluster_of(self.user_id)
        members = clusters.members(self.group)
        self.region = members.densest_region(*NOTEBOOK_REGION)

    @property
    def who(self) -> str:
        """The person in words."""
        if self.is_asked:
            return f"User {self.user_id}"
        asked = self.study.options.user_id
        absent = "" if asked is None else f"User {asked} is not in the sample. "
        return (
            f"{absent}The example, a person of the largest group with the median number of ratings,"
        )


def prediction_step(lists: Lists) -> Step:
    """Predictions: the means of films in the densest region of the person's group."""
    region, group, scale = lists.region, lists.group, lists.study.ratings.scale
    n_people = int(lists.clusters.sizes[group])
    title = "Means as predictions"
    says = (
        f"{lists.who} is in group {group}, which has {counted(n_people, 'person', 'people')}. The "
        f"group's densest part has {counted(region.shape[1], 'film')} and "
        f"{counted(region.shape[0], 'person', 'people')}. The predicted rating of a film is its "
        f"mean there. {lists.model.unrated_in_region(lists.user_id):,} of these films have no "
        "rating by this person.",
    )
    counts, means = region.counts_by_item(), region.means_by_item()
    rated = counts > 0
    calls = [
        f"model = recsys.ClusterMeanRecommender(region={NOTEBOOK_REGION})"
        ".fit_clusters(clusters, ratings)",
        f"user_id = {lists.user_id!r}" if lists.is_asked else _MEDIAN_USER,
        f"region = clusters.members({group}).densest_region{NOTEBOOK_REGION}",
        "model.predict([user_id], [region.movie_ids[0]])",
    ]
    if not rated.any():
        return Step(title, (*says, "Nobody in the group rated any of these films."))
    few = rated & (counts < FEW_RATINGS)
    first = spoken(str(region.titles[0]))
    chart = Chart(
        "Means and numbers of ratings",
        f"Each dot is a film; a ring marks a place with several. {first} has "
        f"{counted(int(counts[0]), 'rating')} here and a mean of {means[0]:.2f}."
        f"{_spans(counts[rated], means[rated])}",
        scatter(
            counts[rated].astype(np.float64),
            means[rated],
            x_ends=(1.0, max(2.0, float(counts.max()))),
            y_ends=(scale.smallest, scale.largest),
            x_label="ratings of the film in the group",
            y_label="mean",
            x_is_log=True,
        ),
        table(_by_count(counts[rated], means[rated]), "Films by their number of ratings"),
    )
    n_few, n_means = int(few.sum()), counted(int(rated.sum()), "mean")
    faults = (
        f"{n_few:,} of {n_means} {'is' if n_few == 1 else 'are'} of fewer than {FEW_RATINGS} "
        "ratings. The recommender trusts each mean equally.",
        "Some people rate everything high and some everything low, which a mean ignores.",
        "A person's own rating is part of the mean, so the prediction of a rated film contains the "
        "answer.",
    )
    return Step(title, says, (chart,), faults, "\n".join(calls))


def _spans(counts: npt.NDArray[Any], means: npt.NDArray[Any]) -> str:
    """How far the means of few ratings and those of more reach."""
    few, more = means[counts < FEW_RATINGS], means[counts >= FEW_RATINGS]
    if min(len(few), len(more)) == 0:
        return ""
    return (
        f" Means of fewer than {FEW_RATINGS} ratings lie between {few.min():.1f} and "
        f"{few.max():.1f}, and the others between {more.min():.1f} and {more.max():.1f}."
    )


def _by_count(counts: npt.NDArray[Any], means: npt.NDArray[Any]) -> pd.DataFrame:
    ends = (1, 2, FEW_RATINGS, 10, 20, 50, 100)
    rows = []
    for low, high in pairwise((*ends, np.inf)):
        some = means[(counts >= low) & (counts < high)]
        if len(some):
            name = str(low) if high == low + 1 else f"{low} to {high - 1:.0f}"
            name = f"{low} or more" if np.isinf(high) else name
            rows.append((name, len(some), some.min(), some.mean(), some.max()))
    return pd.DataFrame(rows, columns=["ratings", "films", "least mean", "mean", "greatest"])


def list_step(lists: Lists) -> Step:
    """The list of films with the highest means, compared with the recommender of the command."""
    title = f"The first {TOP_N} films"
    found = lists.model.recommend(lists.user_id, TOP_N)
    if found.empty:
        return Step(title, ("This person has rated every film that the group rated.",))
    films = [spoken(str(name)) for name in found["title"]]
    frame = pd.DataFrame(
        {"film": films, "mean": found["predicted_rating"], "ratings": found["n_ratings"]}
    )
    return Step(
        title,
        (
            "The films of the group's densest part that this person has not rated, highest mean "
            "first.",
        ),
        (table(frame, f"The first {len(frame)}, with their means and ratings in the group"),),
        tuple(_list_faults(lists, found)),
        f"model.recommend(user_id, {TOP_N})\n"
        f"advice = recsys.Hybrid(random_state={lists.study.options.seed}).fit(ratings)\n"
        f"advice.recommend(user_id, {TOP_N})",
    )


def _list_faults(lists: Lists, found: pd.DataFrame) -> list[str]:
    n_few = int((found["n_ratings"] < FEW_RATINGS).sum())
    faults = [
        f"{n_few:,} of the {counted(len(found), 'film')} {'has' if n_few == 1 else 'have'} fewer "
        f"than {FEW_RATINGS} ratings in the group."
    ]
    everything = lists.model.recommend(lists.user_id, lists.region.shape[1])
    places = rare_above_known(everything["n_ratings"].to_numpy(), len(found))
    if places is not None:
        rare, known = (_with_ratings(everything.iloc[place]) for place in places)
        faults.append(f"{rare} stands above {known}.")
    advised = lists.study.hybrid.recommend(lists.user_id, TOP_N)
    if not advised.empty:
        n_same = int(advised["movieId"].isin(found["movieId"]).sum())
        n_all = lists.study.sample.ratings["movieId"].value_counts()
        here, there = (n_all.loc[films["movieId"]].median() for films in (found, advised))
        faults.append(
            f"Of the first {counted(len(advised), 'film')} that recsys.Hybrid recommends to this "
            f"person, {n_same:,} {'is' if n_same == 1 else 'are'} in this list. The median film "
            f"of that list has {counted(round(there), 'rating')} of all people, and the median "
            f"film of this one {here:,.0f}."
        )
    return faults


def rare_above_known(n_ratings: npt.NDArray[Any], n_listed: int) -> tuple[int, int] | None:
    """The place of the listed film with the fewest ratings, and below it that with the most.

    None if no film below has more ratings.
    """
    rare = int(n_ratings[:n_listed].argmin())
    known = rare + int(n_ratings[rare:].argmax())
    return (rare, known) if n_ratings[known] > n_ratings[rare] else None


def _with_ratings(film: "pd.Series[Any]") -> str:
    n_ratings = counted(int(film["n_ratings"]), "rating")
    mean = film["predicted_rating"]
    return f"{spoken(str(film['title']))} with {n_ratings} and a mean of {mean:.2f}"
