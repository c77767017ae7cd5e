"""Entropy weights, and closeness to the ideal (TOPSIS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from bayes_nqp.arrays import Array
from bayes_nqp.doors import value
from bayes_nqp.index._entropy import check_entropy, entropy_weights
from bayes_nqp.index._scheme import Scope, linear


@value("index")
class EntropyTopsis:
    """Entropy weights, and as index the relative closeness to the best row.

    With ``v_ij = w_j z_ij`` and distances ``D⁺``, ``D⁻`` of a row from the largest and the
    smallest ``v`` of every indicator, the index is ``D⁻ / (D⁺ + D⁻)``. It is no weighted sum:
    the contribution of an indicator is its share of the squared distance ``D⁻``.

    Parameters
    ----------
    scope : {"pooled", "yearly"}, default "pooled"
        As in `Entropy`; "yearly" also takes best and worst within the period.
    shift : float, default 0
        As in `Entropy`; for the weights alone.

    Raises
    ------
    StudyError
        If an argument is out of range.

    References
    ----------
    Hwang, C.-L. and Yoon, K. (1981). Multiple Attribute Decision Making, ch. III.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.EntropyTopsis()
    EntropyTopsis(scope='pooled', shift=0.0)
    """

    scope: Scope = "pooled"
    shift: float = 0.0

    estimated: ClassVar[bool] = True

    def __post_init__(self) -> None:
        check_entropy(self)

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z."""
        return entropy_weights(z, rows, self.shift)

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index."""
        v = linear(z, weights)
        above = (v - v.min(axis=0)) ** 2
        low, high = above.sum(axis=1), ((v.max(axis=0) - v) ** 2).sum(axis=1)
        reach = np.sqrt(low) + np.sqrt(high)
        closeness = np.sqrt(low) / np.where(reach > 0, reach, 1.0)
        return np.asarray(above * (closeness / np.where(low > 0, low, 1.0))[:, None])
