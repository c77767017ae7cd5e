"""Effects of a policy on places treated in different years, directly and by mediators."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp.data.simulation._controls import Control, controls_of
from bayes_nqp.data.simulation._errors import Across, joint_errors, stream
from bayes_nqp.data.simulation._mediated import Channel, MediatedTruth
from bayes_nqp.data.simulation._mediated_truth import check_channels, correlation, slopes_of
from bayes_nqp.data.simulation._rows import Assignment, background, cells_of, exposed_cells_of
from bayes_nqp.data.simulation._spillover import Feedback, Received
from bayes_nqp.data.simulation._truth import curve_of

FACTORS: Final[Mapping[str, tuple[str, str]]] = {
    "region": ("inland", "coastal"),
    "market": ("low", "high"),
    "resource": ("resource", "other"),
}
"""Groups of cities, and their levels; contrasts are the first level minus the second."""

_OUTCOME: Final = "productivity"


@dataclass(frozen=True, eq=False)
class Policy:
    """Effects of the policy, in standard deviations of productivity's innovations.

    Parameters
    ----------
    level, growth : float
        Direct effect at event time 0, and its increase in each further period.
    contrasts : mapping of str to float
        Difference of the direct effect between the levels of a factor.
    deviation_sd : float
        Standard deviation of random effects in the direct effect.
    moderation : float
        Change of the direct effect per standard deviation of digital finance.
    rho : float
        Autocorrelation of productivity's errors; innovations have standard deviation 1.
    noise : float
        Factor of all errors.
    trend, selection : float
        Differential trend of treated places per period, and their constant difference in levels.
    confounded : str, optional
        See `channels`.

    Raises
    ------
    StudyError
        If a value is out of range.
    """

    mediators: Mapping[str, Channel]
    level: float
    growth: float
    contrasts: Mapping[str, float]
    deviation_sd: float
    moderation: float
    rho: float
    noise: float
    trend: float
    selection: float
    confounding: float
    confounded: str | None
    related: float

    def __post_init__(self) -> None:
        for name, value in self.contrasts.items():
            if name not in FACTORS:
                raise StudyError(f"'contrasts' contains {name!r}", hint=nearest(name, FACTORS))
            if not math.isfinite(value):
                raise StudyError(f"'contrasts' {name!r} is {value!r}", hint="a finite number")
        correlation(tuple(self.mediators), self.confounding, self.confounded, self.related)


@dataclass(frozen=True, eq=False)
class Places:
    """Units of a simulation, with strata, cohorts and factors.

    Parameters
    ----------
    who : Assignment
        Assignment; cohorts are years, and levels have the names used in the panel.
    factors : mapping of str to sequence of str
        The panel's strata and their levels in the order of `FACTORS`.
    first : ndarray of bool (factor, unit)
        True if a unit has the first level of each of `FACTORS`.
    inside : ndarray of bool (factor)
        True for `FACTORS` that are strata of the panel.
    finance : ndarray (unit)
        Digital finance before the policy.
    labels : ndarray of str (member), optional
        See `MediatedTruth`.
    across : callable, optional
        See `joint_errors`.
    trends : ndarray of int (unit), optional
        Number of the stratum in an order independent of the language of its name; time effects are
        drawn in this order.
    """

    who: Assignment
    factors: Mapping[str, Sequence[str]]
    first: npt.NDArray[np.bool_]
    inside: npt.NDArray[np.bool_]
    finance: Array
    unit_effects: Index | None = None
    labels: npt.NDArray[np.str_] | None = None
    across: Across | None = None
    trends: Index | None = None


@dataclass(frozen=True, eq=False)
class Happened:
    """Result: rows, cells, covariates (covariate, row), productivity (row)."""

    facts: MediatedTruth
    cells: pd.DataFrame
    covariates: Array
    productivity: Array


def happen(
    places: Places,
    policy: Policy,
    controls: Mapping[str, Control],
    code: Index,
    time: Index,
    years: tuple[int, int],
    seed: int,
    dose: Array | None = None,
    received: Received | None = None,
    near: Array | float = 0.0,
    feedback: Feedback | None = None,
) -> Happened:
    """Simulate the policy.

    Parameters
    ----------
    code, time : ndarray of int (row)
        Unit, year.
    years : tuple of int
        First and last year.
    dose : ndarray (row), optional
        A continuous exposure to which effects are proportional; otherwise treatment starts with the
        cohorts.
    received : Received, optional
        Spillovers from the treatment of others.
    near : ndarray (unit, period) or float, default 0
        Exposure of others to which units are linked.
    feedback : Feedback, optional
        Dependence of productivity on that of linked units.
    """
    who, shape = places.who, (places.who.units.size, years[1] - years[0] + 1)
    check_channels(policy.mediators, places.factors)
    outcome = Channel(
        policy.level, policy.growth, 0.0, 0.0, 0.0, policy.deviation_sd, policy.rho, 1.0,
        policy.trend,
    )  # fmt: skip
    equations = {**policy.mediators, _OUTCOME: outcome}
    covariates, added = controls_of(controls, seed, shape, policy.noise)
    cell, cells = (
        cells_of(who, code, time) if dose is None else exposed_cells_of(who, code, time, dose)
    )
    at = (code, time - years[0])
    untreated = _untreated(places, policy, equations, _reached(who, code, dose), shape[1], seed)
    untreated[-1] += added + near
    unit_effects = shape[0] if places.unit_effects is None else int(places.unit_effects.max()) + 1
    deviations = [
        equation.deviation_sd * stream(seed, "deviations", name).standard_normal(unit_effects)
        for name, equation in equations.items()
    ]
    curves = [
        curve_of(
            "growing", cells, {}, {}, level=equation.level, growth=equation.growth, contrast=0.0
        )
        for equation in equations.values()
    ]
    half = _halves(places, policy)
    stratum_of_cell = np.zeros(len(cells), dtype=np.int64)
    stratum_of_cell[cell[cell >= 0]] = who.stratum[code[cell >= 0]]
    curves[-1] = curves[-1] + _by_stratum(who, half[places.inside].sum(axis=0))[stratum_of_cell]
    facts = MediatedTruth(
        code, cell, who, untreated[:, *at], np.stack(deviations), np.stack(curves),
        np.stack([slopes_of(c, who, places.factors) for c in policy.mediators.values()]),
        np.array([c.interaction for c in policy.mediators.values()]),
        places.unit_effects, places.labels,
        _shift(places, policy, half[~places.inside].sum(axis=0), code, cell, len(equations)),
        dose, received, feedback,
    )  # fmt: skip
    return Happened(facts, cells, covariates[:, *at], facts.outcome())


def _untreated(
    places: Places,
    policy: Policy,
    equations: Mapping[str, Channel],
    reached: Array,
    periods: int,
    seed: int,
) -> Array:
    """Draw left-hand sides without policy and covariates (equation, unit, period)."""
    who, sides = places.who, list(equations.values())
    errors = policy.noise * joint_errors(
        stream(seed, "errors"), (who.units.size, periods), np.array([e.rho for e in sides]),
        np.array([e.sigma for e in sides]),
        correlation(
            tuple(policy.mediators), policy.confounding, policy.confounded, policy.related
        ),
        places.across,
    )  # fmt: skip
    grown = who if places.trends is None else replace(who, stratum=places.trends)
    untreated = np.empty((len(sides), who.units.size, periods))
    for k, (name, equation) in enumerate(equations.items()):
        differential_trend = policy.selection + equation.trend * np.arange(periods)
        units, times = stream(seed, "units", name), stream(seed, "times", name)
        untreated[k] = errors[:, :, k] + background(grown, periods, equation.sigma, units, times)
        untreated[k] += equation.sigma * reached[:, None] * differential_trend
    return untreated


def _reached(who: Assignment, code: Index, dose: Array | None) -> Array:
    """Return the degree of treatment of a unit: 0 or 1, or its relative mean dose."""
    if dose is None:
        return np.asarray(who.cohort > 0, dtype=np.float64)
    mean = np.bincount(code, dose) / np.bincount(code)
    return np.asarray((mean - mean.mean()) / (mean.std() or 1.0))


def _halves(places: Places, policy: Policy) -> Array:
    """Return the contribution of each of `FACTORS` to the direct effect (factor, unit)."""
    contrasts = np.array([policy.contrasts.get(name, 0.0) for name in FACTORS])
    return np.asarray(0.5 * contrasts[:, None] * np.where(places.first, 1.0, -1.0))


def _by_stratum(who: Assignment, values: Array) -> Array:
    """Return values that are constant within strata."""
    by_stratum = np.zeros(int(who.stratum.max()) + 1)
    by_stratum[who.stratum] = values
    return by_stratum


def _shift(
    places: Places, policy: Policy, outside: Array, code: Index, cell: Index, equations: int
) -> Array:
    """Return contributions of factors other than strata, and of digital finance, to effects."""
    finance = places.finance[code]
    on = cell >= 0
    scaled = (finance - finance[on].mean()) / (finance[on].std() or 1.0)
    shift = np.zeros((equations, code.size))
    shift[-1] = outside[code] + policy.moderation * scaled
    return shift
