"""Equal weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from bayes_nqp.arrays import Array
from bayes_nqp.doors import value
from bayes_nqp.index._scheme import Scope, linear, shares, varies


@value("index")
class EqualWeights:
    """The same weight for every indicator; constants get none.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.EqualWeights()
    EqualWeights()
    """

    scope: ClassVar[Scope] = "pooled"
    estimated: ClassVar[bool] = False

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z."""
        return shares(varies(z).astype(float), "EqualWeights()")

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index."""
        return linear(z, weights)
