"""Robustness rows: other measures of the outcome."""

from __future__ import annotations

from functools import partial

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, Task, robustness_row
from bayes_nqp.inference.fitting import Fit, panel_of
from bayes_nqp.inference.model_frame import model_frame_of


@robustness_row(
    Message("another outcome"),
    place=10,
    shows=Message(
        "Other outcome, scaled to the within-unit SD of the first: tests the sensitivity "
        "to the measure of the concept."
    ),
)
def outcomes(fit: Fit, requested: Requested) -> Specifications:
    """Replace the outcome by each column of the option ``outcomes``."""
    if not requested.outcomes:
        raise NotApplicable(Message("none named: outcomes=[…] names columns"))
    for name in requested.outcomes:
        yield Message("{}", name), partial(_scaled, fit, name)


def _scaled(fit: Fit, name: str) -> Task:
    """Return the panel with another outcome, scaled to the same variation within units."""
    raw = panel_of(fit).with_outcome(name)
    scale = model_frame_of(fit.outcome_design, raw).equations[0].scale
    return fit.variant(drop=True), raw.with_outcome(raw.outcome * (fit.scale / scale))
