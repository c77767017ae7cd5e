"""The average effect on the treated, overall and by group."""

from __future__ import annotations

import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.estimands._average import Average, average_of
from bayes_nqp.estimands._average_of_units import linked, units_of
from bayes_nqp.estimands._by import By, names_of
from bayes_nqp.estimands._effects_of import effects_of
from bayes_nqp.estimands._registry import estimand
from bayes_nqp.language import Message
from bayes_nqp.schema import FitOrEffects


@estimand(Message("Average effect"), place=10)
@door
def att(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    path: str = v.TOTAL,
    balanced: int | None = None,
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average the effect on the treated, overall or by group.

    Only cells whose effect is identified count; the attr ``cells_left_out`` says how many do
    not. The coordinates ``rows`` and ``weight`` hold the rows and the weight behind every
    average, so that the mean of ``att(fit, by=...)`` weighted by ``weight`` is ``att(fit)``.

    Under a design with ``anticipation`` effects begin before adoption. They count in no average
    over several event times. Where event times are kept apart ("event_time", "cell", or "cohort"
    and "time") they are there, and the coordinate ``anticipated`` marks them.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or effects in the schema of the waist.
    by : str, sequence of str or mapping, optional
        What to keep apart: stratum factors, "cohort", "time", "event_time", "unit" (what has
        its own effect deviation), "stratum" (all factors combined) or "cell". Several give
        several dims, NaN where a combination is empty. A mapping renames: ``{"region": "area"}``.
    weights : str, default "rows"
        "rows", "units", "equal" (every cell counts the same), or a numeric coordinate of the
        cells such as "weight".
    path : str, default "total"
        "total", "direct", or a mediator.
    balanced : int, optional
        Keep event times from 0 to this one, of those cohorts (within strata) alone that are
        identified at each of them.
    anticipated : bool, default False
        Whether anticipated effects, those before adoption, count in every average.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Draws, with the scalar coordinate ``gate``.

    Raises
    ------
    StudyError
        If a name is unknown, members are asked for but have no deviations, or nothing is left.

    Notes
    -----
    A member's effect in a cell is the cell's effect plus the member's deviation minus the mean
    deviation in that cell; by="unit" averages it over the member's rows.

    Examples
    --------
    >>> import numpy as np
    >>> from bayes_nqp import schema
    >>> from bayes_nqp.estimands import att
    >>> effects = schema.build(
    ...     np.ones((4, 100, 1, 2)) * [1.0, 3.0],
    ...     strata={"region": ["inland", "coastal"]},
    ...     cohort=[2015, 2015],
    ...     time=[2015, 2015],
    ...     event_time=[0, 0],
    ...     rows=[3, 1],
    ...     units=[3, 1],
    ... )
    >>> float(att(effects).mean())
    1.5
    >>> att(effects, by="region").mean(["chain", "draw"]).values
    array([1., 3.])
    """
    effects = effects_of(fit_or_effects)
    names = names_of(by)
    if list(names.values()) == [v.UNIT] and balanced is None and linked(fit_or_effects):
        average, effects = units_of(
            fit_or_effects, effects, v.TREATED, next(iter(names)), anticipated=anticipated
        )
    else:
        average = average_of(effects, by, weights, balanced, anticipated=anticipated)
    draws = average.of_effects(effects, path).rename("att")
    draws.attrs = described(
        effects, average, "att", by=by, weights=weights, path=path, balanced=balanced
    )
    return draws


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
    """Say what an average is, in attrs that files can hold.

    Parameters
    ----------
    effects : Dataset
        Of the waist.
    average : Average
        The map used.
    estimand : str
        Its name.
    by : str, sequence of str, mapping, or None
        What it keeps apart.
    weights : str
        How cells count.
    path : str
        Which path.
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
