"""Whether units leave the panel because they are treated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from scipy.stats import norm

from bayes_nqp.arrays import Array, Mask
from bayes_nqp.checks.data._column import Codes, Trace
from bayes_nqp.checks.data._moved import change_with_adoption
from bayes_nqp.checks.shared import DOUBT
from bayes_nqp.language import Message, listed
from bayes_nqp.panel import Panel

_CHANCE: Final = 0.003
_EVENTS: Final = 5


def leavers(panel: Panel, dose: Array | None, stratum: Codes) -> Iterator[Trace]:
    """Compare those who leave for good with those who stay, period by period (log-rank test).

    Parameters
    ----------
    dose : ndarray (unit, period) or None
        Of a continuous exposure; None where units adopt.
    stratum : ndarray of int (unit)
        Within which they are compared.
    """
    last = np.full(panel.n_units, -1)
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
    if 2.0 * norm.sf(abs(z)) >= _CHANCE:
        return
    yield _trace(panel, left, treated, last, z, dosed=dose is not None)


def _trace(panel: Panel, left: Mask, treated: Mask, last: Codes, z: float, *, dosed: bool) -> Trace:
    unit = panel.roles.unit
    if dosed:
        who = np.flatnonzero(left)
        more = Message(
            "{n} unit leaves before the end, sooner with more exposure (z = {z:.1f})",
            plural="{n} units leave before the end, sooner with more exposure (z = {z:.1f})",
            n=who.size,
            z=z,
        )
        less = Message(
            "{n} unit leaves before the end, sooner with less exposure (z = {z:.1f})",
            plural="{n} units leave before the end, sooner with less exposure (z = {z:.1f})",
            n=who.size,
            z=z,
        )
        words = more if z > 0 else less
        return Trace(words, unit, DOUBT, who.size, listed(panel.unit_labels[who]))
    at_last = treated[np.arange(last.size), last]
    who = np.flatnonzero(left & at_last) if z > 0 else np.flatnonzero(left & ~at_last)
    if z > 0:
        words = Message(
            "{n} of {of} units that adopt leaves the panel after adoption, and others leave less "
            "often (z = {z:.1f})",
            plural="{n} of {of} units that adopt leave the panel after adoption, and others leave "
            "less often (z = {z:.1f})",
            n=who.size, of=int((panel.cohort_codes >= 0).sum()), z=z,
        )  # fmt: skip
    else:
        words = Message(
            "{n} unit leaves the panel untreated, and treated ones leave less often (z = {z:.1f})",
            plural="{n} units leave the panel untreated, and treated ones leave less often "
            "(z = {z:.1f})",
            n=who.size, z=z,
        )  # fmt: skip
    return Trace(words, unit, DOUBT, who.size, listed(panel.unit_labels[who]))


def gaps(panel: Panel, stratum: Codes) -> Iterator[Trace]:
    """Ask whether rows between a unit's first and last are missing more often once it adopts."""
    present = np.zeros((panel.n_units, panel.periods), dtype=bool)
    present[panel.unit_codes, panel.time_codes] = True
    later = np.maximum.accumulate(present[:, ::-1], axis=1)[:, ::-1]
    within = np.maximum.accumulate(present, axis=1) & later
    missing = np.where(within, ~present, np.nan)
    if np.nansum(missing) < _EVENTS:
        return
    units = np.arange(panel.n_units)
    effect, chance = change_with_adoption(missing, panel.cohort_codes, stratum, units)
    if chance < _CHANCE / 2.0:
        who = np.flatnonzero((within & ~present).any(axis=1) & (panel.cohort_codes >= 0))
        words = Message(
            "adoption changes the share of rows that are missing by {:+.0%} (p = {:.1g})",
            effect, chance,
        )  # fmt: skip
        yield Trace(words, panel.roles.unit, DOUBT, who.size, listed(panel.unit_labels[who]))
