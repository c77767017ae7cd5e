"""Fits with linear differential trends of treated units."""

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
"""Level of every factor (stratum); empty if there is one stratum."""

_STRATA = 12
"""Largest number of strata with separate slopes."""


@dataclass(frozen=True, slots=True, eq=False)
class Trend:
    """Differential slopes of treated units.

    Parameters
    ----------
    effects : Dataset
        Effects dataset net of the continued slopes.
    slopes : ndarray (chain, draw, stratum), outcome units per period
        One slope per stratum, or one for all.
    strata : dict of str to ndarray of str (stratum)
        Level of every factor; empty if there is one slope for all.
    """

    effects: xr.Dataset
    slopes: Array
    strata: Strata

    def common(self) -> Array:
        """Return draws of the precision-weighted mean slope of all strata (chain, draw)."""
        return _shared(self.slopes)

    def of(self, factor: str, level: str) -> Array | None:
        """Return draws of the mean slope of the strata of one level, if it is identified."""
        if factor not in self.strata:
            return None
        inside = self.strata[factor] == level
        return _shared(self.slopes[..., inside]) if inside.any() else None


def trend_design(
    design: Design, panel: Panel, leads: xr.Dataset
) -> tuple[Design, Panel, tuple[str, ...], Strata]:
    """Replace the leads by a slope of ever-treated units in each stratum.

    All untreated observations are controls, so the slope compares treated units before adoption
    with never-treated units.

    Parameters
    ----------
    design : Design
        Design of the lead fit.
    leads : Dataset
        Leads of the lead fit, which show the strata with an identified slope.

    Returns
    -------
    tuple
        The design; the panel with a further covariate for each slope; the names of these
        covariates; and the strata of the slopes.
    """
    strata = _strata_of(leads)
    wider, names = _with_trends(panel, strata)
    changes: dict[str, object] = {"leads": False}
    stated = design.facts.covariates
    if stated is not None:
        changes["covariates"] = (*stated, *names)
    return design.variant(changes), wider, names, strata


def _strata_of(leads: xr.Dataset) -> Strata:
    """Return the levels of the strata that have leads; empty if there is one, or too many."""
    factors = schema.factors(leads)
    if not factors:
        return {}
    table = np.stack([leads[name].to_numpy().astype(str) for name in factors], axis=1)
    table = np.unique(table, axis=0)
    if table.shape[0] > _STRATA:
        return {}
    return {name: table[:, k] for k, name in enumerate(factors)}


def _with_trends(panel: Panel, strata: Strata) -> tuple[Panel, tuple[str, ...]]:
    """Add a covariate for each stratum to a panel: the period for ever-treated units."""
    count = max((len(levels) for levels in strata.values()), default=1)
    ever = np.repeat((np.asarray(panel.cohort_codes) >= 0)[None], count, axis=0)
    for name, levels in strata.items():
        ever &= panel.levels[name].astype(str)[panel.strata_codes[name]] == levels[:, None]
    columns = (ever[:, panel.unit_codes] * panel.time_codes).astype(np.float64)
    return widened(panel, "differential trend", columns)


def widened(panel: Panel, prefix: str, columns: Array) -> tuple[Panel, tuple[str, ...]]:
    """Add covariates to a panel.

    Parameters
    ----------
    prefix : str
        Prefix of the names of the covariates.
    columns : ndarray (covariate, row)
        Values of the covariates.

    Returns
    -------
    tuple of Panel and tuple of str
        The panel, and the names of the covariates.
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
    """Average slopes with weights by posterior precision, as a common slope would be estimated."""
    if slopes.shape[-1] == 1:
        return slopes[..., 0]
    weights = precision_of(slopes.reshape(-1, slopes.shape[-1])).sum(axis=1)
    return np.asarray(slopes @ (weights / weights.sum()))
