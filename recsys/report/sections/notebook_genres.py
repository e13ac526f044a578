"""The notebook's first steps: mean ratings by genre, and people who like one genre only."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.analysis.genres import (
    CONTRAST_LIMITS,
    FIRST_GENRE_MARGIN,
    NOTEBOOK_GENRES,
    contrast_limits,
    contrast_subset,
    default_genres,
    genre_means,
)
from recsys.data.ratings import Ratings
from recsys.report.charts.scatter import scatter
from recsys.report.parts import Chart, table
from recsys.report.sections.notebook_step import Step
from recsys.report.study import Study
from recsys.words import counted

# The steps draw people by two genres, and by a third one if there is one.
FEWEST_GENRES, MOST_GENRES = 2, len(NOTEBOOK_GENRES)

# Pictures and groups by genre are of at most this many people, whose dots take 0.2 MB of the page.
MOST_PEOPLE = 800

# The notebook adds this many of the first people to the subset again.
N_ADDED = 2

# A mean of fewer ratings says little about a person.
FEW_RATINGS = 10

# Two means differ little if they differ by less than this share of the scale: half of 5 stars.
SMALL_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Genres:
    """What the steps about genres have in common.

    Attributes
    ----------
    names : tuple of str
        Two or three genres.
    means : DataFrame
        The mean ratings of each person for each genre.
    limits : tuple of float
        The limits of the contrast subset.
    n_contrast : int
        The number of people in the subset.
    contrast : DataFrame
        The subset with the notebook's two repeated rows; only rows with all the genres, and at most
        MOST_PEOPLE of them.
    n_complete : int
        The number of rows before a sample was drawn.
    """

    names: tuple[str, ...]
    means: pd.DataFrame
    limits: tuple[float, float]
    n_contrast: int
    contrast: pd.DataFrame
    n_complete: int

    @property
    def labels(self) -> tuple[str, str]:
        """The labels of the axes of a picture."""
        return f"mean rating of {self.names[0]}", f"mean rating of {self.names[1]}"


def genres_of(study: Study) -> Genres | None:
    """The genres to compare, with all means. None if the films have fewer than two genres."""
    ratings, asked = study.sample, study.options.genres
    names = default_genres(ratings, MOST_GENRES) if asked is None else list(asked)
    if len(names) < FEWEST_GENRES:
        return None
    means, limits = genre_means(ratings, names), contrast_limits(ratings.scale)
    complete = contrast_subset(means, limits, append_first_two=True).dropna()
    drawn = complete
    if len(complete) > MOST_PEOPLE:
        drawn = complete.sample(MOST_PEOPLE, random_state=study.options.seed)
    return Genres(
        names=tuple(names),
        means=means,
        limits=limits,
        n_contrast=len(contrast_subset(means, limits)),
        contrast=drawn.reset_index(drop=True),
        n_complete=len(complete),
    )


def means_step(study: Study, genres: Genres) -> Step:
    """The mean rating of each person for each genre, and how many ratings are behind it."""
    n_behind = [_n_behind(study.sample, genre) for genre in genres.names]
    frame = pd.DataFrame(
        {
            "genre": genres.names,
            "people": [len(counts) for counts in n_behind],
            "median ratings": [float(counts.median()) for counts in n_behind],
            f"% under {FEW_RATINGS}": [
                100 * float((counts < FEW_RATINGS).mean()) for counts in n_behind
            ],
            "mean": genres.means.iloc[:, 1:].mean().to_numpy(),
        }
    )
    both = genres.means.iloc[:, 1:3].dropna()
    drawn = both
    if len(both) > MOST_PEOPLE:
        drawn = both.sample(MOST_PEOPLE, random_state=study.options.seed)
    ends = (study.ratings.scale.smallest, study.ratings.scale.largest)
    first, second = genres.names[:2]
    chart = Chart(
        f"The means of {first} and {second}, person by person",
        f"Each dot is a person: {counted(len(drawn), 'person', 'people')} with ratings of both. "
        f"{_together(both)}A ring marks a place with several dots.",
        scatter(
            *drawn.to_numpy().T,
            x_ends=ends,
            y_ends=ends,
            x_label=genres.labels[0],
            y_label=genres.labels[1],
        ),
        table(
            frame,
            f"People, the median number of ratings behind a mean, means of under {FEW_RATINGS} "
            "ratings, and the mean of means",
            decimals=1,
        ),
    )
    n_means = sum(map(len, n_behind))
    n_few = int(sum((counts < FEW_RATINGS).sum() for counts in n_behind))
    return Step(
        "Mean ratings by genre",
        (
            "Each value is the mean of a person's ratings of all films of a genre. A film counts "
            "for each of its genres.",
        ),
        (chart,),
        (
            "People choose what they watch. So a mean tells how much they liked what they chose, "
            "and little about which genre they prefer.",
            f"A mean of 3 ratings counts as much as a mean of 300: {n_few:,} of "
            f"{counted(n_means, 'mean')} here {'is' if n_few == 1 else 'are'} of fewer than "
            f"{FEW_RATINGS} ratings.",
        ),
        f"import kmeans_core\n\nmeans = recsys.genre_means(ratings, {list(genres.names)})\n"
        "means.iloc[:, 1:].describe()",
    )


def _n_behind(ratings: Ratings, genre: str) -> "pd.Series[int]":
    """The number of ratings behind each person's mean, for people who have one."""
    has_genre = ("|" + ratings.movies["genres"] + "|").str.contains(f"|{genre}|", regex=False)
    of_genre = ratings.ratings["movieId"].isin(ratings.movies.loc[has_genre, "movieId"])
    counts: pd.Series[int] = ratings.ratings[of_genre].groupby("userId").size()
    return counts


