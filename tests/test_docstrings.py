"""Docstrings: every public name says what numpydoc asks for, in full."""

import ast
import builtins
import dataclasses
import doctest
import functools
import inspect
import re
from importlib import import_module
from types import FunctionType

import pytest
from numpydoc.docscrape import get_doc_object
from numpydoc.validate import Validator, validate

from kmeans_core import reference, reference_scores, reference_weighted
from kmeans_core.lazy import lazy

MODULES = [
    "kmeans_core",
    "kmeans_core.dask",
    "kmeans_core.palette",
    "kmeans_core.plots",
    "kmeans_core.reference",
    "kmeans_core.reference_scores",
    "kmeans_core.reference_weighted",
    "recsys",
    "recsys.plots",
]

# Without: sections of their own for what one sentence says (ES01, SA01), the form of quotes and
# blank lines (GL01 to GL05), one line for each summary (SS06), types of returned names (RT02).
CODES = {"GL06", "GL07", "GL08", "GL10", "SS01", "SS02", "SS03", "SS04", "SS05", "YD01", "EX01"}
CODES |= {f"PR{number:02}" for number in range(1, 11)} | {"RT01", "RT03", "RT04", "RT05"}

# They work only in a process with scikit-learn, and the examples must not need it.
WITHOUT_EXAMPLE = {
    "get_metadata_routing",
    "set_fit_request",
    "set_partial_fit_request",
    "set_score_request",
}

MEMBERS = (FunctionType, classmethod, staticmethod, property, functools.cached_property, lazy)

# Only what is written in the docstring itself, without a list of properties.
PLAIN = {"show_class_members": False}


class Documented(Validator):
    """What a docstring says. Fields of a dataclass are its attributes and are described there."""

    def __init__(self, obj_name):
        super().__init__(get_doc_object(obj_name, config=PLAIN))

    @property
    def signature_parameters(self):
        fields_of_bases = {
            field.name
            for base in getattr(self.obj, "__mro__", ())[1:]
            if dataclasses.is_dataclass(base)
            for field in dataclasses.fields(base)
        }
        return tuple(p for p in super().signature_parameters if p not in fields_of_bases)

    @property
    def doc_all_parameters(self):
        found = super().doc_all_parameters
        if dataclasses.is_dataclass(self.obj):
            attributes = self._doc_parameters(["Attributes"])
            fields = {p: attributes[p] for p in self.signature_parameters if p in attributes}
            found = found | fields
        return found


@functools.cache
def errors_of(obj):
    """The codes and messages of numpydoc for an object."""
    found = validate(obj, validator_cls=Documented)["errors"]
    if inspect.isclass(obj):
        for names, kind, words in get_doc_object(obj, config=PLAIN)["Attributes"]:
            if not kind or not words:
                found.append(("PR07", f"Attribute {names} needs a type and a description"))
    return sorted({f"{code}: {message}" for code, message in found if code in CODES})


def public_names(module):
    """The names that a module offers, and the classes and functions behind them."""
    home = module.__name__
    own = [name for name, obj in vars(module).items() if getattr(obj, "__module__", "") == home]
    names = getattr(module, "__all__", [name for name in own if not name.startswith("_")])
    found = {name: getattr(module, name) for name in names}
    return {name: obj for name, obj in found.items() if callable(obj)}


def members(cls):
    """The public methods and properties of a class, and the dataclasses that it extends."""
    for base in cls.__mro__[1:]:
        if dataclasses.is_dataclass(base):
            yield base.__name__, base
    for name in dir(cls):
        found = inspect.getattr_static(cls, name)
        home = next((base for base in cls.__mro__ if name in vars(base)), cls)
        is_ours = home.__module__.startswith(("kmeans_core", "recsys"))
        if is_ours and not name.startswith("_") and isinstance(found, MEMBERS):
            yield name, found


def described(module_name):
    """(name, object, whether it needs an example of its own) for every public name of a module.

    A method or property needs none if the example of its class uses it.
    """
    for name, obj in public_names(import_module(module_name)).items():
        if not inspect.isclass(obj):
            yield name, obj, True
            continue
        yield name, obj, not issubclass(obj, BaseException)  # users do not make errors
        example = "\n".join(get_doc_object(obj, config=PLAIN)["Examples"])
        for member, value in members(obj):
            plain = getattr(value, "__func__", value)  # the function of a class method
            is_shown = re.search(rf"\.{member}\b", example)
            yield f"{name}.{member}", plain, not is_shown and member not in WITHOUT_EXAMPLE


@pytest.mark.parametrize("module_name", MODULES)
def test_docstrings_are_complete(module_name):
    found = list(described(module_name))
    assert len(found) > 1
    bad = {
        name: [error for error in errors_of(obj) if needs_example or "EX01" not in error]
        for name, obj, needs_example in found
    }
    assert {name: errors for name, errors in bad.items() if errors} == {}


# Examples of the textbook are read beside its code, so they are as short as they can be.
TEXTBOOK = (reference, reference_weighted, reference_scores)
GIVEN = {"np"}.union(*map(public_names, TEXTBOOK))


def names_from_elsewhere(example):
    """The names that an example uses without making or importing them."""
    lines = [part.source for part in doctest.DocTestParser().get_examples(example)]
    nodes = list(ast.walk(ast.parse("".join(lines))))
    names = [node for node in nodes if isinstance(node, ast.Name)]
    made = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    made |= {node.arg for node in nodes if isinstance(node, ast.arg)}
    made |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    made |= {node.asname or node.name for node in nodes if isinstance(node, ast.alias)}
    return {node.id for node in names} - made - set(vars(builtins))


@pytest.mark.parametrize("module_name", MODULES)
def test_examples_import_what_they_use(module_name):
    given = GIVEN if module_name.startswith("kmeans_core.reference") else set()
    used = {
        name: names_from_elsewhere(obj.__doc__ or "") for name, obj, _ in described(module_name)
    }
    assert {name: found for name, found in used.items() if found - given} == {}


def scale(values, by):
    """Multiply values.

    Parameters
    ----------
    values : ndarray of shape (n,)
        The values.

    Returns
    -------
    ndarray of shape (n,)
    """
    return values * by


@dataclasses.dataclass
class Scaled:
    """Scaled values.

    Attributes
    ----------
    values : ndarray of shape (n,)
        The values.
    unit : str

    Examples
    --------
    >>> Scaled(1, 2).unit
    2
    """

    values: object
    unit: str
    by: float = 1.0


def test_a_parameter_a_field_and_a_result_without_words_are_found():
    assert [error.split(":")[0] for error in errors_of(scale)] == ["EX01", "PR01", "RT03"]
    of_fields = errors_of(Scaled)
    assert [error.split(":")[0] for error in of_fields] == ["PR01", "PR07", "PR07"]
    assert "{'by'}" in of_fields[0]
    assert "unit" in of_fields[1]


def test_a_name_from_elsewhere_is_found():
    assert names_from_elsewhere(Scaled.__doc__) == {"Scaled"}
    assert names_from_elsewhere(">>> import numpy as np\n>>> [np.abs(x) for x in X]") == {"X"}
