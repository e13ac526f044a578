"""The notebook's steps: its figures, recounted from the ratings, and the calls that give them."""

import re
from itertools import pairwise, permutations
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import silhouette_score
from studies import study_of

from kmeans_core import KMeans
from recsys import MostLiked, Ratings, make_ratings
from recsys.report.parts import ABSENT, Chart, Table
from recsys.report.sections.notebook import steps_of
from recsys.report.sections.notebook_genre_groups import numbered
from recsys.report.sections.notebook_lists import rare_above_known
from recsys.report.sections.notebook_silhouettes import N_SEEDS, Silhouettes, silhouettes
from recsys.report.sections.notebook_step import Step, block
from recsys.report.study import Study
from recsys.titles.names import spoken
from recsys.words import counted

TITLES = [
    "Mean ratings by genre",
    "People who like one of two genres",
    "Groups by two genres",
    "The silhouette of every k",
    "Groups by three genres",
    "The matrix of ratings",
    "The densest part of the matrix",
    "Groups by all ratings",
    "Means as predictions",
    "The first 20 films",
]


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=150, n_movies=80, n_ratings=3000, random_state=0)


@pytest.fixture(scope="module")
def study(made: Ratings) -> Study:
    return study_of(made)


@pytest.fixture(scope="module")
def steps(study: Study) -> dict[str, Step]:
    return {step.title: step for step in steps_of(study)}


@pytest.fixture(scope="module")
def by_genre(made: Ratings) -> pd.DataFrame:
    """A row for each rating and each genre of its film."""
    movies = made.movies.assign(genre=made.movies["genres"].str.split("|")).explode("genre")
    return made.ratings.merge(movies[["movieId", "genre"]], on="movieId")


def numbers(step: Step, place: int = 0) -> pd.DataFrame:
    """The table of a figure, with numbers where the page has numbers."""
    figure = step.figures[place]
    shown = figure if isinstance(figure, Table) else figure.numbers
    frame = pd.DataFrame(shown.rows, columns=list(shown.header))
    for name, is_numeric in zip(shown.header, shown.numeric, strict=True):
        if is_numeric:
            frame[name] = frame[name].str.replace(",", "").replace(ABSENT, "nan").astype(float)
    return frame


def words(step: Step) -> str:
    seen = [figure.seen for figure in step.figures if isinstance(figure, Chart)]
    return " ".join([*step.says, *seen, *step.faults])


def test_the_notebooks_figures(real_ratings: Ratings) -> None:
    study = study_of(real_ratings)
    # The list of the slower recommender is compared below, with fewer ratings.
    study.__dict__["hybrid"] = MostLiked().fit(real_ratings)
    steps = {step.title: step for step in steps_of(study)}
    assert list(steps) == TITLES
    contrast, matrix = (words(steps[TITLES[i]]) for i in (1, 5))
    assert "181 people like one of two genres and not the other" in contrast
    assert "183 rows at 178 distinct points" in contrast
    assert "40 % of these people have means less than half a star apart" in contrast
    assert "1 of the 2 people added again had not passed the rule." in contrast
    assert "1 had passed it, and so counts twice." in contrast
    assert "the matrix is 671 x 9,066" in matrix
    assert "671 x 9,064" in matrix
    assert "671 x 1,000 with 62,397 ratings" in matrix
    silhouettes = numbers(steps[TITLES[3]]).set_index("k")["silhouette"]
    assert silhouettes.loc[[2, 182]].tolist() == [0.3559, 0.0546]
    assert "The steps leave out k = 8, which is better than k = 7" in words(steps[TITLES[3]])
    region = numbers(steps[TITLES[6]])
    assert region["film"].tolist()[:3] == [
        "Forrest Gump (1994)",
        "Pulp Fiction (1994)",
        "The Shawshank Redemption (1994)",
    ]
    assert "they are groups of activity more than of taste" in words(steps[TITLES[7]])
    html = "".join(block(step, study).html for step in steps.values())
    assert len(html) < 200_000
    # The example stays unnamed.
    assert re.findall("user_id = (.*)", html) == ["by_count[len(by_count) // 2][1]"]


def test_means_and_the_numbers_of_ratings_behind_them(
    steps: dict[str, Step], by_genre: pd.DataFrame
) -> None:
    shown = numbers(steps["Mean ratings by genre"])
    assert shown["genre"].tolist() == ["Romance", "Sci-Fi", "Action"]
    n_few = 0
    for _, row in shown.iterrows():
        people = by_genre[by_genre["genre"] == row["genre"]].groupby("userId")["rating"]
        counts = people.size()
        n_few += int((counts < 10).sum())
        assert row["people"] == len(counts)
        assert row["median ratings"] == counts.median()
        assert row["% under 10"] == pytest.approx(100 * (counts < 10).mean(), abs=0.051)
        assert row["mean"] == pytest.approx(people.mean().mean(), abs=0.06)
    said = f"{n_few} of {int(shown['people'].sum())} means here are of fewer than 10 ratings"
    assert said in words(steps["Mean ratings by genre"])


