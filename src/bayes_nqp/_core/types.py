"""Types and constraints of arguments, used in annotations."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from inspect import get_annotations, signature
from operator import ge, gt, le, lt
from types import ModuleType, SimpleNamespace, UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Interval, Le, Lt

from bayes_nqp._core.i18n import languages
from bayes_nqp._core.lazy import entered
from bayes_nqp._core.safe_calls import reply

__all__ = [
    "By",
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
type By = str | Sequence[str] | Mapping[str, str] | None
"""One name, several, or new name → name."""
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
_PACKAGES = {
    "geopandas": "geopandas", "np": "numpy", "npt": "numpy.typing", "nqp": "bayes_nqp",
    "pd": "pandas", "xr": "xarray",
}  # fmt: skip
"""Packages by the usual names of their modules in annotations."""


@dataclass(frozen=True, slots=True)
class ColumnName:
    """Marker of text that is the name of a column."""


@dataclass(frozen=True, slots=True)
class Words:
    """Description of a kind in errors.

    Parameters
    ----------
    text : str
        Description, such as "a term such as nqp.ClusterTimeEffects('region')".
    """

    text: str


@dataclass(frozen=True, slots=True)
class OneOf:
    """Constraint to the choices that exist at the time of the call.

    Parameters
    ----------
    choices : callable
        Function without arguments that returns the choices.
    """

    choices: Callable[[], Iterable[object]]


class Absent(type):
    """Class of another package by name, without importing the package."""

    def __getattr__(cls, name: str) -> Absent:
        if name.startswith("_"):
            raise AttributeError(name)
        return _absent(f"{cls.__module__}.{cls.__name__}".strip("."), name)

    def __getitem__(cls, item: object) -> Absent:
        return cls


def _absent(module: str, name: str) -> Absent:
    return Absent(name, (), {"__module__": module})


def _stand_in(module: str) -> Any:
    """Return a placeholder for a module in annotations: other packages are not imported."""
    if module == "numpy.typing":  # `ArrayLike` is a union of many classes in some versions
        array_like = _absent(module, "ArrayLike")
        return SimpleNamespace(NDArray=entered(module).NDArray, ArrayLike=array_like)
    return entered(module) if module.partition(".")[0] in _ENTERED else _absent("", module)


def _public(name: str, module: str) -> Any:
    """Return an import for type checkers only; `Any` if it is not public."""
    if name in _PACKAGES:
        return _stand_in(_PACKAGES[name])
    for package in (sys.modules[x.partition(".")[0]] for x in (module, __name__)):
        if name in dir(package):
            return getattr(package, name)
    return Any


def _typed(annotation: object, home: Any) -> Any:
    """Return the type that an annotation names; `Any` if it names none."""
    if not isinstance(annotation, str):
        return annotation
    scope = vars(sys.modules[home.__module__])
    names = {name: _stand_in(x.__name__) for name, x in scope.items() if isinstance(x, ModuleType)}
    names |= {str(x): x for x in getattr(home, "__type_params__", ())} | {home.__name__: home}
    holder = SimpleNamespace(__annotations__={"": annotation})
    while True:
        try:
            return get_type_hints(holder, scope, names, include_extras=True)[""]
        except NameError as missing:
            name = missing.name or ""
            if name in names:
                return Any
            names[name] = _public(name, home.__module__)


def annotations_of(call: Callable[..., object] | type) -> dict[str, Any]:
    """Return the types of the arguments of a call, with their constraints.

    A class that a module imports under ``TYPE_CHECKING`` is found if it is a public name of the
    module's own package or of this one.

    Parameters
    ----------
    call : callable
        Function or class; for a dataclass, its fields.

    Returns
    -------
    dict of str to type
        Types by argument; arguments without annotation are omitted.
    """
    bases = call.__mro__ if isinstance(call, type) else ()
    # What a dataclass inherits is stated in the module of its base.
    homes = {
        (name, annotation): base
        for base in reversed(bases)
        for name, annotation in get_annotations(base).items()
    }
    types: dict[str, Any] = {}
    for name, item in signature(call).parameters.items():
        if item.annotation is not item.empty:
            typed = partial(_typed, item.annotation, homes.get((name, item.annotation), call))
            types[name] = reply(typed, lambda _: Any)
    return types


def parts_of(annotation: Any) -> list[tuple[Any, tuple[Any, ...]]]:
    """Split a union, and resolve type aliases.

    Parameters
    ----------
    annotation : type
        Annotation from `annotations_of`.

    Returns
    -------
    list of (type, tuple)
        Every member type with its constraints.
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
    """Return the arguments of a call that name columns.

    Parameters
    ----------
    call : callable
        As in `annotations_of`.
    arguments : mapping of str to object
        Values by argument: one name, or several.

    Returns
    -------
    dict of str to tuple
        Names by argument.
    """
    named = {name for name, x in annotations_of(call).items() if _names_columns(x)}
    return {
        name: names_in(value)
        for name, value in arguments.items()
        if name in named and value is not None
    }


def names_in(value: str | Iterable[str]) -> tuple[str, ...]:
    """Convert one name to a tuple of names."""
    return (value,) if isinstance(value, str) else tuple(value)


def _names_columns(annotation: Any) -> bool:
    return any(
        any(isinstance(x, ColumnName) for x in limits) or any(map(_names_columns, get_args(kind)))
        for kind, limits in parts_of(annotation)
    )


def items_of(annotation: Any) -> str:
    """Return the type of an array's items, such as "float64"; empty for other types."""
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
    """Return the bounds among constraints: key of `_BOUNDS` and number."""
    for limit in (x for y in limits for x in (y if isinstance(y, Interval) else (y,))):
        if type(limit) in _BOUNDS:
            word, key, holds = _BOUNDS[type(limit)]
            yield word, key, holds, getattr(limit, holds.__name__)


def bounds_of(limits: tuple[Any, ...]) -> dict[str, Any]:
    """Return the bounds of constraints as JSON schema."""
    return {key: bound for _, key, _, bound in _bounds(limits)}


def limited(value: Any, limits: tuple[Any, ...]) -> bool:
    """Return True if a value satisfies the constraints."""
    chosen = all(value in limit.choices() for limit in limits if isinstance(limit, OneOf))
    return chosen and all(holds(value, bound) for *_, holds, bound in _bounds(limits))


def worded(kind: str, limits: tuple[Any, ...]) -> str:
    """Return a description of values within bounds: "a whole number from 0 up"."""
    for limit in limits:
        if isinstance(limit, OneOf):
            return " or ".join(map(repr, limit.choices()))
        kind = limit.text if isinstance(limit, Words) else kind
        kind = "the name of a column" if isinstance(limit, ColumnName) else kind
    bounds = [(word, f"{word} {bound:,}") for word, *_, bound in _bounds(limits)]
    up = " up" if [word for word, _ in bounds] == ["from"] else ""
    return " ".join([kind, *(text for _, text in bounds)]) + up
