"""The section about the data: each figure is counted again by pandas."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from studies import study_of

from recsys import Ratings, load_ratings, make_ratings
from recsys.data.scale import HALF_STARS
from recsys.report.parts import Block, Chart, Section, Table, Text
from recsys.report.sections.data import section
from recsys.report.sections.data_charts import charts
from recsys.report.sections.data_profile import Profile, doublings, equal_bins, years


@pytest.fixture(scope="module")
def made() -> Ratings:
    return make_ratings(n_users=40, n_movies=60, n_ratings=900, random_state=0)


def by_title(ratings: Ratings) -> dict[str, Chart]:
    return {chart.title: chart for chart in charts(Profile(ratings))}


def numbers(chart: Chart) -> dict[str, int]:
    """The first column of the table behind a chart, and the whole numbers of the second one."""
    return {row[0]: int(row[1].replace(",", "")) for row in chart.numbers.rows}


def words(found: Section) -> str:
    return " ".join(part.text for part in found.parts if isinstance(part, Text))


# Bins -------------------------------------------------------------------------------------------


@given(st.lists(st.integers(1, 100_000), min_size=1))
def test_bins_that_double_hold_every_number(given: list[int]) -> None:
    bins = doublings(np.array(given))
    for name, count in zip(bins.names, bins.counts, strict=True):
        first, _, last = name.replace(",", "").partition(" to ")
        assert count == sum(int(first) <= number <= int(last or first) for number in given)
    assert sum(bins.counts) == len(given)
    assert min(bins.counts[0], bins.counts[-1]) > 0


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=30))
def test_equal_bins_hold_every_number(given: list[float]) -> None:
    bins = equal_bins(np.array(given))
    assert sum(bins.counts) == len(given)
    assert len(bins.counts) == len(bins.names) == len(bins.edges) - 1 <= 22
    assert list(bins.edges) == sorted(set(bins.edges))


@given(st.lists(st.integers(-5000, 9000), min_size=1, max_size=30))
def test_years_hold_every_year(given: list[int]) -> None:
    bins = years(np.array(given))
    assert sum(bins.counts) == len(given)
    assert len(bins.names) == len(bins.counts) <= 48
    width = bins.edges[1] - bins.edges[0]
    for start, count in zip(bins.edges, bins.counts, strict=False):
        assert count == sum(start <= year < start + width for year in given)


def test_years_are_named_by_their_periods() -> None:
    assert years(np.array([1995, 1998])).names == ("1995", "1996", "1997", "1998")
    assert years(np.array([1903, 1999])).names[:2] == ("1900 to 1904", "1905 to 1909")
    assert years(np.array([1888, 2016])).names[:2] == ("1880s", "1890s")


# Charts -----------------------------------------------------------------------------------------


def test_each_step_of_the_scale_is_counted(made: Ratings) -> None:
    rated = made.ratings[made.ratings["rating"] != 1.5]
    chart = by_title(Ratings.from_frames(rated))["Ratings that people give"]
    counts = rated["rating"].value_counts().to_dict()
    steps = np.arange(0.5, 5.5, 0.5)
    assert numbers(chart) == {f"{step:g}": counts.get(step, 0) for step in steps}
    assert numbers(chart)["1.5"] == 0
    assert f"The mean is {rated['rating'].mean():.2f}." in chart.seen
    share = 100 * max(counts.values()) / len(rated)
    assert f"The most frequent rating is 4 ({share:.0f} % of all)." in chart.seen
    assert chart.svg.count("<rect") == 10


@pytest.mark.parametrize(
    ("scale", "n_rows", "first"),
    [((-10, 10), 21, "-10"), ((1, 10), 10, "1"), ((0, 100), 20, "0 to 5")],
)
def test_scales_of_any_ends(made: Ratings, scale: Any, n_rows: int, first: str) -> None:
    drawn = np.random.default_rng(0).integers(scale[0], scale[1] + 1, 900)
    rated = Ratings.from_frames(made.ratings.assign(rating=drawn), scale=scale)
    found = numbers(by_title(rated)["Ratings that people give"])
    assert len(found) == n_rows
    assert next(iter(found)) == first
    assert sum(found.values()) == 900


def test_ratings_of_any_number_are_in_bins(made: Ratings) -> None:
    drawn = np.random.default_rng(0).uniform(-10, 10, 900)
    rated = Ratings.from_frames(made.ratings.assign(rating=drawn), scale=(-10, 10, 0))
    found = numbers(by_title(rated)["Ratings that people give"])
    assert found["-10 to -9"] == (drawn < -9).sum()
    assert sum(found.values()) == 900


def test_equally_frequent_ratings_are_all_named() -> None:
    rated = Ratings.from_columns([1, 1, 2, 2, 3], [1, 2, 1, 2, 1], [3, 4, 3, 4, 5])
    seen = by_title(rated)["Ratings that people give"].seen
    assert "The most frequent ratings are 3 and 4 (40 % of all each)." in seen
    rated = Ratings.from_columns([1, 1, 1, 1], [1, 2, 3, 4], [2, 3, 4, 5])
    seen = by_title(rated)["Ratings that people give"].seen
    assert "4 ratings are the most frequent ones (25 % of all each)." in seen


@pytest.mark.parametrize(("by", "one"), [("userId", "person"), ("movieId", "film")])
def test_ratings_for_each_person_and_film(made: Ratings, by: str, one: str) -> None:
    chart = by_title(made)[f"Ratings for each {one}"]
    sizes = made.ratings.groupby(by).size()
    for name, count in numbers(chart).items():
        first, _, last = name.partition(" to ")
        assert count == sizes.between(int(first), int(last or first)).sum()
    middle = int(sizes.sort_values().iloc[(len(sizes) - 1) // 2])
    assert f" {middle} ratings or fewer" in chart.seen
    assert chart.seen.endswith(f" {sizes.max()}.")


def test_the_middle_is_told_of_whole_numbers() -> None:
    """Four people have 1, 2, 3 and 4 ratings; the counts are 1 to 10."""
    users, items = [1, 2, 2, 3, 3, 3, 4, 4, 4, 4], [1, 1, 2, 1, 2, 3, 1, 2, 3, 4]
    rated = Ratings.from_columns(users, items, range(1, 11), counts=True)
    found = by_title(rated)
    assert found["Ratings for each person"].seen == (
        "At least half of the people gave 2 ratings or fewer; the most active person gave 4."
    )
    assert found["Counts"].seen == "The middle one of all counts is 5."
    assert numbers(found["Counts"]) == {"1": 1, "2 to 3": 2, "4 to 7": 4, "8 to 15": 3}


def test_years_and_months_of_ratings(made: Ratings) -> None:
    of_years = made.ratings["timestamp"].astype("datetime64[s]").dt.year.value_counts()
    chart = by_title(made)["Ratings by the year in which they were given"]
    found = {int(year): count for year, count in numbers(chart).items() if count}
    assert found == of_years.to_dict()
    assert list(numbers(chart)) == [str(year) for year in range(1996, 2017)]
    first = pd.to_datetime(made.ratings["timestamp"].min(), unit="s")
    assert f"The ratings are from {first:%Y-%m-%d} to " in chart.seen

    half_a_year = 1_500_000_000 + np.arange(900) * 17_000
    rated = Ratings.from_frames(made.ratings.assign(timestamp=half_a_year))
    found_months = numbers(by_title(rated)["Ratings by the month in which they were given"])
    months = pd.to_datetime(half_a_year, unit="s").strftime("%Y-%m")
    assert found_months == months.value_counts().to_dict()


def test_bins_are_sorted_as_numbers_and_names_as_text(made: Ratings) -> None:
    found = by_title(made)
    is_number = {title: chart.numbers.numeric[0] for title, chart in found.items()}
    assert [title for title, is_numeric in is_number.items() if not is_numeric] == [
        "Ratings by genre"
    ]


def test_years_of_films(made: Ratings) -> None:
    movies = made.movies.copy()
    movies.loc[:9, "title"] = "No year"
    rated = Ratings.from_frames(made.ratings, movies)
    of_films = movies.set_index("movieId")["title"].str.extract(r"\((\d{4})\)$")[0]
    of_ratings = made.ratings["movieId"].map(of_films)
    chart = by_title(rated)["Ratings by the year in which a film was made"]
    for name, count in numbers(chart).items():
        first, _, last = name.partition(" to ")
        assert count == of_ratings.dropna().astype(int).between(int(first), int(last)).sum()
    n_without = of_ratings.isna().sum()
    assert f"{n_without} ratings are of films whose titles have no year." in chart.seen


def test_years_of_films_that_nobody_rated_are_not_drawn() -> None:
    rated = {"user": [1], "item": [1], "rating": [4]}
    films = {"movieId": [1, 2], "title": ["Up", "Big (1988)"]}
    assert not [title for title in by_title(Ratings.from_frames(rated, films)) if "made" in title]


def test_genres_are_counted_with_their_means(made: Ratings) -> None:
    chart = by_title(made)["Ratings by genre"]
    joined = made.ratings.merge(made.movies, on="movieId")
    each = joined.assign(genre=joined["genres"].str.split("|")).explode("genre")
    means = each.groupby("genre")["rating"].agg(["size", "mean"])
    assert len(chart.numbers.rows) == len(means)
    for genre, n_films, n_ratings, mean in chart.numbers.rows:
        assert int(n_ratings) == means.loc[genre, "size"]
        assert mean == f"{means.loc[genre, 'mean']:.2f}"
        assert int(n_films) == each.loc[each["genre"] == genre, "movieId"].nunique()
    assert f"{means['mean'].idxmax()} has the highest mean" in chart.seen


def test_of_many_tags_the_largest_are_drawn(made: Ratings) -> None:
    tags = ["|".join(f"tag {i}" for i in range(place % 50 + 1)) for place in range(60)]
    rated = Ratings.from_frames(made.ratings, made.movies.assign(genres=tags))
    chart = by_title(rated)["Ratings by genre"]
    *shown, others = chart.numbers.rows
    assert len(shown) == 20
    assert others[0] == "30 others"
    n_tags = made.ratings["movieId"].map(dict(zip(made.movies["movieId"], tags, strict=True)))
    total = (n_tags.str.count(r"\|") + 1).sum()
    assert sum(int(row[2].replace(",", "")) for row in chart.numbers.rows) == total
    # One more than fits is no reason to write "1 others".
    tags = [f"tag {place % 21}" for place in range(60)]
    rated = Ratings.from_frames(made.ratings, made.movies.assign(genres=tags))
    assert len(by_title(rated)["Ratings by genre"].numbers.rows) == 21


# The section ------------------------------------------------------------------------------------


def test_the_facts_of_the_real_ratings(real_ratings: Ratings) -> None:
    table = real_ratings.ratings
    text = words(section(study_of(real_ratings)))
    assert "100,004 ratings of 9,066 films by 671 people" in text
    liked = 100 * (table["rating"] >= 4).mean()
    assert f"A rating of 4 or more is a like; {liked:.0f} % of the ratings are likes." in text
    assert "A person rated 149 films on average, so 98 % of the cells" in text
    assert "MovieLens" in text
    of_films = real_ratings.movies.set_index("movieId")["title"].str.extract(r"\((\d{4})\)$")[0]
    nineties = table["movieId"].map(of_films).dropna().astype(int).between(1990, 1999)
    seen = by_title(real_ratings)["Ratings by the year in which a film was made"].seen
    assert f"The most frequent decade is the 1990s ({100 * nineties.mean():.0f} % of all)." in seen


KINDS: dict[str, Callable[[pd.DataFrame], Ratings]] = {
    "likes": lambda table: Ratings.from_frames(table[["userId", "movieId"]]),
    "counts": lambda table: Ratings.from_frames(
        table[["userId", "movieId"]].assign(plays=np.arange(900) % 70 + 1)
    ),
    "parts of counts": lambda table: Ratings.from_frames(
        table[["userId", "movieId"]].assign(plays=np.arange(900) / 7), counts=True
    ),
    "one": lambda table: Ratings.from_frames(table[:1]),
    "one person": lambda table: Ratings.from_frames(table[table["userId"] == 1]),
    "one film": lambda table: Ratings.from_frames(table[table["movieId"] == 4]),
    "equal": lambda table: Ratings.from_frames(table.assign(rating=3.3), scale=(0, 5, 0)),
    "times of any size": lambda table: Ratings.from_frames(
        table.assign(timestamp=np.where(np.arange(900) % 2, -(10**10), 9 * 10**10))
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_ratings_of_any_kind_have_a_section(made: Ratings, kind: str) -> None:
    found = section(study_of(KINDS[kind](made.ratings)))
    text = str(found.parts)
    assert not re.search(r"\b(nan|inf|1 ratings|1 films|1 people)\b", text.lower())
    assert ("Ratings that people give" in text) == (
        kind not in ("likes", "counts", "parts of counts")
    )
    assert ("no histogram of ratings" in text) == (kind == "likes")
    assert ("The middle one of all counts is" in text) == ("counts" in kind)
    assert ("Each person rated each film." in text) == (kind in ("one", "one person", "one film"))


def test_what_the_ratings_lack_is_said(made: Ratings) -> None:
    lacks = [
        "The films have no titles, so their ids stand as titles.",
        "The films have no genres.",
        "The ratings have no times.",
    ]
    bare = words(section(study_of(Ratings.from_frames(made.ratings, time="none"))))
    full = words(section(study_of(made)))
    for lack in lacks:
        assert lack in bare
        assert lack not in full


def test_rows_left_out_are_listed(made: Ratings, tmp_path: Path) -> None:
    good = made.ratings.to_csv(index=False)
    bad = "".join(f"1,{film},seven <b>,0\n" for film in range(901, 926))
    (tmp_path / "ratings.csv").write_text(good + bad, "utf-8")
    loaded = load_ratings(tmp_path / "ratings.csv", skip_bad_rows=True)
    found = [part for part in section(study_of(loaded)).parts if isinstance(part, Table)]
    assert found[0].caption == "Rows left out because they break a rule: 25; the first 20"
    assert found[0].rows[0][1:3] == ("902", "seven <b>")
    assert len(found[0].rows) == 20
    assert not [part for part in section(study_of(made)).parts if isinstance(part, Table)]


def test_no_genre_is_best_of_equal_means(made: Ratings) -> None:
    ratings = Ratings.from_frames(made.ratings.assign(rating=3.0), made.movies)
    assert "highest mean" in by_title(made)["Ratings by genre"].seen
    assert "highest mean" not in by_title(ratings)["Ratings by genre"].seen


def test_titles_and_genres_are_text(made: Ratings) -> None:
    hostile = "<script>alert(1)</script> O'Brien & Sons"
    movies = made.movies.assign(title=hostile, genres=hostile)
    html = "".join(
        part.html
        for part in section(study_of(Ratings.from_frames(made.ratings, movies))).parts
        if isinstance(part, Block)
    )
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt; O&#39;Brien &amp; Sons") >= 3


def test_the_calls_make_the_same_ratings(made: Ratings, movielens_dir: Path) -> None:
    for ratings in (made, load_ratings(movielens_dir)):
        found = section(study_of(ratings))
        names: dict[str, Any] = {}
        *before, by_user, by_film = found.calls.split("\n")
        exec("\n".join(before), names)
        pd.testing.assert_frame_equal(names["ratings"].ratings, ratings.ratings)
        assert eval(by_user, names)["max"] == ratings.ratings.groupby("userId").size().max()
        assert eval(by_film, names)["count"] == ratings.n_movies
    given = Ratings(made.ratings, made.movies, HALF_STARS, "frames")
    assert "recsys.Ratings.from_frames(" in section(study_of(given)).calls
