"""Attributes of classes that are defined in higher-level packages."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any, Final

from bayes_nqp._core.plugins import Plugins, claim
from bayes_nqp._core.validation._names import absent, answer
from bayes_nqp._core.validation._validated import method_door

type Item = FunctionType | property


class Attributes(Plugins[Item]):
    """Registry of attributes by path, such as "Fit.summary", added to their classes."""

    def __init__(self) -> None:
        super().__init__("")
        self._holders: dict[str, type] = {}

    def live_in(self, room: str) -> None:
        """Set the package that contains the attributes; it is above all packages of the classes."""
        self._room = room

    def add(self, name: str, plugin: Item, place: float = 1000.0, source: object = None) -> Item:
        """Register an attribute by its path, and add it to its class if the class exists."""
        super().add(name, plugin, place, source)
        self._hang(name, plugin)
        return plugin

    def hold(self, kind: type) -> None:
        """Add the registered attributes to a class."""
        self._holders[kind.__name__] = kind
        for path in (f"{kind.__name__}.{name}" for name in dir(kind) if name[0] != "_"):
            if claim(self._homes, path, kind):
                del self._places[path]
        for path, (_, item) in list(self._places.items()):
            self._hang(path, item)

    def names_of(self, kind: type) -> list[str]:
        """Return the names of a class's attributes."""
        return [path.partition(".")[2] for path in self if path.startswith(f"{kind.__name__}.")]

    def _hang(self, path: str, item: Item) -> None:
        holder, _, name = path.partition(".")
        if holder in self._holders:
            setattr(self._holders[holder], name, item)


ATTRIBUTES: Final = Attributes()
"""Every attribute by its path."""


def attribute[F: Callable[..., Any]](holder: str, *, bare: bool = False) -> Callable[[F], F]:
    """Register a function as an attribute of a class with the name of the function.

    Parameters
    ----------
    holder : str
        Name of the class: "Fit", "Panel", "CheckResult", "Table".
    bare : bool, default False
        If True, the attribute is a property; otherwise it is a method with validated arguments.

    Returns
    -------
    callable
        Decorator of a function with the value as first argument. An attribute replaces an earlier
        one of the same name and package.
    """

    def decorate(function: F) -> F:
        item: Any = property(function) if bare else method_door(function, holder)
        ATTRIBUTES.add(f"{holder}.{function.__name__}", item, source=function)
        return function

    return decorate


class _Kind(type):
    """Metaclass that names the replacements for constructors of other packages."""

    if not TYPE_CHECKING:

        def __getattr__(cls, name: str) -> Any:
            if answer(cls.__name__, name):
                raise absent(cls.__name__, name, ())
            return type.__getattribute__(cls, name)


class Attributed(metaclass=_Kind):
    """Base class with registered attributes, loaded at the first missing attribute."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        ATTRIBUTES.hold(cls)

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *ATTRIBUTES.names_of(type(self))})

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            len(ATTRIBUTES)
            if name.startswith("_") or hasattr(type(self), name):
                return object.__getattribute__(self, name)
            public = [other for other in dir(self) if not other.startswith("_")]
            raise absent(type(self).__name__, name, public)
