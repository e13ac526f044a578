"""Attributes that are computed at their first use."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")


class lazy(Generic[T]):  # noqa: N801 (used as functools.cached_property is)
    """Like ``functools.cached_property``, but without a lock.

    Up to Python 3.11, ``cached_property`` holds a lock for all objects of a class while it
    computes. A process that is forked at that time inherits the locked lock and waits for ever.
    Here two threads may both compute an attribute, and they get equal values.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> Self | T:
        if instance is None:
            return self
        value = self._compute(instance)
        instance.__dict__[self._name] = value  # Python finds it before this descriptor
        return value
