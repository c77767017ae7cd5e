"""Hints that speak Python, in the words of a study's file or of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from bayes_nqp.errors import NQPError, PanelError, speaking

__all__ = ["at_command", "at_file", "in_toml"]

_REPLACED = (
    (re.compile(r"(\w+)=nqp\.(\w+)\(\)"), r'\1 = { type = "\2" }'),
    (re.compile(r"(\w+)=float\('inf'\)"), r"\1 = inf"),
    (re.compile(r"(\w+)='([^']*)'"), r'\1 = "\2"'),
    (re.compile(r"(\w+)=(\[[^\]]*\]|\d+|…)"), r"\1 = \2"),
    (re.compile(r"; nqp\.support lists them all"), ""),
    (re.compile(r"system\.using\(\{key: column\}\)"), 'columns = { key = "column" }'),
    (re.compile(r"system\.keep\((\[…\])\)"), r"keep = \1"),
    (re.compile(r"system\.without\(…\)"), "leave these indicators out"),
)
_PYTHON = re.compile(r"\b(pd|df|nqp|panel|Panel)\.|pandas|\bPanel\(|\bdf\[")
_IN_FILE = "correct these cells in the file"

_BY_WHAT = (
    (
        r"cohort='(.*)' changes within",
        'if its cells are merged, fill_down = ["{0}"] in [data] fills them within each unit, and '
        "never from one unit into the next; else give it in every row of the unit, or, if it is 0 "
        'and 1, write treated = "{0}" instead',
    ),
    (
        r"strata='(.*)' changes within",
        "give each unit one value in the file; or, if it holds numbers, take it out of strata and "
        'cut it in [[data.stratify]]: column = "{0}", and at = the period that counts',
    ),
    (
        r"strata='(.*)' has \d+ levels",
        'take it out of strata and cut it in [[data.stratify]]: column = "{0}", cuts = "median"',
    ),
    (
        r"time='(.*)' is text, not times",
        'write periods as 2015 or 2015-12-31; if they are months, quarters or days, freq = "M", '
        '"Q" or "D" in [data] reads them; rows that are none, such as totals, must go',
    ),
    (
        r"time='(.*)' looks like a calendar",
        'write periods as text, such as 2015-12, with freq = "M" (or "Q", "D") in [data]',
    ),
    (
        r"[' ](?:moderator|exposure)s?[' ].* is missing in",
        "fill it in the file, or leave these rows out of it",
    ),
    (
        r"mediators are missing in all treated rows",
        "leave that mediator out of [channels], or these units out of the file",
    ),
    ("repeat", "keep one row for each unit and period in the file, or name a finer unit"),
)
"""Where the words of a study are quite other ones: by what is wrong."""


@contextmanager
def in_toml(table: str) -> Iterator[None]:
    """Reword the hints of what is raised within, for somebody who writes a table.

    Parameters
    ----------
    table : str
        The table whose keys the hints may name.
    """
    try:
        with speaking("toml"):
            yield
    except NQPError as error:
        hint = _toml(error, table)
        if hint == error.hint:
            raise
        raise type(error)(error.what, where=error.where, hint=hint) from error


@contextmanager
def at_file() -> Iterator[None]:
    """Name the key of a study whose file cannot be read."""
    try:
        yield
    except PanelError as error:
        if not error.what.startswith("path="):
            raise
        what = f"'data.file': {error.what}"
        raise PanelError(what, where=error.where, hint=error.hint) from error


@contextmanager
def at_command() -> Iterator[None]:
    """Reword the hints of what is raised within, for somebody at the command line."""
    try:
        yield
    except NQPError as error:
        hint = re.sub(r"\.? Or system\.using.*", "", error.hint)
        hint = re.sub(r"system\.without\(…\)", "leave these indicators out", hint)
        hint = re.sub(r"(\w+)='?([\w—]+)'?", r"--\1 \2", hint)
        if _PYTHON.search(hint):
            hint = _other(error)
        if error.what.startswith("name="):
            hint = "--name gives it another name"
        if hint == error.hint:
            raise
        raise type(error)(error.what, where=error.where, hint=hint) from error


def _toml(error: NQPError, table: str) -> str:
    """The hint of an error, in the words of a study."""
    hint = error.hint
    for pattern, words in _REPLACED:
        hint = pattern.sub(words, hint)
    if _PYTHON.search(hint):
        return " or ".join(map(str, error.hints)) or _other(error)
    return f"in [{table}]: {hint}" if " = " in hint and f"[{table}]" not in hint else hint


def _other(error: NQPError) -> str:
    """What to try where the hint is Python."""
    for pattern, words in _BY_WHAT:
        if (found := re.search(pattern, error.what)) is not None:
            return words.format(*found.groups())
    return _IN_FILE
