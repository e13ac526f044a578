"""Adds scikit-learn's base classes to ours once scikit-learn is loaded."""

import sys
from typing import Any, SupportsIndex

from kmeans_core.interface.protocol import Estimator


class LateBases(Estimator):
    """An estimator that is a ``BaseEstimator`` to code that imports scikit-learn.

    Parts of scikit-learn accept only instances of its own classes: ``Birch(n_clusters=model)``
    needs a ``ClusterMixin``. Inheriting from these classes would load scikit-learn for everybody.
    So they are added to the bases of this class if scikit-learn is loaded. That is checked when
    the package is imported, when a model is made, and when code asks for a model's class. Our
    classes come first, and they define all methods that scikit-learn's classes have.

    ``isinstance(model, BaseEstimator)`` looks at the bases of the model's type without calling our
    code. If the answer is no, Python asks for ``model.__class__`` and checks that class too, if it
    differs from the type. This is how a model that was made before scikit-learn was imported is
    recognized. The first question adds the bases and gets a class that stands in for the type; all
    later questions get the type.
    """

    def _class(self) -> Any:
        cls = type(self)
        return _StandIn.of(cls) if add_bases() else cls

    def _change_class(self, cls: Any) -> None:
        object.__dict__["__class__"].__set__(self, cls)

    __class__ = property(_class, _change_class)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Any:
        add_bases()  # first: pickle compares the type with __class__, which must not be a stand-in
        return super(LateBases, self).__reduce_ex__(protocol)  # noqa: UP008 (__class__ is a property)


def add_bases() -> bool:
    """Add scikit-learn's classes to the bases if it is loaded; True if this call added them."""
    theirs = sys.modules.get("sklearn.base")
    if theirs is None or LateBases.__bases__ is not _FIRST_BASES:
        return False
    names = ("TransformerMixin", "ClusterMixin", "BaseEstimator")
    found: list[Any] = [getattr(theirs, name, None) for name in names]
    if None in found:  # it is being imported right now
        return False
    try:
        LateBases.__bases__ = (*_FIRST_BASES, *found)
    except TypeError:
        # An existing subclass lists a base of scikit-learn before ours. No order of bases suits
        # both classes, so ours stays without them.
        return False
    return True


_FIRST_BASES = LateBases.__bases__


class _StandIn(type):
    """The type of a class that looks like another class and makes instances of it."""

    stands_for: type[Any]

    @staticmethod
    def of(cls: type[Any]) -> type[Any]:
        same = {"__module__": cls.__module__, "__qualname__": cls.__qualname__}
        stand_in = _StandIn(cls.__name__, (LateBases,), same)
        stand_in.stands_for = cls
        return stand_in

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.stands_for(*args, **kwargs)
