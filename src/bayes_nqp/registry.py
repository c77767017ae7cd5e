"""Values that files and studies can hold, registered where they are defined."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

__all__ = ["family_of", "register", "registered"]

_KINDS: dict[str, type] = {}
_FAMILIES: dict[str, str] = {}


def register[T](family: str) -> Callable[[type[T]], type[T]]:
    """Let files and studies hold a value, by the name of its type.

    Parameters
    ----------
    family : str
        What it stands for: "design", "errors", "pooling", "sampler", "likelihood", "time",
        "priors" or "index".

    Returns
    -------
    callable
        The decorator of a frozen dataclass. A type of the same name takes the place of an earlier
        one, as when a notebook's cell runs again.
    """

    def decorate(kind: type[T]) -> type[T]:
        _KINDS[kind.__name__] = kind
        _FAMILIES[kind.__name__] = family
        return kind

    return decorate


def family_of(name: str) -> str:
    """Name the family of a type; empty where it is not registered."""
    return _FAMILIES.get(name, "")


def registered(family: str | None = None) -> Mapping[str, type]:
    """Name the values that are registered.

    Parameters
    ----------
    family : str, optional
        All by default, as they are, and not sorted.

    Returns
    -------
    mapping of str to type
        In the order of their names.
    """
    if family is None:
        return MappingProxyType(_KINDS)
    return {name: _KINDS[name] for name in sorted(_KINDS) if _FAMILIES[name] == family}
