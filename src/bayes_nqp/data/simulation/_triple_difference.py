"""Panels of eligible and ineligible groups in states that enable a policy."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Mask
from bayes_nqp._core.exceptions import StudyError, once
from bayes_nqp._core.types import Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.simulation._checks import Correlation, Share, Size, check_layout
from bayes_nqp.data.simulation._errors import Noise, errors_of
from bayes_nqp.data.simulation._rows import Assignment, background, layout, rows_of
from bayes_nqp.data.simulation._truth import (
    Effect,
    Simulated,
    cohort_scores,
    curve_of,
    truth_of_rows,
)

_GROUP: Final = "group"


@door
def triple_difference(
    *,
    states: int = 40,
    periods: int = 12,
    cohorts: Sequence[int] = (5, 6, 7, 8, 9),
    never: Share = 0.4,
    eligible: Sequence[str] = ("eligible",),
    ineligible: Sequence[str] = ("ineligible",),
    effect: Effect = "flat",
    level: float = 1.0,
    growth: float = 0.25,
    spread: Size = 0.5,
    contrast: float = 0.0,
    deviation_sd: Size = 0.3,
    noise: Noise = "ar1",
    rho: Correlation = 0.5,
    sigma: Positive = 1.0,
    shock_sd: Size = 0.5,
    state_trend: float = 0.15,
    trend: float = 0.0,
    spillover: float = 0.0,
    missing: Share = 0.0,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate a panel for triple differences.

    The outcome of group q of state s is ``alpha_sq + eta_st + lambda_qt + (tau_cell + u_sq)
    [eligible and enabled] + error``. The effects ``eta_st`` are a random walk of each state plus a
    trend of the states that enable the policy.

    Parameters
    ----------
    states, periods : int, default 40, 12
        Numbers of states and of periods; periods are numbered from 1.
    cohorts : sequence of int, default (5, 6, 7, 8, 9)
        First periods with the policy, assigned to the states that enable it in turn.
    never : float, default 0.4
        Share of states that never enable the policy.
    eligible, ineligible : sequence of str
        Names of the groups of a state that can and cannot be treated; one of each by default. With
        several eligible groups, ``group`` is a stratum of the panel.
    effect, level, growth, spread, contrast, deviation_sd, noise, rho, sigma
        See `staggered`. ``contrast`` is the difference between the first two eligible groups.
    shock_sd : float, default 0.5
        Standard deviation of the steps of the random walk of a state, in ``sigma``.
    state_trend : float, default 0.15
        Slope of the trend of states that enable the policy, common to all of their groups, in
        ``sigma`` per period.
    trend : float, default 0
        Slope of the eligible groups of these states alone: a violation of the assumption of triple
        differences, in ``sigma`` per period.
    spillover : float, default 0
        Effect of the policy on ineligible groups, outcome units: another violation.
    missing : float, default 0
        Share of observations missing at random, except each unit's first one.
    seed : int, optional
        Seed; None draws one and records it.

    Returns
    -------
    Simulated
        Panel with the columns ``state``, ``group`` and ``eligible`` (0 or 1), truth and parameters.

    Raises
    ------
    StudyError
        If an argument is out of range.

    Examples
    --------
    >>> from bayes_nqp.data import simulation
    >>> simulated = simulation.triple_difference(seed=1)
    >>> simulated.panel.n_units
    80
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    groups = sorted({*eligible, *ineligible})
    once("eligible", (*eligible, *ineligible))
    if not eligible or not ineligible:
        raise StudyError("'eligible' or 'ineligible' is empty", hint="one name or more in each")
    check_layout(states, periods, tuple(cohorts), {}, 0.0)
    streams = np.random.default_rng(seed).spawn(7)
    of_states = layout(states, {}, tuple(cohorts), never)
    who, can = _units(of_states, groups, eligible)
    units = who.units.size
    frame, cells = rows_of(who, periods, missing, streams[0])
    added = cohort_scores(cohorts, spread if effect == "cohorts" else 0.0, streams[1])
    factors = {_GROUP: tuple(eligible)} if len(eligible) > 1 else {}
    cells["effect"] = curve_of(
        effect, cells, factors, added, level=level, growth=growth, contrast=contrast
    )
    deviation = np.where(who.cohort > 0, deviation_sd * streams[2].standard_normal(units), 0.0)
    untreated = errors_of(noise, streams[3], (units, periods), rho, sigma)
    untreated += background(who, periods, sigma, streams[4], streams[5])
    state, time = np.repeat(np.arange(states), len(groups)), np.arange(periods)
    date = of_states.cohort[state]
    walk = np.cumsum(shock_sd * streams[6].standard_normal((states, periods)), axis=1)
    untreated += sigma * (
        walk[state] + (state_trend + trend * can[:, None]) * time * (date > 0)[:, None]
    )
    after = (date > 0)[:, None] & (time + 1 >= date[:, None])
    untreated += np.where(after & ~can[:, None], spillover, 0.0)
    code = frame["code"].to_numpy()
    frame["outcome"] = untreated[code, frame[v.TIME] - 1]
    effects = cells["effect"].to_numpy()[frame["cell"]] + deviation[code]
    frame["outcome"] += np.where(frame["cell"] >= 0, effects, 0.0)
    frame["state"] = of_states.units[state[code]]
    frame["eligible"] = can[code].astype(np.int64)
    columns = [v.UNIT, "state", _GROUP, "eligible", v.TIME, v.COHORT, "outcome"]
    panel = Panel.from_frame(
        frame[columns], unit=v.UNIT, time=v.TIME, cohort=v.COHORT, outcome="outcome",
        strata=list(factors),
    )  # fmt: skip
    truth = _truth(frame, cells, deviation, who, factors)
    return Simulated(panel, truth, arguments | {"seed": seed, "cohort_effects": added})


def _units(
    states: Assignment, groups: Sequence[str], eligible: Sequence[str]
) -> tuple[Assignment, Mask]:
    """Return the groups of all states as units, and which of them are eligible (unit)."""
    number, names = states.units.size, np.array(groups, dtype=str)
    stratum = np.tile(np.arange(len(groups)), number)
    can = np.isin(names, eligible)[stratum]
    cohort = np.where(can, np.repeat(states.cohort, len(groups)), 0)
    labels = [f"{state} {group}" for state in states.units for group in groups]
    return Assignment(np.array(labels), stratum, cohort, {_GROUP: names}), can


def _truth(
    frame: pd.DataFrame,
    cells: pd.DataFrame,
    deviation: Array,
    who: Assignment,
    factors: Mapping[str, Sequence[str]],
) -> xr.Dataset:
    """Return the effects on treated observations by cell."""
    on = frame["cell"].to_numpy() >= 0
    cell, code = frame["cell"].to_numpy()[on], frame["code"].to_numpy()[on]
    effects = cells["effect"].to_numpy()[cell] + deviation[code]
    members = np.unique(code)
    return truth_of_rows(
        cell, cells, effects[None], frame["outcome"].to_numpy()[on],
        np.searchsorted(members, code), deviation[None, members], who.units[members].tolist(),
        factors,
    )  # fmt: skip
