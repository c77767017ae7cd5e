"""Hints that speak Python, in the words of a study's file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from bayes_nqp.errors import NQPError

__all__ = ["in_toml"]

_REPLACED = (
    (re.compile(r"(\w+)=nqp\.(\w+)\(\)"), r'\1 = { type = "\2" }'),
    (re.compile(r"(\w+)='([^']*)'"), r'\1 = "\2"'),
    (re.compile(r"(\w+)=(\[[^\]]*\]|\d+)"), r"\1 = \2"),
    (re.compile(r"; nqp\.support lists them all"), ""),
)
_PYTHON = re.compile(r"\b(pd|df|nqp|pandas)\.|pandas|\bPanel\(")


@contextmanager
def in_toml(table: str) -> Iterator[None]:
    """Reword the hints of what is raised within, for somebody who writes a table.

    Parameters
    ----------
    table : str
        The table whose keys the hints may name.

    Yields
    ------
    None
    """
    try:
        yield
    except NQPError as error:
        hint = error.hint
        for pattern, words in _REPLACED:
            hint = pattern.sub(words, hint)
        if "repeat" in error.what and _PYTHON.search(hint):
            hint = "keep one row for each unit and period in the file, or name a finer unit"
        elif _PYTHON.search(hint):
            hint = "correct these cells in the file"
        elif " = " in hint and f"[{table}]" not in hint:
            hint = f"in [{table}]: {hint}"
        if hint == error.hint:
            raise
        raise type(error)(error.what, where=error.where, hint=hint) from error
