"""Whether two contestants did the same work: one measure for all answers, and its tolerances."""

from typing import Any

import numpy as np

from benchmarks.task import Fit, Result, Silhouette, Sweep, Task

# From given centers, this share of the labels must be equal, or the inertia to this relative error.
# Rounding changes the labels of rows between two centers, and further iterations spread this: in
# W4, contestants that made exactly fifty iterations differ by up to 1.1e-4. Five iterations fewer
# change the inertia as much, so the number of iterations is compared too if it is known.
SHARE_OF_LABELS = 0.999
RELATIVE_INERTIA = 2e-4

# The relative difference that a contestant's answers to the same call may have: threads may add in
# another order, but no call may start from the result of the call before.
REPEATED = {
    "lloyd": 2e-5,
    "restarts": 0.01,
    "minibatch": 0.01,
    "sweep": 0.01,
    "silhouette": 1e-5,
}

# With random first centers and the same seeds, the mean inertia may be this much above that of
# scikit-learn (a lower inertia counts as agreement), and the mean silhouette this much below.
WORSE_INERTIA = 0.01
WORSE_SILHOUETTE = 0.02

# Silhouettes of given labels, by the bytes of a float; float32 distances are less exact.
SCORE = {8: 1e-6, 4: 1e-3}


def described(task: Task, result: Result) -> dict[str, Any]:
    """An answer in few numbers; one formula in float64 computes the inertia of every contestant."""
    if isinstance(result, Silhouette):
        return {"score": result.score}
    if isinstance(result, Sweep):
        return {
            "inertia": np.asarray(result.inertia, dtype=float).tolist(),
            "silhouette": np.asarray(result.silhouette, dtype=float).tolist(),
        }
    return {"inertia": inertia(task.X, result), "iterations": result.iterations}


def inertia(X: Any, fit: Fit) -> float:
    """Sum of squared distances of the rows to the centers of their labels."""
    centers = np.asarray(fit.centers, dtype=np.float64)
    labels = np.asarray(fit.labels)
    total = 0.0
    for start in range(0, X.shape[0], 10_000):
        rows, own = X[start : start + 10_000], labels[start : start + 10_000]
        if isinstance(X, np.ndarray):
            total += float(np.sum((rows - centers[own]) ** 2))
            continue
        # |x|^2 - 2 x.c + |c|^2, in float64: for numbers such as ratings, nothing cancels.
        values = rows.data.astype(np.float64)
        row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        total += float(np.sum(values * (values - 2 * centers[own[row_of], rows.indices])))
        total += float(np.sum(np.sum(centers**2, axis=1)[own]))
    return total


def changed(task: Task, answer: dict[str, Any], first: dict[str, Any]) -> bool:
    """Whether an answer differs from the first answer of the same contestant to the same call."""
    name = "score" if task.kind == "silhouette" else "inertia"
    now, before = np.sum(answer[name]), np.sum(first[name])
    return not abs(now - before) <= REPEATED[task.kind] * abs(before)


def differs(task: Task, found: dict[int, Any], expected: dict[int, Any]) -> str | None:
    """Why answers differ from those expected, or from the task; None if they agree.

    ``found`` and ``expected`` hold the result of :func:`described` by seed, with ``labels`` if the
    answer has labels.
    """
    seeds = sorted(found.keys() & expected.keys())
    if not seeds:
        return "no answer to compare"
    if task.kind == "silhouette":
        gap = abs(found[0]["score"] - expected[0]["score"])
        allowed = SCORE[task.X.dtype.itemsize]
        return None if gap <= allowed else f"score is off by {gap:.1e}"
    of_found, of_expected = (
        np.mean([answers[seed]["inertia"] for seed in seeds], axis=0)
        for answers in (found, expected)
    )
    if task.kind == "sweep":
        # With fewer than two rows for each cluster, inertia is close to 0 and says little.
        enough = np.array(task.ks) <= task.X.shape[0] / 2
        relative = float(np.mean(of_found[enough] / of_expected[enough])) - 1
        if not relative <= WORSE_INERTIA:
            return f"mean inertia {relative:+.1%}"
        own, reference = (
            np.nanmean([answers[seed]["silhouette"] for seed in seeds])
            for answers in (found, expected)
        )
        below = float(reference - own)
        return None if below <= WORSE_SILHOUETTE else f"mean silhouette {-below:+.3f}"
    relative = float(of_found / of_expected - 1)
    made = found[seeds[0]].get("iterations")
    is_fixed = task.kind == "minibatch" or task.max_iter == task.iterations
    if is_fixed and made not in (None, task.iterations):
        return f"made {made} iterations, not {task.iterations}"
    if task.kind == "lloyd":
        share = np.mean(found[0]["labels"] == expected[0]["labels"])
        if share >= SHARE_OF_LABELS or abs(relative) <= RELATIVE_INERTIA:
            return None
        return f"{share:.2%} of labels, inertia {relative:+.1e}"
    return None if relative <= WORSE_INERTIA else f"mean inertia {relative:+.1%}"
