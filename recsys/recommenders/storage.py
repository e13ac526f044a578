"""Turns a fitted recommender into named arrays and back, and checks every array on the way back."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.data.matrix import RatingMatrix
from recsys.data.scale import Kind, RatingScale
from recsys.recommenders import npz
from recsys.recommenders.ages import Ages, no_ages
from recsys.recommenders.forms import (
    LARGEST,
    Form,
    check_unique,
    ids,
    natural,
    real,
    real32,
    taken,
    text,
)
from recsys.recommenders.model import Model
from recsys.recommenders.npz import Arrays, Stored, prefixed, without
from recsys.recommenders.training import TrainingData, UnratedFilms

M = TypeVar("M", bound=Model)

# The recommenders of this package by the names of their classes. A file can name no other code.
# `recsys.recommenders` imports all of them, so this is complete after any of them is loaded.
KINDS: dict[str, type[Model]] = {}

# This number rises when the code before a change cannot read the files of the code after it.
FORMAT = 4

# Format 4 added the ages of ratings, and format 3 text ids and scales of other kinds.
FIRST_WITH_AGES = 4
FIRST_WITH_KINDS = 3

# The first format that holds these recommenders as they learn today.
LEARN_SINCE = {"BoostedClusterMeans": 4, "TasteGroups": 4}

# Format 1 had other names for these parameters and arrays.
RENAMED = {
    "film_shrinkage": "item_damping",
    "user_shrinkage": "user_damping",
    "of_films": "item_biases",
    "of_users": "user_biases",
}

# The greatest length of the JSON that names class, parameters and scale.
MOST_ABOUT = 65_536

# The parts of every scale in a file.
SCALE_PARTS = ("smallest", "largest", "step")

# float64 cannot tell more steps of a scale apart.
MOST_STEPS = 1e15


def storable(kind: type[M]) -> type[M]:
    """Let files name this class of recommenders."""
    KINDS[kind.__name__] = kind
    return kind


def save(path: Path, model: Model) -> None:
    """Write a fitted recommender. ValueError if :func:`load` would refuse the file."""
    arrays = pack(model)
    try:
        unpack(Stored.of(arrays))
    except ValueError as error:
        name = type(model).__name__
        raise ValueError(f"this {name} cannot be saved: {npz.shown(error, 140)}") from error
    npz.write(path, arrays)


def load(path: Path, kind: type[M]) -> M:
    """Read the recommender that :func:`save` wrote. ValueError if it is of another class."""
    with npz.opened(path) as stored:
        model = unpack(stored)
    if not isinstance(model, kind):
        file, found = npz.shown(path, 200), type(model).__name__
        raise ValueError(f"{file} holds a {found}, not a {kind.__name__}")
    return model


def pack(model: Model) -> Arrays:
    """Turn a recommender into named arrays. ValueError if its class is not of this package."""
    data = model.trained_on
    scale = _scale_parts(data.scale)
    about = {"format": FORMAT, **_named(model), "scale": scale}
    arrays = {"about": np.array(json.dumps(about)), "genres": data.genres, "ages": data.ages}
    arrays |= prefixed("matrix", matrix_arrays(data.matrix))
    arrays |= prefixed("unrated", _unrated_arrays(data.unrated))
    arrays |= prefixed("learned", model._arrays())
    if model._inner:
        arrays |= prefixed(f"learned/{model._inner}", pack(getattr(model, f"_{model._inner}")))
    return arrays


def unpack(stored: Stored, beside: TrainingData | None = None) -> Model:
    """Restore the recommender that :func:`pack` was given. ValueError if an array is wrong.

    ``beside`` is the training data of the recommender that holds this one.
    """
    if "about" not in stored.headers:
        raise ValueError("it holds no recommender")
    about = npz.json_of(npz.text_of(stored, "about", MOST_ABOUT))
    try:
        if type(about["format"]) is not int or about["format"] < 1:
            raise ValueError(f"there is no format {about['format']!r}")
        if about["format"] > FORMAT:
            raise ValueError(f"its format {about['format']} is newer than {FORMAT}")
        if about["format"] == 1:
            stored = _renamed(stored)
        _check_learns_so(about)
        model = _made(about)
        _restore(model, stored, about["format"], _scale(about["scale"], about["format"]), beside)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"its recommender is incomplete: {error}") from error
    return model


def _renamed(stored: Stored) -> Stored:
    """Give the arrays of format 1 the names of today."""
    before = {}
    for name in stored.headers:
        folder, slash, last = name.rpartition("/")
        before[folder + slash + RENAMED.get(last, last)] = name
    headers = {name: stored.headers[old] for name, old in before.items()}
    return Stored(headers, lambda name: stored.read(before[name]))


def _check_learns_so(about: Mapping[str, Any]) -> None:
    """ValueError if the recommender of a file learned in another way than that of today."""
    name, written = about["recommender"], about["format"]
    if isinstance(name, str) and written < LEARN_SINCE.get(name, 1):
        raise ValueError(f"its {name} learned in another way (format {written}); fit it again")


def _restore(
    model: Model,
    stored: Stored,
    written: int,
    scale: RatingScale,
    beside: TrainingData | None,
) -> None:
    inner = f"learned/{model._inner}/"
    own = {
        name: header
        for name, header in stored.headers.items()
        if name != "about" and not (model._inner and name.startswith(inner))
    }
    stages = [name.removeprefix("learned/") for name in own if name.startswith("learned/")]
    forms = {"genres": real32("n_items", "n_genres", least=0, most=1)}
    forms |= prefixed("matrix", matrix_forms())
    if written >= FIRST_WITH_AGES:
        forms["ages"] = natural("n_ratings")
    knows_unrated = "unrated/movie_ids" in own
    if knows_unrated:
        forms |= prefixed("unrated", UNRATED_FORMS)
    forms |= prefixed("learned", model._forms(stages))
    arrays = taken(Stored(own, stored.read), forms)
    matrix = matrix_of(without("matrix", arrays))
    ratings = matrix.values.data
    if ratings.min() < scale.smallest or ratings.max() > scale.largest:
        raise ValueError(f"matrix/data has ratings off the scale {scale}")
    if beside is None:
        none = UnratedFilms(matrix.movie_ids[:0], matrix.titles[:0], arrays["genres"][:0])
        unrated = _unrated(without("unrated", arrays), matrix) if knows_unrated else none
        ages = _ages(arrays, matrix)
        beside = TrainingData(matrix, ages, scale, arrays["genres"], unrated)
    else:
        other = matrix_arrays(beside.matrix)
        same = [np.array_equal(each, other[name]) for name, each in matrix_arrays(matrix).items()]
        if not all(same) or not np.array_equal(_ages(arrays, matrix), beside.ages):
            raise ValueError("the recommender within it was trained on other ratings")
    model.trained_on = beside
    if model._inner:
        part = unpack(stored.within(f"learned/{model._inner}"), beside)
        setattr(model, f"_{model._inner}", part)
    model._restore(without("learned", arrays))


def _ages(arrays: Arrays, matrix: RatingMatrix) -> Ages:
    """The ages of ratings, which are 0 in files without them. ValueError if a user has too few."""
    if "ages" not in arrays:
        return no_ages(matrix.values.nnz)
    n_of_user = np.diff(matrix.values.indptr)
    if np.any(arrays["ages"] >= np.repeat(n_of_user, n_of_user)):
        raise ValueError("ages counts more later ratings than a user has")
    return arrays["ages"].astype(np.int32)


# Class, parameters and scale --------------------------------------------------------------------


def _named(model: Model) -> dict[str, Any]:
    """The class and the parameters of a recommender, for JSON."""
    name = type(model).__name__
    if KINDS.get(name) is not type(model):
        raise ValueError(f"{name} is not a recommender of this package, so a file cannot name it")
    parameters = {key: _plain(value) for key, value in model.get_params(deep=False).items()}
    for key, value in parameters.items():
        if not isinstance(value, dict):
            _check_parameter(type(model), key, value)
    return {"recommender": name, "parameters": parameters}


def _made(about: Mapping[str, Any]) -> Model:
    """Make an unfitted recommender by its class and parameters."""
    name = about["recommender"]
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"there is no recommender {name!r}")
    kind = KINDS[name]
    known = signature(kind).parameters
    parameters: dict[str, Any] = {}
    for key, value in about["parameters"].items():
        key = key if key in known else RENAMED.get(key, key)
        if key not in known:
            raise ValueError(f"its recommender is incomplete: {name} has no {key}")
        if isinstance(value, dict):
            parameters[key] = _made(value)
        else:
            parameters[key] = tuple(value) if isinstance(value, list) else value
        _check_parameter(kind, key, parameters[key])
    model = kind(**parameters)
    model._check_parameters()
    return model


def _check_parameter(kind: type, name: str, value: Any) -> None:
    """ValueError if a parameter does not have the type of its annotation."""
    wanted = signature(kind).parameters[name].annotation
    whole = type(value) is int
    if wanted is int:
        good = whole or (value is None and name == "random_state")
    elif wanted is float:
        good = whole or type(value) is float
        good = good and -LARGEST <= value <= LARGEST
    elif wanted == tuple[int, int] | None:
        pair = isinstance(value, tuple | list) and len(value) == 2
        good = value is None or (pair and all(type(each) is int for each in value))
    else:
        good = value is None or isinstance(value, Model)
    if not good:
        raise ValueError(f"parameter {name} of {kind.__name__} cannot be {value!r}")


def _scale_parts(scale: RatingScale) -> dict[str, Any]:
    """The parts of a scale, without a kind and a threshold that are the defaults."""
    defaults = {"kind": "stars", "like_threshold": None}
    parts = {name: _plain(value) for name, value in asdict(scale).items()}
    return {name: value for name, value in parts.items() if defaults.get(name, ...) != value}


def _is_new(parts: Mapping[str, Any]) -> bool:
    """Whether a scale has parts that format 3 added."""
    return parts["step"] == 0 or len(parts) > len(SCALE_PARTS)


def _scale(parts: Mapping[str, Any], written: int) -> RatingScale:
    """Read a scale from a file of the format ``written``."""
    if not set(SCALE_PARTS) <= set(parts) <= {*SCALE_PARTS, "kind", "like_threshold"}:
        raise ValueError("its scale needs smallest, largest and step")
    if written < FIRST_WITH_KINDS and _is_new(parts):
        raise ValueError(f"its scale is not one of format {written}")
    if parts.get("kind", "stars") not in get_args(Kind):
        raise ValueError(f"kind of its scale cannot be {parts['kind']!r}")
    for name, value in parts.items():
        is_number = type(value) in (int, float) and -LARGEST <= value <= LARGEST
        if name != "kind" and not is_number:
            raise ValueError(f"{name} of its scale cannot be {value!r}")
    scale = RatingScale(**parts)
    if scale.step and not (scale.largest - scale.smallest) / scale.step <= MOST_STEPS:
        raise ValueError(f"its scale {scale} has too small a step")
    return scale


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return _named(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value


# Films without ratings --------------------------------------------------------------------------

UNRATED_FORMS = {
    "movie_ids": ids("n_unrated"),
    "titles": text("n_unrated"),
    "genres": real32("n_unrated", "n_genres", least=0, most=1),
}


def _unrated_arrays(unrated: UnratedFilms) -> Arrays:
    return {name: _as_stored(getattr(unrated, name)) for name in UNRATED_FORMS}


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
