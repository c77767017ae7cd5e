"""Draws to the waist: the effects of cells, whatever the design."""

from __future__ import annotations

from typing import Literal

import numpy as np
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.doors import door
from bayes_nqp.errors import StudyError
from bayes_nqp.fitting import Fit, moderator_shift, new_unit_effects

__all__ = ["cell_effects", "lead_effects"]


@door
def cell_effects(fit: object, target: Literal["sample", "population"] = "sample") -> xr.Dataset:
    """Effects of cells.

    Parameters
    ----------
    fit : Fit or Dataset
        A Dataset of the waist is returned as it is.
    target : {"sample", "population"}, default "sample"
        "sample": the mean effect of the treated rows at hand, their units' deviations
        included. "population": the effect on one new unit, its deviation unknown and its
        moderator, where there is one, the mean of the cell's rows. With mediators it has a
        deviation in every equation, and the paths add up; that takes the fit's rows.

    Returns
    -------
    Dataset
        ``effect`` (chain, draw, path, cell), outcome units; ``deviation`` (chain, draw, path,
        member); the membership table; cells carry strata, cohort, time, event_time, rows,
        units, identified, observed. Cells of a continuous exposure have neither cohort nor
        event_time, and ``effect`` is per as much of it as the attr ``per`` says.

    Raises
    ------
    StudyError
        If ``target`` is neither, or ``fit`` is no fit.
    """
    if isinstance(fit, xr.Dataset):
        return schema.validate(fit)
    if not isinstance(fit, Fit):
        raise StudyError(
            f"'fit' is a {type(fit).__name__} and holds no effects",
            hint="pass a fit, or a Dataset made by nqp.cell_effects",
        )
    effects = fit.effects
    if target == "sample":
        return schema.validate(effects)
    if target != "population":
        raise StudyError(f"'target' is {target!r}", hint="'sample' or 'population'")
    if effects.sizes[v.PATH] > 1:
        generator = np.random.default_rng([int(fit.sampler.seed or 0), 2])
        draws = new_unit_effects(fit, generator)
        effects = effects.drop_vars(v.DEVIATION, errors="ignore").assign(
            {v.EFFECT: ((*v.SAMPLE_DIMS, v.PATH, v.CELL), draws)}
        )
        return schema.validate(effects.assign_attrs(target="population"))
    posterior = fit.posterior
    mean = posterior["outcome__cell_mean"]
    if "outcome__moderation" in posterior:
        mean = mean + moderator_shift(fit.plan, posterior["outcome__moderation"].to_numpy())
    mean = mean.expand_dims(v.PATH, axis=2)
    if "outcome__scale_deviation" in posterior:
        generator = np.random.default_rng([int(fit.sampler.seed or 0), 2])
        dose = fit.plan.equations[0].dose
        spread = posterior["outcome__scale_deviation"] / (1.0 if dose is None else dose.size)
        new = spread * generator.standard_normal(spread.shape)
        mean = mean + new
    effects = effects.drop_vars(v.DEVIATION, errors="ignore").assign(
        {v.EFFECT: (effects[v.EFFECT].dims, mean.transpose(v.CHAIN, v.DRAW, v.PATH, v.CELL).values)}
    )
    return schema.validate(effects.assign_attrs(target="population"))


@door
def lead_effects(fit: Fit) -> xr.Dataset:
    """Leads of a design with ``controls="never"``: differences before treatment.

    Returns
    -------
    Dataset
        Of the waist, with negative event times.

    Raises
    ------
    StudyError
        If the design has no leads.
    """
    leads = fit.leads
    if leads is None:
        raise StudyError("this design has no leads", hint="StaggeredDiD(..., controls='never')")
    return schema.validate(leads)
