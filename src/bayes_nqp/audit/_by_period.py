"""Detect columns that were rescaled, ranked or reweighted within each period."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Measurements, Trace, numbers_of
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.data.index import built_by_period, recalled
from bayes_nqp.data.panel import Panel

_PERIODS, _UNITS = 3, 8
"""Smallest number of periods, and of units in each, for a comparison."""
_NEARLY: Final = 0.8
"""Share of periods in which a bound of the scale is reached."""
_ALONE: Final = 1.5
"""Mean number of units at the end of a scale above which it is a bound of measurement."""
_CONSTANT: Final = 1e-3
"""Spread of means or standard deviations over periods, in pooled standard deviations."""
_DIGITS: Final = 1e-7
_SPARE: Final = 4
"""Number of units in each period's regression in addition to the number of indicators."""
_EXPONENT: Final = 40.0
_COARSE: Final = 0.05
"""Largest rounding step, relative to the spread, of indicators tested."""


def by_period(panel: Panel, column: Measurements) -> Iterator[Trace]:
    """Detect scales, ranks or weights that are computed separately in each period.

    An increase of one unit then lowers the values of all others, so effects do not belong to single
    units.
    """
    recipe = recalled(panel.frame).get(column.name)
    words = (
        Message("the index is built with separate bounds or weights for each period")
        if recipe is not None and built_by_period(recipe)
        else _scaled(column.values) or _weighed(panel, column)
    )
    if words is not None:
        summary = Message(
            "{}; gains of treated units then lower the values of all other units, so use "
            "bounds and weights pooled over periods",
            words,
        )
        yield Trace(summary, column.name, DOUBT, int(np.isfinite(column.values).any(axis=0).sum()))


def _scaled(values: Array) -> Message | None:
    """Describe a property that is equal in every period: bounds, ranks, or moments."""
    seen = np.isfinite(values).sum(axis=0) >= _UNITS
    values = values[:, seen]
    if values.shape[1] < _PERIODS or not np.nanmax(np.abs(np.diff(values, axis=1)), initial=0.0):
        return None
    spread = float(np.nanstd(values))
    full = values[np.isfinite(values).all(axis=1)]
    ranked = np.sort(full, axis=0)
    moved = np.abs(np.diff(full, axis=1)).max(axis=1, initial=0.0) > _DIGITS * spread
    if len(full) == len(values) and np.ptp(ranked, axis=1).max() <= _DIGITS * spread:
        if moved.mean() > 0.5 and np.unique(ranked[:, 0]).size > 2:
            return Message(
                "the set of values is the same in every period, as for ranks or quantile groups"
            )
        return None
    low, high = (_end(values, end, spread) for end in (np.nanmin, np.nanmax))
    if low is not None and high is not None and min(low[1], high[1]) <= _ALONE:
        return Message(
            "the minimum and maximum are {:.4g} and {:.4g} in every period", low[0], high[0]
        )
    means, sds = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    if np.ptp(means) <= _CONSTANT * spread:
        if np.ptp(sds) <= _CONSTANT * spread:
            return Message("the mean and standard deviation are the same in every period")
        if abs(means.mean()) > _CONSTANT * spread:
            return Message("the sum is the same in every period, as for shares")
    return None


def _end(values: Array, end: object, spread: float) -> tuple[float, float] | None:
    """Return the common bound of nearly all periods, and the number of units at the bound."""
    ends = end(values, axis=0)  # type: ignore[operator]
    usual = float(np.median(ends))
    at = np.abs(values - usual) <= _DIGITS * spread
    reached = np.abs(ends - usual) <= _DIGITS * spread
    return (usual, float(at.sum(axis=0).mean())) if reached.mean() >= _NEARLY else None


def _weighed(panel: Panel, column: Measurements) -> Message | None:
    """Compare regressions on other numeric columns by period and over all periods."""
    if column.name != panel.roles.outcome:
        return None
    parts = numbers_of(panel)
    levels = [column.values]
    if np.nanmax(np.abs(column.values), initial=0.0) < _EXPONENT:
        levels.append(np.exp(column.values))
    for y in levels if parts else ():
        error = np.nan_to_num(0.5 * column.grain) * (y if y is not column.values else 1.0)
        error = error + _DIGITS * np.nanstd(y)
        x = np.stack([z.values / np.nanstd(z.values) for z in parts])
        full = np.isfinite(y) & np.isfinite(x).all(axis=0)
        periods = [t for t in range(panel.periods) if full[:, t].sum() > len(parts) + _SPARE]
        if len(periods) < _PERIODS:
            continue
        weights = [
            _weights(y[:, [t]], x[:, :, [t]], error[:, [t]], full[:, [t]], _COARSE) for t in periods
        ]
        directions = [w / np.linalg.norm(w) for w in weights if w is not None]
        # Weights that differ only by a factor of the period belong to one index at other prices.
        if (
            len(directions) >= _NEARLY * len(periods)
            and np.ptp(directions, axis=0).max() > _CONSTANT
            and _weights(y, x, error, full) is None
        ):
            names = listed([z.name for z in parts], 3)
            return Message(
                "it is an exact linear function of other columns ({}) with different "
                "weights in each period",
                names,
            )
    return None


def _weights(y: Array, x: Array, error: Array, full: Mask, coarse: float = np.inf) -> Array | None:
    """Return weights that reproduce a column from others, with a constant of each period."""
    rows = np.nonzero(full)
    columns = np.column_stack([x[:, rows[0], rows[1]].T, np.eye(y.shape[1])[rows[1]]])
    slopes = np.linalg.lstsq(columns, y[rows], rcond=None)[0]
    limit = 2.0 * error[rows] + 1e-9 * np.abs(y[rows]).max()
    held = float((np.abs(y[rows] - columns @ slopes) <= limit).mean())
    fine = np.median(limit) < coarse * y[rows].std()
    return slopes[: len(x)] if held >= _NEARLY and fine else None
