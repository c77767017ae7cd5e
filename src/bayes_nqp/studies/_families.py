"""Which values may stand in which place of a study."""

from __future__ import annotations

from typing import Annotated, Any, Union, get_args

from bayes_nqp._core.plugins import family_of, registered, registered_as, worded
from bayes_nqp._core.types import annotations_of, parts_of
from bayes_nqp.model.designs import Term
from bayes_nqp.studies._kinds import Schema, kind_of

DESIGNS = "design"
SAMPLERS = "sampler"

_ELSEWHERE = {"index", "weights"}
"""Families that have tables of their own: weights stand in designs by their names."""


def members(family: str) -> dict[str, type]:
    """Name the values of a family.

    Parameters
    ----------
    family : str
        Such as "design", "pooling" or "errors".
    """
    return {**registered(family), **worded(family)}


def choices(argument: str, annotation: Any) -> dict[str, type]:
    """Name the values that an argument takes.

    Parameters
    ----------
    argument : str
        Its name.
    annotation : type
        From `annotations_of`.

    Returns
    -------
    dict of str to type
        Empty where it takes plain data, or several values, each with a type of its own.
    """
    kinds = [kind for kind, _ in parts_of(annotation)]
    if any(_made(argument, item) for kind in kinds for item in get_args(kind)):
        return {}
    return {name: x for kind in kinds for name, x in _made(argument, kind).items()}


def plain(argument: str, annotation: Any) -> Schema:
    """Tell which plain data an argument takes beside values; empty where it takes none."""
    parts = [part for part in parts_of(annotation) if not _made(argument, part[0])]
    kinds = [Annotated[kind, *limits] if limits else kind for kind, limits in parts]
    return kind_of(Union[*kinds]) if kinds else {}


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
    named = {name: choices(name, x) for name, x in annotations_of(kind).items()}
    return {name: values for name, values in named.items() if values}


def _made(argument: str, kind: Any) -> dict[str, type]:
    """Name the registered values of a class; of terms those that fill the argument."""
    if not isinstance(kind, type) or kind is object:
        return {}
    if issubclass(kind, Term):
        return members(argument)
    kinds = registered_as(kind)
    families = {family_of(name) for name in kinds} - _ELSEWHERE
    classes = (members(family).items() for family in sorted(families))
    return {name: x for several in classes for name, x in several if x in kinds.values()}
