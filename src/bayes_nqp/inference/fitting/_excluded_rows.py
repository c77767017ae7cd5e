"""Rows that may be left out where columns of linked units are in the model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.arrays import Mask
from bayes_nqp.inference.fitting._refits import panel_of
from bayes_nqp.model.predictors import NEIGHBOUR

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel
    from bayes_nqp.inference.fitting._fit import Fit
    from bayes_nqp.model.designs import Design


def apart(fit: Fit) -> tuple[Design, Panel]:
    """Return a fit's design and panel in a form that allows observations to be left out.

    Spillovers from excluded units stay in the model.

    Returns
    -------
    tuple of Design and Panel
        The same model, with columns of neighbours as covariates of the panel. The fit's own design
        and panel if there are no columns of neighbours.
    """
    facts, spec = fit.facts, fit.model_frame.model.equations[0]
    changes: dict[str, object] = {
        term.argument: other for term in facts.terms if (other := term.apart()) != term
    }
    if not changes:
        return fit.design, panel_of(fit)
    panel, columns = fit.rows, spec.columns
    if facts.covariates is not None:
        changes["covariates"] = (*facts.covariates, *columns)
    covariates = np.column_stack([panel.covariates, *columns.values()])
    covariates.setflags(write=False)
    roles = replace(panel.roles, covariates=(*panel.roles.covariates, *columns))
    wider = replace(panel, frame=panel.frame.assign(**columns), roles=roles, covariates=covariates)
    return fit.design.variant(changes), wider


def rows_without(fit: Fit, panel: Panel, gone: Mask) -> Mask:
    """Return the observations without some units, whose treatment affects others as before.

    With spillovers, the first observation of an excluded unit stays: it carries no information in
    addition to the unit's effect, and it records the adoption date. A spatial lag of outcomes or
    errors requires all observations; the remainder is then a separate panel.

    Parameters
    ----------
    panel : Panel
        The panel that `apart` returns.
    gone : ndarray of bool (unit)
        Units to exclude.
    """
    stays = ~gone[panel.unit_codes]
    if fit.facts.reach != "exposure" or fit.facts.has("lag"):
        return np.asarray(stays)
    return np.asarray(stays | (np.diff(panel.unit_codes, prepend=-1) > 0))


def reached_rows(fit: Fit) -> Mask:
    """Return the observations with spillovers, in the panel that `apart` returns.

    These have treated neighbours, or lie in a distance band before they adopt.
    """
    linked = fit.model_frame.model.equations[0].linked
    if linked is None or not linked.treated:
        return np.asarray(fit.model_frame.codes.role == NEIGHBOUR)
    return np.asarray(np.any([column != 0.0 for column in linked.treated.values()], axis=0))
