"""Turns a fitted recommender into named arrays and back, and checks every array on the way back."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Any, TypeVar, get_args

import numpy as np

from recsys.data.scale import Kind, RatingScale
from recsys.recommenders import npz
from recsys.recommenders.forms import (
    LARGEST,
    taken,
)
from recsys.recommenders.model import Model
from recsys.recommenders.npz import Arrays, Stored, prefixed, without
from recsys.recommenders.stored_data import is_same, training_arrays, training_forms, training_of
from recsys.recommenders.training import TrainingData

M = TypeVar("M", bound=Model)

# The recommenders of this package by the names of their classes. A file can name no other code.
# `recsys.recommenders` imports all of them, so this is complete after any of them is loaded.
KINDS: dict[str, type[Model]] = {}

# This number rises when the code before a change cannot read the files of the code after it.
FORMAT = 5

# Format 3 added text ids and scales of other kinds.
FIRST_WITH_KINDS = 3

# The first format that holds these recommenders as they learn today.
LEARN_SINCE = {"BoostedClusterMeans": 5, "TasteGroups": 4}

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
    arrays = {"about": np.array(json.dumps(about)), **training_arrays(data)}
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
    forms = training_forms(written) | prefixed("learned", model._forms(stages))
    arrays = taken(Stored(own, stored.read), forms)
    trained_on = training_of(arrays, scale)
    if beside is None:
        beside = trained_on
    elif not is_same(trained_on, beside):
        raise ValueError("the recommender within it was trained on other ratings")
    model.trained_on = beside
    if model._inner:
        part = unpack(stored.within(f"learned/{model._inner}"), beside)
        setattr(model, f"_{model._inner}", part)
    model._restore(without("learned", arrays))


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
    elif wanted in (float, float | None):
        good = whole or type(value) is float
        good = good and -LARGEST <= value <= LARGEST
        good = good or (value is None and wanted is not float)
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
