"""Draws to the waist: the effects of cells, whatever the design."""

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
    """Effects of cells.

    Parameters
    ----------
    fit : Fit or Dataset
        A Dataset of the waist is returned as it is.
    target : {"sample", "superpopulation", "population"}, default "sample"
        "sample": the mean effect of the treated rows at hand, their units' deviations
        included. "superpopulation": the mean effect over all units like those at hand, without
        deviations; its sd is what a standard error clustered by unit estimates. "population":
        the effect on one new unit, its deviation unknown. The moderator of the last two, where
        there is one, is the mean of the cell's rows. With mediators there are deviations in
        every equation, and the paths add up; that takes the fit's rows.

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
        If ``target`` is none of these, or ``fit`` is no fit.

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
    effects = effects.drop_vars(v.DEVIATION, errors="ignore").assign(
        {v.EFFECT: (effects[v.EFFECT].dims, draws)}
    )
    return schema.validate(effects.assign_attrs(target=target))


def moderator_name(fit: object) -> str:
    """Name the moderator of a fit's design.

    Raises
    ------
    StudyError
        If there is none.
    """
    name = fit.facts.moderator if isinstance(fit, Fit) else None
    if name is None:
        raise StudyError(
            "the design has no moderator" if isinstance(fit, Fit) else "'fit' is not a fit",
            hint="nqp.fit(nqp.StaggeredDiD(moderator='digital_finance'), panel)",
        )
    return name


def moderated_effects(fit: object) -> xr.Dataset:
    """Effects of cells, and what the design's moderator does to them.

    Parameters
    ----------
    fit : Fit
        Of a design with a ``moderator``, and with its rows.

    Returns
    -------
    Dataset
        Of the waist, with ``moderation`` (chain, draw, path, cell, power): coefficients of effects
        in the moderator less its centre. Attrs name the moderator, its centre and sd over treated
        rows, and, unless units are summed up, where the middle 95 % of them lie.

    Raises
    ------
    StudyError
        If the design has no moderator, or the fit no rows.
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
    """Both legs of every channel in every cell.

    Parameters
    ----------
    fit : Fit or Mediated
        Of a `Mediation`, or of a cross-section.

    Returns
    -------
    Dataset
        ``a``, mediator units, and ``b``, outcome units per mediator unit (chain, draw, mediator,
        cell).

    Raises
    ------
    StudyError
        If it is no fit of a `Mediation`.
    """
    if not isinstance(fit, Mediated) and not (isinstance(fit, Fit) and fit.facts.channels):
        raise StudyError(
            "paths a and b require a fit of a Mediation model",
            hint="nqp.fit(nqp.Mediation(design, mediators=[...]), panel), not its effects",
        )
    return path_coefficient_draws(fit)


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
