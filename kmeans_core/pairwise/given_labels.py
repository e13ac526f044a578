"""Checks of the labels that a caller gives, whatever names they use for the clusters."""

from typing import Any

import numpy as np
import numpy.typing as npt

from kmeans_core.arrays import Ints
from kmeans_core.errors import InvalidParameterError
from kmeans_core.points.tables import as_array, which_missing


def checked_labels(labels: Any, n_samples: int) -> Ints:
    """The labels as numbers from 0; ValueError unless they name 2 to n_samples - 1 clusters."""
    numbers = numbered(checked_names(labels, n_samples))
    n_names = int(numbers.max()) + 1
    if not 2 <= n_names <= n_samples - 1:
        raise ValueError(
            f"Number of labels is {n_names}. Valid values are 2 to n_samples - 1 (inclusive)."
        )
    return numbers


def numbered(given: npt.NDArray[Any], name: str = "labels") -> Ints:
    """Numbers from 0 for checked labels, in the order of the labels."""
    try:
        numbers: Ints = np.unique(given, return_inverse=True)[1]
    except (TypeError, ValueError) as error:
        kinds = sorted({type(label).__name__ for label in given})
        raise InvalidParameterError(
            f"Input {name} must be uniformly strings or numbers. Got names of the types "
            f"{', '.join(kinds)}: use the same type for all, for example with str()."
        ) from error
    return numbers


def checked_names(labels: Any, n_samples: int | None, name: str = "labels") -> npt.NDArray[Any]:
    """The labels as an array without missing values, one for each row; None for any length."""
    if np.ma.is_masked(labels):
        raise ValueError(
            f"Input {name} is a masked array with masked values: leave their rows out."
        )
    names = as_array(labels, name)
    if names.ndim != 1:
        raise ValueError(f"{name} should be a 1d array, got an array of shape {names.shape}.")
    if n_samples is not None and len(names) != n_samples:
        lengths = [n_samples, len(names)]
        raise ValueError(f"Found input variables with inconsistent numbers of samples: {lengths}")
    if names.dtype.kind == "c":
        raise ValueError(f"Complex data not supported: {name} holds complex numbers.")
    if names.dtype.kind in "OT":
        names = names.astype(object)
        gaps = which_missing(names)
    else:
        gaps = names != names  # true only for NaN and NaT
    if np.any(gaps):
        row = int(np.argmax(gaps))
        kind = "NaN" if isinstance(names[row], float) else f"NaN (here {names[row]})"
        raise ValueError(f"Input {name} contains {kind}: the first at row {row}.")
    if names.dtype.kind == "f" and np.any(np.isinf(names)):
        row = int(np.argmax(np.isinf(names)))
        raise ValueError(f"Input {name} contains infinity: the first at row {row}.")
    return names
