"""Changes of cohorts less weighted changes of never-treated units with similar covariates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching import FEWEST, Pool
from bayes_nqp.robustness.estimators._estimator_callaway_santanna import averaged
from bayes_nqp.robustness.estimators._rows import EventCurve, Sample, never_treated


@dataclass(frozen=True, eq=False)
class Changes:
    """Changes d since the reference period (unit, period), in outcome units.

    The pool contains all units. Masks select the units of the cohort and the never-treated units
    that are observed in these periods; d is NaN for other units.
    """

    pool: Pool
    cohort: Mask
    controls: Mask
    d: Array


type Compare = Callable[[Changes], tuple[Array, Array, Mask]]
"""From changes to effects (period), influence (unit, period) and units that are compared (unit)."""


def compared(rows: Sample, compare: Compare) -> EventCurve:
    """Average the effects by cohort and period that a comparison of changes gives.

    Units without an observation before the first adoption are left out.

    Raises
    ------
    NotApplicable
        If there are fewer than five treated or never-treated units, no covariates that vary
        between units, or no cohort has a reference period.
    """
    never_treated(rows)
    rows, pool = _baseline(rows)
    periods = int(rows.time.max()) + 1
    y = np.full((rows.n_units, periods), np.nan)
    y[rows.unit, rows.time] = rows.y
    cohort = np.zeros(rows.n_units, dtype=np.int64)
    cohort[rows.unit] = rows.cohort
    parts: list[tuple[Index, Array, Array, Mask]] = []
    for g in np.unique(cohort[cohort >= 0]):
        base = int(g) + rows.reference
        if base < 0:
            continue
        change = y - y[:, [base]]
        relevant = (cohort == g) | (cohort < 0)
        seen = ~np.isnan(change) & relevant[:, None]
        # Periods in which the same units are observed have the same weights.
        pattern = np.unique(seen, axis=1, return_inverse=True)[1].ravel()
        for k in np.unique(pattern):
            times = np.flatnonzero((pattern == k) & (np.arange(periods) != base))
            if not times.size:
                continue
            mask = seen[:, times[0]]
            mine, controls = mask & (cohort == g), mask & (cohort < 0)
            if mine.any() and controls.sum() >= FEWEST:
                b, psi, member = compare(Changes(pool, mine, controls, change[:, times]))
                parts.append((times - g, b, psi.T, np.tile(member, (times.size, 1))))
    if not parts:
        raise NotApplicable(Message("no cohort is observed in the last period before adoption"))
    event, b, psi, member = (np.concatenate(x) for x in zip(*parts, strict=True))
    identified = ~np.isnan(b)
    if not (event[identified] >= 0).any():
        raise NotApplicable(Message("no treated unit has a similar never-treated unit"))
    return averaged(rows, event[identified], b[identified], psi[identified], member[identified])


def _baseline(rows: Sample) -> tuple[Sample, Pool]:
    """Return units with baseline values: means before the first adoption, and given baselines."""
    if not (rows.x or rows.z):
        raise NotApplicable(Message("the fit has neither covariates nor baseline variables"))
    counts = (np.unique(rows.unit[mask]).size for mask in (rows.never, ~rows.never))
    if min(counts) < FEWEST:
        raise NotApplicable(Message("fewer than {} treated or never-treated units", FEWEST))
    early = rows.time < rows.cohort[~rows.never].min() - rows.ahead
    rows = rows.where(np.isin(rows.unit, rows.unit[early]))
    early = rows.time < rows.cohort[~rows.never].min() - rows.ahead
    columns = {**rows.x, **rows.z}
    x = rows.by_unit(np.column_stack(list(columns.values())) * early[:, None])
    x = x / np.bincount(rows.unit, early)[:, None]
    varies = np.ptp(x, axis=0) > 0
    if not varies.any():
        raise NotApplicable(Message("no covariate differs between units before adoption"))
    names = tuple(name for name, keep in zip(columns, varies, strict=True) if keep)
    treated = np.zeros(rows.n_units, dtype=bool)
    treated[rows.unit] = ~rows.never
    return rows, Pool(names, x[:, varies], treated, np.arange(rows.n_units))
