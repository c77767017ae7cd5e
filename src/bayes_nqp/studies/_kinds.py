"""What kind of value an argument takes, read from its annotation: for editors, and for checking."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from inspect import cleandoc, signature
from typing import Any

from bayes_nqp.errors import StudyError, brief
from bayes_nqp.language import Message, either

type Schema = dict[str, Any]

_ENTRY = re.compile(r"^(\w[\w, ]*?) : ")

_NUMBERS = {"int": "integer", "float": "number", "bool": "boolean", "str": "string"}
_WORDS = {
    "integer": Message("a whole number, without quotes"),
    "number": Message("a number, without quotes"),
    "boolean": Message("true or false"),
    "string": Message("text in quotes"),
}


def kind_of(text: str) -> Schema:
    """Tell the kind of an argument from its annotation.

    Parameters
    ----------
    text : str
        Such as ``"int | None"``.

    Returns
    -------
    dict
        JSON schema; empty, which is anything, where the annotation is no plain kind.
    """
    kinds: list[Schema] = []
    literal = re.search(r"Literal\[(.*?)\]", text)
    if literal:
        kinds.append({"enum": [part.strip().strip("\"'") for part in literal[1].split(",")]})
        text = text.replace(literal[0], "")
    if re.search(r"(tuple|list|Sequence)\[str\b", text) or "By" in text:
        kinds += several({"type": "string"})
        kinds += [{"type": "boolean"}] if "bool" in text else []
    elif re.search(r"(tuple|list|Sequence)\[(float|int)\b|Bounds", text):
        kinds.append({"type": "array", "items": {"type": "number"}})
    elif re.search(r"\w+\[", text):
        return {}
    else:
        for part in (part.strip() for part in text.split("|")):
            if part in _NUMBERS:
                kinds.append({"type": _NUMBERS[part]})
            elif part not in ("", "None"):
                return {}
    if {"enum"} == {key for kind in kinds for key in kind} or len(kinds) == 1:
        return dict(kinds[0]) if kinds else {}
    return {"anyOf": kinds} if kinds else {}


def several(item: Schema) -> list[Schema]:
    """Describe one item, or a list of such."""
    return [item, {"type": "array", "items": item}]


def annotations_of(kind: Any) -> dict[str, str]:
    """Name the arguments of a value or a function, with their annotations.

    Parameters
    ----------
    kind : type or callable
        A dataclass, or a function.
    """
    if isinstance(kind, type):
        return {field.name: str(field.type) for field in fields(kind)}
    return {
        name: str(parameter.annotation) for name, parameter in signature(kind).parameters.items()
    }


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


def check_kinds(values: Mapping[str, Any], annotations: Mapping[str, str], where: str) -> None:
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
        schema = kind_of(annotations.get(key, ""))
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
    if schema["type"] != "array":
        return _WORDS[schema["type"]]
    if schema["items"]["type"] == "string":
        return Message('a list, such as ["a", "b"]')
    return Message("a list of numbers, such as [1, 2]")
