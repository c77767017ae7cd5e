"""Compute the effects of group-time cells from draws of any model."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.validation import door
from bayes_nqp.inference.fitting import (
    UNITS,
    Fit,
    Mediated,
    meets,
    moderation_draws,
    moderator_rows,
    new_unit_effects,
    path_coefficient_draws,
)

__all__ = [
    "group_time_effects",
    "lead_effects",
    "moderated_effects",
    "moderator_name",
    "path_coefficients_by_cell",
]


@door
def group_time_effects(
    fit: FitOrEffects, target: Literal["sample", "superpopulation", "population"] = "sample"
) -> xr.Dataset:
    """Return the effects of group-time cells, ATT(g, t) by stratum.

    Parameters
    ----------
    fit : Fit or Dataset
        A fit. A Dataset of group-time effects is returned unchanged.
    target : {"sample", "superpopulation", "population"}, default "sample"
        "sample": the mean effect of the treated observations in the sample, including the
        unit-level random effects. "superpopulation": the mean effect over all units of the
        population sampled, without unit-level random effects; its posterior SD corresponds to a
        standard error clustered by unit. "population": the effect on one new unit with an unknown
        random effect. For the last two, the moderator, if any, is set to the mean of the cell's
        observations. With mediators, every equation has unit-level random effects, and the paths
        add up to the total; this requires the observations of the fit.

    Returns
    -------
    Dataset
        ``effect`` (chain, draw, path, cell), outcome units; ``deviation`` (chain, draw, path,
        member); the membership table. Coordinates of cells: strata, cohort, time, event_time, rows,
        units, identified, observed. Cells of a continuous exposure have neither cohort nor
        event_time; the attr ``per`` gives the change in exposure to which ``effect`` refers.

    Raises
    ------
    StudyError
        If ``target`` is not one of these, or ``fit`` is not a fit.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.group_time_effects(fit)["effect"].dims
    ('chain', 'draw', 'path', 'cell')
    """
    if isinstance(fit, xr.Dataset):
        return schema.validate(fit)
    if not isinstance(fit, Fit):
        raise StudyError(
            f"'fit' is a {type(fit).__name__} and contains no effects",
            hint="pass a fit, or a Dataset from nqp.group_time_effects",
        )
    effects = fit.effects
    if target == "sample":
        return schema.validate(effects)
    seed = [int(fit.sampler.seed or 0), 2]
    generator = np.random.default_rng(seed) if target == "population" else None
    draws = new_unit_effects(fit, generator)
    effects = effects.drop_vars([v.DEVIATION, v.UNTREATED], errors="ignore").assign(
        {v.EFFECT: (effects[v.EFFECT].dims, draws)}
    )
    return schema.validate(effects.assign_attrs(target=target))


def moderator_name(fit: object) -> str:
    """Return the name of the moderator of a fit's model.

    Raises
    ------
    StudyError
        If the model has no moderator.
    """
    name = fit.facts.moderator if isinstance(fit, Fit) else None
    if name is None:
        raise StudyError(
            "the design has no moderator" if isinstance(fit, Fit) else "'fit' is not a fit",
            hint="nqp.fit(nqp.StaggeredDiD(moderator='digital_finance'), panel)",
        )
    return name


def moderated_effects(fit: object) -> xr.Dataset:
    """Return the effects of group-time cells and their coefficients in the moderator.

    Parameters
    ----------
    fit : Fit
        Fit of a model with a ``moderator``, saved with its observations.

    Returns
    -------
    Dataset
        Group-time effects, with ``moderation`` (chain, draw, path, cell, power): coefficients of
        the effects in the centred moderator. Attrs give the moderator, its centre and SD over
        treated observations, and, unless units are aggregated, the range of the central 95 % of
        these observations.

    Raises
    ------
    StudyError
        If the model has no moderator, or the fit no observations.
    """
    name = moderator_name(fit)
    assert isinstance(fit, Fit)
    moderator = fit.model_frame.moderator
    assert moderator is not None
    effects = group_time_effects(fit)
    seen: dict[str, Any] = {}
    if meets(fit, (UNITS,)):
        seen[v.MODERATOR_RANGE] = np.quantile(moderator_rows(fit)[1], [0.025, 0.975]).tolist()
    dims = (*effects[v.EFFECT].dims, v.POWER)
    return schema.validate(
        effects.assign({v.MODERATION: (dims, moderation_draws(fit))})
        .assign_coords({v.POWER: np.arange(3)})
        .assign_attrs(
            {
                v.MODERATOR: name,
                v.MODERATOR_CENTRE: moderator.centre,
                v.MODERATOR_SIZE: moderator.size,
                **seen,
            }
        )
    )


def path_coefficients_by_cell(fit: object) -> xr.Dataset:
    """Return the path coefficients a and b of every mediator in every cell.

    Parameters
    ----------
    fit : Fit or Mediated
        Fit of a `Mediation` model, or a mediation model of a cross-section.

    Returns
    -------
    Dataset
        ``a``, mediator units, and ``b``, outcome units per mediator unit (chain, draw, mediator,
        cell).

    Raises
    ------
    StudyError
        If ``fit`` is not a fit of a `Mediation` model.
    """
    if not isinstance(fit, Mediated) and not (isinstance(fit, Fit) and fit.facts.channels):
        raise StudyError(
            "paths a and b require a fit of a Mediation model",
            hint="nqp.fit(nqp.Mediation(design, mediators=[...]), panel), not its effects",
        )
    return path_coefficient_draws(fit)


@door
def lead_effects(fit: Fit) -> xr.Dataset:
    """Return pre-adoption coefficients (leads) of a model with ``controls="never"``.

    Returns
    -------
    Dataset
        Group-time effects with negative event times.

    Raises
    ------
    StudyError
        If the model has no leads.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> design = nqp.StaggeredDiD(controls="never", unidentified="drop")
    >>> fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.lead_effects(fit)["effect"].dims
    ('chain', 'draw', 'path', 'cell')
    """
    leads = fit.leads
    if leads is None:
        raise StudyError("this design has no leads", hint="StaggeredDiD(..., controls='never')")
    return schema.validate(leads)
