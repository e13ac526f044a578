"""The charts of the section about the data, and what is seen in each."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recsys.report.charts.bars import bars, histogram, lying_bars
from recsys.report.parts import Chart, Table, table
from recsys.report.sections.data_profile import (
    Bins,
    Profile,
    doublings,
    equal_bins,
    n_steps,
    years,
)
from recsys.words import counted, joined, percent

# Ratings are drawn one by one if the scale has at most this many steps, such as 0 to 5 by 0.1.
MOST_STEPS = 51

# Films may have hundreds of tags as genres. The chart shows this many, and the others together.
N_GENRES = 20

# Ratings of fewer months than this are counted by months.
FEW_MONTHS = 24

# Equally frequent ones are named if they are at most this many.
MOST_NAMED = 3


def charts(profile: Profile) -> Iterator[Chart]:
    """All charts that the ratings allow."""
    scale, table_of_ratings = profile.ratings.scale, profile.ratings.ratings
    if scale.predicts:
        yield _ratings(profile)
    elif "count" in table_of_ratings:
        yield _counts(table_of_ratings["count"].to_numpy())
    yield _by_activity(profile.people["n"].to_numpy(), "person", "people", "most active person")
    rated = profile.films["n"].to_numpy()
    yield _by_activity(rated[rated > 0], "film", "films", "most-rated film")
    if profile.seconds is not None:
        yield _by_year_rated(profile.seconds)
    if profile.films.loc[rated > 0, "year"].notna().any():
        yield _by_year_made(profile.films)
    if len(profile.genres):
        yield _by_genre(profile.genres, with_means=scale.predicts)


def _ratings(profile: Profile) -> Chart:
    """Each step of the scale, also those that nobody gave; or bins if the steps are too many."""
    scale, values = profile.ratings.scale, profile.values.to_numpy()
    title, labels = "Ratings that people give", {"x_label": "rating", "y_label": "ratings"}
    mean = f"The mean is {values.mean():,.2f}."
    n = n_steps(scale)
    if not 0 < n <= MOST_STEPS or not scale.holds(values).all():
        return _binned(title, equal_bins(values), labels, mean)
    steps = np.round((values - scale.smallest) / scale.step).astype(np.intp)
    names = [f"{scale.smallest + step * scale.step:g}" for step in range(n)]
    counts = np.bincount(steps, minlength=n).tolist()
    seen = f"{_most_frequent(names, counts, 'rating')} {mean}"
    drawn = bars(names, counts, **labels)
    return Chart(title, seen, drawn, _numbers(title, "rating", names, "ratings", counts))


def _counts(counts: npt.NDArray[Any]) -> Chart:
    """Counts of plays and the like: in bins that double if they are whole numbers from 1 on."""
    title, labels = "Counts", {"x_label": "count", "y_label": "rows"}
    middle = f"The middle one of all counts is {np.quantile(counts, 0.5, method='lower'):,g}."
    if counts.min() < 1 or (counts % 1).any():
        return _binned(title, equal_bins(counts), labels, middle)
    return _binned(title, doublings(counts), labels, middle, is_log=True)


def _by_activity(numbers: npt.NDArray[Any], one: str, many: str, most: str) -> Chart:
    """How many people gave, or how many films got, few and many ratings."""
    did = "gave" if one == "person" else "got"
    if numbers.min() == numbers.max():
        seen = f"Each {one} {did} {counted(int(numbers[0]), 'rating')}."
    else:
        middle = int(np.quantile(numbers, 0.5, method="lower"))
        seen = (
            f"At least half of the {many} {did} {counted(middle, 'rating')} or fewer; the {most} "
            f"{did} {numbers.max():,}."
        )
    labels = {"x_label": f"ratings for a {one} (logarithmic)", "y_label": many}
    return _binned(f"Ratings for each {one}", doublings(numbers), labels, seen, is_log=True)


def _by_year_rated(seconds: npt.NDArray[np.int64]) -> Chart:
    times = seconds.astype("datetime64[s]")
    first, last = times.min(), times.max()
    months = times.astype("datetime64[M]").astype(np.int64)
    labels = {"y_label": "ratings"}
    span = f"The ratings are from {first.astype('datetime64[D]')} to {last.astype('datetime64[D]')}"
    if int(months.max() - months.min()) < FEW_MONTHS:
        counts = np.bincount(months - months.min()).tolist()
        found = np.arange(months.min(), months.max() + 1).astype("datetime64[M]").astype(str)
        names, unit = found.tolist(), "month"
        drawn = bars(names, counts, x_label="month", **labels)
    else:
        bins = years(times.astype("datetime64[Y]").astype(np.int64) + 1970)
        names, counts, unit = bins.names, bins.counts, _period(bins)
        drawn = bars(names, counts, x_label="year of the rating", **labels)
    title = f"Ratings by the {unit} in which they were given"
    seen = f"{span}. {_most_frequent(names, counts, unit)}"
    numbers = table(pd.DataFrame({unit: names, "ratings": counts}), title)
    # Months such as 2003-02 are sorted as text.
    return Chart(title, seen, drawn, numbers if unit == "month" else _sorted_as_numbers(numbers))


def _by_year_made(films: pd.DataFrame) -> Chart:
    rated = films[(films["n"] > 0) & films["year"].notna()]
    without = int(films["n"].sum() - rated["n"].sum())
    title = "Ratings by the year in which a film was made"
    made, n = rated["year"].to_numpy(np.int64), rated["n"].to_numpy(np.int64)
    bins, n_films = years(made, n), years(made)
    seen = _most_frequent(bins.names, bins.counts, _period(bins))
    if without:
        verb = "is" if without == 1 else "are"
        seen += f" {counted(without, 'rating')} {verb} of films whose titles have no year."
    numbers = pd.DataFrame({"made": bins.names, "ratings": bins.counts, "films": n_films.counts})
    drawn = bars(bins.names, bins.counts, x_label="year in the film's title", y_label="ratings")
    return Chart(title, seen, drawn, _sorted_as_numbers(table(numbers, title)))


def _by_genre(genres: pd.DataFrame, *, with_means: bool) -> Chart:
    shown = genres.head(N_GENRES + 1 if len(genres) == N_GENRES + 1 else N_GENRES)
    first = shown.index[0]
    seen = f"{first} has the most ratings ({shown['ratings'].iloc[0]:,})."
    if with_means and shown["mean rating"].nunique() > 1:
        means = shown["mean rating"]
        seen += (
            f" Of these genres, {means.idxmax()} has the highest mean ({means.max():.2f}), and "
            f"{means.idxmin()} the lowest ({means.min():.2f})."
        )
    rest = genres.iloc[len(shown) :]
    if len(rest):
        total = (rest["mean rating"] * rest["ratings"]).sum()
        sums = {"films": rest["films"].sum(), "ratings": rest["ratings"].sum()}
        others = {**sums, "mean rating": total / sums["ratings"]}
        name = f"{len(rest)} others"
        shown = pd.concat([shown, pd.DataFrame(others, index=[name])]).rename_axis("genre")
        seen += (
            " A rating counts for each genre of its film, and so more than once in the last bar."
        )
    else:
        seen += " A rating counts for each genre of its film."
    notes = [f"{n:,}" for n in shown["ratings"]]
    if with_means:
        pairs = zip(notes, shown["mean rating"], strict=True)
        notes = [f"{note} \N{MIDDLE DOT} {mean:.2f}" for note, mean in pairs]
    else:
        shown = shown.drop(columns="mean rating")
    title = "Ratings by genre"
    label = "ratings \N{MIDDLE DOT} mean rating" if with_means else "ratings"
    drawn = lying_bars(list(map(str, shown.index)), shown["ratings"].tolist(), notes, x_label=label)
    return Chart(title, seen, drawn, table(shown, title, with_index=True))


def _binned(
    title: str, bins: Bins, labels: dict[str, str], seen: str, *, is_log: bool = False
) -> Chart:
    drawn = histogram(bins.edges, bins.names, bins.counts, is_log=is_log, **labels)
    what = labels["x_label"].partition(" (")[0]
    numbers = _numbers(title, what, bins.names, labels["y_label"], bins.counts)
    return Chart(title, seen, drawn, numbers)


def _numbers(
    title: str, what: str, names: Sequence[str], unit: str, counts: Sequence[int]
) -> Table:
    return _sorted_as_numbers(table(pd.DataFrame({what: names, unit: counts}), title))


def _sorted_as_numbers(found: Table) -> Table:
    """The first column holds steps or bins, such as 4 to 7. The page sorts them as numbers."""
    return replace(found, numeric=(True, *found.numeric[1:]))


def _most_frequent(names: Sequence[str], counts: Sequence[int], unit: str) -> str:
    most = max(counts)
    best = [name for name, count in zip(names, counts, strict=True) if count == most]
    best = [f"the {name}" if unit == "decade" else name for name in best]
    share = percent(most, sum(counts))
    if len(best) == 1:
        return f"The most frequent {unit} is {best[0]} ({share} of all)."
    if len(best) <= MOST_NAMED:
        return f"The most frequent {unit}s are {joined(best)} ({share} of all each)."
    return f"{len(best)} {unit}s are the most frequent ones ({share} of all each)."


def _period(bins: Bins) -> str:
    return {1: "year", 10: "decade"}.get(int(bins.edges[1] - bins.edges[0]), "period")
