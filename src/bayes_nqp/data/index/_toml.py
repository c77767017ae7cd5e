"""Systems of indicators as TOML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import write_text

_PARTS = {"indicators": "indicator", "dimensions": "dimension"}
"""Fields that contain tables, and their names in a file."""


def tables(part: Mapping[str, Any], where: str, name: str = "indicator") -> list[Any]:
    """Return the tables stored under a name in another table."""
    parts = part.get(name, [])
    if not isinstance(parts, list) or not all(isinstance(x, Mapping) for x in parts):
        raise StudyError(
            Message("{}: {!r} is not a list of tables", where, name),
            hint=Message("write [[{}]] for each of them", name),
        )
    return parts


def checked(kind: type, data: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the plain keys of a table, and refuse unknown ones."""
    names = [f.name for f in fields(kind)]
    keys = [_PARTS.get(name, name) for name in names]
    for key in data:
        if key not in keys:
            raise StudyError(
                Message("{} has the unknown key {!r}", where, key), hint=nearest(key, keys)
            )
    if "key" in names and "key" not in data:
        raise StudyError(
            Message("{}: a {} has no key", where, kind.__name__.lower()), hint='key = "…"'
        )
    return {name: data[name] for name in names if name in data and name not in _PARTS}


def text(system: object) -> str:
    """Write a system as TOML."""
    import tomli_w

    return tomli_w.dumps(_plain(system))


def _plain(value: Any) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for field in fields(value):
        held = getattr(value, field.name)
        if field.name in _PARTS:
            out[_PARTS[field.name]] = [_plain(part) for part in held]
        elif held not in (None, "", ()):
            out[field.name] = list(held) if isinstance(held, tuple) else held
    return out


def write(system: object, path: Path) -> str:
    """Write a system to a new file.

    Returns
    -------
    str
        The text.

    Raises
    ------
    StudyError
        If the file exists, or cannot be written.
    """
    content = text(system)
    write_text(path, content, replace=False)
    return content
