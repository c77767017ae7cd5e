"""Effects added up since adoption."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands._att import att
from bayes_nqp.estimands._by import By, names_of
from bayes_nqp.estimands._gates import evidence_of
from bayes_nqp.estimands._registry import EVENT_TIMES, estimand
from bayes_nqp.language import Message
from bayes_nqp.schema import FitOrEffects


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

    Later event times average over fewer cohorts unless `balanced` fixes the window.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or effects in the schema of the waist.
    by : str, sequence of str or mapping, optional
        What else to keep apart, as in `att`.
    weights : str, default "rows"
        As in `att`.
    path : str, default "total"
        As in `att`.
    balanced : int, optional
        As in `att`.
    anticipated : bool, default False
        Whether to begin with anticipated effects, before event time 0.

    Returns
    -------
    DataArray (chain, draw, ..., event_time), outcome units × periods
        NaN from the first event time on at which a group is not observed.

    Raises
    ------
    StudyError
        As `att`; and if no cell has an event time of 0 or more.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp import schema
    >>> from bayes_nqp.estimands import cumulative
    >>> effects = schema.build(
    ...     np.ones((4, 100, 1, 2)),
    ...     strata={},
    ...     cohort=[2015, 2015],
    ...     time=[2015, 2016],
    ...     event_time=[0, 1],
    ...     rows=[3, 3],
    ...     units=[3, 3],
    ... )
    >>> cumulative(effects).mean(["chain", "draw"]).values
    array([1., 2.])
    """
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    draws = att(fit_or_effects, {**names, v.EVENT_TIME: v.EVENT_TIME}, weights, path, balanced)
    if not anticipated:
        since = draws[v.EVENT_TIME].to_numpy() >= 0
        draws = draws.isel({v.EVENT_TIME: since}).drop_vars(v.ANTICIPATED, errors="ignore")
    steps = draws[v.EVENT_TIME].to_numpy()
    if not len(steps):
        raise StudyError(
            "no cell has an event time of 0 or more", hint="nqp.att(fit, by='event_time')"
        )
    every = draws.reindex({v.EVENT_TIME: range(min(0, steps.min()), steps.max() + 1)})
    added = every.cumsum(v.EVENT_TIME, skipna=False).sel({v.EVENT_TIME: steps})
    result = added.assign_coords({v.EVENT_TIME: steps}).rename("cumulative")
    result = result.assign_coords(evidence_of(draws))
    result.attrs = {**draws.attrs, "estimand": "cumulative effect"}
    return result
