"""Fits of the outcome's equation given part of it, in which no unit's rows need another's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting._fit import Fit
from bayes_nqp.inference.fitting._refits import refit
from bayes_nqp.inference.fitting._reported import equation_draws
from bayes_nqp.inference.fitting._store import keep, once, store_of
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.designs import Design
from bayes_nqp.model.predictors import DELTA, Linked, linked_name

type Array = npt.NDArray[np.float64]

GIVEN_LAG: Final = "given_lag"
"""Fact of a fit to outcomes net of the spatial lag: its coefficient."""


def fit_given_channels(fitted: Fit) -> Fit:
    """Fit the outcome's own design with mediators as regressors.

    ``y = tau D + sum_m (b_m M_m + b_m' W M_m) + e``: mediators of neighbours are common causes of
    neighbouring outcomes. They are absent from e here, but part of the errors of the total effect.
    """
    model_frame, facts = fitted.model_frame, fitted.facts
    rows = model_frame.panel.where(model_frame.kept)
    stated, term = facts.covariates_of(rows), facts.spatial_term
    values = _columns_beyond(fitted, fitted.outcome_design, rows)
    mediators = [x for x in facts.mediators(rows) if x in values]
    changes: dict[str, object] = {}
    links = facts.channels.links if facts.channels else None
    if term is not None and links is not None:
        # W M is among the term's own columns if both have the same W; otherwise it is separate.
        linked = mediators if links.digest == term.weights.digest else []
        values = {k: x for k, x in values.items() if k not in map(linked_name, linked)}
        durbin = ("treatment", *stated) if term.durbin is True else tuple(term.durbin or ())
        changes["spillovers"] = replace(term, durbin=(*durbin, *linked))
    changes["covariates"] = (*stated, *values)
    return refit(fitted, fitted.outcome_design.variant(changes), _wider(rows, values, mediators=()))


def _columns_beyond(fitted: Fit, design: Design, rows: Panel) -> dict[str, Array]:
    """Return columns of the outcome's equation that another design does not have, by name (row)."""
    equation = fitted.model_frame.equations[0]
    existing = {x.name for x in model_frame_of(design, rows).equations[0].rows.columns}
    return {
        x.name: x.at(equation.rows.time) for x in equation.rows.columns if x.name not in existing
    }


def _wider(rows: Panel, values: Mapping[str, Array], **changes: object) -> Panel:
    """Return the panel with further covariates."""
    names = list(dict.fromkeys([*rows.roles.covariates, *values]))
    frame = rows.frame.assign(**values)
    return Panel.from_frame(frame, **{**rows.arguments, "covariates": names, **changes})


def follows(fitted: Fit) -> bool:
    """Return True if outcomes or errors have a spatial lag, without a lag in time."""
    term = fitted.facts.spatial_term
    return fitted.panel is not None and term is not None and term.lag and not term.dynamics


def fit_given_lag(fitted: Fit) -> tuple[Fit, float]:
    """Fit outcomes net of the spatial lag, with delta at its posterior mean.

    With ``S = I - delta W`` a spatial lag is ``S y = X beta + W X theta + e``, and spatial errors
    are ``S y = X beta - delta W X beta + W X theta + e``, which columns W X of every x include.
    Given delta, errors are then those of single units. The effects are those of a unit's own
    treatment, before feedback.

    Parameters
    ----------
    fitted : Fit
        A fit for which `follows` is True.

    Returns
    -------
    tuple of Fit and float
        The fit, and the value of delta.
    """
    term, delta = fitted.facts.spatial_term, equation_draws(fitted, DELTA)
    assert term is not None
    assert delta is not None
    value, rows = float(delta.mean()), fitted.rows
    near = Linked(term.weights.aligned(rows.unit_labels).matrix, rows)(rows.outcome)
    net, changes = rows.with_outcome(rows.outcome - value * near), dict[str, object]()
    if fitted.facts.moderator is not None:
        # An SLX design has no moderated spillovers: W X and W (z D) become covariates.
        values = _columns_beyond(fitted, fitted.design.variant({"spillovers": None}), rows)
        changes["covariates"] = (*fitted.facts.covariates_of(rows), *values)
        net = _wider(net, values)
    elif term.durbin or term.error:
        alone = replace(term, lag=False, error=False, durbin=term.error or term.durbin)
        changes["spillovers"] = alone
    design = fitted.design.variant({"spillovers": None, **changes})
    refitted = refit(fitted, design, net)

    def make() -> Fit:
        labelled, store = (
            replace(refitted, record={**refitted.record, GIVEN_LAG: value}),
            store_of(fitted),
        )
        return labelled if store is None else keep(labelled, store)

    return once(fitted, GIVEN_LAG, make), value
