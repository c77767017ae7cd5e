"""Weights that the user gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError, nearest, shown
from bayes_nqp.index._scheme import Scope, check_shapes, linear, shares, varies
from bayes_nqp.language import Message
from bayes_nqp.registry import register


@register("index")
@door
@dataclass(frozen=True, slots=True, init=False)
class FixedWeights:
    """Weights given by the user, such as those of a panel of experts.

    Parameters
    ----------
    weights : mapping of str to float, or sequence of pairs
        A non-negative weight for every indicator's key. They are divided by their sum.

    Raises
    ------
    StudyError
        If one is negative or no number, or none is positive.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.FixedWeights({"patents": 2, "robots": 1})
    FixedWeights(weights=(('patents', 2.0), ('robots', 1.0)))
    """

    weights: tuple[tuple[str, float], ...]

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = False

    def __init__(self, weights: Mapping[str, float] | Iterable[tuple[str, float]]) -> None:
        try:
            pairs = tuple(
                (str(key), float(weight))
                for key, weight in (weights.items() if isinstance(weights, Mapping) else weights)
            )
        except (TypeError, ValueError) as error:
            raise StudyError(
                Message("'weights' is {!r}", weights),
                hint="a number for every indicator: {'patents': 0.6}",
            ) from error
        wrong = [f"{key} ({weight!r})" for key, weight in pairs if not 0 <= weight < np.inf]
        if wrong:
            raise StudyError(Message("'weights' must not be negative: {}", shown(wrong)))
        if not sum(weight for _, weight in pairs) > 0:
            raise StudyError("'weights' has no positive weight", hint="{'patents': 0.6, …}")
        object.__setattr__(self, "weights", pairs)

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z.

        Raises
        ------
        StudyError
            If a weight is missing, or is of no indicator.
        """
        check_shapes(z, keys=keys)
        weights_by_key = dict(self.weights)
        for key in weights_by_key:
            if key not in keys:
                raise StudyError(Message("FixedWeights names {!r}", key), hint=nearest(key, keys))
        missing = [key for key in keys if key not in weights_by_key]
        if missing:
            raise StudyError(
                Message("FixedWeights lacks a weight of {}", shown(map(repr, missing))),
                hint="0 leaves an indicator out",
            )
        return shares(np.array([weights_by_key[key] for key in keys]) * varies(z), "FixedWeights()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index."""
        return linear(z, weights)
