"""Differential trends of treated units, period by period, in addition to the effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.draws import Draws
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting._coefficient_draws import coefficients_of

if TYPE_CHECKING:
    from bayes_nqp.inference.fitting._fit import Fit


@door
def differential_trend(fit: Fit, by: Literal["stratum"] | None = None) -> xr.DataArray:
    """Draw the differential trend of treated units, relative to their last untreated period.

    If the design has shared shocks, the trend includes them.

    Effects exclude the differential trend: under parallel trends it would be part of the effect
    after adoption, and of leads before it.

    Parameters
    ----------
    fit : Fit
        A fit of a design with ``trends``.
    by : {"stratum"}, optional
        Return one trend per stratum; the mean over all treated units by default.

    Returns
    -------
    DataArray (chain, draw, [stratum], event_time), outcome units
        Means over the units that are observed, with the coordinate ``units``.

    Raises
    ------
    StudyError
        If the design assumes parallel trends, or the fit has no observations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    >>> design = nqp.StaggeredDiD(nqp.CompletePooling(), trends=nqp.DifferentialTrends())
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> float(nqp.differential_trend(fit).sel(event_time=-1).mean())
    0.0
    """
    if not fit.facts.has("drift"):
        raise StudyError(
            "the design assumes parallel trends, and has no drift",
            hint="StaggeredDiD(trends=nqp.DifferentialTrends())",
        )
    model_frame, equation = fit.model_frame, fit.model_frame.equations[0]
    sizes = [fit.posterior.sizes[dim] for dim in v.SAMPLE_DIMS]
    positions = coefficients_of(fit, equation, np.arange(int(np.prod(sizes))))
    problem, rows = equation.problem, equation.rows
    paths = positions[:, equation.positions.paths] * equation.scale
    paths = paths.reshape(-1, len(problem.groups), problem.n_periods)
    # One unit of each group has its cohort and stratum.
    unit = rows.first_units
    start, stratum = model_frame.codes.cohort[unit], model_frame.codes.stratum[unit]
    # Observations of each group in each period, the weights of its path there.
    seen = np.zeros((len(problem.groups), problem.n_periods))
    inside = rows.group[rows.unit] >= 0
    np.add.at(seen, (rows.group[rows.unit[inside]], rows.time[inside]), 1.0)
    names = list(model_frame.stratum_names) if by == "stratum" else [""]
    place = stratum if by == "stratum" else np.zeros_like(stratum)
    events = np.arange(-int(start.max()), problem.n_periods - int(start[start > 0].min()))
    total = np.zeros((len(paths), len(names), events.size))
    count = np.zeros((len(names), events.size))
    for g in np.flatnonzero(start > 0):
        event = np.arange(problem.n_periods) - start[g] - events[0]
        # eta_t - eta_(adoption - 1), by event time, weighted by the group's observations.
        relative = paths[:, g] - paths[:, g, start[g] - 1, None]
        total[:, place[g], event] += relative * seen[g]
        count[place[g], event] += seen[g]
    with np.errstate(invalid="ignore"):
        mean = np.where(count > 0, total / count, np.nan)
    out = Draws(
        mean.reshape(*sizes, len(names), events.size),
        dims=(*v.SAMPLE_DIMS, "stratum", v.EVENT_TIME),
        coords={"stratum": names, v.EVENT_TIME: events, v.GATE: fit.effects[v.GATE].item(),
                v.UNITS: (("stratum", v.EVENT_TIME), count.astype(np.int64))},
        attrs={"estimand": "drift"}, name="drift",
    )  # fmt: skip
    out = out.isel({v.EVENT_TIME: count.any(axis=0)})
    return out if by == "stratum" else out.isel(stratum=0, drop=True)
