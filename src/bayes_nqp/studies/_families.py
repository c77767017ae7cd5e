"""Which values may stand in which place of a study."""

from __future__ import annotations

from dataclasses import MISSING, Field, fields

from bayes_nqp.registry import family_of, registered, worded
from bayes_nqp.robustness import NormalRho, NormalSteps, UniformRho, UniformSteps
from bayes_nqp.studies._kinds import Schema, kind_of

DESIGNS = "design"
SAMPLERS = "sampler"

_BY_TYPE = {
    "Pooling": "pooling", "Noise": "errors", "Nearness": "spillovers", "ScalePrior": "scale",
    "Deviations": "deviations",
}  # fmt: skip
"""Families of arguments that have no value by default."""


def members(family: str) -> dict[str, type]:
    """Name the values of a family.

    Parameters
    ----------
    family : str
        Such as "design", "pooling" or "errors".
    """
    return {**registered(family), **worded(family)}


def choices(field: Field[object]) -> dict[str, type]:
    """Name the values that an argument takes.

    Returns
    -------
    dict of str to type
        Empty where it takes plain data.
    """
    if field.default_factory is not MISSING:
        return members(_family(type(field.default_factory())))
    if "Sequence[" in str(field.type):  # several, each with a type of its own
        return {}
    found: dict[str, type] = {}
    for kind in _parts(field):
        family = field.name if kind == "Term" else _family_of(kind)
        # Weights are made by [space], and stand in designs by their names.
        found |= members(family) if family not in ("", "weights") else {}
    return found


def plain(field: Field[object]) -> Schema:
    """Tell which plain data an argument takes beside values; empty where it takes none."""
    return kind_of(" | ".join(kind for kind in _parts(field) if not _family_of(kind)))


def option_values() -> dict[str, type]:
    """Name the values that options of checks take."""
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
    named = {field.name: choices(field) for field in fields(kind)}
    return {name: values for name, values in named.items() if values}


def _parts(field: Field[object]) -> list[str]:
    return [part.strip() for part in str(field.type).split("|")]


def _family_of(kind: str) -> str:
    return family_of(kind) or _BY_TYPE.get(kind, "")


def _family(kind: type) -> str:
    """The family that a value is registered under; none of its own where it is not."""
    return family_of(kind.__name__)
