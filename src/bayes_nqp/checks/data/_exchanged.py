"""Rows of a period that hold one another's values, as where a sheet was sorted otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment
from scipy.stats import spearmanr

from bayes_nqp.arrays import Array
from bayes_nqp.checks.data._column import Column, Trace, middle, scale_of
from bayes_nqp.checks.shared import FAILS
from bayes_nqp.language import Message, listed

_FAR, _OUT, _NEAR = 6.0, 3.0, 2.0
"""Robust standard deviations beyond which a row is out of its series, or may be; within which it
fits one."""
_FEWEST: Final = (5, 0.03)
_MOST: Final = 2_000
_ORDER: Final = 0.5
"""Rank correlation with the unit's own neighbouring periods up to which order is lost."""


def exchanged(
    column: Column, units: npt.NDArray[np.str_], times: npt.NDArray[np.generic]
) -> Iterator[Trace]:
    """Find periods in which many rows are out of their series, and fit those of one another."""
    around = _around(column.values)
    left = column.values - around
    left = left - middle(left, axis=0)
    scale = float(scale_of(left.reshape(1, -1))[0])
    if not scale > 0.0 or not column.moving:
        return
    distance = np.abs(left) / np.fmax(scale_of(left), scale)[:, None]
    for period in range(left.shape[1]):
        out = np.flatnonzero(distance[:, period] > _OUT)
        seen = int(np.isfinite(distance[:, period]).sum())
        far = distance[out, period] > _FAR
        if far.sum() < max(_FEWEST[0], _FEWEST[1] * seen) or out.size > _MOST:
            continue
        here, own = column.values[out, period], around[out, period]
        own = own + np.median(here) - np.median(own)
        if not _disordered(here[far], own[far]):
            continue
        cost = np.abs(here[:, None] - own)
        row, other = linear_sum_assignment(cost)
        fits = (cost[row, other] < _NEAR * scale) & (row != other)
        if fits[far].mean() >= 0.8:
            yield Trace(
                Message(
                    "{n} row of {time} is out of its unit's series, and fits that of another",
                    plural="{n} rows of {time} are out of their units' series, and fit those of "
                    "one another",
                    n=int(fits.sum()), time=str(times[period]),
                ),
                column.name, FAILS, int(fits.sum()), listed(units[out[row[fits]]]),
            )  # fmt: skip


def _disordered(here: Array, own: Array) -> bool:
    """Whether rows have lost the order that their units have."""
    if min(np.ptp(here), np.ptp(own)) <= 0.0:
        return False
    return bool(spearmanr(here, own).statistic < _ORDER)


def _around(values: Array) -> Array:
    """Mean of the neighbouring periods of each row (unit, period)."""
    edge = np.full((len(values), 1), np.nan)
    both = np.stack([np.hstack([edge, values[:, :-1]]), np.hstack([values[:, 1:], edge])])
    count = np.isfinite(both).sum(axis=0)
    return np.where(count > 0, np.nansum(both, axis=0) / np.maximum(count, 1), np.nan)
