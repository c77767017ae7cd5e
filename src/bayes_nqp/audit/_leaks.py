"""Detect columns equal to the outcome, and units with a wrong outcome."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import (
    Codes,
    Measurements,
    Trace,
    numbers_of,
    slopes_of,
    two_ways_out,
)
from bayes_nqp.checks.shared import DOUBT, FAILS, Verdict
from bayes_nqp.data.panel import Panel

_SAME: Final = 0.98
"""Share of a column's variation, net of unit and time effects, explained by the outcome."""
_AHEAD: Final = 0.9
"""The same share for a future outcome, which no genuine variable explains as well."""
_EXACT: Final = 0.9999
_ROWS: Final = 20
_CHANGES: Final = 60
_AGREE: Final = 0.999
_EQUAL: Final = (3, 0.01)

_TO_COME: Final = {
    1: Message("it is the outcome of the next period"),
    2: Message("it is the outcome of two periods later"),
}
_MOVES: Final = {
    0: Message("it is a monotone function of the outcome"),
    1: Message("it is a monotone function of the outcome of the next period"),
    2: Message("it is a monotone function of the outcome of two periods later"),
    -1: Message("it is a monotone function of the outcome of the previous period"),
}


def leaks(column: Measurements, outcome: Measurements, *, near: bool = True) -> Iterator[Trace]:
    """Compare a column with the outcome of earlier, later and the same periods.

    Parameters
    ----------
    near : bool, default True
        If True, report columns close to the outcome of the same period, too.
    """
    shares = {lead: shared_with(column, outcome, lead) for lead in (0, 1, 2, -1)}
    lead = max(shares, key=lambda k: shares[k])
    if shares[lead] >= (_AHEAD if lead > 0 else _SAME):
        trace = _named(column, lead, shares[lead], near=near)
    else:
        trace = _made(column, outcome) or _function(column, outcome) or _rows(column, outcome)
    if trace is not None and (near or lead != 0 or trace.verdict == FAILS):
        yield trace


def _named(column: Measurements, lead: int, share: float, *, near: bool) -> Trace | None:
    if lead > 0:
        words = Message("{} ({:.2%} of its variation)", _TO_COME[lead], share)
        return Trace(words, column.name, FAILS if share >= _SAME else DOUBT, 1)
    if lead == 0:
        words = Message("it is nearly the outcome itself ({:.2%} of its variation)", share)
        return Trace(words, column.name, FAILS if near and share > _EXACT else DOUBT, 1)
    words = Message(
        "it is the outcome of the previous period ({:.2%} of its variation), which the "
        "treatment affects",
        share,
    )
    return Trace(words, column.name, DOUBT, 1)


def _made(column: Measurements, outcome: Measurements) -> Trace | None:
    """Return True if a column is a function of outcomes of several periods, such as growth."""
    parts = [_shifted(outcome.values, lead) for lead in (1, 0, -1)]
    fit = _explained(column.values, parts)
    if fit < _SAME:
        return None
    if _explained(column.values, parts[1:]) < fit - 0.01:
        words = Message("it is computed from outcomes, including that of the next period")
    else:
        words = Message("it is computed from the outcomes of this and the previous period")
    return Trace(words, column.name, FAILS, 1)


def _function(column: Measurements, outcome: Measurements) -> Trace | None:
    """Return True if a column is a monotone function of the outcome."""
    for lead in (0, 1, 2, -1):
        later = np.diff(_shifted(outcome.values, lead), axis=1)
        signs = np.sign(column.changes) * np.sign(later)
        signs = signs[np.isfinite(signs) & (signs != 0.0)]
        if signs.size >= _CHANGES and abs(float(signs.mean())) >= 2.0 * _AGREE - 1.0:
            verdict: Verdict = DOUBT if lead < 0 else FAILS
            return Trace(_MOVES[lead], column.name, verdict, int(signs.size))
    return None


def _rows(column: Measurements, outcome: Measurements) -> Trace | None:
    """Find rows that contain the outcome of another period exactly."""
    if not (column.fine and outcome.fine):
        return None
    for lead in (1, -1, 2):
        later = _shifted(outcome.values, lead)
        with np.errstate(invalid="ignore"):
            equal = (np.abs(column.values - later) <= 1e-9 * np.abs(later)) & column.telling
        count = int(equal.sum())
        if count >= max(_EQUAL[0], _EQUAL[1] * int(np.isfinite(later).sum())):
            words = Message(
                "{n} observation equals the outcome of {lead:+d} periods",
                plural="{n} observations equal the outcome of {lead:+d} periods",
                n=count,
                lead=lead,
            )
            return Trace(words, column.name, FAILS if lead > 0 else DOUBT, count)
    return None


def _shifted(values: Array, lead: int) -> Array:
    """Return values of some periods later."""
    out = np.full_like(values, np.nan)
    if lead > 0:
        out[:, :-lead] = values[:, lead:]
    elif lead < 0:
        out[:, -lead:] = values[:, :lead]
    else:
        out[:] = values
    return out


