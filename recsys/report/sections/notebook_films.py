"""The notebook's matrix of people and films, its densest part, and ten groups by all ratings."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.analysis.sureness import sureness
from recsys.analysis.taste import TasteClusters, by_mean_and_count, cluster_users
from recsys.data.matrix import RatingMatrix
from recsys.data.scale import RatingScale
from recsys.report.charts.bars import bars
from recsys.report.charts.heat_map import heat_map
from recsys.report.parts import Chart, table
from recsys.report.sections.notebook_step import Step
from recsys.report.study import MOST_RATED, Study
from recsys.titles.names import spoken
from recsys.words import counted

N_CLUSTERS = 10

# Films and people in a picture: of all people, and of one group. The notebook drew 50 films and
# 70 people of a group, which no phone shows. Groups of fewer people than SMALLEST_DRAWN get none.
DENSEST = (30, 18)
GROUP_REGION = (20, 30)
SMALLEST_DRAWN = 10

# The shares of filled cells are shown for these numbers of most-rated titles, and for all.
SOME_TITLES = (10, 30, 100, 300, 1_000, 3_000, 10_000)

# People agree or differ on a film if at least this many rated it.
FEW_RATINGS = 5


def matrix_step(study: Study) -> Step:
    """The matrix of people and films, and how empty it is."""
    with study.steps.step("rating matrix"):
        by_title = RatingMatrix.from_ratings(study.sample, "title")
    most, n_films = study.most_rated, study.sample.ratings["movieId"].nunique()
    n_people, n_titles = by_title.shape
    counts = np.sort(by_title.counts_by_item())[::-1]
    numbers = [n for n in SOME_TITLES if n < n_titles] + [n_titles]
    shares = [100 * float(counts[:n].sum()) / (n * n_people) for n in numbers]
    frame = pd.DataFrame({"most-rated titles": numbers, "% of cells filled": shares})
    names = [f"{n:,}" for n in numbers[:-1]] + ["all"]
    shared = n_films - n_titles
    chart = Chart(
        "How full the matrix is",
        f"With all titles, {shares[-1]:.1f} % of the cells have a rating. With the "
        f"{counted(numbers[0], 'most-rated title')}, it is {shares[0]:.0f} %.",
        bars(names, shares, x_label="most-rated titles", y_label="% of cells filled"),
        table(frame, "The share of cells with a rating", decimals=1),
    )
    n_lost = int(np.sum(most.counts_by_user() == 0))
    kept = 100 * most.values.nnz / by_title.values.nnz
    faults = []
    if most.shape[1] < n_titles:
        faults.append(
            f"The cut keeps {kept:.0f} % of the ratings and "
            f"{100 * most.shape[1] / n_titles:.0f} % of the titles."
        )
    if n_lost:
        has = "has" if n_lost == 1 else "have"
        faults.append(f"{counted(n_lost, 'person', 'people')} {has} no rating left.")
    if shared:
        faults.insert(
            0,
            f"{counted(n_films, 'film')} have {counted(n_titles, 'title')}. Films with one title "
            "share a column, which holds the mean of a person's ratings of them, though they may "
            "be different films.",
        )
    return Step(
        "The matrix of ratings",
        (
            f"With a row for each person and a column for each film, the matrix is "
            f"{n_people:,} x {n_films:,}. With a column for each title, it is {_cross(by_title)}. "
            f"Only cells with ratings are stored. Cut to the "
            f"{counted(most.shape[1], 'most-rated title')}, it is {_cross(most)} with "
            f"{counted(most.values.nnz, 'rating')}.",
        ),
        (chart,),
        tuple(faults),
        'by_title = recsys.RatingMatrix.from_ratings(ratings, "title")\n'
        f"matrix = by_title.most_rated({MOST_RATED})\n"
        "by_title.shape, matrix.shape, matrix.values.nnz",
    )


def _cross(matrix: RatingMatrix) -> str:
    return f"{matrix.shape[0]:,} x {matrix.shape[1]:,}"


def densest_step(study: Study) -> Step:
    """The most-rated films and the people who rated most of them."""
    region = study.most_rated.densest_region(*DENSEST)
    n_people, n_films = region.shape
    filled, everywhere = (
        100 * matrix.values.nnz / np.prod(matrix.shape) for matrix in (region, study.most_rated)
    )
    people = "person" if n_people == 1 else f"{n_people:,} people"
    return Step(
        "The densest part of the matrix",
        (
            f"The {counted(n_films, 'most-rated film')}, and the {people} with the most ratings "
            "of them.",
        ),
        (region_chart(region, study.ratings.scale, "The densest part"),),
        (
            f"It shows the people who rate most, not people as they are: {filled:.0f} % of its "
            f"cells have a rating, and {everywhere:.0f} % of those of the "
            f"{counted(study.most_rated.shape[1], 'most-rated title')}.",
        ),
        f"matrix.densest_region(n_movies={DENSEST[0]}, n_users={DENSEST[1]}).to_frame()",
    )


def clusters_of(study: Study) -> TasteClusters:
    """The notebook's ten groups."""
    most, seed = study.most_rated, study.options.seed
    with study.steps.step("groups by ratings"):
        n_clusters = min(N_CLUSTERS, most.shape[0])
        return cluster_users(most, n_clusters, space="ratings", random_state=seed)


