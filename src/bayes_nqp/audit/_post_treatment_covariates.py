"""Detect effects of the treatment on covariates and on the sample."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from scipy.special import ndtr, stdtr

from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.audit._column import Codes, Measurements, Trace, slopes_of, two_ways_out
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.data.panel import Panel

_CHANCE: Final = 0.005
"""Two-sided level, divided among all columns."""
_BREAK: Final = 0.01
"""The same with a linear differential trend, which is not a response to adoption."""
_HARM: Final = 0.2
"""Smallest change of the average effect by the column, in posterior SDs."""


def moved(
    columns: Sequence[Measurements], outcome: Measurements, cohort: Codes, level: Codes, sd: float
) -> Iterator[Trace]:
    """Test each column for a change with adoption.

    Parameters
    ----------
    cohort, level : ndarray of int (unit)
        Period of adoption, -1 if never treated; groups with separate time effects.
    sd : float
        Posterior standard deviation of the average effect.
    """
    for column in columns:
        seen = np.isfinite(outcome.values)
        values = np.where(seen, column.values, np.nan)
        # Units with identical series, such as cities of a province, form one cluster.
        groups = np.unique(np.nan_to_num(values), axis=0, return_inverse=True)[1].ravel()
        effect, chance = change_with_adoption(values, cohort, level, groups)
        if chance > _CHANCE / len(columns):
            continue
        if change_with_adoption(values, cohort, level, groups, line=True)[1] > _BREAK:
            continue
        harm = abs(effect * _slope(values, outcome.values, cohort, level)) / sd
        if harm >= _HARM:
            yield Trace(
                Message(
                    "the treatment changes it by {:.3g} (p = {:.1g}), and controlling for"
                    " it shifts the average effect by {:.1f} posterior SDs",
                    effect, chance, harm,
                ),
                column.name, DOUBT, 1,
            )  # fmt: skip


def change_with_adoption(
    values: Array, cohort: Codes, level: Codes, groups: Codes, *, line: bool = False
) -> tuple[float, float]:
    """Estimate the change of a table with adoption, net of unit and time-by-level effects.

    Parameters
    ----------
    values : ndarray (unit, period)
        NaN without an observation.
    groups : ndarray of int (unit)
        Clusters.
    line : bool, default False
        If True, allow for a linear differential trend of treated units.

    Returns
    -------
    tuple of float
        The change, and its two-sided p-value.
    """
    x, d, g = _net(np.where(np.isfinite(values), np.stack([values, *_adoption(values, cohort)]),
                            np.nan), level)  # fmt: skip
    return _effect(x, d, g if line else None, groups, cohort >= 0)


def _adoption(values: Array, cohort: Codes) -> tuple[Array, Array]:
    """Return the treatment, and a linear trend of treated units (unit, period)."""
    periods, adopts = np.arange(values.shape[1]), (cohort >= 0)[:, None]
    treated = adopts & (periods >= cohort[:, None])
    return treated.astype(np.float64), np.asarray(adopts * periods, dtype=np.float64)


def _slope(values: Array, outcome: Array, cohort: Codes, level: Codes) -> float:
    """Return the slope of the outcome on a column, given treatment."""
    tables = np.stack([values, outcome, _adoption(values, cohort)[0]])
    x, y, d = _net(np.where(np.isfinite(values), tables, np.nan), level)
    return float(slopes_of(y.ravel(), np.stack([x.ravel(), d.ravel()]))[0])


def _net(tables: Array, level: Codes) -> Array:
    """Remove unit and time-by-level effects from tables; zero for missing observations."""
    out = np.zeros_like(tables)
    for code in np.unique(level):
        out[:, level == code] = np.nan_to_num(two_ways_out(tables[:, level == code]))
    return out


def _effect(
    x: Array, d: Array, line: Array | None, groups: Codes, adopts: Mask
) -> tuple[float, float]:
    """Return the slope of a column on treatment, and its two-sided p-value, by clusters.

    With few treated or few untreated clusters, the p-value uses Student's t with the smaller number
    as degrees of freedom.
    """
    columns = np.stack([d] if line is None else [d, line]).reshape(1 if line is None else 2, -1)
    slopes = slopes_of(x.ravel(), columns)
    res = d.ravel()
    if line is not None:
        res = res - columns[1] * (columns[1] @ res) / max(float(columns[1] @ columns[1]), 1e-300)
    size = float(res @ res)
    left = x.ravel() - slopes @ columns
    score = (res * left).reshape(x.shape).sum(axis=1)
    weight = (res**2).reshape(x.shape).sum(axis=1) / max(size, 1e-300)
    # Jackknife over clusters, so that a few influential clusters count as few.
    share = np.bincount(groups, weight)
    parts = np.bincount(groups, score) / np.maximum(1.0 - share, 1e-3)
    treated = np.bincount(groups, adopts) > 0
    free = int(min(treated.sum(), (~treated).sum() or treated.sum())) - 1
    if free < 3 or size <= 1e-12 or not np.abs(left).max() > 0.0:
        return float(slopes[0]), 1.0
    error = float(np.sqrt(parts @ parts)) / size
    return float(slopes[0]), float(2.0 * stdtr(free, -abs(slopes[0]) / max(error, 1e-300)))


_LEAVING: Final = 0.003
_EVENTS: Final = 5


def leavers(panel: Panel, dose: Array | None, stratum: Codes) -> Iterator[Trace]:
    """Compare units that leave permanently with those that stay (log-rank test).

    Parameters
    ----------
    dose : ndarray (unit, period) or None
        Dose of a continuous exposure; None for a binary treatment.
    stratum : ndarray of int (unit)
        Strata within which units are compared.
    """
    last = np.full(panel.unit_labels.size, -1)
    np.maximum.at(last, panel.unit_codes, panel.time_codes)
    periods, adoption = np.arange(panel.periods), panel.cohort_codes[:, None]
    treated = (adoption >= 0) & (periods >= adoption)
    value = treated.astype(np.float64) if dose is None else dose
    present = np.zeros(value.shape, dtype=bool)
    present[panel.unit_codes, panel.time_codes] = True
    surplus = variance = 0.0
    for period in range(panel.periods - 1):
        for level in np.unique(stratum):
            at = present[:, period] & (stratum == level) & np.isfinite(value[:, period])
            gone, of = (last == period) & at, int(at.sum())
            if of < 2 or not gone.any():
                continue
            x = value[at, period] - value[at, period].mean()
            share = gone.sum() / of
            surplus += float(x[gone[at]].sum())
            variance += share * (1.0 - share) * of / (of - 1) * float(x @ x)
    left = last < panel.periods - 1
    if variance <= 0.0 or left.sum() < _EVENTS:
        return
    z = surplus / variance**0.5
    if 2.0 * ndtr(-abs(z)) >= _LEAVING:
        return
    yield _trace(panel, left, treated, last, z, dosed=dose is not None)


def _trace(panel: Panel, left: Mask, treated: Mask, last: Codes, z: float, *, dosed: bool) -> Trace:
    unit = panel.roles.unit
    if dosed:
        who = np.flatnonzero(left)
        more = Message(
            "{n} unit leaves the panel early, more often with higher exposure (z = {z:.1f})",
            plural="{n} units leave the panel early, more often with higher exposure (z = {z:.1f})",
            n=who.size,
            z=z,
        )
        less = Message(
            "{n} unit leaves the panel early, more often with lower exposure (z = {z:.1f})",
            plural="{n} units leave the panel early, more often with lower exposure (z = {z:.1f})",
            n=who.size,
            z=z,
        )
        words = more if z > 0 else less
        return Trace(words, unit, DOUBT, who.size, listed(panel.unit_labels[who]))
    at_last = treated[np.arange(last.size), last]
    who = np.flatnonzero(left & at_last) if z > 0 else np.flatnonzero(left & ~at_last)
    if z > 0:
        words = Message(
            "{n} of {of} treated units leaves the panel after adoption, more often than "
            "untreated units do (z = {z:.1f})",
            plural=
                "{n} of {of} treated units leave the panel after adoption, more often "
                "than untreated units do (z = {z:.1f})",
            n=who.size, of=int((panel.cohort_codes >= 0).sum()), z=z,
        )  # fmt: skip
    else:
        words = Message(
            "{n} untreated unit leaves the panel, more often than treated units do (z = {z:.1f})",
            plural=
                "{n} untreated units leave the panel, more often than treated units do (z"
                " = {z:.1f})",
            n=who.size, z=z,
        )  # fmt: skip
    return Trace(words, unit, DOUBT, who.size, listed(panel.unit_labels[who]))


def gaps(panel: Panel, stratum: Codes) -> Iterator[Trace]:
    """Test if gaps within a unit's series are more frequent after adoption."""
    present = np.zeros((panel.unit_labels.size, panel.periods), dtype=bool)
    present[panel.unit_codes, panel.time_codes] = True
    later = np.maximum.accumulate(present[:, ::-1], axis=1)[:, ::-1]
    within = np.maximum.accumulate(present, axis=1) & later
    missing = np.where(within, ~present, np.nan)
    if np.nansum(missing) < _EVENTS:
        return
    units = np.arange(panel.unit_labels.size)
    effect, chance = change_with_adoption(missing, panel.cohort_codes, stratum, units)
    if chance < _LEAVING / 2.0:
        who = np.flatnonzero((within & ~present).any(axis=1) & (panel.cohort_codes >= 0))
        words = Message(
            "adoption changes the share of missing observations by {:+.0%} (p = {:.1g})",
            effect, chance,
        )  # fmt: skip
        yield Trace(words, panel.roles.unit, DOUBT, who.size, listed(panel.unit_labels[who]))
