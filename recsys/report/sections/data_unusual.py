"""What is unusual in the ratings: one rule for each sentence, with the figures that made it speak.

Each rule yields one sentence or more, or none if nothing is unusual.
"""

from collections.abc import Callable, Iterator
from time import time

import numpy as np
import pandas as pd

from recsys.report.sections.data_profile import Profile, n_steps
from recsys.titles.names import spoken
from recsys.words import counted, joined, percent

# A step of the scale came late if this many ratings of it were to be expected earlier, had it been
# as frequent as later. That none came by chance has a probability of exp(-20). It may be more as
# the ratings of one person resemble each other, so this is a bar for what is told and not a test.
EXPECTED = 20

# Steps that came within this time of each other are told together. People begin to use a new step
# one after the other.
TOGETHER = 31 * 86_400

# Of a scale of ten steps, each gets ten ratings on average here, so that chance leaves none out.
RATINGS_A_STEP = 10

# One person is told if their share of all ratings is so large, so that it shows in the figures of
# the page, and if it is so many times an equal share: of three people, each has a third.
LARGE_SHARE, TIMES_EQUAL = 0.01, 10

# Films with one rating are told from this share of the films on. A few are in any data.
MANY_FILMS = 0.1

# Nobody gives one value by chance to so many films: of two values, once in 512 times.
SAME_RATINGS = 10

# A clock may be ahead by a time zone, so less than a day ahead is no future.
DAY = 86_400

# At most this many titles and steps are named; the others are counted.
N_NAMED, MOST_STEPS = 3, 10


def unusual(profile: Profile) -> tuple[str, ...]:
    """All that is unusual, in sentences."""
    return tuple(sentence for rule in RULES for sentence in rule(profile))


def late_steps(profile: Profile) -> Iterator[str]:
    """Ratings that nobody gave before a date, such as MovieLens' half stars."""
    ratings = profile.ratings
    if profile.seconds is None or not ratings.scale.predicts or ratings.scale.step == 0:
        return
    by_step = ratings.ratings.groupby("rating")["timestamp"]
    found = pd.DataFrame({"n": by_step.size(), "first": by_step.min()})
    steps = found.sort_values("first", kind="stable")
    first = steps["first"].to_numpy()
    # How many steps were in use at each rating, and so how many ratings were before each step.
    in_use = np.bincount(np.searchsorted(first, profile.seconds, "right"), minlength=len(first))
    steps["before"] = in_use.cumsum()[: len(first)]
    steps["share"] = steps["n"] / (len(profile.seconds) - steps["before"])
    late = steps[steps["before"] * steps["share"] >= EXPECTED]
    while len(late):
        since = int(late["first"].iloc[0])
        together = late[late["first"] <= since + TOGETHER]
        late = late[len(together) :]
        names = _named([f"{step:g}" for step in sorted(together.index)])
        n_later = len(profile.seconds) - int(together["before"].iloc[0])
        share = percent(int(together["n"].sum()), n_later)
        makes = "it makes" if len(together) == 1 else "they make"
        yield (
            f"Nobody gave {names} before {_date(since)}; since then, {makes} {share} of the "
            "ratings."
        )


def unused_steps(profile: Profile) -> Iterator[str]:
    """Ratings of the scale that nobody gave."""
    scale = profile.ratings.scale
    n = n_steps(scale)
    if not scale.predicts or n == 0 or len(profile.values) < RATINGS_A_STEP * n:
        return
    steps = scale.smallest + scale.step * np.arange(n)
    given = profile.values.unique()
    unused = [f"{step:g}" for step in steps if not np.isclose(given, step).any()]
    if unused:
        yield f"Nobody gave {_named(unused)}, which the scale has."


def most_active(profile: Profile) -> Iterator[str]:
    """One person who gave a large part of all ratings."""
    n = profile.people["n"]
    share = n.max() / n.sum()
    if share >= max(LARGE_SHARE, TIMES_EQUAL / len(n)):
        yield (
            f"One person gave {counted(int(n.max()), 'rating')}, which is "
            f"{percent(int(n.max()), int(n.sum()))} of all and {share * len(n):.0f} times as many "
            "as people give on average."
        )


def rated_once(profile: Profile) -> Iterator[str]:
    """Films with one rating."""
    n = profile.films["n"]
    n_once, n_rated = int((n == 1).sum()), int((n > 0).sum())
    if n_once >= MANY_FILMS * n_rated:
        verb = "has" if n_once == 1 else "have"
        yield (
            f"{counted(n_once, 'film')} ({percent(n_once, n_rated)} of those rated) {verb} only "
            "one rating, so what the page says of such films rests on one person."
        )


def never_rated(profile: Profile) -> Iterator[str]:
    """Listed films that nobody rated."""
    n_never = int((profile.films["n"] == 0).sum())
    if n_never:
        yield f"Nobody rated {counted(n_never, 'film')} of the {len(profile.films):,} listed."


def same_titles(profile: Profile) -> Iterator[str]:
    """Titles that several films have. Groups by title count such films as one."""
    titles = profile.films["title"]
    twice = titles[titles.duplicated()].unique()
    if len(twice):
        named = joined([f"“{spoken(title)}”" for title in twice[:N_NAMED]])
        which = named if len(twice) <= N_NAMED else f"{named}, and so on"
        verb = "stands" if len(twice) == 1 else "stand"
        yield (
            f"{counted(len(twice), 'title')} {verb} for more than one film ({which}). The groups "
            "take such films as one."
        )


def one_value(profile: Profile) -> Iterator[str]:
    """People who gave the same rating to all of many films."""
    if not profile.ratings.scale.predicts:
        return
    people = profile.people
    n = int(((people["n"] >= SAME_RATINGS) & (people["low"] == people["high"])).sum())
    if n:
        yield (
            f"{counted(n, 'person', 'people')} gave one and the same rating to all of "
            f"{SAME_RATINGS} films or more. Such ratings tell nothing of a taste."
        )


def odd_times(profile: Profile) -> Iterator[str]:
    """Times that are all the same, before 1970, or still to come."""
    seconds = profile.seconds
    if seconds is None:
        return
    if len(seconds) > 1 and seconds.min() == seconds.max():
        when = _date(int(seconds[0]))
        yield f"All ratings have the same time ({when}), so the times say nothing."
    # 0 is 1970-01-01, which stands for a missing time in many files.
    for n, when in (
        (int((seconds < DAY).sum()), "from 1970-01-01 or earlier. A missing time may look so"),
        (int((seconds > time() + DAY).sum()), "from the future"),
    ):
        if n:
            yield f"{counted(n, 'rating')} {'is' if n == 1 else 'are'} {when}."


def _named(steps: list[str]) -> str:
    return joined(steps, "or") if len(steps) <= MOST_STEPS else f"{len(steps)} of the ratings"


def _date(seconds: int) -> str:
    return str(np.datetime64(seconds, "s").astype("datetime64[D]"))


RULES: tuple[Callable[[Profile], Iterator[str]], ...] = (
    late_steps,
    unused_steps,
    most_active,
    one_value,
    rated_once,
    never_rated,
    same_titles,
    odd_times,
)
