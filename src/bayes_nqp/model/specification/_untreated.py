"""Untreated observations of an equation, by unit and period."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp.model.predictors import BARE
from bayes_nqp.model.specification._facts import Facts
from bayes_nqp.model.specification._timing import Calendar

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@dataclass(frozen=True, eq=False)
class BareRows:
    """Untreated observations by unit and period, in multiples of their standard deviation.

    Parameters
    ----------
    y : ndarray (unit, T)
        Zero without an untreated observation.
    seen : ndarray of bool (unit, T)
        True with an untreated observation.
    level : ndarray of int (unit)
        Level of time effects.
    ever : ndarray of bool (unit)
        True for ever-treated units.
    counts : ndarray (unit)
        Number of units that each row represents.
    """

    y: Array
    seen: Mask
    level: Index
    ever: Mask
    counts: Array


def bare_rows(outcome: Array, facts: Facts, timing: Calendar, panel: Panel) -> BareRows:
    unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
    bare = timing.role[timing.key[unit], time] == BARE
    seen = np.zeros((panel.unit_labels.size, panel.periods), dtype=bool)
    seen[unit[bare], time[bare]] = True
    y = np.zeros(seen.shape)
    y[unit[bare], time[bare]] = outcome[bare]
    # Whatever is a unit's own level changes nothing, and costs digits.
    y -= np.where(seen, (y.sum(axis=1) / np.maximum(seen.sum(axis=1), 1))[:, None], 0.0)
    y /= max(float(np.abs(y).max(initial=0.0)), np.finfo(float).tiny)
    codes = [panel.strata_codes[name] for name in facts.time_strata(panel)]
    table = np.stack([np.zeros(panel.unit_labels.size, dtype=np.int64), *codes], axis=1)
    level = np.unique(table, axis=0, return_inverse=True)[1].ravel()
    return BareRows(y, seen, level, timing.start[timing.key] >= 0, panel.counts)
