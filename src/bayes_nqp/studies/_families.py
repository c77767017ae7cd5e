"""Which values may stand in which place of a study."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields

from bayes_nqp.checks import NormalRho, NormalSteps, UniformRho, UniformSteps
from bayes_nqp.codec import VALUES

__all__ = ["DESIGNS", "SAMPLERS", "choices", "members", "option_values"]

DESIGNS = "designs"
SAMPLERS = "sampling"

_BY_TYPE = {"TimeEffects": "terms", "Pooling": "pooling", "Noise": "designs.noise"}
"""Rooms of arguments that have no value by default."""


def members(room: str) -> dict[str, type]:
    """Name the values of a room of the library.

    Parameters
    ----------
    room : str
        Such as "designs", "pooling" or "designs.noise".

    Returns
    -------
    dict of str to type
    """
    return {name: kind for name, kind in VALUES.items() if _room(kind) == room}


def choices(field: Field[object]) -> dict[str, type]:
    """Name the values that an argument takes.

    Parameters
    ----------
    field : dataclasses.Field

    Returns
    -------
    dict of str to type
        Empty where it takes plain data.
    """
    if field.default_factory is not MISSING:
        return members(_room(type(field.default_factory())))
    said = str(field.type).split("|", maxsplit=1)[0].strip()
    return members(_BY_TYPE[said]) if said in _BY_TYPE else {}


def option_values() -> dict[str, type]:
    """Name the values that options of checks take.

    Returns
    -------
    dict of str to type
    """
    return {kind.__name__: kind for kind in (NormalRho, UniformRho, NormalSteps, UniformSteps)}


def places(kind: type) -> dict[str, dict[str, type]]:
    """Name the values that each argument of a value takes.

    Parameters
    ----------
    kind : type
        A dataclass.

    Returns
    -------
    dict of str to dict
        Arguments that take plain data are left out.
    """
    found = {field.name: choices(field) for field in fields(kind)}
    return {name: values for name, values in found.items() if values}


def _room(kind: type) -> str:
    """The room of the library in which a value lives."""
    package, _, module = kind.__module__.removeprefix("bayes_nqp.").rpartition(".")
    return package or module
