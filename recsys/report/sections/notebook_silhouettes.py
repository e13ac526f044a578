"""The notebook's choice of k by the silhouette, and what it leaves out."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from kmeans_core import sweep_k
from recsys.report.charts.lines import Line, lines
from recsys.report.parts import Chart, table
from recsys.report.sections.notebook_genre_groups import points_of
from recsys.report.sections.notebook_genres import Genres
from recsys.report.sections.notebook_step import Step
from recsys.report.study import Study

Floats = npt.NDArray[np.float64]

# The notebook tries every fifth k. The page also tries every k up to LAST_K, with N_SEEDS seeds.
NOTEBOOK_KS = range(2, 183, 5)
LAST_K = 40
N_SEEDS = 10

# What the mean silhouettes up to a limit say: Kaufman and Rousseeuw, "Finding Groups in Data"
# (1990), chapter 2.
STRUCTURE = (
    (0.25, "no structure that is worth a name"),
    (0.5, "a weak structure, which may be an accident"),
    (0.7, "a reasonable structure"),
    (np.inf, "a strong structure"),
)


@dataclass(frozen=True, eq=False)
class Silhouettes:
    """Mean silhouettes; NaN where there is none.

    Attributes
    ----------
    step_ks : list of int
        The notebook's k.
    steps : ndarray of shape (n_step_ks,)
    ks : list of int
        Every k up to LAST_K.
    by_seed : ndarray of shape (N_SEEDS, n_ks)
        The first row is of the page's seed, as ``steps``.
    """

    step_ks: list[int]
    steps: Floats
    ks: list[int]
    by_seed: Floats

    @property
    def best_step(self) -> int:
        """The best of the notebook's k."""
        return self.step_ks[int(np.nanargmax(self.steps))]

    @property
    def best_by_seed(self) -> list[int]:
        """The best of every k with each seed."""
        return [self.ks[place] for place in np.nanargmax(self.by_seed, axis=1).tolist()]

    @property
    def skipped(self) -> tuple[int, int] | None:
        """A k between the steps that is better than the best step with most seeds, and how many."""
        between = [place for place, k in enumerate(self.ks) if k not in self.step_ks]
        if self.best_step not in self.ks or not between:
            return None
        of_best = self.by_seed[:, [self.ks.index(self.best_step)]]
        wins = np.sum(self.by_seed[:, between] > of_best, axis=0)
        place = int(wins.argmax())
        return (self.ks[between[place]], int(wins[place])) if wins[place] > N_SEEDS / 2 else None


def silhouette_step(study: Study, genres: Genres) -> Step:
    """The silhouette at the notebook's steps of five, and at every k with several seeds."""
    title, seed = "The silhouette of every k", study.options.seed
    with study.steps.step("silhouettes"):
        found = silhouettes(points_of(genres, 2), seed)
    if found is None:
        return Step(title, ("The subset has too few distinct people for a silhouette.",))
    last = found.ks[-1]
    steps = range(NOTEBOOK_KS.start, found.step_ks[-1] + 1, NOTEBOOK_KS.step)
    return Step(
        title,
        (
            "The silhouette tells how much nearer people are to their own group than to the next "
            f"group; 1 is best. The notebook tries every fifth k up to {NOTEBOOK_KS[-1]}. The page "
            f"also tries every k up to {last}, with {N_SEEDS} seeds.",
        ),
        (_chart_of_steps(found), _chart_of_every(found)),
        tuple(_faults(found)),
        f"every = kmeans_core.sweep_k(two_genres, {range(2, last + 1)}, n_init=10, "
        f"random_state={seed})\n"
        f"steps = kmeans_core.sweep_k(two_genres, {steps}, n_init=10, random_state={seed})\n"
        "every.to_frame(), steps.to_frame()",
    )


def silhouettes(points: Floats, seed: int) -> Silhouettes | None:
    """Sweep the notebook's k with one seed, and every small k with several.

    None if there are too few rows.
    """
    ks = list(range(2, min(LAST_K + 1, len(points))))
    step_ks = [k for k in NOTEBOOK_KS if k < len(points)]
    if not ks:
        return None
    all_ks = sorted({*ks, *step_ks})
    first = sweep_k(points, all_ks, n_init=10, random_state=seed).silhouette
    if not np.isfinite(first).any():
        return None
    others = [
        sweep_k(points, ks, n_init=10, random_state=(seed + i) % 2**32).silhouette
        for i in range(1, N_SEEDS)
    ]
    of_steps = first[np.isin(all_ks, step_ks)]
    return Silhouettes(step_ks, of_steps, ks, np.array([first[: len(ks)], *others]))


def _chart_of_steps(found: Silhouettes) -> Chart:
    last = found.steps[-1]
    of_last = f"{last:.2f}" if np.isfinite(last) else "not defined"
    frame = pd.DataFrame({"k": found.step_ks, "silhouette": found.steps})
    return Chart(
        "The notebook's steps of five",
        f"The best of these is k = {found.best_step} with {np.nanmax(found.steps):.2f}. At k = "
        f"{found.step_ks[-1]} the silhouette is {of_last}.",
        lines(
            found.step_ks,
            [Line("silhouette", found.steps.tolist())],
            x_label="number of groups k",
            y_label="mean silhouette",
            marked=found.best_step,
        ),
        table(frame, "The mean silhouette at each step", decimals=4),
    )


def _chart_of_every(found: Silhouettes) -> Chart:
    low, high = found.by_seed.min(axis=0), found.by_seed.max(axis=0)
    of_step = dict(zip(found.step_ks, found.steps.tolist(), strict=True))
    frame = pd.DataFrame(
        {"k": found.ks, "silhouette": found.by_seed[0], "least": low, "greatest": high}
    )
    return Chart(
        f"Every k up to {found.ks[-1]}",
        f"The band spans {N_SEEDS} seeds. Another seed changes the silhouette of one k by up to "
        f"{np.nanmax(high - low):.2f}. The values of all k lie between {np.nanmin(low):.2f} and "
        f"{np.nanmax(high):.2f}.",
        lines(
            found.ks,
            [
                Line("every k", found.by_seed[0].tolist(), low.tolist(), high.tolist()),
                Line("steps of five", [of_step.get(k, np.nan) for k in found.ks], css="other"),
            ],
            x_label="number of groups k",
            y_label="mean silhouette",
        ),
        table(
            frame, f"The mean silhouette, and the ends of its band over {N_SEEDS} seeds", decimals=4
        ),
    )


def _faults(found: Silhouettes) -> list[str]:
    last, counts = found.ks[-1], Counter(found.best_by_seed)
    faults = []
    if found.skipped is not None:
        k, n_wins = found.skipped
        faults.append(
            f"The steps leave out k = {k}, which is better than k = {found.best_step} with "
            f"{n_wins} of {N_SEEDS} seeds. That {found.best_step} is best comes from the steps."
        )
    if len(counts) > 1:
        shown = [f"{k} ({n} times)" if n > 1 else str(k) for k, n in sorted(counts.items())]
        faults.append(
            f"The best k up to {last} changes with the seed: {', '.join(shown[:-1])} or "
            f"{shown[-1]}. So the silhouette does not choose k here."
        )
    else:
        faults.append(f"With all {N_SEEDS} seeds, the best k up to {last} is {min(counts)}.")
    greatest = max(np.nanmax(found.steps), np.nanmax(found.by_seed))
    said = next(words for limit, words in STRUCTURE if greatest <= limit)
    faults.append(
        f"The greatest silhouette is {greatest:.2f}. Kaufman and Rousseeuw call this {said}."
    )
    return faults
