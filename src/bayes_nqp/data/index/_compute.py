"""Normalise indicators, then compute weights and contributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import PanelError, StudyError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value

if TYPE_CHECKING:
    from bayes_nqp.data.index._read import Read
    from bayes_nqp.data.index._scheme import Scheme
    from bayes_nqp.data.index._system import IndexSystem


@value("index")
class MinMax:
    """Normalise indicators to [0, 1]: ``(x − min) / (max − min)``, negative ones reversed.

    Parameters
    ----------
    scope : {"pooled", "yearly"}, default "pooled"
        Bounds over all units and periods, so that the index is comparable over time; or within each
        period, so that the index only ranks units and common growth is removed.
    base : label of a period, optional
        Bounds of this period only: 0 and 1 are its lowest and highest unit, and values of other
        periods can be outside. With "pooled" only.

    Raises
    ------
    StudyError
        If the scope is unknown, or yearly with a base.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.MinMax(base=2012)
    MinMax(scope='pooled', base='2012')
    """

    scope: Literal["pooled", "yearly"] = "pooled"
    base: str | int | None = None

    def __post_init__(self) -> None:
        if self.base is not None:
            if self.scope == "yearly":
                raise StudyError(
                    "'base' applies the bounds of one period to all periods, whereas "
                    "scope='yearly' computes bounds for each period",
                    hint="omit one of them",
                )
            object.__setattr__(self, "base", str(self.base))


def normalised(read: Read, how: MinMax, constant: str) -> Array:
    """Normalise the indicators.

    Returns
    -------
    ndarray (row, indicator)
        1 is best; an accepted constant indicator is 0.

    Raises
    ------
    PanelError
        If an indicator is constant and this is not allowed, or the base period does not exist.
    """
    x = read.x
    z = np.empty_like(x)
    for label, rows in _groups(read, how):
        part = x[rows]
        low, high = _bounds(read, how, part)
        flat = high - low <= 1e-12 * np.maximum(np.abs(low), np.abs(high))
        if flat.any() and constant == "error":
            names = [
                indicator.data for indicator, bad in zip(read.indicators, flat, strict=True) if bad
            ]
            where = Message(" in {}", label) if label else ""
            raise PanelError(
                Message(
                    "the indicator is constant{}: {names}",
                    where,
                    plural="the indicators are constant{}: {names}",
                    n=len(names),
                    names=shown(map(repr, names)),
                ),
                where=shown(
                    f"{indicator.data} = {value:g}"
                    for indicator, value, bad in zip(read.indicators, low, flat, strict=True)
                    if bad
                ),
                hint="remove it with system.without(…), or pass constant='zero' for a "
                "weight of zero",
            )
        span = np.where(flat, 1.0, high - low)
        up = np.array([indicator.direction == "positive" for indicator in read.indicators])
        z[rows] = np.where(flat, 0.0, np.where(up, part - low, high - part) / span)
    return z


def _groups(read: Read, how: MinMax) -> list[tuple[str, np.ndarray]]:
    if how.scope == "pooled":
        return [("", np.ones(len(read.x), dtype=bool))]
    return [(str(label), read.times == code) for code, label in enumerate(read.labels)]


def _bounds(read: Read, how: MinMax, part: Array) -> tuple[Array, Array]:
    if how.base is not None:
        labels = [str(label) for label in read.labels]
        if how.base not in labels:
            raise PanelError(
                Message("base={!r} is not a period with complete indicators", how.base),
                hint=nearest(str(how.base), labels),
            )
        part = part[read.times == labels.index(str(how.base))]
    return part.min(axis=0), part.max(axis=0)


type Hierarchy = Literal["flat", "nested", "equal"]


@dataclass(frozen=True, slots=True, eq=False)
class WeightProblem:
    """All inputs of the weights except the weights of observations.

    Parameters
    ----------
    z : ndarray (row, indicator)
        Normalised indicators.
    """

    system: IndexSystem
    scheme: Scheme
    hierarchy: Hierarchy
    read: Read
    z: Array

    @property
    def groups(self) -> list[np.ndarray]:
        """Return the groups of rows with common weights: all rows, or the rows of each period."""
        if self.scheme.scope == "pooled":
            return [np.arange(len(self.z))]
        return [np.flatnonzero(self.read.times == code) for code in range(len(self.read.labels))]

    def weights(self, rows: Array | None = None) -> Array:
        """Compute the weights of indicators for each group of rows.

        Parameters
        ----------
        rows : ndarray (row), optional
            Weights of the rows; equal by default.
        """
        row_weights = np.ones(len(self.z)) if rows is None else rows
        shares = []
        for group in self.groups:
            of_group = row_weights[group]
            shares.append(self._weigh(self.z[group], of_group * (len(of_group) / of_group.sum())))
        return np.array(shares)

    def contributions(self, weights: Array) -> Array:
        """Return the contribution of each indicator to the index."""
        out = np.empty_like(self.z)
        for group, within in zip(self.groups, weights, strict=True):
            out[group] = self.scheme.contributions(self.z[group], within)
        return out

    def _weigh(self, z: Array, rows: Array) -> Array:
        if self.hierarchy == "flat":
            return self.scheme.weigh(z, rows, self.system.keys)
        within, scores, first = np.zeros(z.shape[1]), [], 0
        for dimension in self.system.dimensions:
            keys = [weight_of.key for weight_of in dimension.indicators]
            part = slice(first, first + len(keys))
            within[part] = self._scheme(z[:, part], rows, keys)
            scores.append(z[:, part] @ within[part])
            first += len(keys)
        across = self._across(np.column_stack(scores), rows)
        sizes = [len(d.indicators) for d in self.system.dimensions]
        return np.asarray(within * np.repeat(across, sizes))

    def _across(self, scores: Array, rows: Array) -> Array:
        """Return weights of dimensions from their scores, for non-constant dimensions."""
        problem_weights = np.ptp(scores, axis=0) > 0
        if self.hierarchy == "equal":
            return np.asarray(problem_weights / max(int(problem_weights.sum()), 1))
        return self._scheme(scores, rows, [d.key for d in self.system.dimensions])

    def _scheme(self, z: Array, rows: Array, keys: list[str]) -> Array:
        """Apply the scheme; a single column has weight one, and constants have weight zero."""
        problem_weights = np.ptp(z, axis=0) > 0
        if problem_weights.sum() < 2:
            return problem_weights.astype(float)
        return self.scheme.weigh(z, rows, keys)
