"""Check of an index: the average effect without each of its indicators."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import NotApplicable, NQPError
from bayes_nqp._core.i18n import Message, advised, detailed, joined, listed, separated, unadvised
from bayes_nqp.checks.shared import (
    DOUBT,
    HOLDS,
    Alternative,
    Comparison,
    Finding,
    Guide,
    asks,
    certain,
    compared,
    comparison,
    ladder,
    reason,
    worst_of,
)
from bayes_nqp.data.index import ProductivityIndex, Relation, built_by_period, recalled, relation
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import ROWS, UNITS, Fit, panel_of
from bayes_nqp.inference.model_frame import model_frame_of

_HALF, _SAME = 0.5, 1e-8

_INDICATOR, _DIMENSION = Message("indicator"), Message("dimension")
"""Parts that are left out: one indicator, or all indicators of a dimension."""


@asks(
    "Does one indicator of the index determine the average effect?",
    "indicators",
    place=190,
    needs=(ROWS, UNITS),
    suits=lambda panel: bool(recalled(panel.frame)),
    guide=Guide(
        statistic=Message(
            "Average effect on the index rebuilt without each indicator and without each "
            "dimension, scaled to the variation within units of the fitted outcome.",
        ),
        thresholds=Message(
            "Failed: the sign of the effect changes. Caution: a conclusion changes, more than "
            "{0:.0%} of the effect disappears without one indicator, a refit did not converge,"
            " or the bounds or weights of the index are those of each period.",
            _HALF,
        ),
        failure=Message(
            "The effect on the index is the effect on one indicator, and not on the concept "
            "that the index measures.",
        ),
        remedy=Message(
            "report the effect on this indicator and on the index without it; build the index "
            "with pooled bounds and weights",
        ),
        code='nqp.check(fit, "indicators").evidence',
        limits=Message(
            "An index whose recipe is not stored with the panel is not tested.",
        ),
    ),
)
def indicators(fit: Fit, *, index: ProductivityIndex | None = None) -> Finding:
    """Rebuild the index without each indicator and each dimension, and refit.

    An index has no natural unit, and its weights and its variation change without an indicator.
    Every index is therefore scaled to the variation within units of the fitted outcome (the scale
    ``s`` of the priors), so that effects are compared in multiples of ``s``.

    Parameters
    ----------
    index : ProductivityIndex, optional
        Recipe of the index. By default the recipe that a panel made by ``index.panel(…)`` or from
        ``index.frame(…)`` stores.

    Raises
    ------
    StudyError
        If ``index`` is not a recipe.
    """
    panel = panel_of(fit)
    recipe, outcome, spread = _origin(panel, index)
    if len(recipe.system.keys) < 2:
        raise NotApplicable(Message("The index has only one indicator, which cannot be left out."))
    others, lost = _without(fit, recipe, outcome)
    if not others:
        raise NotApplicable(
            Message(
                "The index cannot be built without any of its indicators ({}).", listed(lost, 3)
            )
        )
    if spread > _SAME:
        label = Message("all indicators, weights from the observations of the panel")
        rebuilt = _scaled(fit, outcome(_built(recipe, panel)))
        others.insert(0, Alternative(label, Message("rows"), fit.outcome_design, rebuilt))
    evidence = compared(fit, others, Message("leaving out indicators"))
    evidence.attrs["scaled"] = "to the within-unit spread of the outcome as fitted"
    if lost:
        left = evidence.attrs["left_out"]
        evidence.attrs["left_out"] = separated([*([left] if left else []), *lost])
    finding = _finding(comparison(evidence, far=np.inf), evidence)
    if not built_by_period(recipe):
        return finding
    within = Message(
        "The index is built with separate bounds or weights for each period, so gains of treated "
        "units lower the values of all other units."
    )
    meaning = Message("The estimate is then not the effect on treated units alone.")
    step = Message("Next: build the index with bounds and weights that are pooled over periods.")
    return replace(
        finding,
        verdict=worst_of([finding.verdict, DOUBT]),
        sentence=joined([within, meaning, advised(step), detailed(unadvised(finding.sentence))]),
    )


def _finding(against: Comparison, evidence: xr.Dataset) -> Finding:
    figure = Message(
        "average effect from {1:.3g} to {2:.3g} in {0} refits ({3}: {4:.3g})", *against.span
    )
    same = Message("No single indicator determines the average effect.")
    sentence = against.sentence(same, Message("{}", context="left out"))
    if against.differs:
        sentence = joined([sentence, Message("The average effect depends on this indicator.")])
    verdict = against.verdict
    if certain(evidence["att"].isel(specification=0)):
        single = evidence["change"].to_numpy()[1:] == _INDICATOR
        gone = np.where(single, 1.0 - against.mean[1:] / against.mean[0], -np.inf)
        share, name = max(float(gone.max()), 0.0), against.names[1 + int(np.argmax(gone))]
        figure = separated([figure, Message("largest reduction: {:.0%}, {}", share, name)])
        if verdict == HOLDS and share > _HALF:
            found = Message(
                "The conclusion is unchanged, but {:.0%} of the effect disappears {}.", share, name
            )
            meaning = Message("The index responds to the policy mainly through this indicator.")
            sentence = joined([found, meaning])
        verdict = worst_of([verdict, ladder(doubt=share > _HALF)])
    return Finding(verdict, figure, sentence, evidence, "specifications")


def _origin(
    panel: Panel, index: ProductivityIndex | None
) -> tuple[ProductivityIndex, Relation, float]:
    """Return recipe, relation of outcome and index, and largest change by rebuilding."""
    recipes = {panel.roles.outcome: index} if index is not None else recalled(panel.frame)
    if not recipes:
        raise NotApplicable(
            Message(
                "The outcome is not an index with a stored recipe: make the panel with "
                "index.panel(…), or give the option index=nqp.ProductivityIndex(…)."
            )
        )
    for name, recipe in recipes.items():
        again = _built(recipe, panel)
        column = panel.frame[name].to_numpy(dtype=np.float64) if index is None else again
        if not np.isfinite(column).all():
            continue
        outcome = relation(panel.outcome, column)
        if outcome is not None:
            return recipe, outcome, float(np.abs(again - column).max())
    raise NotApplicable(
        Message(
            "The outcome {!r} is neither the index {}, nor its logarithm, nor a linear function of "
            "one of them.",
            panel.roles.outcome,
            listed(recipes),
        )
    )


def _built(recipe: ProductivityIndex, panel: Panel) -> Array:
    """Build an index from the observations of a panel only."""
    # An interpolated observation may have lost its neighbours, which had no index themselves.
    fills = recipe.missing == "interpolate"
    for tried in (recipe, recipe.replace(missing="extend")) if fills else (recipe,):
        try:
            built = tried.build(panel.frame, unit=panel.roles.unit, time=panel.roles.time)
        except NQPError as error:
            raise NotApplicable(
                Message("The index cannot be rebuilt: {}.", reason(error))
            ) from error
        if not built.values.isna().any():
            return built.values.to_numpy(dtype=np.float64)
    raise NotApplicable(
        Message("Rebuilt from the observations of the panel, the index has missing values.")
    )


def _without(
    fit: Fit, recipe: ProductivityIndex, outcome: Relation
) -> tuple[list[Alternative], list[Message]]:
    """Return panels with the index without each indicator, and without each dimension."""
    system = recipe.system
    parts: list[tuple[Message, Message, tuple[str, ...]]] = [
        (_INDICATOR, Message("without {}", key), (key,)) for key in system.keys
    ]
    if len(system.dimensions) > 1:
        parts += [
            (_DIMENSION, Message("without dimension {}", d.key), tuple(x.key for x in d.indicators))
            for d in system.dimensions
            if len(d.indicators) > 1
        ]
    others, lost = [], []
    for change, label, keys in parts:
        try:
            with np.errstate(divide="ignore"):
                values = outcome(_built(recipe.without(*keys), panel_of(fit)))
            if not np.isfinite(values).all():
                raise NotApplicable(Message("an index of zero has no logarithm"))
            panel = _scaled(fit, values)
        except NotApplicable as missing:
            lost.append(Message("{}: {}", label, missing.why))
        except NQPError as error:
            lost.append(Message("{}: {}", label, reason(error)))
        else:
            others.append(Alternative(label, change, fit.outcome_design, panel))
    return others, lost


def _scaled(fit: Fit, values: Array) -> Panel:
    """Return the panel with another index, scaled to the same variation within units."""
    raw = panel_of(fit).with_outcome(values)
    scale = model_frame_of(fit.outcome_design, raw).equations[0].scale
    return raw.with_outcome(values * (fit.scale / scale))
