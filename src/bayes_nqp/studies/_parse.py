"""Plain data to settings; whatever is wrong with them becomes a StudyError."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Annotated, Any, TypeAliasType, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bayes_nqp._core.compat import current_study
from bayes_nqp._core.exceptions import StudyError, brief, nearest, shown
from bayes_nqp._core.i18n import Message, either, message
from bayes_nqp.studies._plugins import settings_model
from bayes_nqp.studies._schema import Settings

_ALIKE = 0.75
"""Likeness from which a key is taken for a misspelt one before it is looked for elsewhere."""
_WORDS = {
    "string_type": Message("text in quotes"),
    "int_type": Message("a whole number"),
    "float_type": Message("a number"),
    "bool_type": Message("true or false"),
    "list_type": Message('a list, such as ["a", "b"]'),
    "dict_type": Message("a table"),
    "model_type": Message("a table"),
    "greater_than": Message("a number above {gt}"),
    "less_than": Message("a number below {lt}"),
    "greater_than_equal": Message("a number from {ge} up"),
    "literal_error": Message("{expected}"),
    "string_too_long": Message("text of at most {max_length:,} characters"),
}


def parse(data: dict[str, Any], name: str) -> Settings:
    """Check plain data against the schema.

    Parameters
    ----------
    data : dict
        From `read`.
    name : str
        Of the file, for messages.

    Raises
    ------
    StudyError
        If a key is unknown, missing, or has the wrong kind of value.
    """
    try:
        return settings_model().model_validate(current_study(data))
    except ValidationError as error:
        raise _worded(error.errors(include_url=False), data, name) from None


def _worded(errors: list[ErrorDetails], data: dict[str, Any], name: str) -> StudyError:
    """Say the first error in plain words; an unknown key goes before what it leaves missing."""
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    start = _way(first, data)
    within = [e for e in errors if _way(e, data)[: len(start)] == start]
    first = max(within, key=lambda e: (e["type"] == "extra_forbidden", len(_way(e, data))))
    *tables, key = way = _way(first, data)
    table = _dotted(tables)
    place = f"[{table}]" if table else Message("the top of {}", name)
    if first["type"] == "extra_forbidden":
        return StudyError(
            Message("{} has the unknown key {!r}", place, str(key)),
            hint=key_hint(str(key), _keys(tables), table),
        )
    if first["type"] == "missing":
        problem = Message("{} lacks the key {!r}", place, str(key))
        example = "[data]" if key == "data" else f'{key} = "…"'
        return StudyError(problem, hint=Message("add {}", example))
    wanted = _wanted(within, first)
    return StudyError(Message("'{}' is {}", _dotted(way), brief(first["input"])), hint=wanted)


def _way(error: ErrorDetails, data: Any) -> list[int | str]:
    """The keys on the way to an error, without what is said of the kinds that were tried."""
    way: list[int | str] = []
    for part in error["loc"]:
        present = isinstance(data, dict) and part in data
        if present or (isinstance(data, list) and isinstance(part, int) and part < len(data)):
            data = data[part]
            way.append(part)
    return [*way, error["loc"][-1]] if error["type"] == "missing" else way


def _dotted(way: Sequence[int | str]) -> str:
    return ".".join(str(part) for part in way if not isinstance(part, int))


def _wanted(errors: list[ErrorDetails], first: ErrorDetails) -> Message:
    """Say what would have been right; a union lists its kinds."""
    same = [e for e in errors if e["input"] is first["input"]]
    kinds = [
        _WORDS.get(e["type"], message(e["msg"])).fill(**e.get("ctx", {}))
        for e in same
        if not e["type"].startswith("none")
    ]
    return either(kinds) or Message("omit it")


def key_hint(key: str, keys: list[str], table: str) -> str:
    """Say what a key may have been meant to be.

    Parameters
    ----------
    key : str
        The unknown key.
    keys : list of str
        Those that the table has.
    table : str
        Its name; "" for what stands above all tables.
    """
    suggestion = nearest(key, keys)
    if get_close_matches(key, keys, n=1, cutoff=_ALIKE):
        return suggestion
    for other, model in _models().items():
        if other != table and key in model.model_fields:
            return f"{key!r} belongs in [{other}]" if other else f"{key!r} goes above all tables"
    if suggestion.startswith("did you mean"):
        return suggestion
    return Message("its keys are {}", shown(keys, 30))


def _models() -> dict[str, type[BaseModel]]:
    """Every table of the schema by its name."""
    settings = settings_model()
    return {"": settings, **_within(settings, "")}


def _within(model: type[BaseModel], place: str) -> dict[str, type[BaseModel]]:
    models: dict[str, type[BaseModel]] = {}
    for name, field in model.model_fields.items():
        for kind in (field.annotation, *get_args(field.annotation)):
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                path = f"{place}.{name}" if place else name
                models |= {path: kind, **_within(kind, path)}
    return models


def _keys(way: Sequence[int | str]) -> list[str]:
    """Name the keys of the table at the end of a way."""
    kinds: list[Any] = [settings_model()]
    for part in way:
        kinds = [inner for kind in kinds for inner in _inside(kind, part)]
    models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return [key for model in models for key in model.model_fields]


def _inside(kind: Any, part: int | str) -> list[Any]:
    """The kinds of what stands at a key, or at a place of a list."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        field = kind.model_fields.get(str(part))
        return _kinds(field.annotation) if field is not None else []
    return _kinds(get_args(kind)[-1]) if get_args(kind) else []


def _kinds(annotation: Any) -> list[Any]:
    """Take unions apart."""
    if isinstance(annotation, TypeAliasType):
        return _kinds(annotation.__value__)
    if get_origin(annotation) is Annotated:
        return _kinds(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return [kind for part in get_args(annotation) for kind in _kinds(part)]
    return [annotation]
