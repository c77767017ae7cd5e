"""A fit in which treated units may drift away from the others along a line."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.arrays import Array
from bayes_nqp.checks.trends._leads import precision_of
from bayes_nqp.data.panel import Panel
from bayes_nqp.model.designs import Design

type Strata = dict[str, npt.NDArray[np.str_]]
"""Level of every factor (stratum); empty where all strata are one."""

_STRATA = 12
"""Strata up to which each has a slope of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """Differential slopes of treated units.

    Parameters
    ----------
    effects : Dataset
        Of the waist: what is left of the effects if the slopes go on.
    slopes : ndarray (chain, draw, stratum), outcome units per period
        One a stratum, or one for all.
    strata : dict of str to ndarray of str (stratum)
        Level of every factor; empty where there is one slope for all.
    """

    effects: xr.Dataset
    slopes: Array
    strata: Strata

    def common(self) -> Array:
        """Draws of the slope that all strata share, if they share one (chain, draw)."""
        return _shared(self.slopes)

    def of(self, factor: str, level: str) -> Array | None:
        """Draws of the slope that the strata of one level share, if it is known."""
        if factor not in self.strata:
            return None
        inside = self.strata[factor] == level
        return _shared(self.slopes[..., inside]) if inside.any() else None


def trend_design(
    design: Design, panel: Panel, leads: xr.Dataset
) -> tuple[Design, Panel, tuple[str, ...], Strata]:
    """Put a slope of the ever treated in each stratum in the place of leads.

    All untreated rows are controls, so that the slope is that of treated units before adoption,
    against units that are never treated.

    Parameters
    ----------
    design : Design
        The lead fit's.
    leads : Dataset
        Leads of the lead fit: they tell the strata in which there is a slope to know.

    Returns
    -------
    tuple
        The design; the panel, wider by a covariate for each slope; the names of these covariates,
        and the strata that their slopes are of.
    """
    strata = _strata_of(leads)
    wider, names = _with_trends(panel, strata)
    changes: dict[str, object] = {"leads": False}
    stated = design.facts.covariates
    if stated is not None:
        changes["covariates"] = (*stated, *names)
    return design.variant(changes), wider, names, strata


def _strata_of(leads: xr.Dataset) -> Strata:
    """Levels of the strata that have leads; nothing where there are too many, or one."""
    factors = schema.factors(leads)
    if not factors:
        return {}
    table = np.stack([leads[name].to_numpy().astype(str) for name in factors], axis=1)
    table = np.unique(table, axis=0)
    if table.shape[0] > _STRATA:
        return {}
    return {name: table[:, k] for k, name in enumerate(factors)}


def _with_trends(panel: Panel, strata: Strata) -> tuple[Panel, tuple[str, ...]]:
    """Give a panel a covariate for each stratum: time where units are ever treated."""
    count = max((len(levels) for levels in strata.values()), default=1)
    ever = np.repeat((np.asarray(panel.cohort_codes) >= 0)[None], count, axis=0)
    for name, levels in strata.items():
        ever &= panel.levels[name].astype(str)[panel.strata_codes[name]] == levels[:, None]
    columns = (ever[:, panel.unit_codes] * panel.time_codes).astype(np.float64)
    return widened(panel, "differential trend", columns)


def widened(panel: Panel, prefix: str, columns: Array) -> tuple[Panel, tuple[str, ...]]:
    """Give a panel covariates more.

    Parameters
    ----------
    prefix : str
        Of their names.
    columns : ndarray (covariate, row)
        Their values.

    Returns
    -------
    tuple of Panel and tuple of str
        The panel, and the names of these covariates.
    """
    while any(str(column).startswith(prefix) for column in panel.frame.columns):
        prefix += "_"
    names = tuple(f"{prefix} {k + 1}" for k in range(len(columns)))
    covariates = np.column_stack([panel.covariates, *columns])
    covariates.setflags(write=False)
    roles = replace(panel.roles, covariates=(*panel.roles.covariates, *names))
    added = pd.DataFrame(dict(zip(names, columns, strict=True)), panel.frame.index)
    frame = pd.concat([panel.frame, added], axis=1)
    return replace(panel, frame=frame, roles=roles, covariates=covariates), names


def _shared(slopes: Array) -> Array:
    """Average slopes by their posterior precision, as one slope for all would be estimated."""
    if slopes.shape[-1] == 1:
        return slopes[..., 0]
    weights = precision_of(slopes.reshape(-1, slopes.shape[-1])).sum(axis=1)
    return np.asarray(slopes @ (weights / weights.sum()))
