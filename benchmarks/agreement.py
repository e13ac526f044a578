"""Whether two contestants did the same work: one yardstick for every answer, and its tolerances."""

from typing import Any

import numpy as np

from benchmarks.task import Fit, Result, Silhouette, Sweep, Task

# From given centers: labels equal in this share of rows, or inertia equal to this relatively.
# Rounding turns rows that lie between two centers, and iterations carry it on: after W4's fifty,
# contestants that made exactly fifty are up to 1.1e-4 apart. That is also what five iterations more
# or less do there, so the number of iterations is compared by itself wherever it is told.
SHARE_OF_LABELS = 0.999
RELATIVE_INERTIA = 2e-4

# A contestant's own answer to the same call, from visit to visit, relatively: threads may add up in
# another order, but a call that starts from what the last one left behind is another call.
REPEATED = {"lloyd": 2e-5, "starts": 0.01, "sweep": 0.01, "silhouette": 1e-5}

# From random starts, over the same seeds: a mean inertia may be so much above scikit-learn's
# (below is better work, not other work), and a mean silhouette so far below.
WORSE_INERTIA = 0.01
WORSE_SILHOUETTE = 0.02

# Silhouettes of given labels; wider where X is float32 and so are the peer's distances.
SCORE = {8: 1e-6, 4: 1e-3}


def described(task: Task, result: Result) -> dict[str, Any]:
    """An answer in few numbers; inertia by one formula in float64 for everybody."""
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
        # |x|^2 - 2 x.c + |c|^2, in float64: the numbers are stars, nothing cancels.
        values = rows.data.astype(np.float64)
        row_of = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        total += float(np.sum(values * (values - 2 * centers[own[row_of], rows.indices])))
        total += float(np.sum(np.sum(centers**2, axis=1)[own]))
    return total


def changed(task: Task, answer: dict[str, Any], first: dict[str, Any]) -> bool:
    """Whether a contestant answers the same call otherwise than the first time."""
    name = "score" if task.kind == "silhouette" else "inertia"
    now, before = np.sum(answer[name]), np.sum(first[name])
    return not abs(now - before) <= REPEATED[task.kind] * abs(before)


def differs(task: Task, found: dict[int, Any], expected: dict[int, Any]) -> str | None:
    """Why an answer is not scikit-learn's, or not what was asked; None if it is both.

    Parameters
    ----------
    task : Task
    found, expected : dict
        By seed: what :func:`described` says, and ``labels`` where there are any.
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
        return _sweep_differs(task, of_found, of_expected, found, expected)
    relative = float(of_found / of_expected - 1)
    if task.kind == "lloyd":
        made = found[0].get("iterations")
        if task.max_iter == task.iterations and made not in (None, task.iterations):
            return f"made {made} iterations, not {task.iterations}"
        share = np.mean(found[0]["labels"] == expected[0]["labels"])
        if share >= SHARE_OF_LABELS or abs(relative) <= RELATIVE_INERTIA:
            return None
        return f"{share:.2%} of labels, inertia {relative:+.1e}"
    return None if relative <= WORSE_INERTIA else f"mean inertia {relative:+.1%}"


def _sweep_differs(
    task: Task,
    of_found: Any,
    of_expected: Any,
    found: dict[int, Any],
    expected: dict[int, Any],
) -> str | None:
    """Inertias by k, while there are at least two rows a cluster; silhouettes at every k."""
    enough = np.array(task.ks) <= task.X.shape[0] / 2
    relative = float(np.mean(of_found[enough] / of_expected[enough])) - 1
    if not relative <= WORSE_INERTIA:
        return f"mean inertia {relative:+.1%}"
    scores = [
        np.nanmean([answers[seed]["silhouette"] for seed in found.keys() & expected.keys()])
        for answers in (found, expected)
    ]
    below = float(scores[1] - scores[0])
    return None if below <= WORSE_SILHOUETTE else f"mean silhouette {-below:+.3f}"
