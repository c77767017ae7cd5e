"""Spatial weights by the names that a study gives them, in designs and in options of checks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bayes_nqp.errors import StudyError, brief, nearest
from bayes_nqp.language import Message
from bayes_nqp.spatial_weights import SpatialWeights
from bayes_nqp.studies._values import written

__all__ = ["WEIGHTS", "with_names", "with_weights"]

WEIGHTS: Final = "weights"
"""The key of designs and of checks that names some."""


def with_weights(
    table: Mapping[str, Any], weights: Mapping[str, SpatialWeights], where: str
) -> dict[str, Any]:
    """Put weights in the place of their names, in the table of a design or of a check.

    Parameters
    ----------
    where : str
        The table, for messages.

    Raises
    ------
    StudyError
        If a name is none of the study's weights.
    """
    values: dict[str, Any] = {}
    for key, item in table.items():
        values[key] = item
        if isinstance(item, Mapping):
            values[key] = with_weights(item, weights, f"{where}.{key}")
        elif key == WEIGHTS:
            if item not in list(weights):
                raise StudyError(
                    Message("'{}.{}' is {}, which names no weights", where, key, brief(item)),
                    hint=nearest(str(item), weights)
                    if weights
                    else Message('a table of them: [space.weights.near] with kind = "nearest"'),
                )
            values[key] = weights[item]
    return values


def with_names(table: Mapping[str, Any], weights: Mapping[str, SpatialWeights]) -> dict[str, Any]:
    """Put the names of weights in their place, as a study's file has them."""
    plain = [(written(value), name) for name, value in weights.items()]
    names = {
        key: next((name for value, name in plain if value == item), None)
        for key, item in table.items()
    }
    return {
        key: names[key] or (with_names(item, weights) if isinstance(item, Mapping) else item)
        for key, item in table.items()
    }
