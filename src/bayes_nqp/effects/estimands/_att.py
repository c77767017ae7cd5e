"""Average effects on the treated: overall, by group, by event time, and cumulative."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import door
from bayes_nqp.effects.estimands._average import Average, average_of, linked
from bayes_nqp.effects.estimands._by import along_path, names_of
from bayes_nqp.effects.estimands._effects_of import effects_of, evidence_of
from bayes_nqp.effects.estimands._outcome_levels import outcome_levels
from bayes_nqp.effects.estimands._registry import EVENT_TIMES, estimand
from bayes_nqp.effects.estimands._units_behind import units_behind, units_of
from bayes_nqp.effects.estimands._weights import window_of


@estimand(Message("Average effect"), place=10)
@door
def att(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    path: str = v.TOTAL,
    balanced: int | None = None,
    *,
    window: Sequence[int] | None = None,
    anticipated: bool = False,
    scale: Literal["link", "outcome", "probability"] = "link",
    total: bool = False,
) -> xr.DataArray:
    """Average the effect on the treated, overall or by group.

    Averages include identified cells only; the attr ``cells_left_out`` counts the others. The
    coordinates ``rows`` and ``weight`` contain the observations and the weight of every average.
    The mean of ``att(fit, by=...)`` weighted by ``weight`` is ``att(fit)``.

    In a model with ``anticipation``, effects begin before adoption. Averages over several event
    times exclude these anticipation effects. Results by event time ("event_time", "cell", or
    "cohort" and "time") include them, marked by the coordinate ``anticipated``.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
    by : str, sequence of str or mapping, optional
        Grouping variables: stratum factors, "cohort", "time", "event_time", "unit" (the level of
        the random effects), "stratum" (all factors combined) or "cell". Each variable gives one
        dim; empty combinations are NaN. A mapping renames dims: ``{"region": "area"}``. If
        treatments end, "exit_time" gives the effects that remain by periods since exit (see
        `after_exit`), and "first_switch" those of the actual path against no treatment by periods
        since the first entry (see `first_switch`).
    weights : str, default "rows"
        "rows" (observations), "units", "equal" (equal weights of cells) or "exposure" (of the
        counts in each cell). A numeric coordinate of the cells such as "weight" also works. With
        ``scale="outcome"``, "exposure" gives the effect on the rate: events per unit of exposure.
    path : str, default "total"
        "total", "direct", or a mediator.
    balanced : int, optional
        Last event time of a balanced window from 0 on, with only the cohorts (within strata) that
        are identified at each event time.
    window : sequence of two int, optional
        First and last event time of the averages, such as ``(0, 3)``: one number for the window, or
        one for each group. By event time, the result has the event times of the window. Within the
        window, `weights` weight the cells, by default by treated observations; with `balanced`, all
        event times of the window are averages over the same cohorts. A window that begins before 0
        includes anticipation effects.
    anticipated : bool, default False
        If True, all averages include anticipation effects.
    scale : {"link", "outcome", "probability"}, default "link"
        Scale under likelihoods with a link, such as ``Poisson()``. "link" gives effects on the
        scale of the link (log points, log odds). "outcome" gives effects in units of the outcome,
        such as events per treated observation. They are observed outcomes less those without the
        policy; by unit they require a fit with its observations. Under ``Binomial()``,
        "probability" divides them by the number of trials.
    total : bool, default False
        If True, effects in units of the outcome are added up over the treated observations.
        It requires ``scale="outcome"``.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Draws, with the scalar coordinate ``gate``.

    Raises
    ------
    StudyError
        If a name is unknown, units are requested but have no random effects, no cell remains, or
        the window is not a first and a last event time.

    Notes
    -----
    The effect on a unit in a cell is the cell's effect plus the unit's random effect minus the mean
    random effect in that cell; by="unit" averages it over the unit's observations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.att(fit).dims
    ('chain', 'draw')
    >>> nqp.att(fit, by="cohort")["cohort"].values.tolist()
    [2006.0, 2007.0, 2008.0, 2009.0, 2010.0]
    >>> nqp.att(fit, by=["region", "event_time"]).dims
    ('chain', 'draw', 'region', 'event_time')
    >>> nqp.att(fit, by="event_time", window=(0, 2))["event_time"].values.tolist()
    [0, 1, 2]

    The average over event times 0 to 2, and the effect at event time 3 minus that at 1, for the
    cohorts that are observed at both:

    >>> nqp.att(fit, window=(0, 2)).dims
    ('chain', 'draw')
    >>> horizons = nqp.att(fit, by="event_time", balanced=3)
    >>> later = nqp.contrast(horizons, event_time=3, minus=1)
    """
    names, span = names_of(by), window_of(window)
    effects, role = along_path(effects_of(fit_or_effects), names.values())
    if total and (scale != "outcome" or weights != "rows"):
        raise StudyError(
            "'total' adds up effects in units of the outcome over observations",
            hint="nqp.att(fit, scale='outcome', total=True)",
        )
    outcome = scale != "link" and schema.link_of(effects) != v.IDENTITY
    if scale == "probability" and v.TRIALS not in effects.coords:
        raise StudyError(
            "scale='probability' requires numbers of trials, which these effects do not have",
            hint="likelihood=nqp.Binomial() in the design, or scale='outcome'",
        )
    alone = list(names.values()) == [v.UNIT] and balanced is None and span is None
    if alone and linked(fit_or_effects):
        average, effects = units_of(
            fit_or_effects, effects, v.TREATED, next(iter(names)), anticipated=anticipated
        )
    else:
        average = average_of(
            effects, by, weights, balanced, role, anticipated=anticipated, window=span
        )
    if outcome:
        size = None
        if weights == v.EXPOSURE or scale == "probability":
            _refuse_by_unit(average)
        if weights == v.EXPOSURE:
            size = _sizes(average)
            average = average_of(
                effects, by, "rows", balanced, anticipated=anticipated, window=span
            )
        draws = _in_outcome_units(fit_or_effects, effects, average, path, size).rename("att")
        if scale == "probability":
            trials = average.of_cells(effects[v.TRIALS].to_numpy())
            draws = (draws / trials).transpose(*draws.dims).rename("att")
    else:
        draws = average.of_effects(effects, path).rename("att")
    if total:
        added = (draws * draws[v.ROWS]).transpose(*draws.dims)
        draws = draws.copy(data=added.to_numpy())
    draws.attrs = described(
        effects, average, "att", by=by, weights=weights, path=path, balanced=balanced
    )
    if outcome:
        unit = v.PROBABILITY if scale == "probability" else v.OUTCOME_UNITS
        draws.attrs |= {v.LINK: v.IDENTITY, v.SCALE: str(unit)}
        if weights == v.EXPOSURE:
            draws.attrs["outcome_unit"] = "events per unit of exposure"
    if total:
        draws.attrs["total"] = 1.0
    if span is None:
        return draws
    draws.attrs["window"] = f"event times {span[0]} to {span[1]}"
    outside = {
        new: draws[new].isin(np.arange(span[0], span[1] + 1))
        for new, old in names.items()
        if old == v.EVENT_TIME
    }
    return draws.isel({name: inside.to_numpy() for name, inside in outside.items()})


def _in_outcome_units(
    source: object, effects: xr.Dataset, average: Average, path: str, size: xr.DataArray | None
) -> xr.DataArray:
    """Return the mean observed outcome less that without the policy, draw by draw.

    With the exposure of each group (...), the sum of differences is divided by it.
    """
    observed, untreated = outcome_levels(source, effects, average, path)
    difference = (observed - untreated).transpose(*untreated.dims)
    if size is not None:
        difference = difference * (untreated[v.ROWS] / size)
        untreated = untreated.assign_coords({v.WEIGHT: (size.dims, size.to_numpy())})
    return untreated.copy(data=difference.transpose(*untreated.dims).to_numpy())


def _sizes(average: Average) -> xr.DataArray:
    """Return the exposure of each group."""
    sizes = np.where(average.weight > 0, average.weight, np.nan).reshape(average.shape)
    return xr.DataArray(sizes, dims=[axis.name for axis in average.axes])


def _refuse_by_unit(average: Average) -> None:
    """Refuse rates and probabilities by unit: exposures and trials are stored by cell."""
    if average.unit_effects is not None:
        raise StudyError(
            Message("effects on rates and probabilities are not available by unit, because "
                    "exposures and trials are stored by group-time cell"),
            hint="nqp.att(fit, by='unit', scale='outcome'), in events",
        )  # fmt: skip


def described(
    effects: xr.Dataset,
    average: Average,
    estimand: str,
    *,
    by: By,
    weights: str,
    path: str,
    balanced: int | None,
) -> dict[str, str | float]:
    """Describe an average in attrs that files can store.

    Parameters
    ----------
    effects : Dataset
        Group-time effects.
    average : Average
        Linear map of the average.
    estimand : str
        Name of the estimand.
    by : str, sequence of str, mapping, or None
        Grouping variables.
    weights : str
        Weights of cells.
    path : str
        Path of the effect.
    balanced : int or None
        Last event time of a balanced window.
    """
    attrs = {str(key): value for key, value in effects.attrs.items() if key != "factors"}
    return {
        "target": "sample",
        **attrs,
        "estimand": estimand,
        "by": ", ".join(names_of(by)),
        "weights": weights,
        "path": path,
        "balanced": "" if balanced is None else f"event times 0 to {balanced}",
        "cells_left_out": average.left_out,
    }


def by_event_time(
    fit_or_effects: object, by: By = None, weights: str = "rows", balanced: int | None = None
) -> xr.DataArray:
    """Average the effect at every event time, overall or by group.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
    by : str, sequence of str or mapping, optional
        Further grouping variables, as in ``att``.
    weights : str, default "rows"
        See `att`.
    balanced : int, optional
        See `att`.

    Returns
    -------
    DataArray (chain, draw, ..., event_time), outcome units
        See `att`; in addition, the coordinate ``units`` counts the units of every average.

    Raises
    ------
    StudyError
        See `att`.
    """
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    names |= {v.EVENT_TIME: v.EVENT_TIME}
    effects = effects_of(fit_or_effects)
    draws = att(effects, names, weights, balanced=balanced)
    units = units_behind(effects, names, balanced)
    return draws.assign_coords({v.UNITS: (units.dims, units.to_numpy())})


def reference_of(draws: xr.DataArray) -> int:
    """Return the reference period of leads: the last event time before effects begin.

    Parameters
    ----------
    draws : DataArray (chain, draw, ..., event_time)
        From `by_event_time`.
    """
    return min(int(draws[v.EVENT_TIME].min()), 0) - 1


@estimand(
    Message("Cumulative effect since adoption"),
    unit=Message("effect × periods"),
    place=40,
    needs=(EVENT_TIMES,),
)
@door
def cumulative(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    path: str = v.TOTAL,
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Add up the average effects from event time 0 on, draw by draw.

    Later event times are averages over fewer cohorts unless `balanced` fixes the window.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
    by : str, sequence of str or mapping, optional
        Further grouping variables, as in `att`.
    weights : str, default "rows"
        See `att`.
    path : str, default "total"
        See `att`.
    balanced : int, optional
        See `att`.
    anticipated : bool, default False
        If True, the sum begins with anticipation effects, before event time 0.

    Returns
    -------
    DataArray (chain, draw, ..., event_time), outcome units × periods
        NaN from the first event time at which a group is not observed.

    Raises
    ------
    StudyError
        See `att`; also if no cell has an event time of 0 or later.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.cumulative(fit).dims
    ('chain', 'draw', 'event_time')
    """
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    draws = att(fit_or_effects, {**names, v.EVENT_TIME: v.EVENT_TIME}, weights, path, balanced)
    if not anticipated:
        since = draws[v.EVENT_TIME].to_numpy() >= 0
        draws = draws.isel({v.EVENT_TIME: since}).drop_vars(v.ANTICIPATED, errors="ignore")
    steps = draws[v.EVENT_TIME].to_numpy()
    if not len(steps):
        raise StudyError(
            "no group-time cell has an event time of 0 or later",
            hint="nqp.att(fit, by='event_time')",
        )
    every = draws.reindex({v.EVENT_TIME: range(min(0, steps.min()), steps.max() + 1)})
    added = every.cumsum(v.EVENT_TIME, skipna=False).sel({v.EVENT_TIME: steps})
    result = added.assign_coords({v.EVENT_TIME: steps}).rename("cumulative")
    result = result.assign_coords(evidence_of(draws))
    result.attrs = {**draws.attrs, "estimand": "cumulative effect"}
    return result
