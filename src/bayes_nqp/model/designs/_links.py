"""Restrictions on columns, outcomes and errors of neighbours in a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import Hint, IdentificationError, PanelError, StudyError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.spatial_weights import SpatialWeights
from bayes_nqp.model.pooling import single_curve
from bayes_nqp.model.predictors import Linked
from bayes_nqp.model.specification import Facts, Term
from bayes_nqp.numerics import linear_gaussian as gaussian

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_LAG: Final = Message(
    "The model has a spatial lag of the outcome with the weights {weights} and one "
    "coefficient δ. The prior of (1 + δ)/2 is Beta(3, 3), with δ between −0.95 and "
    "0.97.{durbin} The log determinant refers to deviations from the means of levels of "
    "time effects.{adjusted} {effects} Effects include feedback through all units."
)
_SLX: Final = Message(
    "Nobody's outcome follows another's (SLX).{durbin} Links are those of the weights {weights}. "
    "{effects}"
)
_EFFECTS: Final = Message(
    "Effects are those of the actual calendar against no policy anywhere: direct, of the unit's "
    "own treatment, and received, of others'."
)
_EFFECTS_DOSE: Final = Message(
    "Effects are those of the same amount more of the exposure for everyone: direct, of the unit's "
    "own, and received, of others'."
)
_ERROR: Final = Message(
    "Errors follow those of linked units of the same period, by the weights {weights} and one "
    "coefficient, (1 + δ)/2 being Beta(3, 3) between −0.95 and 0.97; there are no spillovers."
    "{adjusted}"
)
_SDEM: Final = Message(
    "Errors follow those of linked units of the same period, by the weights {weights} and one "
    "coefficient, (1 + δ)/2 being Beta(3, 3) between −0.95 and 0.97; nobody's outcome follows "
    "another's (SDEM).{durbin}{adjusted} {effects}"
)
_DURBIN: Final = Message(
    " Treatment and covariates of linked units enter as well, treatment by event time, its "
    "coefficients pooled as effects are."
)
_DURBIN_DOSE: Final = Message(
    " Exposure and covariates of linked units enter as well, the former with one coefficient that "
    "has the prior of the slope."
)
_DYNAMICS: Final = Message(
    " The model also has the lagged outcome of the unit (τ) and of its neighbours (ψ), so"
    " that effects persist over periods. The priors of (τ + ψ)/(1 − δ) and (τ − ψ)/(1 + "
    "δ) equal that of δ; stationarity requires both to lie between −1 and 1. The first "
    "period is conditioned on. With unit effects this is an adjusted likelihood: its "
    "score is unbiased for any first period, and it has no marginal likelihood."
)
_ADJUSTED: Final = Message(
    " As links cross levels of time effects, it is an adjusted likelihood: its score is unbiased, "
    "and it has no marginal likelihood."
)


def link_words(
    attrs: Mapping[str, object],
    weights: str,
    *,
    lag: bool,
    durbin: bool,
    error: bool,
    dynamics: bool = False,
) -> Message:
    """Describe the dependence of outcomes or errors on neighbours, and other columns.

    Parameters
    ----------
    attrs : mapping of str to object
        Attributes of the fitted effects.
    weights : str
        Name of the weights.
    """
    adjusted, dose = _ADJUSTED if "likelihood" in attrs else "", "exposure" in attrs
    if dynamics:
        adjusted = _DYNAMICS
    columns = (_DURBIN_DOSE if dose else _DURBIN) if durbin else ""
    effects = _EFFECTS_DOSE if dose else _EFFECTS
    if error and durbin:
        return _SDEM.fill(weights=weights, durbin=columns, adjusted=adjusted, effects=effects)
    if error:
        return _ERROR.fill(weights=weights, adjusted=adjusted)
    if not lag:
        return _SLX.fill(durbin=columns, weights=weights, effects=effects)
    return _LAG.fill(durbin=columns, weights=weights, adjusted=adjusted, effects=effects)


_TO_ONE = 1e-9
"""How far the sum of a row of W may be from one."""


def check_design(
    facts: Facts, panel: Panel, *, lag: bool, error: bool = False, dynamics: bool = False
) -> None:
    """Refuse arguments that cannot be combined with neighbours, and gaps under a lag.

    Parameters
    ----------
    lag, error, dynamics : bool
        True if outcomes, or errors, depend on those of neighbours, and on the previous period.

    Raises
    ------
    StudyError
        If another argument cannot be combined with it.
    PanelError
        If a unit has gaps, under a spatial lag.
    """
    if (lag and not facts.exact) or facts.approximated:
        _, value, hint = facts.inexact
        needs = type(value).__name__
        raise StudyError(
            Message("a spatial lag is not stated row by row, as {} needs it", needs), hint=hint
        )
    if panel.weights is not None:
        raise StudyError(
            Message("'spillovers' with a spatial lag cannot be combined with {!r}", "weights"),
            hint=Message("leave out {!r}", "weights"),
        )
    stated = {
        "lag=False": not lag, "error=True": error, "dynamics=True": dynamics,
        "channels": facts.channels is not None,
    }  # fmt: skip
    why = next((name for name, value in stated.items() if value), "")
    if facts.moderator is not None and why:
        raise StudyError(
            Message(
                "'moderator' with spillovers requires a spatial lag of the outcome, and "
                "cannot be combined with {}",
                    why),
            hint="SpatialLag(weights), or leave out 'moderator'",
        )  # fmt: skip
    if not lag:
        return
    gaps = np.flatnonzero(
        np.bincount(panel.unit_codes, minlength=panel.unit_labels.size) < panel.periods
    )
    if not gaps.size:
        return
    raise PanelError(
        Message(
            "a spatial lag needs every unit in every period, and {} of {} have gaps",
            gaps.size, panel.unit_labels.size,
        ),
        where=shown(panel.unit_labels[gaps]),
        hint="SpatialLag(…, complete='units') leaves these units out; rings of exposure "
        "(nqp.Rings) take gaps",
    )  # fmt: skip


def check_errors(term: Term, facts: Facts) -> None:
    """Refuse arguments that cannot be combined with spatially dependent errors.

    Raises
    ------
    StudyError
        If another argument cannot be combined with them.
    IdentificationError
        If units have deviations.
    """
    if facts.varying is not None:
        raise IdentificationError(
            Message("spatially dependent errors cannot be combined with unit-level deviations"),
            hint=Message("{}", Hint("effect", single_curve())),
        )
    others = [other.argument for other in facts.terms if other != term]
    others += ["time"] if facts.time is not None and facts.time.pooled else []
    for name in others:
        raise StudyError(
            Message("'error' of a spatial lag cannot be combined with {!r}", name),
            hint=Message("leave out {!r}", name),
        )


def check_rows(linked: Linked, panel: Panel, column: str) -> None:
    """See that linked units have the rows that a column of theirs is taken from.

    Raises
    ------
    PanelError
        If some are not seen in a period in which a unit linked to them is.
    """
    units = np.unique(panel.unit_codes[linked.unseen])
    if not units.size:
        return
    raise PanelError(
        Message(
            "{!r} of linked units is needed in every period, and units linked to {} of {} have "
            "gaps",
            column, units.size, panel.unit_labels.size,
        ),
        where=shown(panel.unit_labels[units]),
        hint="SpatialLag(…, complete='units') leaves out units with gaps; durbin=['treatment'] "
        "needs no rows of linked units, where treatment is adopted",
    )  # fmt: skip


def check_links(weights: SpatialWeights) -> None:
    """See that rows of W sum to one, and that it can be factored.

    Raises
    ------
    PanelError
        If a unit has no neighbour.
    StudyError
        If sums are others, or W links nearly everyone and is too large for that.
    """
    if weights.isolated:
        raise PanelError(
            Message("outcomes follow those of neighbours, and {} of {} units have none",
                    len(weights.isolated), len(weights.ids)),
            where=shown(weights.isolated),
            hint="islands='nearest' where the weights are made, or a larger distance"
            if weights.places
            else "link each by hand in the table of the weights (as Hainan to Guangdong), or leave "
            "these units out",
        )  # fmt: skip
    if (np.abs(weights.matrix.sum(axis=1) - 1.0) > _TO_ONE).any():
        raise StudyError(
            Message("the rows of the weights {!r} do not sum to one", weights.name),
            hint="standardised='row' where they are made",
        )
    if len(weights.ids) > gaussian.MOST_DENSE and gaussian.is_dense(weights.matrix):
        raise StudyError(
            Message(
                "the weights {!r} connect nearly all units, which is too dense for a "
                "spatial lag over {:,} units",
                weights.name, len(weights.ids),
            ),
            hint="a cut-off such as km=300, or the nearest units",
        )  # fmt: skip
