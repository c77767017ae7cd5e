"""What arguments may be: the annotations of signatures, as the types and constraints they name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from inspect import get_annotations, signature
from operator import ge, gt, le, lt
from pathlib import Path
from types import ModuleType, SimpleNamespace, UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from annotated_types import Ge, Gt, Interval, Le, Lt

from bayes_nqp._core.i18n import languages
from bayes_nqp._core.lazy import entered
from bayes_nqp._core.safe_calls import reply

__all__ = [
    "Column",
    "Count",
    "Language",
    "Natural",
    "OneOf",
    "Positive",
    "Probability",
    "Seed",
    "Words",
    "annotations_of",
    "bounds_of",
    "columns_among",
    "items_of",
    "limited",
    "names_in",
    "parts_of",
    "worded",
]

type Seed = Annotated[int, Ge(0)]
"""Of random numbers."""
type Count = Annotated[int, Interval(ge=0, le=10**9)]
"""How many of something are made."""
type Language = Annotated[str, OneOf(languages)]
"""One that sentences are written in."""
type Style = Mapping[str, bool | Mapping[str, object]]
"""How parts of a figure look, by their names; False leaves one out."""
type Natural = Annotated[int, Ge(0)]
"""A number of things, none among them."""
type Positive = Annotated[float, Gt(0)]
"""A number above 0."""
type Probability = Annotated[float, Interval(gt=0, lt=1)]
"""Of an interval."""
type Column = Annotated[str, ColumnName()]
"""The name of a column of the panel, which studies look up before anything is sampled."""

_ENTERED = {__name__.partition(".")[0], "numpy", *sys.stdlib_module_names}
"""Packages whose modules are imported to see what annotations name."""


@dataclass(frozen=True, slots=True)
class ColumnName:
    """Marks text as the name of a column."""


@dataclass(frozen=True, slots=True)
class Words:
    """What errors call a kind.

    Parameters
    ----------
    text : str
        Such as "a term such as nqp.ClusterTimeEffects('region')".
    """

    text: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Holds a value to what there is to choose from, by now.

    Parameters
    ----------
    choices : callable
        Takes nothing.
    """

    choices: Callable[[], Iterable[object]]


class Absent(type):
    """A class of another package by its name, without importing the package."""

    def __getattr__(cls, name: str) -> Absent:
        if name.startswith("_"):
            raise AttributeError(name)
        return _absent(f"{cls.__module__}.{cls.__name__}".strip("."), name)

    def __getitem__(cls, item: object) -> Absent:
        return cls


def _absent(module: str, name: str) -> Absent:
    return Absent(name, (), {"__module__": module})


class _Names(Mapping[str, Any]):
    """Names as a module sees them, those too that it imports for its annotations alone."""

    def __init__(self, home: Any) -> None:
        parameters = {str(x): x for x in getattr(home, "__type_params__", ())}
        self._module: str = home.__module__
        self._known = {**vars(sys.modules[self._module]), home.__name__: home, **parameters}

    def __getitem__(self, name: str) -> Any:
        if name not in self._known:
            self._known[name] = _imported(*_homes(self._module)[name])
        value = self._known[name]
        if not isinstance(value, ModuleType):
            return value
        return _arrays(value) if value.__name__ == "numpy.typing" else _imported(value.__name__, "")

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _arrays(typing: Any) -> SimpleNamespace:
    """The types of numpy of arrays; what becomes one is a union of much in some versions."""
    return SimpleNamespace(NDArray=typing.NDArray, ArrayLike=_absent("numpy.typing", "ArrayLike"))


def _imported(module: str, name: str) -> Any:
    """What an import would give; of other packages what is not there yet stays so."""
    if module.partition(".")[0] in _ENTERED:
        home = entered(module)
        return getattr(home, name) if name else home
    return _absent(module, name) if name else _absent("", module)


