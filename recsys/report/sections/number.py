"""How many groups: every k from 2 to 15, by silhouette and stability."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy.sparse as sp

from kmeans_core import silhouette_samples, sweep_k
from kmeans_core.sweep_result import SAME_SILHOUETTE, STABLE, SweepResult
from recsys.analysis.descriptions import describe_groups
from recsys.analysis.sureness import SEPARATION, SILHOUETTE_USERS
from recsys.analysis.taste import RESTARTS as RESTARTS_SHOWN
from recsys.analysis.taste import TasteClusters, likes_of, points_in
from recsys.data.matrix import RatingMatrix
from recsys.report.charts.blades import blades
from recsys.report.charts.lines import Line, lines
from recsys.report.parts import Block, Chart, Section, Text, table
from recsys.report.render import render
from recsys.report.sections.tastes import SAMPLED_CALLS, n_asked
from recsys.report.study import LEAST_PEOPLE, MOST_RATED, N_GROUPS, Study, Tastes
from recsys.words import counted, joined

Rows = npt.NDArray[np.intp]

ANCHOR, TITLE = "number", "How many groups?"

LEAST_K, MOST_K = 2, 15

# On ml-latest-small (2016), 5 restarts suggest another k than 8, 10 and 20, which agree.
RESTARTS, N_STABILITY = 8, 5

# Groups with a smaller mean silhouette are hardly groups.
WEAK = SEPARATION[0][0]


def section(study: Study) -> Section:
    """The section, whatever the ratings are."""
    tastes = study.tastes
    if tastes is None:
        return _only("Nobody liked a film, so there are no groups by likes to count.")
    shown = tastes.clusters
    rows = np.flatnonzero(np.diff(likes_of(shown.matrix).indptr))
    people = counted(len(rows), "person", "people")
    if len(rows) <= LEAST_K:
        return _only(f"Only {people} liked a film, so numbers of groups cannot be compared.")
    likers = _at_most(SILHOUETTE_USERS, rows, shown.matrix, study.options.seed)
    most = min(MOST_K, likers.shape[0] - 1, _n_different(likes_of(likers)))
    if most < LEAST_K:
        return _only(f"{people} liked a film, and all liked the same, so nothing divides them.")
    with study.steps.step("numbers of groups"):
        result = _sweep(likers, range(LEAST_K, most + 1), study.options.seed)
    n_shown = n_asked(shown)
    charts = (*_curves(result, n_shown), *_blades(tastes))
    return Section(
        ANCHOR,
        TITLE,
        (
            Text(_what_was_done(result, len(rows))),
            Text(_verdict(result)),
            *map(Text, _other_number(study, result, likers, n_shown)),
            Text(_why_shown(result, n_shown, study.options.n_groups)),
            Text(_separation(result)),
            Block(render("number.html", charts=charts)),
        ),
        calls=_calls(study, result),
    )


def _only(text: str) -> Section:
    return Section(ANCHOR, TITLE, (Text(text),))


def _at_most(n: int, rows: Rows, matrix: RatingMatrix, seed: int) -> RatingMatrix:
    """The users of these rows, or n of them drawn by chance."""
    if len(rows) > n:
        rows = np.sort(np.random.default_rng(seed).choice(rows, n, replace=False))
    return matrix.take(rows, slice(None))


def _n_different(likes: sp.csr_array) -> int:
    """The number of different rows."""
    return len({likes.indices[a:b].tobytes() for a, b in pairwise(likes.indptr.tolist())})


def _sweep(likers: RatingMatrix, ks: range, seed: int) -> SweepResult:
    """Every k. The silhouettes are those of cosine distances, as for the groups that are shown."""
    points = points_in(likers, "likes")
    result = sweep_k(points, ks, n_init=RESTARTS, n_stability=N_STABILITY, random_state=seed)
    means = [
        np.mean(silhouette_samples(points, labels, metric="cosine")) for labels in result.labels
    ]
    return replace(result, silhouette=np.array(means))


def _what_was_done(result: SweepResult, n_likers: int) -> str:
    n_compared = result.labels.shape[1]
    drawn = f", drawn by chance from {n_likers:,}" if n_compared < n_likers else ""
    ks = f"{result.ks[0]} to {result.ks[-1]} groups" if len(result.ks) > 1 else "2 groups"
    return (
        f"k-means makes as many groups as it is told to. Here it makes {ks} of the "
        f"{n_compared:,} people who liked a film{drawn}. Two measures say how good they are: "
        "whether people are nearer to their own group than to the next (the silhouette), and "
        "whether the same groups come back with other people and other random numbers (the "
        "stability)."
    )


def _verdict(result: SweepResult) -> str:
    """`SweepResult.suggestion` in words."""
    suggestion = result.suggestion
    k, place = suggestion.k, int(np.argmax(result.ks == suggestion.k))
    low, high = result.stability_interval[place]
    stability = f"stability {result.stability[place]:.2f}, 95 % interval {low:.2f} to {high:.2f}"
    near = f"within {SAME_SILHOUETTE} of the best"
    if suggestion.rule == "silhouette":
        return (
            f"The measures suggest {k} groups, the smallest number with a silhouette {near}. There "
            "are too few people to measure the stability."
        )
    if suggestion.rule == "most stable":
        return (
            f"The measures suggest no number. None with a silhouette {near} has a stability of at "
            f"least {STABLE}: the groups depend on chance. The most stable of them is {k} "
            f"({stability})."
        )
    larger = (
        f"With each larger number, the groups come back less (stability below {STABLE}) or lie "
        f"less apart (silhouette not {near})."
    )
    return (
        f"The measures suggest {k} groups. They come back in other runs ({stability}). "
        f"{'No larger number was tried.' if k == result.ks[-1] else larger}"
    )


def _separation(result: SweepResult) -> str:
    """How good the best silhouette is, and what that means for the number."""
    best = float(np.nanmax(result.silhouette))
    said = next(words for limit, words in SEPARATION if best <= limit)
    meaning = " So the number of groups says how finely you look. It is not a fact about people."
    return (
        f"{said} (mean silhouette {best:.2f} with {result.best_k} groups; 1 is best)."
        f"{meaning if best <= WEAK else ''}"
    )


def _other_number(
    study: Study, result: SweepResult, likers: RatingMatrix, n_shown: int
) -> Iterator[str]:
    """The groups of the suggested number, if there is one and it is not the number shown."""
    suggestion = result.suggestion
    if suggestion.k == n_shown or suggestion.rule == "most stable":
        return
    labels = result.labels[int(np.argmax(result.ks == suggestion.k))]
    groups = describe_groups(TasteClusters(likers, labels, suggestion.k, np.nan), study.sample)
    named = [
        f"{group.name} ({counted(group.n_users, 'person', 'people')})"
        for group in groups
        if not group.is_leftover
    ]
    if named:
        n_leftover = len(groups) - len(named)
        rest = f"; and {counted(n_leftover, 'leftover group')}" if n_leftover else ""
        yield f"With {suggestion.k} groups you would see: {'; '.join(named)}{rest}."


def _why_shown(result: SweepResult, n_shown: int, n_asked_for: int | None) -> str:
    if n_shown == N_GROUPS:
        why = "the number if no other is asked for"
    elif n_shown == n_asked_for:
        why = "the number that was asked for"
    else:
        why = f"so that each has {LEAST_PEOPLE} people or more on average, if so many liked a film"
    stability = result.stability[result.ks == n_shown]
    here = f" With it, the stability is {stability[0]:.2f}." if np.isfinite(stability).any() else ""
    return (
        f"This page shows {counted(n_shown, 'group')}, {why}. The measures did not choose it.{here}"
    )


def _curves(result: SweepResult, n_shown: int) -> Iterator[Chart]:
    ks = result.ks.tolist()
    frame = result.to_frame()[
        ["k", "silhouette", "stability", "stability_low", "stability_high"]
    ].rename(columns=lambda name: name.replace("_", " "))
    marked = f" The upright line marks the {n_shown} groups of this page." if n_shown in ks else ""
    best, top = result.best_k, float(np.nanmax(result.silhouette))
    side = "Every number lies below" if top < WEAK else "Some numbers lie on or above"
    yield Chart(
        "Are the groups apart?",
        f"The silhouette is greatest with {best} groups: {top:.2f}. {side} the dashed line at "
        f"{WEAK}, from where groups are apart. 1 is best.{marked}",
        lines(
            ks,
            [Line("silhouette", result.silhouette.tolist())],
            x_label="number of groups",
            y_label="mean silhouette",
            marked=n_shown,
            level=WEAK,
        ),
        table(frame[["k", "silhouette"]], "Mean silhouette for each number of groups", decimals=3),
    )
    if np.isnan(result.stability).all():
        return
    stable = [str(k) for k in result.ks[result.stability >= STABLE]]
    low, high = result.stability_interval.T
    yield Chart(
        "Do they come back?",
        f"{_which(stable)} on or above the dashed line at {STABLE}, from where groups are stable; "
        "1 means the same groups each time. The band is the 95 % interval. A run here is the best "
        f"of {RESTARTS} starts. The groups of this page are the best of {RESTARTS_SHOWN}, so they "
        f"depend less on random numbers.{marked}",
        lines(
            ks,
            [Line("stability", result.stability.tolist(), low.tolist(), high.tolist())],
            x_label="number of groups",
            y_label="stability",
            marked=n_shown,
            level=STABLE,
        ),
        table(frame.drop(columns="silhouette"), "Stability for each number of groups", decimals=3),
    )


def _which(stable: list[str]) -> str:
    if not stable:
        return "No number of groups lies"
    return f"{joined(stable)} groups lie" if len(stable) > 1 else f"Only {stable[0]} groups lie"


def _blades(tastes: Tastes) -> Iterator[Chart]:
    """The silhouette of each person in the groups of the page."""
    values = tastes.silhouettes
    if len(values) == 0:
        return
    labels = tastes.clusters.labels[tastes.rows]
    groups = {group: values[labels == group] for group in np.unique(labels).tolist()}
    numbers = pd.DataFrame(
        {
            "group": list(groups),
            "people": [len(some) for some in groups.values()],
            "mean silhouette": [some.mean() for some in groups.values()],
            "silhouette below 0": [np.count_nonzero(some < 0) for some in groups.values()],
        }
    )
    n_astray = int(np.count_nonzero(values < 0))
    who = f"{counted(n_astray, 'person', 'people')} of {len(values):,}" if n_astray else "Nobody"
    yield Chart(
        "Who fits the group?",
        f"{who} {'is' if n_astray < 2 else 'are'} nearer to another group than to their own "
        f"(silhouette below 0).{_astray_groups(numbers)} Each person is a thin bar, and bars are "
        "sorted within the group. Long bars to the right are people who fit well.",
        blades(list(groups.items())),
        table(numbers, "The silhouettes of the people of each group"),
    )


def _astray_groups(numbers: pd.DataFrame) -> str:
    """Name the groups most of whose people are nearer to another group."""
    astray = numbers[2 * numbers["silhouette below 0"] > numbers["people"]]
    return "".join(
        f" In group {row[0]} these are {row[3]:,} of {row[1]:,}."
        for row in astray.itertuples(index=False)
    )


def _calls(study: Study, result: SweepResult) -> str:
    seed, ks = study.options.seed, f"range({result.ks[0]}, {result.ks[-1] + 1})"
    return (
        f"{SAMPLED_CALLS if study.sample_note else ''}"
        "import numpy as np\n"
        "from kmeans_core import silhouette_samples, sweep_k\n"
        "from recsys.analysis.taste import points_in\n"
        f'matrix = recsys.RatingMatrix.from_ratings(ratings, "title").most_rated({MOST_RATED})\n'
        'points = points_in(matrix, "likes")\n'
        "points = points[np.diff(points.indptr) > 0]\n"
        f"result = sweep_k(points, {ks}, n_init={RESTARTS}, n_stability={N_STABILITY}, "
        f"random_state={seed})\n"
        "result.stability, result.stability_interval\n"
        '[silhouette_samples(points, labels, metric="cosine").mean() for labels in result.labels]'
    )
