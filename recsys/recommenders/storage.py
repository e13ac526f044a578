"""A fitted recommender as arrays in an npz file, without pickle."""

import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from recsys.files import whole
from recsys.matrix import RatingMatrix
from recsys.recommenders.training import Training
from recsys.scale import RatingScale

Arrays = dict[str, npt.NDArray[Any]]

# Raised when a file of today can no longer be read by the code before it.
FORMAT = 1


def pack(model: Any) -> Arrays:
    """All that a fitted recommender is, by name.

    Raises
    ------
    ValueError
        If it is none of this package's: :func:`unpack` would not know it.
    """
    about = {"format": FORMAT, **_named(model), "scale": asdict(model._scale)}
    arrays = {"about": np.array(json.dumps(about)), "genres": model._genres}
    arrays |= prefixed("matrix", matrix_arrays(model._matrix))
    return arrays | prefixed("learned", model._arrays())


def unpack(arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    """The recommender that :func:`pack` was given.

    Raises
    ------
    ValueError
        If the arrays are not those of a recommender of this package.
    """
    if "about" not in arrays:
        raise ValueError("no recommender is in it")
    try:
        about = json.loads(str(arrays["about"]))
        if about["format"] > FORMAT:
            raise ValueError(f"its format {about['format']} is newer than {FORMAT}, which is known")
        model = _made(about)
        scale = RatingScale(**about["scale"])
        model._train_on(matrix_of(without("matrix", arrays)), scale, arrays["genres"])
        model._restore(without("learned", arrays))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a recommender is in it, but not whole: {error}") from error
    return model


def unfitted(model: Any) -> Any:
    """Another recommender of the same class and parameters."""
    return type(model)(
        **{
            name: unfitted(value) if isinstance(value, Training) else value
            for name, value in _parameters(model).items()
        }
    )


def _named(model: Any) -> dict[str, Any]:
    """A recommender's class and parameters, as JSON holds them."""
    name = type(model).__name__
    if _classes().get(name) is not type(model):
        raise ValueError(f"{name} is no recommender of this package: a file cannot name it")
    return {
        "recommender": name,
        "parameters": {key: _plain(value) for key, value in _parameters(model).items()},
    }


def _made(about: Mapping[str, Any]) -> Any:
    """An unfitted recommender by class and parameters."""
    name = about["recommender"]
    if name not in _classes():
        raise ValueError(f"there is no recommender {name!r}")
    parameters = {}
    for key, value in about["parameters"].items():
        if isinstance(value, dict):
            parameters[key] = _made(value)
        else:
            parameters[key] = tuple(value) if isinstance(value, list) else value
    return _classes()[name](**parameters)


def _classes() -> dict[str, type]:
    """The recommenders of this package: a file names no other code."""
    import recsys

    public = {name: getattr(recsys, name) for name in recsys.__all__}
    return {
        name: found
        for name, found in public.items()
        if isinstance(found, type) and issubclass(found, Training)
    }


def write(path: Path, arrays: Arrays) -> None:
    """Write an npz file whole or not at all."""
    with whole(path) as unfinished, unfinished.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def read(path: Path) -> Arrays:
    """The arrays of an npz file.

    Raises
    ------
    ValueError
        If the file is no npz file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except (zipfile.BadZipFile, ValueError, AttributeError, EOFError) as error:
        raise ValueError(f"{path} is not a recommender's file: {error}") from error


def matrix_arrays(matrix: RatingMatrix) -> Arrays:
    """A RatingMatrix by name."""
    return csr_arrays(matrix.values) | {
        "user_ids": matrix.user_ids,
        "movie_ids": matrix.movie_ids,
        "titles": matrix.titles.astype(str),
        "columns": np.array(matrix.columns),
    }


def matrix_of(arrays: Mapping[str, npt.NDArray[Any]]) -> RatingMatrix:
    """The RatingMatrix that :func:`matrix_arrays` was given."""
    columns: Any = str(arrays["columns"])
    return RatingMatrix(
        values=csr_of(arrays),
        user_ids=arrays["user_ids"],
        movie_ids=arrays["movie_ids"],
        titles=arrays["titles"].astype(object),
        columns=columns,
    )


def csr_arrays(values: sp.csr_array) -> Arrays:
    """A CSR matrix by name."""
    return {
        "data": values.data,
        "indices": values.indices,
        "indptr": values.indptr,
        "shape": np.array(values.shape),
    }


def csr_of(arrays: Mapping[str, npt.NDArray[Any]]) -> sp.csr_array:
    """The CSR matrix that :func:`csr_arrays` was given."""
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sp.csr_array(parts, shape=tuple(arrays["shape"].tolist()))


def prefixed(prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def without(prefix: str, arrays: Mapping[str, npt.NDArray[Any]]) -> Arrays:
    start = f"{prefix}/"
    return {
        name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)
    }


def _parameters(model: Any) -> dict[str, Any]:
    return {name: getattr(model, name) for name in signature(type(model)).parameters}


def _plain(value: Any) -> Any:
    if isinstance(value, Training):
        return _named(value)
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value.item() if isinstance(value, np.generic) else value
