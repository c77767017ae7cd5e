"""Edits of a study's text: changed values are replaced in place, and comments are kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message

type Way = tuple[str, ...]
type Edits = dict[Way, Any]
"""Values by their path of keys; None deletes a key."""


def edited(text: str, edits: Mapping[Way, Any]) -> str:
    """Write edits into a study.

    Raises
    ------
    StudyError
        If the text is not valid TOML.
    """
    document = _parsed(text)
    for way, value in edits.items():
        *outer, key = way
        table: Any = document
        for name in outer:
            if name not in table:
                if value is None:
                    break
                table[name] = tomlkit.table()
            table = table[name]
        else:
            if value is None:
                table.pop(key, None)
                _prune(document, outer)
            elif table.get(key) != value:
                _set(table, key, value)
    return tomlkit.dumps(document)


def _prune(document: Any, way: Sequence[str]) -> None:
    """Remove a nested table that an edit left empty."""
    if len(way) > 1:
        parent = document
        for name in way[:-1]:
            parent = parent[name]
        if not parent[way[-1]]:
            parent.pop(way[-1])


def _set(table: Any, key: str, value: Any) -> None:
    """Replace a value, before the comment in its line."""
    item = tomlkit.item(value)
    if key in table and not isinstance(table[key], dict):
        item.trivia.comment_ws = table[key].trivia.comment_ws
        item.trivia.comment = table[key].trivia.comment
    table[key] = item


def differences(before: str, after: str) -> Edits:
    """Return the values that differ between two studies.

    Raises
    ------
    StudyError
        If one of them is not valid TOML.
    """
    old, new = (dict(_leaves(_parsed(text).unwrap())) for text in (before, after))
    gone: Edits = {way: None for way in old if way not in new}
    return gone | {way: x for way, x in new.items() if way not in old or old[way] != x}


def value_of(text: str, *way: str) -> Any:
    """Look up a value of a study; None if it does not exist, or the text is not valid TOML."""
    try:
        item: Any = _parsed(text).unwrap()
    except StudyError:
        return None
    for key in way:
        if not isinstance(item, dict) or key not in item:
            return None
        item = item[key]
    return item


def _parsed(text: str) -> tomlkit.TOMLDocument:
    try:
        return tomlkit.parse(text)
    except TOMLKitError as error:
        raise StudyError(Message("the study is not valid TOML: {}", str(error))) from None


def _leaves(table: Mapping[str, Any], way: Way = ()) -> Iterator[tuple[Way, Any]]:
    for key, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*way, key))
        else:
            yield (*way, key), value
