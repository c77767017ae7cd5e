"""Panels with treatments that end, and may begin again, with known effects."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index, Mask
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.types import Natural, Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel, switches
from bayes_nqp.data.simulation._checks import Correlation, Share, Size, check_layout
from bayes_nqp.data.simulation._errors import errors_of
from bayes_nqp.data.simulation._rows import Assignment, background, layout
from bayes_nqp.data.simulation._truth import Simulated, truth_of_rows

_STREAMS = 6


@door
def exits(
    *,
    units: int = 60,
    periods: int = 14,
    cohorts: Sequence[int] = (4, 6, 8),
    never: Share = 0.25,
    stay: Share = 0.3,
    lengths: Sequence[int] = (2, 3, 4),
    pause: Natural = 0,
    strata: Mapping[str, Sequence[str]] = {"region": ("inland", "coastal")},
    level: float = 1.0,
    growth: float = 0.1,
    remains: Share = 0.5,
    deviation_sd: Size = 0.3,
    rho: Correlation = 0.5,
    sigma: Positive = 1.0,
    selection: bool = False,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate a panel in which the treatment of some units ends.

    The effect of a treated observation e periods after entry is ``level + growth * e`` plus a
    random effect of the unit. In the j-th period after exit (from 1), ``remains ** j`` of the last
    effect remains.

    Parameters
    ----------
    units, periods : int, default 60, 14
        Size of the panel; periods are numbered from 1.
    cohorts : sequence of int, default (4, 6, 8)
        Periods of entry, assigned to treated units in turn, within strata.
    never : float, default 0.25
        Share of never-treated units in each stratum, rounded to units.
    stay : float, default 0.3
        Probability that the treatment of a treated unit does not end.
    lengths : sequence of int, default (2, 3, 4)
        Possible numbers of periods from entry to exit, with equal probabilities.
    pause : int, default 0
        Periods after which treated units enter again and stay; 0 for no second entry.
    strata : mapping of str to sequence of str, default {"region": ("inland", "coastal")}
        See `staggered`.
    level, growth : float, default 1, 0.1
        Effect at entry, and its increase per period, outcome units.
    remains : float, default 0.5
        Share of the effect that remains from one period after exit to the next (carry-over); 0 if
        the effect ends with the treatment.
    deviation_sd : float, default 0.3
        Standard deviation of unit-level random effects of the treatment.
    rho, sigma : float, default 0.5, 1
        Autocorrelation of errors, and standard deviation of their innovations.
    selection : bool, default False
        If True, units leave after their worst treated period: the spell of each unit ends at its
        lowest error. Effects after exit are then not identified.
    seed : int, optional
        See `staggered`.

    Returns
    -------
    Simulated
        Panel, truth and parameters.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> simulated = simulation.exits(seed=1)
    >>> simulated.panel.ends
    True
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    factors = {str(k): tuple(x) for k, x in strata.items()}
    cohorts, steps = tuple(cohorts), np.asarray(lengths, dtype=np.int64)
    check_layout(units, periods, cohorts, factors, 0.0)
    if not steps.size or steps.min() < 1:
        raise StudyError(f"'lengths' is {steps.tolist()!r}", hint="whole numbers from 1")
    streams = np.random.default_rng(seed).spawn(_STREAMS)
    who = layout(units, factors, cohorts, never)
    errors = errors_of("ar1", streams[0], (units, periods), rho, sigma)
    chosen = streams[1].integers(steps.size, size=units)
    if selection:
        # Error of the last treated period under each length.
        last = np.clip(who.cohort[:, None] + steps - 2, 0, periods - 1)
        chosen = np.take_along_axis(errors, last, axis=1).argmin(axis=1)
    length = np.where(streams[2].random(units) < stay, periods, steps[chosen])
    on = _treated(who.cohort, length, pause, periods)
    deviation = np.where(who.cohort > 0, deviation_sd * streams[3].standard_normal(units), 0.0)
    effects = _effects(on, level, growth, remains, deviation)
    outcome = errors + background(who, periods, sigma, streams[4], streams[5]) + effects
    code, time = np.repeat(np.arange(units), periods), np.tile(np.arange(periods), units)
    frame = pd.DataFrame(
        {
            v.UNIT: who.units[code],
            v.TIME: time + 1,
            "treated": on[code, time].astype(np.int64),
            "outcome": outcome[code, time],
            **{name: labels[who.stratum[code]] for name, labels in who.levels.items()},
        }
    )
    panel = Panel.from_frame(
        frame, unit=v.UNIT, time=v.TIME, treatment="treated", outcome="outcome",
        strata=list(factors),
    )  # fmt: skip
    cell, cells = _cells(who, on, code, time)
    members = np.flatnonzero(who.cohort > 0)
    owner = np.where(on[code, time], np.searchsorted(members, code), -1)
    rows = cell >= 0
    truth = truth_of_rows(
        cell[rows], cells, effects[code, time][None, rows], outcome[code, time][rows], owner[rows],
        deviation[members][None], who.units[members].tolist(), factors,
    )  # fmt: skip
    return Simulated(panel, truth, arguments | {
        "cohorts": cohorts, "strata": factors, "lengths": tuple(steps.tolist()), "seed": seed,
    })  # fmt: skip


def _treated(cohort: Index, length: Index, pause: int, periods: int) -> Mask:
    """Return True for treated periods (unit, period)."""
    since = np.arange(1, periods + 1) - cohort[:, None]
    on = (since >= 0) & (since < length[:, None])
    if pause:
        on |= since >= length[:, None] + pause
    return np.asarray(on & (cohort > 0)[:, None])


def _effects(on: Mask, level: float, growth: float, remains: float, deviation: Array) -> Array:
    """Return effects on observations (unit, period), treated or not."""
    out, last = np.zeros(on.shape), np.zeros(len(on))
    since = np.zeros(len(on))
    for t in range(on.shape[1]):
        now = level + growth * since + deviation
        last = np.where(on[:, t], now, remains * last)
        since = np.where(on[:, t], since + 1, 0)
        out[:, t] = last
    return out


def _cells(who: Assignment, on: Mask, code: Index, time: Index) -> tuple[Index, pd.DataFrame]:
    """Number the cells of treated observations and of those after exit; -1 for others (row)."""
    spell, entry, end = (x[code, time] for x in switches(on))
    treated, first = on[code, time], np.where(on.any(axis=1), on.argmax(axis=1), -1)[code]
    after = (first >= 0) & (time > first) & ~treated
    keys = np.stack(
        [who.stratum[code], after, first, entry, np.where(after, end, -1), spell, time], axis=1
    )
    inside = treated | after
    table, number = np.unique(keys[inside], axis=0, return_inverse=True)
    cell = np.full(code.size, -1)
    cell[inside] = number.ravel()
    stratum, off, first, entry, end, spell, period = table.T
    origin = np.where(off == 1, end, entry)
    cells = pd.DataFrame({name: labels[stratum] for name, labels in who.levels.items()})
    cells[v.COHORT], cells[v.TIME], cells[v.EVENT_TIME] = origin + 1, period + 1, period - origin
    cells[v.ROLE] = np.where(off == 1, v.AFTER, v.TREATED)
    cells[v.SPELL], cells[v.FIRST_SWITCH] = spell, period - first
    return cell, cells