def clusters_step(study: Study, clusters: TasteClusters) -> Step:
    """The ten groups, and a heat map of each that is not tiny."""
    with study.steps.step("sureness of groups by ratings"):
        sure = sureness(clusters, random_state=study.options.seed)
    counts, sizes = clusters.matrix.counts_by_user(), clusters.sizes
    drawn = [group for group in range(len(sizes)) if sizes[group] >= SMALLEST_DRAWN]
    medians = [
        float(np.median(counts[clusters.labels == group])) if size else np.nan
        for group, size in enumerate(sizes)
    ]
    frame = clusters.summary()[["cluster", "users", "mean_rating"]].set_axis(
        ["group", "people", "mean rating"], axis=1
    )
    frame.insert(2, "median ratings", medians)
    activity = Chart(
        "How much the people of each group rated",
        f"The median person of the least active group has "
        f"{counted(round(np.nanmin(medians)), 'rating')}, and that of the most active group "
        f"{counted(round(np.nanmax(medians)), 'rating')}.",
        bars(
            [str(group) for group in range(len(sizes))],
            np.nan_to_num(medians).tolist(),
            x_label="group",
            y_label="median ratings",
        ),
        table(frame, "The groups by all ratings", decimals=1),
    )
    left_out = len(sizes) - len(drawn)
    says = [
        f"k-means divides {counted(len(counts), 'person', 'people')} into "
        f"{counted(len(sizes), 'group')} by their ratings of the "
        f"{counted(clusters.matrix.shape[1], 'most-rated title')}.",
    ]
    if drawn:
        n_films, n_people = GROUP_REGION
        says.append(
            f"A picture shows up to {n_films} of a group's most-rated films and the {n_people} "
            "people with the most ratings of them. Films with the highest means are on the left. A "
            "column of one color is a film on which the group agrees."
        )
    if left_out:
        groups = f"{counted(left_out, 'group')} of fewer than {SMALLEST_DRAWN} people"
        says.append(f"{groups} {'is' if left_out == 1 else 'are'} not drawn.")
    scale, seed = study.ratings.scale, study.options.seed
    largest = int(np.argmax(sizes))
    return Step(
        "Groups by all ratings",
        tuple(says),
        (activity, *(_group_chart(clusters, group, scale) for group in drawn)),
        (
            "A film without a rating counts as a rating of 0, so people are alike if they rated "
            "the same films, and hardly if they liked the same ones.",
            *sure.sentences,
        ),
        f'clusters = recsys.cluster_users(matrix, {len(sizes)}, space="ratings", '
        f"random_state={seed})\n"
        f"recsys.sureness(clusters, random_state={seed}).sentences\n"
        f"clusters.members({largest}).densest_region{GROUP_REGION}.to_frame()",
    )


def _group_chart(clusters: TasteClusters, group: int, scale: RatingScale) -> Chart:
    region = by_mean_and_count(clusters.members(group).densest_region(*GROUP_REGION))
    people = counted(int(clusters.sizes[group]), "person", "people")
    return region_chart(region, scale, f"Group {group}: {people}, {region.shape[0]} in the picture")


def region_chart(region: RatingMatrix, scale: RatingScale, title: str) -> Chart:
    """A heat map of a small matrix, with a list of its films."""
    cells = region.to_frame().to_numpy()
    means, counts = region.means_by_item(), region.counts_by_item()
    films = [spoken(str(name)) for name in region.titles]
    frame = pd.DataFrame(
        {"no.": range(1, len(films) + 1), "film": films, "ratings": counts, "mean": means}
    )
    filled = 100 * region.values.nnz / cells.size
    n_people, n_films = region.shape
    seen = (
        f"{counted(n_people, 'person', 'people')} and {counted(n_films, 'film')}: {filled:.0f} % "
        "of the cells have a rating."
    )
    return Chart(
        title,
        seen + _agreement(cells, films),
        heat_map(cells, scale),
        table(frame, f"{title}: the films"),
    )


def _agreement(cells: npt.NDArray[np.float64], films: list[str]) -> str:
    """The films on which people agree most and least."""
    known = np.flatnonzero(np.sum(~np.isnan(cells), axis=0) >= FEW_RATINGS)
    spreads = np.nanstd(cells[:, known], axis=0)
    if len(known) < 2 or spreads.min() == spreads.max():
        return ""
    least, greatest = (films[known[i]] for i in (spreads.argmin(), spreads.argmax()))
    return f" People agree most on {least}, and least on {greatest}."
