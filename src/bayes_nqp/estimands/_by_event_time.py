"""Averages at every event time, with who is behind them."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.estimands._att import att
from bayes_nqp.estimands._by import By, names_of
from bayes_nqp.estimands._effects_of import effects_of
from bayes_nqp.estimands._units import units_behind


def by_event_time(
    fit_or_effects: object, by: By = None, weights: str = "rows", balanced: int | None = None
) -> xr.DataArray:
    """Average the effect at every event time, overall or by group.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or effects in the schema of the waist.
    by : str, sequence of str or mapping, optional
        What else to keep apart, as in ``att``.
    weights : str, default "rows"
        As in ``att``.
    balanced : int, optional
        As in ``att``.

    Returns
    -------
    DataArray (chain, draw, ..., event_time), outcome units
        As ``att``, with the units behind every average as the coordinate ``units`` besides.

    Raises
    ------
    StudyError
        As ``att``.
    """
    names = {new: old for new, old in names_of(by).items() if old != v.EVENT_TIME}
    names |= {v.EVENT_TIME: v.EVENT_TIME}
    effects = effects_of(fit_or_effects)
    draws = att(effects, names, weights, balanced=balanced)
    units = units_behind(effects, names, balanced)
    return draws.assign_coords({v.UNITS: (units.dims, units.to_numpy())})


def reference_of(draws: xr.DataArray) -> int:
    """Event time from which leads are measured: the last one before effects begin.

    Parameters
    ----------
    draws : DataArray (chain, draw, ..., event_time)
        From `by_event_time`.
    """
    return min(int(draws[v.EVENT_TIME].min()), 0) - 1
