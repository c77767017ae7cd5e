"""Units whose outcome other columns make of one another, but not of their own rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp.arrays import Array, Mask
from bayes_nqp.checks.data._column import Codes, Column, Trace, column_of, slopes_of, two_ways_out
from bayes_nqp.checks.shared import DOUBT, FAILS
from bayes_nqp.language import Message, listed
from bayes_nqp.panel import Panel

_MADE, _NOT = 0.98, 0.5
"""Share of the variation of most units that other columns explain; of those that are not alike."""
_FEWEST: Final = (3, 0.02)
_COLUMNS: Final = 60
_KEPT: Final = 0.6
"""Share of units that a regression rests on: those that it fits best."""
_STEPS: Final = 8


def made_elsewhere(panel: Panel, outcome: Column) -> Iterator[Trace]:
    """Where other columns of the file make the outcome of most units, name those of whom not.

    As an index is made of indicators: a unit that has the index of another shows.
    """
    parts = _parts(panel)
    if len(parts) == 0:
        return
    both = np.isfinite(outcome.values) & np.isfinite(parts).all(axis=0)
    both &= both.sum(axis=1, keepdims=True) > 2
    if both.sum() < 3 * (len(parts) + panel.periods) + both.any(axis=1).sum():
        return
    left = np.nan_to_num(two_ways_out(np.where(both, np.stack([outcome.values, *parts]), np.nan)))
    y, predicted = left[0], _predicted(left[0], left[1:], both)
    share = _share(y, predicted)
    known = np.isfinite(share)
    strange = np.flatnonzero(known & (share < _NOT))
    if not known.any() or not np.median(share[known]) > _MADE:
        return
    if strange.size < max(_FEWEST[0], _FEWEST[1] * known.sum()):
        return
    owner = _owners(y[strange], predicted[strange], both[strange])
    found, names = owner >= 0, panel.unit_labels
    pairs = [
        f"{names[i]} = {names[strange[k]]}" for i, k in zip(strange, owner, strict=True) if k >= 0
    ]
    if 2 * found.sum() > strange.size:
        words = Message(
            "{n} unit has the outcome that other columns make of another",
            plural="{n} units have the outcomes that other columns make of others",
            n=int(found.sum()),
        )  # fmt: skip
        yield Trace(words, outcome.name, FAILS, int(found.sum()), listed(pairs))
        return
    words = Message(
        "other columns make the outcome of most units, and not that of {n} unit",
        plural="other columns make the outcome of most units, and not those of {n} units",
        n=strange.size,
    )  # fmt: skip
    yield Trace(words, outcome.name, DOUBT, strange.size, listed(names[strange]))


def _parts(panel: Panel) -> Array:
    """Numbers of the file that are seen in nearly all rows and change within units."""
    roles, frame = panel.roles, panel.frame
    none = {roles.unit, roles.time, roles.cohort, roles.outcome, roles.weights, *roles.exposures}
    tables = []
    for name in frame.columns:
        if name in none or frame[name].dtype.kind not in "fi":
            continue
        values = frame[name].to_numpy(dtype=np.float64)
        if np.isfinite(values).mean() < 0.9 or not np.nanstd(values) > 0.0:
            continue
        table = column_of(panel, str(name), values / np.nanstd(values)).values
        if np.nanmax(np.abs(np.diff(table, axis=1)), initial=0.0) > 1e-9:
            tables.append(table)
    if len(tables) > _COLUMNS:
        return np.empty((0, panel.n_units, panel.periods))
    return np.array(tables).reshape(-1, panel.n_units, panel.periods)


def _predicted(y: Array, x: Array, both: Mask) -> Array:
    """Fit a regression to the units that it fits best, in a few steps (unit, period)."""
    best, predicted = both.any(axis=1), np.zeros_like(y)
    for _ in range(_STEPS):
        rows = both & best[:, None]
        predicted = np.tensordot(slopes_of(y[rows], x[:, rows]), x, axes=1)
        share = np.nan_to_num(_share(y, predicted), nan=-np.inf)
        before, best = best, share >= np.quantile(share[both.any(axis=1)], 1.0 - _KEPT)
        if np.array_equal(before, best):
            break
    return predicted


def _share(y: Array, predicted: Array) -> Array:
    """Share of the variation of each unit that is explained (unit)."""
    size = (y**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0.0, 1.0 - ((y - predicted) ** 2).sum(axis=1) / size, np.nan)


def _owners(y: Array, predicted: Array, both: Mask) -> Codes:
    """Which of the others each one's outcome is made of; -1 for none."""
    size = np.maximum((y**2).sum(axis=1), 1e-300)
    out = np.full(len(y), -1, dtype=np.int64)
    for k in range(len(y)):
        rows = both & both[k]
        error = (np.where(rows, y[k] - predicted, 0.0) ** 2).sum(axis=1) / size[k]
        error[k] = np.inf
        other = int(np.argmin(error))
        out[k] = other if error[other] < 1.0 - _MADE + 0.05 else -1
    return out