@cache
def _homes(module: str) -> dict[str, tuple[str, str]]:
    """Where the names come from that a module imports for its annotations alone."""
    file = getattr(sys.modules[module], "__file__", None)
    text = reply(lambda: Path(file or "").read_text(encoding="utf-8"), lambda _: "")
    blocks = (
        node.body
        for node in ast.parse(text).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    homes: dict[str, tuple[str, str]] = {}
    for node in (node for block in blocks for node in block):
        if isinstance(node, ast.ImportFrom):
            homes |= {x.asname or x.name: (str(node.module), x.name) for x in node.names}
        elif isinstance(node, ast.Import):
            homes |= {x.asname or x.name: (x.name, "") for x in node.names}
    return homes


def _typed(annotation: object, home: Any) -> Any:
    """The type that an annotation names; anything where nobody can tell."""
    if not isinstance(annotation, str):
        return annotation
    return reply(lambda: eval(annotation, {}, _Names(home)), lambda _: Any)


def annotations_of(call: Callable[..., object] | type) -> dict[str, Any]:
    """Give the types of a call's arguments, with their constraints.

    Parameters
    ----------
    call : callable
        A function, or a class: of a dataclass its fields.

    Returns
    -------
    dict of str to type
        By the name of the argument; those without an annotation are left out.
    """
    bases = call.__mro__ if isinstance(call, type) else ()
    items = signature(call).parameters.values()
    # What a dataclass inherits is stated in the module of its base.
    homes = {
        (name, annotation): base
        for base in reversed(bases)
        for name, annotation in get_annotations(base).items()
    }
    return {
        item.name: _typed(item.annotation, homes.get((item.name, item.annotation), call))
        for item in items
        if item.annotation is not item.empty
    }


def parts_of(annotation: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Take a union apart, and open what stands for other types.

    Parameters
    ----------
    annotation : type
        From `annotations_of`.

    Returns
    -------
    list of (type, tuple)
        Every kind that there is, with the constraints that hold it.
    """
    if isinstance(annotation, TypeAliasType):
        return parts_of(reply(lambda: annotation.__value__, lambda _: Any))
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return [(kind, (*limits, *inside[1:])) for kind, limits in parts_of(inside[0])]
    if origin in (Union, UnionType):
        return [part for kind in inside for part in parts_of(kind)]
    return [(annotation, ())]


def columns_among(
    call: Callable[..., object] | type, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Give the arguments that name columns, of those that are given to a call.

    Parameters
    ----------
    call : callable
        As in `annotations_of`.
    arguments : mapping of str to object
        By the argument: one name, or several.

    Returns
    -------
    dict of str to tuple
        Names by the argument.
    """
    named = {name for name, x in annotations_of(call).items() if _names_columns(x)}
    return {
        name: names_in(value)
        for name, value in arguments.items()
        if name in named and value is not None
    }


def names_in(value: str | Iterable[str]) -> tuple[str, ...]:
    """Take one name for several."""
    return (value,) if isinstance(value, str) else tuple(value)


def _names_columns(annotation: Any) -> bool:
    return any(
        any(isinstance(x, ColumnName) for x in limits) or any(map(_names_columns, get_args(kind)))
        for kind, limits in parts_of(annotation)
    )


def items_of(annotation: Any) -> str:
    """Name the type of an array's items, such as "float64"; empty where it is no array."""
    origin, inside = get_origin(annotation), get_args(annotation)
    name = getattr(origin, "__name__", "")
    inside = get_args(inside[1]) if name == "ndarray" else inside
    return str(inside[0].__name__) if name in ("ndarray", "NDArray") else ""


_BOUNDS: dict[type, tuple[str, str, Callable[[Any, Any], bool]]] = {
    Gt: ("above", "exclusiveMinimum", gt), Ge: ("from", "minimum", ge),
    Lt: ("below", "exclusiveMaximum", lt), Le: ("up to", "maximum", le),
}  # fmt: skip
"""How a bound is said, in words and in JSON schema, and the comparison, of its own name."""


def _bounds(limits: tuple[Any, ...]) -> Iterator[tuple[str, str, Callable[[Any, Any], bool], Any]]:
    """Every bound among constraints: as `_BOUNDS` has it, and the number."""
    for limit in (x for y in limits for x in (y if isinstance(y, Interval) else (y,))):
        if type(limit) in _BOUNDS:
            word, key, holds = _BOUNDS[type(limit)]
            yield word, key, holds, getattr(limit, holds.__name__)


def bounds_of(limits: tuple[Any, ...]) -> dict[str, Any]:
    """Write the bounds that constraints set as JSON schema."""
    return {key: bound for _, key, _, bound in _bounds(limits)}


def limited(value: Any, limits: tuple[Any, ...]) -> bool:
    """Tell whether a value is as constraints have it."""
    chosen = all(value in limit.choices() for limit in limits if isinstance(limit, OneOf))
    return chosen and all(holds(value, bound) for *_, holds, bound in _bounds(limits))


def worded(kind: str, limits: tuple[Any, ...]) -> str:
    """Say of which kind values are within bounds: "a whole number from 0 up"."""
    for limit in limits:
        if isinstance(limit, OneOf):
            return " or ".join(map(repr, limit.choices()))
        kind = limit.text if isinstance(limit, Words) else kind
        kind = "the name of a column" if isinstance(limit, ColumnName) else kind
    bounds = [(word, f"{word} {bound:,}") for word, *_, bound in _bounds(limits)]
    up = " up" if [word for word, _ in bounds] == ["from"] else ""
    return " ".join([kind, *(text for _, text in bounds)]) + up
