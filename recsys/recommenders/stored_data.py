"""Turns training data into named arrays and back: matrices, ages, and films without ratings."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.data.matrix import RatingMatrix
from recsys.data.scale import RatingScale
from recsys.recommenders.ages import Ages, no_ages
from recsys.recommenders.forms import Form, check_unique, ids, natural, real, real32, text
from recsys.recommenders.npz import Arrays, prefixed, without
from recsys.recommenders.training import TrainingData, UnratedFilms

# The first format with the ages of ratings and with films that nobody rated.
FIRST_WITH_AGES = 4


def training_arrays(data: TrainingData) -> Arrays:
    """Turn training data into named arrays."""
    unrated = data.unrated
    return {
        "genres": data.genres,
        "ages": data.ages,
        **prefixed("matrix", matrix_arrays(data.matrix)),
        "unrated/movie_ids": _as_stored(unrated.movie_ids),
        "unrated/titles": _as_stored(unrated.titles),
        "unrated/genres": unrated.genres,
    }


def training_forms(written: int) -> dict[str, Form]:
    """The forms of :func:`training_arrays` in a file of the format ``written``."""
    forms = {"genres": real32("n_items", "n_genres", least=0, most=1)}
    forms |= prefixed("matrix", matrix_forms())
    if written >= FIRST_WITH_AGES:
        forms["ages"] = natural("n_ratings")
        forms["unrated/movie_ids"] = ids("n_unrated")
        forms["unrated/titles"] = text("n_unrated")
        forms["unrated/genres"] = real32("n_unrated", "n_genres", least=0, most=1)
    return forms


def training_of(arrays: Mapping[str, npt.NDArray[Any]], scale: RatingScale) -> TrainingData:
    """Restore the training data. ValueError if the arrays contradict each other or the scale."""
    matrix, genres = matrix_of(without("matrix", arrays)), arrays["genres"]
    ratings = matrix.values.data
    if ratings.min() < scale.smallest or ratings.max() > scale.largest:
        raise ValueError(f"matrix/data has ratings off the scale {scale}")
    if "ages" in arrays:
        ages, unrated = _ages(arrays, matrix), _unrated(without("unrated", arrays), matrix)
    else:
        ages = no_ages(matrix.values.nnz)
        unrated = UnratedFilms(matrix.movie_ids[:0], matrix.titles[:0], genres[:0])
    return TrainingData(matrix, ages, scale, genres, unrated)


def is_same(one: TrainingData, other: TrainingData) -> bool:
    """Whether two training data have the same arrays."""
    arrays = training_arrays(other)
    return all(np.array_equal(each, arrays[name]) for name, each in training_arrays(one).items())


def _ages(arrays: Mapping[str, npt.NDArray[Any]], matrix: RatingMatrix) -> Ages:
    """The ages of ratings. ValueError if a user has too few ratings for one of them."""
    n_of_user = np.diff(matrix.values.indptr)
    if np.any(arrays["ages"] >= np.repeat(n_of_user, n_of_user)):
        raise ValueError("ages counts more later ratings than a user has")
    return arrays["ages"].astype(np.int32)


def _unrated(arrays: Mapping[str, npt.NDArray[Any]], matrix: RatingMatrix) -> UnratedFilms:
    """Restore the unrated films. ValueError if one of them has ratings or stands there twice."""
    found = UnratedFilms(**{name: _as_read(array) for name, array in arrays.items()})
    if found.movie_ids.dtype != matrix.movie_ids.dtype:
        raise ValueError("ids of unrated films are of another kind than those of rated films")
    check_unique("unrated/movie_ids", np.concatenate([matrix.movie_ids, found.movie_ids]))
    return found


# Matrices ---------------------------------------------------------------------------------------


def matrix_forms(
    n_users: str = "n_users", n_items: str = "n_items", n_ratings: str = "n_ratings"
) -> dict[str, Form]:
    """The forms of :func:`matrix_arrays`, given the names of the lengths."""
    return {
        "user_ids": ids(n_users),
        "movie_ids": ids(n_items),
        "titles": text(n_items),
        "columns": text(),
        "data": real(n_ratings),
        **csr_forms(n_users, n_items, n_ratings),
    }


def matrix_arrays(matrix: RatingMatrix) -> Arrays:
    """Turn a RatingMatrix into named arrays."""
    return csr_arrays(matrix.values) | {
        "user_ids": _as_stored(matrix.user_ids),
        "movie_ids": _as_stored(matrix.movie_ids),
        "titles": _as_stored(matrix.titles),
        "columns": np.array(matrix.columns),
    }


def _as_stored(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Text as an array of strings; other arrays as they are."""
    return array.astype(str) if array.dtype == object else array


def _as_read(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array that :func:`_as_stored` was given."""
    return array.astype(object) if array.dtype.kind == "U" else array


def matrix_of(arrays: Mapping[str, npt.NDArray[Any]]) -> RatingMatrix:
    """Restore the RatingMatrix that :func:`matrix_arrays` was given."""
    columns: Any = str(arrays["columns"])
    if columns not in ("movieId", "title"):
        raise ValueError("columns is neither movieId nor title")
    for name in ("user_ids", "movie_ids"):
        check_unique(name, arrays[name])
    values = csr_of(arrays, (len(arrays["user_ids"]), len(arrays["movie_ids"])))
    if not np.array_equal(values.indices, arrays["indices"]):
        raise ValueError("indices do not ascend in each row")
    return RatingMatrix(
        values=values,
        user_ids=_as_read(arrays["user_ids"]),
        movie_ids=_as_read(arrays["movie_ids"]),
        titles=_as_read(arrays["titles"]),
        columns=columns,
    )


def csr_forms(n_rows: str, n_columns: str, n_stored: str) -> dict[str, Form]:
    """The forms of :func:`csr_arrays` without ``data``, given the names of the lengths."""
    return {
        "indices": natural(n_stored, below=n_columns),
        "indptr": natural(f"{n_rows}+1"),
        "shape": natural(2),
    }


def csr_arrays(values: sp.csr_array) -> Arrays:
    """Turn a CSR matrix into named arrays."""
    return {
        "data": values.data,
        "indices": values.indices,
        "indptr": values.indptr,
        "shape": np.array(values.shape),
    }


def csr_of(arrays: Mapping[str, npt.NDArray[Any]], shape: tuple[int, int]) -> sp.csr_array:
    """Restore a CSR matrix from :func:`csr_arrays`, with ascending indices in each row.

    ValueError if the arrays are not those of a CSR matrix of this shape. scipy checks few of their
    values, and its compiled code reads and writes wherever they point.
    """
    data, indices, indptr = arrays["data"], arrays["indices"], arrays["indptr"]
    if arrays["shape"].tolist() != list(shape):
        raise ValueError(f"a matrix has the shape {arrays['shape'].tolist()}, not {list(shape)}")
    if indptr[0] != 0 or indptr[-1] != len(indices) or np.any(indptr[1:] < indptr[:-1]):
        raise ValueError("an indptr does not ascend from 0 to the number of stored values")
    values = sp.csr_array((data, indices, indptr), shape=shape)
    if not values.has_sorted_indices:
        values = values.sorted_indices()
    if not values.has_canonical_format:
        raise ValueError("a matrix has a column twice in a row")
    return values
