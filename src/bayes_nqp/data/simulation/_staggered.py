"""Panels with staggered adoption and known effects, also without parallel trends."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.arrays import Array, Index
from bayes_nqp._core.types import Positive, Seed
from bayes_nqp._core.validation import door
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.simulation._checks import Correlation, Share, Size, check_layout
from bayes_nqp.data.simulation._errors import Noise, errors_of
from bayes_nqp.data.simulation._rows import Assignment, background, layout, rows_of
from bayes_nqp.data.simulation._spillover import (
    PLACES,
    Received,
    Spillover,
    exposed_cells,
    received_by,
    scattered,
)
from bayes_nqp.data.simulation._truth import (
    Effect,
    Simulated,
    cohort_scores,
    curve_of,
    truth_of_rows,
)

Drift = (
    Literal["none", "lines", "unit lines", "bend", "factor", "two factors"]
    | Callable[[np.random.Generator, Index, int], Array]
)


def drift_of(drift: Drift, rng: np.random.Generator, cohort: Index, periods: int) -> Array:
    """Draw deviations of units from parallel trends.

    Parameters
    ----------
    drift : str or callable
        See `staggered`.
    cohort : ndarray of int (unit)
        First treated period, 0 if never treated.
    periods : int
        Length of the time grid.

    Returns
    -------
    ndarray (unit, period), multiples of sigma
        Deviations; zero under parallel trends.
    """
    if callable(drift):
        return np.asarray(drift(rng, cohort, periods), dtype=np.float64)
    ever, t = cohort > 0, np.arange(periods)
    if drift == "lines":
        firsts = np.unique(cohort[ever])
        slopes = rng.normal(0.10, 0.06, firsts.size)
        at = np.searchsorted(firsts, cohort).clip(0, firsts.size - 1)
        return np.where(ever, slopes[at], 0.0)[:, None] * t
    if drift == "unit lines":
        return np.asarray((0.10 * rng.standard_normal(cohort.size) + 0.10 * ever)[:, None] * t)
    if drift == "bend":
        return np.asarray(0.12 * ever[:, None] * np.minimum(t, periods // 2))
    out = np.zeros((cohort.size, periods))
    if drift == "none":
        return out
    early = np.where(ever, (periods - cohort + 1) / periods, 0.0)
    curves = [0.25 * t + 0.35 * rng.standard_normal(periods).cumsum()]
    if drift == "two factors":
        curves.append(1.2 * np.sin(2.0 * np.pi * (t / 9.0 + rng.uniform())))
    for k, curve in enumerate(curves):
        loading = 0.5 * rng.standard_normal(cohort.size) + (0.6 * ever + 0.6 * early) * (-1.0) ** k
        out += loading[:, None] * curve
    return out


COHORTS: Final = (5, 6, 8, 9, 10, 11, 12)
"""First treated periods of the seven batches, with a gap after the second."""

_REGIONS: Final[Mapping[str, Sequence[str]]] = {"region": ("inland", "coastal")}


@door
def staggered(
    *,
    units: int = 60,
    periods: int = 14,
    cohorts: Sequence[int] | Mapping[int, int] = COHORTS,
    never: Share = 0.3,
    strata: Mapping[str, Sequence[str]] = _REGIONS,
    effect: Effect = "flat",
    level: float = 1.0,
    growth: float = 0.25,
    spread: Size = 0.5,
    contrast: float = 0.0,
    deviation_sd: Size = 0.3,
    noise: Noise = "ar1",
    rho: Correlation = 0.5,
    sigma: Positive = 1.0,
    trend: float = 0.0,
    drift: Drift = "none",
    missing: Share = 0.0,
    spillover: Spillover | None = None,
    seed: Seed | None = None,
) -> Simulated:
    """Simulate a panel with staggered adoption.

    The outcome is ``alpha_i + lambda_t,stratum + (tau_cell + u_i) [treated] + error``, with random
    unit effects and a separate random walk of time effects in each stratum.

    Parameters
    ----------
    units, periods : int, default 60, 14
        Size of the panel; periods are numbered from 1.
    cohorts : sequence of int, default (5, 6, 8, 9, 10, 11, 12)
        First treated periods, assigned to treated units in turn, within strata. Or a mapping from
        periods to numbers of units, divided equally between strata; ``never`` is then ignored, and
        the remaining units are never treated.
    never : float, default 0.3
        Share of never-treated units in each stratum, rounded to units.
    strata : mapping of str to sequence of str, default {"region": ("inland", "coastal")}
        Factors and their levels; units are assigned to the combinations in turn.
    effect : {"flat", "growing", "cohorts"} or callable, default "flat"
        ``level``; ``level + growth * event_time``; ``level`` plus a cohort effect. Or a function of
        a DataFrame of cells (strata, cohort, time, event_time) that returns their effects.
    level : float, default 1
        Effect at event time 0, outcome units.
    growth : float, default 0.25
        Increase of the effect per period, with "growing".
    spread : float, default 0.5
        Standard deviation of cohort effects, with "cohorts": fixed normal scores with mean zero, in
        random order, so that in some panels the earliest cohort is the outlier.
    contrast : float, default 0
        Additional difference between the first two levels of the first factor, split symmetrically.
    deviation_sd : float, default 0.3
        Standard deviation of unit-level random effects of the treatment.
    noise : {"ar1", "ar1+white", "student"} or callable, default "ar1"
        Stationary AR(1) errors; the same plus white noise of the same SD; the same with Student-t
        innovations (4 degrees of freedom, SD ``sigma``). Or a function of a Generator, the number
        of units and the number of periods that returns errors.
    rho : float, default 0.5
        Autocorrelation; 0 for independent errors.
    sigma : float, default 1
        Standard deviation of innovations, outcome units.
    trend : float, default 0
        Slope of a differential trend of treated units, in ``sigma`` per period, from the first
        period on: a violation of parallel trends.
    drift : {"none", "lines", "unit lines", "bend", "factor", "two factors"} or callable
        Other violations of parallel trends, in ``sigma``; "none" by default. "lines": linear trends
        of cohorts with slopes of mean 0.10 and SD 0.06. "unit lines": linear trends of units with
        SD 0.10, steeper by 0.10 if treated. "bend": a trend of slope 0.12 of all treated units that
        ends in the middle of the panel. "factor", "two factors": one or two common factors, with
        larger loadings for earlier adoption. Or a function of a Generator, the first treated period
        of every unit (0 if never treated) and the number of periods.
    missing : float, default 0
        Share of observations missing at random, except each unit's first one.
    spillover : Spillover, optional
        Spillovers on units near treated units. Units then have random places between 103 and 119
        degrees east and 23 and 37 degrees north, and the truth contains direct and spillover
        effects.
    seed : int, optional
        Seed; the same seed gives the same panel. None draws a seed at random and records it. Each
        part has a separate random stream: a different ``rho`` does not change effects and random
        effects.

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
    >>> simulated = simulation.staggered(effect="growing", contrast=0.5, seed=1)
    >>> simulated.panel.n_units, simulated.panel.periods
    (60, 14)
    >>> simulated.truth.sizes["cell"]
    88
    """
    arguments: dict[str, object] = dict(locals())
    seed = secrets.randbits(31) if seed is None else seed
    factors = {str(k): tuple(x) for k, x in strata.items()}
    sizes = dict(cohorts) if isinstance(cohorts, Mapping) else None
    cohorts = tuple(cohorts)
    check_layout(units, periods, cohorts, factors, contrast)
    streams = np.random.default_rng(seed).spawn(8)
    who = layout(units, factors, cohorts, never, sizes)
    added = cohort_scores(cohorts, spread if effect == "cohorts" else 0.0, streams[0])
    frame, cells = rows_of(who, periods, missing, streams[1])
    cells["effect"] = curve_of(
        effect, cells, factors, added, level=level, growth=growth, contrast=contrast
    )
    deviation = np.where(who.cohort > 0, deviation_sd * streams[2].standard_normal(units), 0.0)
    errors = errors_of(noise, streams[3], (units, periods), rho, sigma)
    untreated = errors + background(who, periods, sigma, streams[4], streams[5])
    untreated += trend * sigma * np.arange(periods) * (who.cohort > 0)[:, None]
    untreated += sigma * drift_of(drift, streams[6], who.cohort, periods)
    frame["outcome"] = untreated[frame["code"], frame[v.TIME] - 1]
    effects = cells["effect"].to_numpy()[frame["cell"]] + deviation[frame["code"]]
    frame["outcome"] += np.where(frame["cell"] >= 0, effects, 0.0)
    columns, received = [v.UNIT, v.TIME, v.COHORT, "outcome", *factors], None
    if spillover is not None:
        frame, received = _spilled(frame, spillover, units, streams[7])
        columns += PLACES
    panel = Panel.from_frame(
        frame[columns], unit=v.UNIT, time=v.TIME, cohort=v.COHORT, outcome="outcome",
        strata=list(factors),
    )  # fmt: skip
    truth = _truth(frame, cells, factors, deviation, who, received)
    return Simulated(panel, truth, arguments | {
        "cohorts": sizes or cohorts, "strata": factors, "seed": seed, "cohort_effects": added,
    })  # fmt: skip


def _spilled(
    frame: pd.DataFrame, spillover: Spillover, units: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, Received]:
    """Assign places to units, and compute spillovers on observations."""
    frame = frame.assign(**{x: y[frame["code"]] for x, y in scattered(units, rng).items()})
    received = received_by(spillover, frame, v.UNIT, v.TIME, v.COHORT)
    return frame.assign(outcome=frame["outcome"] + received.effect), received


def _truth(
    frame: pd.DataFrame,
    cells: pd.DataFrame,
    factors: Mapping[str, Sequence[str]],
    deviation: npt.NDArray[np.float64],
    who: Assignment,
    received: Received | None,
) -> xr.Dataset:
    """Return effects on treated observations, and spillovers, by cell."""
    cell, code = frame["cell"].to_numpy(), frame["code"].to_numpy()
    on, paths = cell >= 0, [v.TOTAL]
    effects = np.where(on, cells["effect"].to_numpy()[cell] + deviation[code], 0.0)[None]
    deviations = deviation[None]
    if received is not None:
        levels = {name: frame[name].to_numpy(dtype=str) for name in factors}
        cell, cells = exposed_cells(cell, cells, levels, received)
        paths = [v.TOTAL, v.DIRECT, v.RECEIVED]
        effects = np.stack([effects[0] + received.effect, effects[0], received.effect])
        deviations = np.stack([deviation, deviation, np.zeros_like(deviation)])
    rows = cell >= 0
    unit_effects = np.unique(code[on])
    row_effect = np.where(on, np.searchsorted(unit_effects, code), -1)
    return truth_of_rows(
        cell[rows], cells, effects[:, rows], frame["outcome"].to_numpy()[rows], row_effect[rows],
        deviations[:, unit_effects], who.units[unit_effects].tolist(), factors, paths,
    )  # fmt: skip