def test_who_likes_one_of_two_genres(steps: dict[str, Step], by_genre: pd.DataFrame) -> None:
    means = by_genre.pivot_table(index="userId", columns="genre", values="rating").round(2)
    romance, scifi = means["Romance"], means["Sci-Fi"]
    subset = means[((romance < 3.0) & (scifi > 2.5)) | ((scifi < 3.2) & (romance > 2.5))]
    apart = (subset["Romance"] - subset["Sci-Fi"]).abs()
    step = steps["People who like one of two genres"]
    assert f"{len(subset)} people like one of two genres" in words(step)
    assert f"{100 * (apart < 0.5).mean():.0f} % of these people" in words(step)
    shown = numbers(step)["people"].tolist()
    limits = [0, 0.5, 1, 2, 99]
    expected = [int(((apart >= low) & (apart < high)).sum()) for low, high in pairwise(limits)]
    assert shown == expected


def test_groups_keep_their_numbers_as_far_as_they_can() -> None:
    points = np.random.default_rng(0).normal(size=(90, 2))
    labels = {k: KMeans(k, random_state=0).fit_predict(points) for k in (2, 3, 5)}
    found = numbered(labels, points)
    first = [points[found[2] == group, 0].mean() for group in (0, 1)]
    assert first[0] > first[1]
    for before, k in ((2, 3), (3, 5)):
        # The groups are the same, and no other numbers keep more rows.
        assert len(set(zip(labels[k].tolist(), found[k].tolist(), strict=True))) == k
        kept = np.sum(found[before] == found[k])
        of_others = [
            np.sum(found[before] == np.array(order)[labels[k]]) for order in permutations(range(k))
        ]
        assert kept == max(of_others)


def test_centers_are_the_means_of_their_rows_and_the_groups_are_those_of_the_calls(
    steps: dict[str, Step], run: dict[str, Any]
) -> None:
    step, points = steps["Groups by two genres"], run["two_genres"]
    assert len(step.figures) == 4
    for place, (k, centers) in enumerate(run["values"]["Groups by two genres"].items()):
        labels = KMeans(k, n_init=10, random_state=0).fit_predict(points)
        expected = pd.DataFrame(points).groupby(labels).mean()
        np.testing.assert_allclose(expected, centers, atol=1e-9)
        shown = numbers(step, place)
        assert sorted(shown["Romance"]) == pytest.approx(sorted(expected[0]), abs=0.0051)
        assert sorted(shown["rows"]) == sorted(np.bincount(labels))


@pytest.fixture(scope="module")
def run(made: Ratings, steps: dict[str, Step]) -> dict[str, Any]:
    """The names that all calls leave, and the value of the last line of each step."""
    names: dict[str, Any] = {}
    exec("import recsys", names)
    names["ratings"] = made
    values = {}
    for title, step in steps.items():
        *before, last = step.calls.split("\n")
        exec("\n".join(before), names)
        values[title] = eval(last, names)
    return {**names, "values": values}


def test_the_calls_work_when_pasted_and_give_what_is_shown(
    steps: dict[str, Step], run: dict[str, Any]
) -> None:
    values = run["values"]
    described = values["Mean ratings by genre"]
    assert (
        described.loc["count"].tolist()
        == numbers(steps["Mean ratings by genre"])["people"].tolist()
    )
    n_rows = values["People who like one of two genres"]
    assert f"the subset has {n_rows} rows" in words(steps["People who like one of two genres"])
    for place, frame in enumerate(reversed(values["The silhouette of every k"])):
        shown = numbers(steps["The silhouette of every k"], place)
        assert shown["silhouette"].tolist() == frame["silhouette"].round(4).tolist()
    labels = values["Groups by three genres"]
    sizes = numbers(steps["Groups by three genres"])["rows"]
    assert sorted(sizes) == sorted(np.bincount(labels))
    by_title, most, n_ratings = values["The matrix of ratings"]
    assert f"{most[0]} x {most[1]} with {n_ratings:,} ratings" in words(
        steps["The matrix of ratings"]
    )
    assert f"it is {by_title[0]} x {by_title[1]}" in words(steps["The matrix of ratings"])
    shown, region = (numbers(steps[TITLES[6]]), values[TITLES[6]])
    assert shown["mean"].tolist() == pytest.approx(region.mean().tolist(), abs=0.0051, nan_ok=True)
    assert shown["ratings"].tolist() == region.count().tolist()
    sentences = run["recsys"].sureness(run["clusters"]).sentences
    assert all(said in words(steps["Groups by all ratings"]) for said in sentences)
    mean = values["Means as predictions"][0]
    assert f"and a mean of {mean:.2f}." in words(steps["Means as predictions"])
    listed = run["model"].recommend(run["user_id"], 20)
    shown = numbers(steps["The first 20 films"])
    assert shown["ratings"].tolist() == listed["n_ratings"].tolist()
    same = values["The first 20 films"]["movieId"].isin(listed["movieId"]).sum()
    assert f"{same} {'is' if same == 1 else 'are'} in this list" in words(
        steps["The first 20 films"]
    )


