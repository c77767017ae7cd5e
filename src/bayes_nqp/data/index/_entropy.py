"""Entropy weights, and with them closeness to the ideal (TOPSIS)."""

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
    """Weights from entropies, of indicators to which a shift is added."""

    __slots__ = ()
    shift: float
    estimated: ClassVar[bool] = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", float(self.shift))

    def weigh(self, z: Array, rows: Array, keys: Sequence[str]) -> Array:
        """Weights of the columns of z."""
        return entropy_weights(z, rows, self.shift)


@value("index")
class Entropy(_Entropic):
    """Entropy weights: indicators whose sum is spread over few rows weigh more.

    Shares ``p_ij = z_ij / Σ_i z_ij``, entropies ``e_j = −Σ_i p_ij ln p_ij / ln N``, weights
    proportional to ``1 − e_j``.

    Parameters
    ----------
    scope : {"pooled", "yearly"}, default "pooled"
        Weights from all rows together, so that one index compares all periods; or from each
        period's rows, so that the index also moves because its weights do.
    shift : float, default 0
        Added to the normalised indicators before shares are taken. With 0 the convention
        ``0 · ln 0 = 0`` holds, which is the limit and needs no shift; much of the literature
        adds 0.0001 or 0.01.

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
        """What each indicator adds to the index."""
        return linear(z, weights)


def entropy_weights(z: Array, rows: Array, shift: float = 0.0) -> Array:
    """Entropy weights under row weights.

    A row of weight two counts like two equal rows. Where normalised indicators are below zero
    (bounds of a base period), they are measured from their minimum: shares need amounts.

    Parameters
    ----------
    rows : ndarray (row)
        With mean one.

    Returns
    -------
    ndarray (indicator)
        Non-negative, with sum one; 0 for a constant.

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
    shift: Annotated[float, Ge(0)] = 0.0

    def contributions(self, z: Array, weights: Array) -> Array:
        """What each indicator adds to the index."""
        v = linear(z, weights)
        above = (v - v.min(axis=0)) ** 2
        low, high = above.sum(axis=1), ((v.max(axis=0) - v) ** 2).sum(axis=1)
        reach = np.sqrt(low) + np.sqrt(high)
        closeness = np.sqrt(low) / np.where(reach > 0, reach, 1.0)
        return np.asarray(above * (closeness / np.where(low > 0, low, 1.0))[:, None])
