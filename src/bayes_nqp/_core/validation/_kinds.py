"""Kinds of values in signatures, tested without importing the classes that they name."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence, Set, Sized
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal, get_args, get_origin

from bayes_nqp._core.types import Words, items_of, limited, parts_of, worded
from bayes_nqp._core.validation import _values as values

_MANY = (Sequence, Iterable, Collection, list, tuple, set)
_FEW = 2_000
"""Of longer sequences one item of each type is looked at."""
_MOST = 100_000
"""Items that are taken from what may have no end."""
_ANYTHING = "anything"
_PLURALS = {
    "text": "texts", "text or None": "texts or None", "the name of a column": "names of columns",
    _ANYTHING: _ANYTHING,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ArgumentKind:
    """Kind of value that an argument accepts.

    Parameters
    ----------
    words : str
        Description for messages, such as "a Panel".
    takes : callable
        Function that returns True for values of this kind.
    leaves : tuple of str
        Names of its classes.
    classes : tuple of type
        Its classes.
    variable : type or None
        Type of variadic arguments: tuple for positional ones, dict for keywords.
    """

    words: str
    takes: Callable[[object], bool]
    leaves: tuple[str, ...] = ()
    classes: tuple[type, ...] = ()
    variable: type | None = None

    def plain(self, value: Any) -> Any:
        """Convert a value for a call: plain scalars, and containers as a tuple."""
        if _ANYTHING in self.words:
            return value
        packages = values.class_names(value)
        if "Array" in self.leaves and isinstance(value, list | tuple):
            import numpy as np

            return np.asarray(value)
        if isinstance(value, Iterable) and not packages.get("str"):
            arrays = {"ndarray", "Series", "Index", "ExtensionArray"} & packages.keys()
            if {"Sequence", "ArrayLike", "Cells"} & {*self.leaves} and not isinstance(value, Sized):
                return tuple(islice(value, _MOST))
            return (
                tuple(map(values.scalar, value)) if "Sequence" in self.leaves and arrays else value
            )
        return values.scalar(value)


def kind_of(annotation: Any) -> ArgumentKind:
    """Return the kind that an annotation describes.

    Parameters
    ----------
    annotation : type
        Annotation from `annotations_of`.
    """
    return _either([_limited(_kind(kind), limits) for kind, limits in parts_of(annotation)])


def _either(kinds: Iterable[ArgumentKind]) -> ArgumentKind:
    several = tuple(kinds)
    if len(several) == 1:
        return several[0]
    if any("Path" in kind.leaves for kind in several):  # names of files need not be text
        several = (*several, ArgumentKind("text", lambda value: isinstance(value, str)))
    words = list(dict.fromkeys(part for kind in several for part in kind.words.split(" or ")))
    words = [w for w in words if w != "None"] + [w for w in words if w == "None"]
    return ArgumentKind(
        " or ".join(words),
        lambda value: any(kind.takes(value) for kind in several),
        tuple(leaf for kind in several for leaf in kind.leaves),
        tuple(item for kind in several for item in kind.classes),
    )


def _limited(kind: ArgumentKind, limits: tuple[Any, ...]) -> ArgumentKind:
    """Return a kind within the limits of an annotation."""
    if not limits:
        return kind
    return replace(
        kind,
        words=worded(kind.words, limits),
        classes=() if any(isinstance(x, Words) for x in limits) else kind.classes,
        takes=lambda value: kind.takes(value) and limited(value, limits),
    )


def _kind(kind: Any) -> ArgumentKind:
    origin, inside = get_origin(kind), get_args(kind)
    if origin is Literal:
        return ArgumentKind(
            " or ".join(map(repr, inside)), lambda value: isinstance(value, str) and value in inside
        )
    if origin in (Mapping, dict):
        return _mapping(kind_of(inside[0]), kind_of(inside[1]))
    if origin is Callable and inside[0] is not ...:
        return _called(len(inside[0]))
    if origin in _MANY:
        return _listed(origin, [item for item in inside if item is not ...], ... in inside)
    if items := items_of(kind):
        return _plain(_ARRAYS.get(items, "Array"))
    return _class(origin or kind)


def _class(kind: Any) -> ArgumentKind:
    """Return the kind of a class by name, without importing its package."""
    name, package = getattr(kind, "__name__", ""), getattr(kind, "__module__", "").partition(".")[0]
    name = "None" if kind is type(None) else name
    if name in _PLAIN and package in _PACKAGES:
        return _plain(name)
    if not isinstance(kind, type) or kind in (object, Any):
        return ArgumentKind(_ANYTHING, lambda value: True)
    words = f"{'an' if name[0] in 'AEIO' else 'a'} {name}"

    def takes(value: object) -> bool:
        if getattr(kind, "_is_protocol", False):
            return values.answers(value, kind)
        return values.class_names(value).get(name) == package

    return ArgumentKind(words, takes, (name,), (kind,))


_PACKAGES = ("builtins", "collections", "numpy", "pathlib")
_PLAIN: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "str": ("text", values.text),
    "int": ("a whole number", values.whole),
    "float": ("a number", values.finite),
    "bool": ("True or False", lambda value: type(value).__name__ in ("bool", "bool_")),
    "None": ("None", lambda value: value is None),
    "Path": ("a path", values.path),
    "ArrayLike": ("numbers in an array", values.array),
    "Array": ("an array of numbers", values.numbers),
    "Cells": ("labels in an array", values.cells),
    "Callable": ("a function", values.function),
}
_ARRAYS = {"Any": "Cells", "str_": "Cells", "bool": "ArrayLike", "bool_": "ArrayLike"}
"""What arrays are by the type of their items; of numbers where it is none of these."""


def _plain(name: str) -> ArgumentKind:
    return ArgumentKind(*_PLAIN[name], leaves=(name,))


def _listed(origin: Any, items: list[Any], endless: bool) -> ArgumentKind:
    """Return the kind of a container; for designs, a tuple or a single value."""
    size = len(items) if origin is tuple and not endless else None
    same = len(set(map(repr, items))) == 1
    return _several(kind_of(items[0] if same else Any), size, plain=endless)


def _called(number: int) -> ArgumentKind:
    """Return the kind of a function with a number of arguments, if its signature is available."""

    def takes(value: object) -> bool:
        if not values.function(value):
            return False
        try:
            inspect.signature(value).bind(*range(number))  # type: ignore[arg-type]
        except TypeError:
            return False
        except ValueError:  # of functions in C
            return True
        return True

    plural = "s" if number > 1 else ""
    return ArgumentKind(f"a function of {number} argument{plural}", takes, ("Callable",))


def _mapping(key: ArgumentKind, item: ArgumentKind) -> ArgumentKind:
    def takes(value: object) -> bool:
        if not isinstance(value, Mapping):
            return False
        return len(value) > _FEW or all(
            key.takes(k) and item.takes(x) for k, x in list(value.items())
        )

    return ArgumentKind(f"a dict from {key.words} to {item.words}", takes, ("Mapping",))


def _several(item: ArgumentKind, size: int | None, *, plain: bool) -> ArgumentKind:
    def takes(value: object) -> bool:
        if plain and item.takes(value):
            return True
        if isinstance(value, str | bytes | Mapping | type) or not isinstance(value, Iterable):
            return False
        packages = values.class_names(value)
        if packages.get("DataFrame") == "pandas" or "bayes_nqp" in packages.values():
            return False
        unordered = isinstance(value, Set) and "str" not in item.leaves
        if not isinstance(value, Sized) or unordered:
            return False
        if size is not None and len(value) != size:
            return False
        listed = list(value)
        seen = listed if len(listed) <= _FEW else {type(entry): entry for entry in listed}.values()
        return all(item.takes(entry) for entry in seen)

    plural = _PLURALS.get(item.words) or item.words.removeprefix("a ").removeprefix("an ") + "s"
    if item.words.startswith("a list of "):
        plural = f"lists of {item.words.removeprefix('a list of ')}"
    if item.words[0].isdigit():  # 2 texts
        plural = f"lists of {item.words}"
    number = f"{size}" if size is not None else "a list of"
    return ArgumentKind(f"{number} {plural}", takes, ("Sequence",))
