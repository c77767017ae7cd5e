"""Spillover effects of other units' treatment."""

from __future__ import annotations

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
from bayes_nqp.effects.estimands._att import att, described
from bayes_nqp.effects.estimands._average import average_of
from bayes_nqp.effects.estimands._by import names_of
from bayes_nqp.effects.estimands._effects_of import effects_of
from bayes_nqp.effects.estimands._registry import SPILLOVERS, estimand
from bayes_nqp.effects.estimands._units_behind import units_of
from bayes_nqp.effects.estimands._weights import before_adoption
from bayes_nqp.model.predictors import EXPOSURE_TIME


@estimand(Message("Spillover effect from other units"), place=50, needs=(SPILLOVERS,))
@door
def spillover_effects(
    fit_or_effects: FitOrEffects,
    by: By = None,
    weights: str = "rows",
    onto: Literal["untreated", "treated"] = "untreated",
    *,
    anticipated: bool = False,
) -> xr.DataArray:
    """Average the spillover effects on exposed units.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        Fit or effects of a model with ``spillovers``.
    by : str, sequence of str or mapping, optional
        Grouping variables: "ring" (distance band); "event_time", which here counts periods since
        exposure; "cohort", "time", stratum factors; or "unit" alone, for a fit with its
        observations.
    weights : str, default "rows"
        See `att`.
    onto : {"untreated", "treated"}, default "untreated"
        Observations averaged. For a continuous exposure, these are all exposed observations.
    anticipated : bool, default False
        If True, treated observations before adoption are included, in models with anticipation.

    Returns
    -------
    DataArray (chain, draw, ...), outcome units
        Draws averaged over exposed observations, with the scalar coordinate ``gate``. The attr
        ``onto`` gives the observations averaged: "exposed" for a continuous exposure.

    Raises
    ------
    StudyError
        See `att`; also if the model has no spillovers, or none on these observations.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=[0.5], treated=[0.2])
    >>> panel = nqp.simulation.cities(
    ...     spillover=near, strata=[], mediators=["innovation"], years=(2013, 2018), seed=1
    ... ).panel
    >>> design = nqp.StaggeredDiD(
    ...     nqp.CompletePooling(), spillovers=nqp.Rings([100]), unidentified="drop"
    ... )
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.spillover_effects(fit).dims
    ('chain', 'draw')
    """
    effects = _exposed(effects_of(fit_or_effects), onto, anticipated=anticipated)
    names = names_of(by)
    apart = onto == "untreated" and _adopted(effects)
    role = v.NEIGHBOUR if apart else v.TREATED
    if list(names.values()) == [v.UNIT]:
        average, effects = units_of(
            fit_or_effects, effects, role, next(iter(names)), anticipated=anticipated
        )
    else:
        average = average_of(effects, by, weights, None, role, anticipated=anticipated)
    draws = average.of_effects(effects, v.RECEIVED).rename(v.RECEIVED)
    draws.attrs = described(
        effects, average, v.RECEIVED, by=by, weights=weights, path=v.RECEIVED, balanced=None
    ) | {"onto": onto if _adopted(effects) else "exposed"}
    for name, old in names.items():
        if old == v.RING:
            rings = sorted(filter(None, draws[name].to_numpy()), key=_lower_bound)
            draws = draws.sel({name: rings})
    return draws


def own_and_received(
    effects: xr.Dataset, weights: str = "rows"
) -> tuple[xr.DataArray, xr.DataArray]:
    """Average the direct effect and the spillover effect on treated or exposed observations.

    Parameters
    ----------
    effects : Dataset
        Group-time effects with both paths; mediators of own treatment are part of the direct
        effect.
    """
    total, others = (att(effects, weights=weights, path=path) for path in (v.TOTAL, v.RECEIVED))
    return total.copy(data=total.to_numpy() - others.to_numpy()), others


def _adopted(effects: xr.Dataset) -> bool:
    """Return True if units adopt a binary treatment, False for a continuous exposure."""
    return schema.is_timed(effects) and bool(effects[v.COHORT].notnull().any())


def _exposed(effects: xr.Dataset, onto: str, *, anticipated: bool) -> xr.Dataset:
    """Select exposed cells, with event time counted from exposure and bands as a factor.

    Raises
    ------
    StudyError
        If the model has no spillovers, or none on these observations.
    """
    if v.RECEIVED not in effects[v.PATH]:
        raise StudyError(
            "these effects have no spillovers",
            hint="nqp.StaggeredDiD(spillovers=nqp.Rings([100, 200, 300]))",
        )
    if v.RING in effects.coords:
        factors = (*schema.factors(effects), v.RING)
        effects = effects.assign_attrs(factors="\x1f".join(factors))
    if onto == "untreated" or not _adopted(effects):
        return effects
    if v.DIRECT not in effects[v.PATH]:
        raise StudyError(
            "this model contains no separate spillovers on treated units",
            hint="nqp.Rings([…], onto=('untreated', 'treated'))",
        )
    if EXPOSURE_TIME not in effects.coords:
        return effects
    time = effects[EXPOSURE_TIME].to_numpy()
    exposed = effects[v.IDENTIFIED].to_numpy().astype(bool) & (time >= 0)
    if not anticipated:
        exposed &= ~before_adoption(effects)
    return effects.assign_coords({v.EVENT_TIME: (v.CELL, time), v.IDENTIFIED: (v.CELL, exposed)})


def _lower_bound(ring: object) -> float:
    """Return the lower bound of a distance band: the number at the head of its label."""
    head = str(ring).partition("–")[0]
    return float(head) if head.replace(".", "", 1).isdigit() else np.inf