def _together(means: pd.DataFrame) -> str:
    """Whether people with a high mean for one genre have one for the other."""
    if len(means) < FEW_RATINGS or (means.nunique() < 2).any():
        return ""
    correlation = float(np.corrcoef(means.to_numpy().T)[0, 1])
    said = "have about any mean for the other"
    if abs(correlation) >= 0.3:
        said = f"tend to have a {'high' if correlation > 0 else 'low'} one for the other, too"
    return f"People with a high mean for one {said} (correlation {correlation:.2f}). "


def contrast_step(study: Study, genres: Genres) -> Step:
    """The people who like one of two genres and not the other, by the notebook's rule."""
    scale, contrast = study.ratings.scale, genres.contrast
    first, second = genres.names[:2]
    low, high = genres.limits
    n_genres = "both" if len(genres.names) < MOST_GENRES else "all three"
    n_distinct = len(contrast.iloc[:, 1:3].drop_duplicates())
    people = counted(genres.n_contrast, "person", "people")
    n_added = min(N_ADDED, len(genres.means))
    says = [
        f"{people} {'likes' if genres.n_contrast == 1 else 'like'} one of two genres and not the "
        f"other, by the notebook's rule: either the mean of {first} is below "
        f"{low - FIRST_GENRE_MARGIN:g} and that of {second} above {high:g}, or the mean of "
        f"{second} is below {low:g} and that of {first} above {high:g}.",
        f"The notebook then adds the first {counted(n_added, 'person', 'people')} of all again, "
        f"and leaves out people who did not rate {n_genres} genres. So the subset has "
        f"{counted(genres.n_complete, 'row')}"
        + (
            f", of which {len(contrast):,} are drawn by chance for the pictures and groups."
            if len(contrast) < genres.n_complete
            else f" at {counted(n_distinct, 'distinct point')}."
        ),
    ]
    step = Step(
        "People who like one of two genres", tuple(says), calls=_contrast_call(study, genres)
    )
    if not len(contrast):
        return step
    lowest = min(0.0, scale.smallest)
    small = SMALL_SHARE * (scale.largest - lowest)
    half = "half a star" if (scale.largest, scale.kind) == (5.0, "stars") else f"{small:g}"
    faults = _contrast_faults(genres, small, half)
    apart = _apart(contrast_subset(genres.means, genres.limits))
    sizes = [0.0, small, 2 * small, 4 * small, np.inf]
    names = [f"under {small:g}", f"{small:g} to {2 * small:g}", f"{2 * small:g} to {4 * small:g}"]
    bands = pd.cut(apart, sizes, right=False, labels=[*names, f"{4 * small:g} and more"])
    frame = bands.value_counts(sort=False).rename_axis("the two means are apart by")
    ends = (scale.smallest, scale.largest)
    chart = Chart(
        f"The subset by its means of {first} and {second}",
        f"Each dot is a row of the subset; a ring marks a place with several. In the shaded band "
        f"the two means are less than {small:g} apart.",
        scatter(
            *contrast.iloc[:, 1:3].to_numpy().T,
            x_ends=ends,
            y_ends=ends,
            x_label=genres.labels[0],
            y_label=genres.labels[1],
            band=small,
        ),
        table(frame.reset_index(name="people"), "How far the two means of a person are apart"),
    )
    return Step(step.title, step.says, (chart,), tuple(faults), step.calls)


def _contrast_faults(genres: Genres, small: float, half: str) -> list[str]:
    subset = contrast_subset(genres.means, genres.limits)
    faults = []
    if len(subset):
        n_near = int((_apart(subset) < small).sum())
        faults.append(
            f"{100 * n_near / len(subset):.0f} % of these people have means less than {half} "
            f"apart. Both means may lie between {genres.limits[1]:g} and {genres.limits[0]:g}, so "
            "the rule does not tell who likes one genre more."
        )
    added = genres.means["userId"].iloc[:N_ADDED]
    n_twice = int(added.isin(subset["userId"]).sum())
    people = counted(len(added), "person", "people")
    if n_twice < len(added):
        faults.append(
            f"{len(added) - n_twice} of the {people} added again had not passed the rule."
        )
    if n_twice:
        faults.append(
            f"{n_twice} had passed it, and so {'counts' if n_twice == 1 else 'count'} twice."
        )
    return faults


def _apart(subset: pd.DataFrame) -> "pd.Series[float]":
    return (subset.iloc[:, 1] - subset.iloc[:, 2]).abs()


def _contrast_call(study: Study, genres: Genres) -> str:
    limits = "" if genres.limits == CONTRAST_LIMITS else f"{genres.limits}, "
    call = f"contrast = recsys.contrast_subset(means, {limits}append_first_two=True).dropna()"
    if len(genres.contrast) < genres.n_complete:
        call += f"\ncontrast = contrast.sample({MOST_PEOPLE}, random_state={study.options.seed})"
    return f"{call}\nlen(contrast)"
