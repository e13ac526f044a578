"""The animation of Lloyd's algorithm, drawn from the events of its iterations."""

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Floats
from kmeans_core.drawing import (
    Axes,
    FuncAnimation,
    axes_or_new,
    center_marker,
    dots,
    look_of,
    palette_of,
    two_columns,
)


class LloydState(Protocol):
    """What :func:`lloyd_steps` draws of an iteration: both kinds of events have it."""

    @property
    def centers(self) -> Floats: ...
    @property
    def labels(self) -> npt.NDArray[np.integer[Any]]: ...
    @property
    def inertia(self) -> float: ...
    @property
    def n_moved(self) -> int: ...


def lloyd_steps(
    X: Any, events: Iterable[LloydState], ax: Axes | None = None, *, interval: int = 800
) -> FuncAnimation:
    """Animate Lloyd's algorithm: how centers move, and which rows belong to them.

    Each frame shows one iteration: the centers, the rows that were assigned to them, and the way
    that the centers have come. ``to_jshtml()`` of the result returns HTML with buttons. A notebook
    shows it with ``IPython.display.HTML``. ``save("steps.gif", writer="pillow")`` writes a GIF.

    Parameters
    ----------
    X : array-like or frame of shape (n_samples, 2)
        The rows that were fitted.
    events : iterable of IterationEvent or LloydStep
        The iterations of one restart, in order. ``KMeans(on_iteration=...)`` gives events, of which
        copies must be kept. :func:`kmeans_core.reference.lloyd` yields steps.
    ax : Axes, optional
        The axes to draw on. The default is a new figure.
    interval : int, default 800
        Milliseconds for each frame.

    Returns
    -------
    matplotlib.animation.FuncAnimation
        One frame for each iteration. Keep it until it is shown or saved.

    Raises
    ------
    ValueError
        If X does not have two columns of finite numbers, or if there are no events, they are not of
        this X, they are of several restarts, or they are not copies.

    Examples
    --------
    >>> from kmeans_core import KMeans, plots
    >>> X, events = [[0.0, 0.0], [1.0, 0.0], [5.0, 5.0]], []
    >>> model = KMeans(
    ...     2, random_state=0, on_iteration=lambda event: events.append(event.copy())
    ... ).fit(X)
    >>> page = plots.lloyd_steps(X, events).to_jshtml()
    """
    rows, states = two_columns(X, "X"), list(events)
    _check_states(states, len(rows))
    ways = np.array([state.centers for state in states])
    ax = axes_or_new(ax, (6.0, 5.4))
    palette = palette_of(ax)
    clouds, centers, lines = [], [], []
    for number in range(ways.shape[1]):
        color, marker = look_of(number, palette)
        clouds.append(dots(ax, rows[:0], color, marker, palette))
        lines += ax.plot([], [], color=palette.ink, linewidth=1, zorder=3)
        centers.append(center_marker(ax, ways[0, number], number, palette))
    everything = np.concatenate([rows, *ways])
    ax.update_datalim(everything)
    ax.autoscale_view()

    def draw(frame: int) -> list[Any]:
        state = states[frame]
        for number, center in enumerate(state.centers):
            clouds[number].set_offsets(rows[state.labels == number])
            lines[number].set_data(*ways[: frame + 1, number].T)
            centers[number].set_offsets(center[None])
        ax.set_title(
            f"iteration {frame}: inertia {state.inertia:.4g}, "
            f"{state.n_moved} of {len(rows)} rows changed cluster",
            fontsize=10,
        )
        return []

    # The figure of an axes may be a part of a figure; its canvas knows the whole one.
    return FuncAnimation(ax.figure.canvas.figure, draw, frames=len(states), interval=interval)


def _check_states(states: Sequence[LloydState], n_rows: int) -> None:
    if not states:
        raise ValueError(
            "events is empty: fit with on_iteration=lambda event: events.append(event.copy())"
        )
    for state in states:
        if len(state.labels) != n_rows or state.centers.shape[1] != 2:
            raise ValueError(
                f"events are of {len(state.labels)} rows with {state.centers.shape[1]} columns, "
                f"and X has {n_rows} with 2: pass the X that was fitted"
            )
    n_restarts = len({getattr(state, "restart", 0) for state in states})
    if n_restarts > 1:
        raise ValueError(
            f"events are of {n_restarts} restarts: fit with n_init=1, or pass those of one restart"
        )
    # Events hold views of one array, which the next iteration overwrites.
    if len({state.labels.ctypes.data for state in states}) < len(states):
        raise ValueError("events share one array of labels: keep event.copy() of each")
