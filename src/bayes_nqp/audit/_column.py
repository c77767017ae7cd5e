"""A column of a panel as a table of units and periods, and its rounding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Verdict
from bayes_nqp.data.panel import Panel

type Codes = npt.NDArray[np.int64]

_DIGITS: Final = 10
"""Largest number of decimal digits of a rounded column."""
_FINE: Final = 1e-9
"""Tolerance of equality without rounding, relative to the spread of values."""
_TIES: Final = 0.003
"""Share of rows with the same value above which ties are not evidence."""
_STILL: Final = 0.1
"""Share of zero changes above which a column is constant in large parts, as at a bound."""
_LOG: Final = 40.0
"""Largest magnitude of logarithms."""
_SWEEPS: Final = 12
_SEEN: Final = 0.9
"""Share of non-missing rows required of columns that explain another column."""
_COLUMNS: Final = 60


@dataclass(frozen=True, slots=True)
class Trace:
    """A finding in the data.

    Parameters
    ----------
    fault : Message
        Clause with counts.
    column : str
        Column of the finding.
    verdict : {"caution", "failed"}
        "failed" for impossible data.
    count : int
        Number of units or observations.
    where : str
        The first units or observations.
    """

    fault: Message
    column: str
    verdict: Verdict
    count: int
    where: str = ""


@dataclass(frozen=True, eq=False)
class Measurements:
    """A numeric column as a table of units and periods.

    Parameters
    ----------
    values : ndarray (unit, period)
        NaN without an observation, or without a value.
    """

    name: str
    values: Array

    @cached_property
    def step(self) -> float:
        """Return the power of ten of which all values are multiples; zero if there is none."""
        return step_of(self.values)

    @cached_property
    def grain(self) -> Array:
        """Return the rounding step at each value, or at its power (unit, period)."""
        if self.step or np.nanmax(np.abs(self.values), initial=0.0) > _LOG:
            return np.full_like(self.values, self.step)
        powers = np.exp(self.values)
        return step_of(powers) / powers

    @cached_property
    def changes(self) -> Array:
        """Return changes from one period to the next (unit, period - 1)."""
        return np.diff(self.values, axis=1)

    @cached_property
    def unit_scale(self) -> Array:
        """Return the robust SD of non-zero changes by unit (unit)."""
        return scale_of(np.where(self.changes == 0.0, np.nan, self.changes))

    @cached_property
    def scale(self) -> float:
        """Return the robust SD of all changes, net of common period effects."""
        changes = self.changes - middle(self.changes, axis=0)
        return float(scale_of(np.where(self.changes == 0.0, np.nan, changes).reshape(1, -1))[0])

    @property
    def fine(self) -> bool:
        """Return True if rounding is small relative to changes, so ties are not coincidences."""
        share = self.chance[np.isfinite(self.values)]
        rare = share[share < 0.01]
        finely = self.scale > 20.0 * float(np.nanmedian(self.grain))
        return bool(finely and rare.size and rare.mean() < _TIES)

    @cached_property
    def moving(self) -> bool:
        """Return True if rounding is fine and nearly all values change."""
        changes = self.changes[np.isfinite(self.changes)]
        return self.fine and bool((changes == 0.0).mean() < _STILL)

    @cached_property
    def chance(self) -> Array:
        """Return the probability of an equal value in another unit and period (unit, period)."""
        return coded(self.values, self.step)[1]

    @cached_property
    def telling(self) -> Mask:
        """Mark values that are neither bounds nor unusually frequent (unit, period)."""
        share = self.chance
        usual = float(np.nanmedian(np.where(np.isfinite(self.values), share, np.nan)))
        inside = (self.values > np.nanmin(self.values)) & (self.values < np.nanmax(self.values))
        return np.asarray(inside & (share <= min(max(5.0 * usual, 5e-4), 0.02)))

    @cached_property
    def positive(self) -> bool:
        """Return True if all values are positive."""
        return bool(np.nanmin(self.values, initial=np.inf) > 0.0)

    def logarithms(self) -> Measurements:
        """Return the column in logarithms; requires positive values."""
        return Measurements(self.name, np.log(self.values))


def column_of(panel: Panel, name: str, values: Array) -> Measurements:
    """Arrange a column by units and periods."""
    table = np.full((panel.unit_labels.size, panel.periods), np.nan)
    table[panel.unit_codes, panel.time_codes] = values
    return Measurements(name, table)


def columns_of_role(panel: Panel, role: str, names: Sequence[str]) -> list[Measurements]:
    """Arrange the columns of a role used in a model."""
    table, every = getattr(panel, role), getattr(panel.roles, role)
    return [column_of(panel, name, table[:, every.index(name)]) for name in names if name in every]


def numbers_of(panel: Panel) -> list[Measurements]:
    """Arrange numeric columns that are nearly complete and vary within units.

    The outcome, exposures and weights are excluded. The result is empty if there are more than 60
    columns.
    """
    roles, frame = panel.roles, panel.frame
    none = {roles.unit, roles.time, roles.cohort, roles.outcome, roles.weights, *roles.exposures}
    columns = []
    for name in frame.columns:
        if name in none or frame[name].dtype.kind not in "fi":
            continue
        values = frame[name].to_numpy(dtype=np.float64)
        if np.isfinite(values).mean() < _SEEN or not np.nanstd(values) > 0.0:
            continue
        column = column_of(panel, str(name), values)
        if np.nanmax(np.abs(column.changes), initial=0.0) > _FINE * np.nanstd(values):
            columns.append(column)
    return columns if len(columns) <= _COLUMNS else []


def step_of(values: Array) -> float:
    """Return the power of ten of which all values are multiples; zero if there is none."""
    finite = values[np.isfinite(values)]
    largest = float(np.abs(finite).max(initial=0.0))
    top = int(np.floor(np.log10(largest))) if largest else 0
    for power in range(top, top - _DIGITS, -1) if largest else ():
        multiples = finite / 10.0**power
        if np.abs(multiples - np.round(multiples)).max() < 1e-6:
            return float(10.0**power)
    return 0.0


def coded(values: Array, step: float = 0.0, around: float = 0.0) -> tuple[Codes, Array]:
    """Number equal values, and compute the probability of coincidental equality.

    Parameters
    ----------
    values : ndarray (unit, period)
        NaN if missing.
    step : float, default 0
        Rounding step of the values.
    around : float, default 0
        Largest magnitude of the inputs, for floating-point rounding.

    Returns
    -------
    tuple of ndarray (unit, period)
        Codes, -1 without a value; probabilities.
    """
    present = np.isfinite(values)
    finite = values[present]
    spread = float(np.subtract(*np.quantile(finite, (0.75, 0.25)))) / 1.35 if finite.size else 0.0
    spread = spread or (float(finite.std()) if finite.size else 0.0) or 1.0
    # Not a simple fraction, so that no grid value is at the boundary between two codes.
    width = step or 0.739 * max(_FINE * spread, 64.0 * np.finfo(float).eps * around)
    codes = np.full(values.shape, -1, dtype=np.int64)
    codes[present] = np.unique(np.round(finite / width), return_inverse=True)[1]
    share = _elsewhere(codes)
    rare = share[present & (share < 0.01)]
    least = max(0.4 * width / spread, float(rare.mean()) if rare.size else 0.0)
    return codes, np.clip(share, min(least, 1.0), 1.0)


def _elsewhere(codes: Codes) -> Array:
    """Return the share of other units' rows in other periods with the same code.

    Equal values in the same period are excluded, because a copied series has them.
    """
    unit, time = np.nonzero(codes >= 0)
    code, out = codes[unit, time], np.zeros(codes.shape)

    def same(group: Codes, groups: int) -> Array:
        _, place, number = np.unique(code * groups + group, return_inverse=True, return_counts=True)
        return np.asarray(number[place], dtype=np.float64)

    others = same(np.zeros_like(code), 1) - same(time, codes.shape[1])
    others = others - same(unit, codes.shape[0]) + 1.0
    out[unit, time] = others / max(code.size, 1)
    return out


def middle(values: Array, axis: int) -> Array:
    """Return the median along an axis, which is kept; NaN without values."""
    empty = ~np.isfinite(values).any(axis=axis, keepdims=True)
    if empty.all():
        return np.full(empty.shape, np.nan)
    return np.where(empty, np.nan, np.nanmedian(np.where(empty, 0.0, values), axis, keepdims=True))


def scale_of(values: Array) -> Array:
    """Return the robust SD of each row around zero: 1.48 times the median absolute value."""
    return np.asarray(1.4826 * middle(np.abs(values), axis=1)[:, 0])


def slopes_of(y: Array, x: Array) -> Array:
    """Return least-squares slopes of rows on columns: y (row), x (column, row)."""
    size = np.maximum(np.linalg.norm(x, axis=1), 1e-300)
    scaled = x / size[:, None]
    inverse = np.linalg.pinv(scaled @ scaled.T, rcond=1e-11, hermitian=True)
    return np.asarray(inverse @ (scaled @ y) / size)


def two_ways_out(values: Array) -> Array:
    """Remove unit and period means from tables with gaps (..., unit, period)."""
    present = np.isfinite(values)
    left = np.where(present, values, 0.0)
    counts = [np.maximum(present.sum(axis=axis, keepdims=True), 1) for axis in (-1, -2)]
    for _ in range(1 if present.all() else _SWEEPS):
        for axis, count in zip((-1, -2), counts, strict=True):
            left = np.where(present, left - left.sum(axis=axis, keepdims=True) / count, 0.0)
    return np.where(present, left, np.nan)