def shared_with(column: Measurements, outcome: Measurements, lead: int) -> float:
    """Return the largest squared correlation, in levels or logs, net of unit and time effects."""
    if column.values.shape[1] <= abs(lead) + 1:
        return 0.0
    pairs = [
        (x.values, _shifted(y.values, lead))
        for x in (column, *((column.logarithms(),) if column.positive else ()))
        for y in (outcome, *((outcome.logarithms(),) if outcome.positive else ()))
    ]
    return max(_explained(x, [y]) for x, y in pairs)


def _explained(values: Array, parts: list[Array]) -> float:
    """Return the R² of a regression on other tables, net of unit and time effects."""
    full = np.isfinite(values) & np.isfinite(np.stack(parts)).all(axis=0)
    full &= full.sum(axis=1, keepdims=True) > 1
    if full.sum() < _ROWS:
        return 0.0
    left = two_ways_out(np.where(full, np.stack([values, *parts]), np.nan))[:, full]
    size = np.linalg.norm(left, axis=1)
    if size[0] <= 1e-9 * np.linalg.norm(values[full]) or (size[1:] == 0.0).any():
        return 0.0
    free = int(full.sum() - full.any(axis=1).sum() - full.any(axis=0).sum() - len(parts))
    if free < 6:
        return 0.0
    y, x = left[0] / size[0], left[1:] / size[1:, None]
    return float(1.0 - np.sum((y - slopes_of(y, x) @ x) ** 2))


_MADE, _NOT = 0.98, 0.5
"""Explained share of the variation of most units; and of deviating units."""
_FEWEST: Final = (3, 0.02)
_KEPT: Final = 0.6
"""Share of units used in a regression: those with the best fit."""
_STEPS: Final = 8


def made_elsewhere(panel: Panel, outcome: Measurements) -> Iterator[Trace]:
    """Find units with an outcome not explained by columns that explain the other units.

    For example, if the outcome is an index of indicators, a unit with the index of another unit is
    detected.
    """
    parts = _parts(panel)
    if len(parts) == 0:
        return
    full = np.isfinite(outcome.values) & np.isfinite(parts).all(axis=0)
    full &= full.sum(axis=1, keepdims=True) > 2
    if full.sum() < 3 * (len(parts) + panel.periods) + full.any(axis=1).sum():
        return
    left = np.nan_to_num(two_ways_out(np.where(full, np.stack([outcome.values, *parts]), np.nan)))
    y, predicted = left[0], _predicted(left[0], left[1:], full)
    share = _share(y, predicted)
    observed = np.isfinite(share)
    strange = np.flatnonzero(observed & (share < _NOT))
    if not observed.any() or not np.median(share[observed]) > _MADE:
        return
    if strange.size < max(_FEWEST[0], _FEWEST[1] * observed.sum()):
        return
    owner = _sources(y[strange], predicted[strange], full[strange])
    traces, names = owner >= 0, panel.unit_labels
    pairs = [
        f"{names[i]} = {names[strange[k]]}" for i, k in zip(strange, owner, strict=True) if k >= 0
    ]
    if 2 * traces.sum() > strange.size:
        words = Message(
            "{n} unit has the outcome that other columns imply for another unit",
            plural="{n} units have the outcomes that other columns imply for other units",
            n=int(traces.sum()),
        )  # fmt: skip
        yield Trace(words, outcome.name, FAILS, int(traces.sum()), listed(pairs))
        return
    words = Message(
        "other columns determine the outcome of most units, but not that of {n} unit",
        plural="other columns determine the outcome of most units, but not those of {n} units",
        n=strange.size,
    )  # fmt: skip
    yield Trace(words, outcome.name, DOUBT, strange.size, listed(names[strange]))


def _parts(panel: Panel) -> Array:
    """Return nearly complete numeric columns, divided by their SDs (column, unit, T)."""
    tables = [x.values / np.nanstd(x.values) for x in numbers_of(panel)]
    return np.array(tables).reshape(-1, panel.unit_labels.size, panel.periods)


def _predicted(y: Array, x: Array, full: Mask) -> Array:
    """Fit a regression to the units with the best fit, in a few steps (unit, period)."""
    best, predicted = full.any(axis=1), np.zeros_like(y)
    for _ in range(_STEPS):
        rows = full & best[:, None]
        predicted = np.tensordot(slopes_of(y[rows], x[:, rows]), x, axes=1)
        share = np.nan_to_num(_share(y, predicted), nan=-np.inf)
        before, best = best, share >= np.quantile(share[full.any(axis=1)], 1.0 - _KEPT)
        if np.array_equal(before, best):
            break
    return predicted


def _share(y: Array, predicted: Array) -> Array:
    """Return the explained share of the variation of each unit (unit)."""
    size = (y**2).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(size > 0.0, 1.0 - ((y - predicted) ** 2).sum(axis=1) / size, np.nan)


def _sources(y: Array, predicted: Array, full: Mask) -> Codes:
    """Return the unit that predicts each unit's outcome; -1 for none."""
    size = np.maximum((y**2).sum(axis=1), 1e-300)
    out = np.full(len(y), -1, dtype=np.int64)
    for k in range(len(y)):
        rows = full & full[k]
        error = (np.where(rows, y[k] - predicted, 0.0) ** 2).sum(axis=1) / size[k]
        error[k] = np.inf
        other = int(np.argmin(error))
        out[k] = other if error[other] < 1.0 - _MADE + 0.05 else -1
    return out
