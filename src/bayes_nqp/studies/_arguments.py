"""Plain data (JSON schema) and registered values that arguments accept, from their annotations."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import cleandoc
from types import NoneType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from bayes_nqp._core.plugins import family_of, registered, registered_as, worded
from bayes_nqp._core.types import bounds_of, parts_of
from bayes_nqp.model.designs import Term

type Schema = dict[str, Any]

_ENTRY = re.compile(r"^(\w[\w, ]*?) : ")

_NUMBERS = {int: "integer", float: "number", bool: "boolean", str: "string"}
_ELSEWHERE = {"index", "weights"}
"""Families with separate tables: designs refer to weights by name."""


def members(family: str) -> dict[str, type]:
    """Return the values of a family by name.

    Parameters
    ----------
    family : str
        Name of the family, such as "design", "pooling" or "errors".
    """
    return {**registered(family), **worded(family)}


def accepted(argument: str, annotation: Any) -> tuple[dict[str, type], Schema]:
    """Return the values that an argument accepts by name, and the plain data that it accepts.

    Parameters
    ----------
    argument : str
        Name of the argument.
    annotation : type
        Annotation, from `annotations_of`.

    Returns
    -------
    dict of str to type
        Empty if the argument accepts plain data, or several values with separate types.
    dict
        JSON schema; empty if the argument accepts no plain data, or more than plain data.
    """
    parts = [(_values(argument, kind), kind, limits) for kind, limits in parts_of(annotation)]
    others = [Annotated[kind, *limits] if limits else kind for x, kind, limits in parts if not x]
    several_values = any(_values(argument, x) for _, kind, _ in parts for x in get_args(kind))
    values = {} if several_values else {name: x for each, *_ in parts for name, x in each.items()}
    return values, schema_of(Union[*others]) if others else {}


def _values(argument: str, kind: Any) -> dict[str, type]:
    """Return the registered values of a class; for terms, those that fit the argument."""
    if not isinstance(kind, type) or kind is object:
        return {}
    if issubclass(kind, Term):
        return members(argument)
    kinds = registered_as(kind)
    families = {family_of(name) for name in kinds} - _ELSEWHERE
    classes = (members(family).items() for family in sorted(families))
    return {name: x for several in classes for name, x in several if x in kinds.values()}


def schema_of(annotation: Any) -> Schema:
    """Return the schema of the plain data that an argument accepts.

    Parameters
    ----------
    annotation : type
        Annotation, from `annotations_of`.

    Returns
    -------
    dict
        JSON schema; empty (anything is accepted) if the argument accepts more than plain data.
    """
    kinds: list[Schema] = []
    for kind, limits in parts_of(annotation):
        plain = _plain(kind, limits)
        if plain is None:
            return {}
        kinds += [item for item in plain if item not in kinds]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}


def _plain(kind: Any, limits: tuple[Any, ...]) -> list[Schema] | None:
    """Return the schema of the plain data of a type; None if it accepts other values."""
    if kind is NoneType:
        return []
    if kind in _NUMBERS:
        return [{"type": _NUMBERS[kind], **bounds_of(limits)}]
    inside = get_args(kind)
    items = [item for item, _ in parts_of(inside[0])] if inside else []
    if get_origin(kind) is Literal:
        return [{"enum": list(inside)}]
    if get_origin(kind) in (Sequence, Iterable, tuple) and items == [str]:
        return several({"type": "string"})
    if get_origin(kind) in (Sequence, Iterable, tuple) and items in ([int], [float]):
        return [{"type": "array", "items": {"type": "number"}}]
    if get_origin(kind) is Mapping:  # keys of tables are text
        item = {"type": "object", "additionalProperties": schema_of(inside[1])}
        return [item] if inside[0] is str else []
    return None


def several(item: Schema) -> list[Schema]:
    """Return the schema of one item, or a list of such items."""
    return [item, {"type": "array", "items": item}]


def described(kind: Callable[..., object] | type) -> dict[str, str]:
    """Return the help of every argument, from a docstring.

    Parameters
    ----------
    kind : type or callable
        Object with a numpydoc docstring.

    Returns
    -------
    dict of str to str
        The first paragraph of each argument's description.
    """
    text = cleandoc(kind.__doc__ or "")
    if "Parameters\n----------\n" not in text:
        return {}
    body = text.split("Parameters\n----------\n", 1)[1]
    body = re.split(r"\n\n?\w[\w ]*\n-{3,}\n", body, maxsplit=1)[0]
    texts: dict[str, list[str]] = {}
    names: list[str] = []
    for line in body.splitlines():
        entry = _ENTRY.match(line)
        if entry:
            names = [name.strip() for name in entry[1].split(",")]
            texts |= {name: [] for name in names}
        elif line.startswith(" ") or not line:
            for name in names:
                texts[name].append(line.strip())
    return {
        name: " ".join(lines).strip().replace("``", "").replace("`", "")
        for name, lines in texts.items()
    }
