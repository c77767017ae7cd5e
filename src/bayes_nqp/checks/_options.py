"""Options of checks: whether they are what they should be."""

from __future__ import annotations

from collections.abc import Sequence

from bayes_nqp.errors import StudyError

__all__ = ["name_of", "names_of", "whole_number"]


def whole_number(option: str, value: object, least: int) -> int:
    """Take a whole number.

    Parameters
    ----------
    option : str
        Its name.

    Raises
    ------
    StudyError
        If it is none, or too small.
    """
    if type(value) is not int or value < least:
        raise StudyError(f"'{option}' is {value!r}", hint=f"a whole number, {least} or more")
    return value


def name_of(option: str, value: object) -> str:
    """Take the name of a column.

    Raises
    ------
    StudyError
        If it is no text.
    """
    if not isinstance(value, str):
        raise StudyError(f"'{option}' is {value!r}", hint=f"{option}='column', a name as text")
    return value


def names_of(option: str, value: object) -> tuple[str, ...]:
    """Take one name of a column, or several.

    Raises
    ------
    StudyError
        If they are no text.
    """
    if isinstance(value, str):
        return (value,)
    if not isinstance(value, Sequence):
        raise StudyError(f"'{option}' is {value!r}", hint=f"{option}='column', or several names")
    return tuple(name_of(option, one) for one in value)
