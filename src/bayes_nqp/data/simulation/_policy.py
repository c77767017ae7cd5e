"""What a policy does to places that it reaches in different years, and through which channels."""

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
from bayes_nqp.data.simulation._mediated import (
    Channel,
    MediatedTruth,
    check_channels,
    correlation,
    slopes_of,
)
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
    """What the policy does, in standard deviations of productivity's innovations.

    Parameters
    ----------
    level, growth : float
        Direct effect at event time 0, and what each further period adds.
    contrasts : mapping of str to float
        Difference of the direct effect between the levels of a factor.
    deviation_sd : float
        Of the members' own deviations of the direct effect.
    moderation : float
        What one standard deviation of digital finance adds to the direct effect.
    rho : float
        Autocorrelation of productivity's errors; innovations have standard deviation 1.
    noise : float
        What all errors are multiplied by.
    trend, selection : float
        What treated places drift away by a period, and lie above the others from the start.
    confounded : str, optional
        As in `channels`.

    Raises
    ------
    StudyError
        If one of them is out of range.
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
    """Who is there.

    Parameters
    ----------
    who : Assignment
        Cohorts are years; levels are those of the panel's strata, as they are called there.
    factors : mapping of str to sequence of str
        The panel's strata and their levels in the order of `FACTORS`.
    first : ndarray of bool (factor, unit)
        Whether a unit has the first level of each of `FACTORS`.
    inside : ndarray of bool (factor)
        Which of `FACTORS` are the panel's strata.
    finance : ndarray (unit)
        Digital finance before the policy.
    labels : ndarray of str (member), optional
        As in `Mediated`.
    across : callable, optional
        As in `joint_errors`.
    trends : ndarray of int (unit), optional
        Number of the stratum in an order that does not hang on the language of its name; time
        effects are drawn in this order.
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
    """What happened: rows, cells, covariates (covariate, row), productivity (row)."""

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
    """Let the policy happen.

    Parameters
    ----------
    code, time : ndarray of int (row)
        Unit, year.
    years : tuple of int
        First and last.
    dose : ndarray (row), optional
        A continuous exposure, to which effects are proportional; without it treatment starts
        with the cohorts.
    received : Received, optional
        What rows have of the treatment of others.
    near : ndarray (unit, period) or float, default 0
        What units have of the exposure of others.
    feedback : Feedback, optional
        How productivity follows that of linked units.
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
    """Left sides without policy and covariates (equation, unit, period)."""
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
    """How far the policy reaches a unit: whether at all, or how its mean dose compares."""
    if dose is None:
        return np.asarray(who.cohort > 0, dtype=np.float64)
    mean = np.bincount(code, dose) / np.bincount(code)
    return np.asarray((mean - mean.mean()) / (mean.std() or 1.0))


def _halves(places: Places, policy: Policy) -> Array:
    """What each of `FACTORS` adds to the direct effect of every unit (factor, unit)."""
    contrasts = np.array([policy.contrasts.get(name, 0.0) for name in FACTORS])
    return np.asarray(0.5 * contrasts[:, None] * np.where(places.first, 1.0, -1.0))


def _by_stratum(who: Assignment, values: Array) -> Array:
    """Values that are the same in all units of a stratum."""
    by_stratum = np.zeros(int(who.stratum.max()) + 1)
    by_stratum[who.stratum] = values
    return by_stratum


def _shift(
    places: Places, policy: Policy, outside: Array, code: Index, cell: Index, equations: int
) -> Array:
    """What factors beyond the strata, and digital finance, add to the direct effect of rows."""
    finance = places.finance[code]
    on = cell >= 0
    scaled = (finance - finance[on].mean()) / (finance[on].std() or 1.0)
    shift = np.zeros((equations, code.size))
    shift[-1] = outside[code] + policy.moderation * scaled
    return shift