def test_silhouettes_are_those_of_the_groups_of_each_seed(run: dict[str, Any]) -> None:
    points = run["two_genres"]
    found = silhouettes(points, seed=3)
    assert found is not None
    for k in (2, 9, 30):
        expected = [
            silhouette_score(points, KMeans(k, n_init=10, random_state=seed).fit_predict(points))
            for seed in range(3, 3 + N_SEEDS)
        ]
        assert found.by_seed[:, found.ks.index(k)] == pytest.approx(expected, abs=1e-9)
    np.testing.assert_array_equal(found.steps[:8], found.by_seed[0, ::5])


def test_rows_that_the_picture_shows_with_another_group_are_counted(
    steps: dict[str, Step], run: dict[str, Any]
) -> None:
    points = pd.DataFrame(run["three_genres"])
    labels = run["values"]["Groups by three genres"]
    centers = points.groupby(labels)[[0, 1]].mean().to_numpy()
    nearest = ((points[[0, 1]].to_numpy()[:, None] - centers) ** 2).sum(axis=2).argmin(axis=1)
    n_elsewhere = int((nearest != labels).sum())
    assert n_elsewhere > 1
    assert f"In it, {n_elsewhere} rows lie nearer" in words(steps["Groups by three genres"])
    n_large = int((points[2] > 3).sum())
    assert f"a mean of Action above 3: {n_large} of" in words(steps["Groups by three genres"])


def test_a_k_that_the_steps_leave_out_is_named_if_most_seeds_prefer_it() -> None:
    by_seed = np.tile([0.3, 0.5, 0.1], (N_SEEDS, 1))
    by_seed[:4, 1] = 0.2
    found = Silhouettes([2], np.array([0.3]), [2, 3, 4], by_seed)
    assert found.skipped == (3, 6)
    assert found.best_by_seed == [2] * 4 + [3] * 6
    by_seed[4, 1] = 0.2
    assert found.skipped is None


def test_the_median_person_of_the_largest_group_is_the_example(
    made: Ratings, run: dict[str, Any]
) -> None:
    counts = made.ratings["userId"].value_counts()
    groups = run["clusters"].user_labels()
    largest = groups.loc[groups["cluster"] == groups["cluster"].mode()[0], "userId"]
    assert counts[run["user_id"]] == counts.loc[largest].sort_values().iloc[len(largest) // 2]
    assert run["user_id"] in largest.tolist()


def test_means_by_their_number_of_ratings_are_recounted(
    steps: dict[str, Step], run: dict[str, Any]
) -> None:
    region = run["region"].to_frame()
    counts, means = region.count(), region.mean()
    shown = numbers(steps["Means as predictions"])
    assert shown["films"].sum() == np.sum(counts > 0)
    for limit, row in ((1, 0), (2, 1)):
        of_limit = means[counts.between(limit, 1 if limit == 1 else 4)]
        assert shown["films"][row] == len(of_limit)
        assert shown["least mean"][row] == pytest.approx(of_limit.min(), abs=0.0051)
    few = int(counts.between(1, 4).sum())
    said = words(steps["Means as predictions"])
    assert f"{few} of {np.sum(counts > 0)} means are of fewer than 5 ratings." in said


def test_the_list_names_a_rare_film_above_a_known_one(
    steps: dict[str, Step], run: dict[str, Any]
) -> None:
    assert rare_above_known(np.array([7, 2, 5, 9, 1]), 3) == (1, 3)
    assert rare_above_known(np.array([7, 2, 5, 9, 1]), 5) is None
    step, everything = steps["The first 20 films"], run["model"].recommend(run["user_id"], 1000)
    first, last = everything.iloc[0], everything.loc[everything["n_ratings"].idxmax()]
    assert first["n_ratings"] == 1
    for film in (first, last):
        n_ratings = counted(int(film["n_ratings"]), "rating")
        said = f"{spoken(film['title'])} with {n_ratings} and a mean of {film['score']:.2f}"
        assert said in words(step)
    n_few = int((everything["n_ratings"][:20] < 5).sum())
    assert f"{n_few} of the 20 films have fewer than 5 ratings in the group." in words(step)


def test_how_full_the_matrix_is(steps: dict[str, Step], made: Ratings) -> None:
    titles = made.ratings.merge(made.movies, on="movieId").groupby(["userId", "title"]).size()
    of_title = titles.groupby("title").size().sort_values(ascending=False)
    shown = numbers(steps["The matrix of ratings"])
    for n, share in shown.to_numpy().tolist():
        expected = 100 * of_title.iloc[: int(n)].sum() / (n * made.n_users)
        assert share == pytest.approx(expected, abs=0.051)
