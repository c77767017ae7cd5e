"""What options of checks may be: declared beside the check, looked at in one place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from bayes_nqp.errors import StudyError

type Option = Callable[[str, Any], None]
"""From an option's name and its value to nothing, or to a `StudyError`."""


def number_from(least: int) -> Option:
    """Ask for a whole number, from some number on."""

    def look(option: str, value: object) -> None:
        if type(value) is not int or value < least:
            raise StudyError(f"'{option}' is {value!r}", hint=f"a whole number, {least} or more")

    return look


def column(option: str, value: object) -> None:
    """Ask for the name of a column, as text."""
    if not isinstance(value, str):
        raise StudyError(f"'{option}' is {value!r}", hint=f"{option}='column', a name as text")


def columns_of(option: str, value: object) -> tuple[str, ...]:
    """Take one name of a column, or several; raise `StudyError` if they are no text."""
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence):
        raise StudyError(f"'{option}' is {value!r}", hint=f"{option}='column', or several names")
    for name in value:
        column(option, name)
    return tuple(value)
