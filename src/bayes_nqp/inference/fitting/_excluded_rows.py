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
    """State a fit's design so that rows may be left out, and what others have of them stays.

    Returns
    -------
    tuple of Design and Panel
        The same model: columns of linked units are covariates of the panel. The fit's own where
        nothing of linked units enters.
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
    """Rows of a panel without some of its units, whose treatment reaches others as before.

    Of such a unit its first row stays where others receive of treatment: one row tells nothing
    beside the unit's effect, and when it adopted is known. Outcomes, or errors, that follow linked
    units' need all rows, and what is left of these is a panel of its own.

    Parameters
    ----------
    panel : Panel
        The second that `apart` gives.
    gone : ndarray of bool (unit)
        Of the panel's units.
    """
    stays = ~gone[panel.unit_codes]
    if fit.facts.reach != "exposure" or fit.facts.has("lag"):
        return np.asarray(stays)
    return np.asarray(stays | (np.diff(panel.unit_codes, prepend=-1) > 0))


def reached_rows(fit: Fit) -> Mask:
    """Rows that others' treatment has reached, of the panel that `apart` gives.

    They have something of linked units' treatment, or stand in a ring before they adopt.
    """
    linked = fit.model_frame.model.equations[0].linked
    if linked is None or not linked.treated:
        return np.asarray(fit.model_frame.codes.role == NEIGHBOUR)
    return np.asarray(np.any([column != 0.0 for column in linked.treated.values()], axis=0))
