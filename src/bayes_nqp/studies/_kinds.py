"""Which plain data an argument takes, by its annotation: for editors, and for checking."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from inspect import cleandoc
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from bayes_nqp._core.exceptions import StudyError, brief
from bayes_nqp._core.i18n import Message, either
from bayes_nqp._core.types import bounds_of, parts_of

type Schema = dict[str, Any]

_ENTRY = re.compile(r"^(\w[\w, ]*?) : ")

_NUMBERS = {int: "integer", float: "number", bool: "boolean", str: "string"}
_WORDS = {
    "integer": Message("a whole number, without quotes"),
    "number": Message("a number, without quotes"),
    "boolean": Message("true or false"),
    "string": Message("text in quotes"),
}


def kind_of(annotation: Any) -> Schema:
    """Tell which plain data an argument takes.

    Parameters
    ----------
    annotation : type
        From `annotations_of`.

    Returns
    -------
    dict
        JSON schema; empty, which is anything, where it takes more than plain data.
    """
    kinds: list[Schema] = []
    for kind, limits in parts_of(annotation):
        plain = _plain(kind, limits)
        if plain is None:
            return {}
        kinds += [item for item in plain if item not in kinds]
    return kinds[0] if len(kinds) == 1 else {"anyOf": kinds} if kinds else {}


def _plain(kind: Any, limits: tuple[Any, ...]) -> list[Schema] | None:
    """What plain data a kind takes, None where it takes others."""
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
        item = {"type": "object", "additionalProperties": kind_of(inside[1])}
        return [item] if inside[0] is str else []
    return None


def several(item: Schema) -> list[Schema]:
    """Describe one item, or a list of such."""
    return [item, {"type": "array", "items": item}]


def described(kind: Callable[..., object] | type) -> dict[str, str]:
    """Read the help of every argument from a docstring.

    Parameters
    ----------
    kind : type or callable
        With a docstring in numpydoc's form.

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


def check_kinds(values: Mapping[str, Any], annotations: Mapping[str, Any], where: str) -> None:
    """Refuse values of the wrong kind.

    Parameters
    ----------
    values : mapping
        Plain data by key; tables are left to whoever makes values of them.
    annotations : mapping
        From `annotations_of`.
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a value is not of the kind that its annotation says.
    """
    for key, value in values.items():
        schema = kind_of(annotations.get(key, Any))
        if value is not None and not isinstance(value, Mapping) and not fits(value, schema):
            raise StudyError(
                Message("'{}.{}' is {}", where, key, brief(value)), hint=worded_kind(schema)
            )


def fits(value: Any, schema: Schema) -> bool:
    """Tell whether plain data are of a kind."""
    if "anyOf" in schema:
        return any(fits(value, kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    match schema.get("type"):
        case "integer":
            return type(value) is int
        case "number":
            return type(value) in (int, float)
        case "boolean":
            return type(value) is bool
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list | tuple) and all(
                fits(item, schema["items"]) for item in value
            )
    return True


def worded_kind(schema: Schema) -> Message:
    """Say what would have been right."""
    if "anyOf" in schema:
        return either(worded_kind(kind) for kind in schema["anyOf"])
    if "enum" in schema:
        return either(f'"{value}"' for value in schema["enum"])
    if schema["type"] == "object":
        return Message("a table")
    if schema["type"] != "array":
        return _WORDS[schema["type"]]
    if schema["items"]["type"] == "string":
        return Message('a list, such as ["a", "b"]')
    return Message("a list of numbers, such as [1, 2]")
