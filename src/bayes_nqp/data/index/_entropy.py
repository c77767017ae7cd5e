"""Entropy weights, and relative closeness to the ideal (TOPSIS)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from annotated_types import Ge
from scipy.special import xlogy

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.validation import door, value
from bayes_nqp.data.index._scheme import Scope, check_shapes, linear, shares


@door
class _Entropic:
    """Entropy weights of indicators after adding a shift."""

    __slots__ = ()
    shift: float
    estimated: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", float(self.shift))

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Compute the weights of the columns of z."""
        return entropy_weights(z, rows, self.shift)


@value("index")
class Entropy(_Entropic):
    """Entropy weights: indicators with more unequal shares across rows have more weight.

    Shares ``p_ij = z_ij / Σ_i z_ij``, entropies ``e_j = −Σ_i p_ij ln p_ij / ln N``, weights
    proportional to ``1 − e_j``.

    Parameters
    ----------
    scope : {"pooled", "yearly"}, default "pooled"
        Weights from all rows, so that the index is comparable over time; or from the rows of each
        period, so that changes of weights also change the index.
    shift : float, default 0
        Constant added to the normalised indicators before shares are computed. With 0, ``0 · ln 0 =
        0`` is used, which is the limit and requires no shift; much of the literature adds 0.0001 or
        0.01.

    Raises
    ------
    StudyError
        If an argument is out of range.

    References
    ----------
    Shannon, C. E. (1948). A mathematical theory of communication. Bell System Technical Journal
    27. Zeleny, M. (1982). Multiple Criteria Decision Making, ch. 7.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.Entropy(scope="yearly")
    Entropy(scope='yearly', shift=0.0)
    """

    scope: Scope = "pooled"
    shift: Annotated[float, Ge(0)] = 0.0

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        return linear(z, weights)


def entropy_weights(z: Array, rows: Array, shift: float = 0.0) -> Array:
    """Compute entropy weights with weights of rows.

    A row with weight two is equivalent to two equal rows. Normalised indicators below zero (bounds
    of a base period) are shifted to a minimum of zero, because shares require non-negative amounts.

    Parameters
    ----------
    rows : ndarray (row)
        Weights with mean one.

    Returns
    -------
    ndarray (indicator)
        Non-negative weights with sum one; 0 for a constant.

    Raises
    ------
    PanelError
        If there are fewer than two rows.
    """
    check_shapes(z, rows=rows)
    size = float(rows.sum())
    if len(z) < 2:
        raise PanelError(
            "entropy weights require at least two observations",
            hint="scope='pooled', if a period has a single observation",
        )
    amounts = z - np.minimum(z.min(axis=0), 0.0) + shift
    total = rows @ amounts
    p = amounts / np.where(total > 0, total, 1.0)
    entropy = -(rows @ xlogy(p, p)) / np.log(size)
    spread = np.where((total > 0) & (np.ptp(amounts, axis=0) > 0), 1.0 - entropy, 0.0)
    return shares(np.maximum(spread, 0.0), "Entropy()")


@value("index")
class EntropyTopsis(_Entropic):
    """Entropy weights, with the relative closeness to the best row as index.

    With ``v_ij = w_j z_ij`` and distances ``D⁺``, ``D⁻`` of a row from the largest and the smallest
    ``v`` of every indicator, the index is ``D⁻ / (D⁺ + D⁻)``. The index is not a weighted sum: the
    contribution of an indicator is its share of the squared distance ``D⁻``.

    Parameters
    ----------
    scope : {"pooled", "yearly"}, default "pooled"
        See `Entropy`; with "yearly", the best and worst rows are also determined within the period.
    shift : float, default 0
        See `Entropy`; applies to the weights only.

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
    shift: Annotated[float, Ge(0)] = 0.0

    def contributions(self, z: Array, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        v = linear(z, weights)
        above = (v - v.min(axis=0)) ** 2
        low, high = above.sum(axis=1), ((v.max(axis=0) - v) ** 2).sum(axis=1)
        reach = np.sqrt(low) + np.sqrt(high)
        closeness = np.sqrt(low) / np.where(reach > 0, reach, 1.0)
        return np.asarray(above * (closeness / np.where(low > 0, low, 1.0))[:, None])
