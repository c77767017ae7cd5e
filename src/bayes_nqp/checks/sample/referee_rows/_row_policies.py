"""Robustness rows: other policies as controls."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.checks.shared import Requested, Specifications, Task, robustness_row
from bayes_nqp.data.panel import Panel
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("other policies"),
    place=40,
    shows=Message(
        "Other policies as controls: removes their effects at the same time and place; "
        "controls that are caused by this policy remove part of its effect."
    ),
)
def policies(fit: Fit, requested: Requested) -> Specifications:
    """Add each column of the option ``policies`` as a control, and all of them."""
    names = requested.policies
    if not names:
        raise NotApplicable(Message("none named: policies=[…] names columns"))
    for controls in [(name,) for name in names] + ([names] if len(names) > 1 else []):
        label = Message("{} controlled for", listed(controls, len(controls)))
        yield label, partial(_controlled, fit, controls)


def _controlled(fit: Fit, names: Sequence[str]) -> Task:
    """Return the design and the panel with columns as additional covariates."""
    panel = panel_of(fit)
    every = list(dict.fromkeys([*panel.roles.covariates, *names]))
    wider = Panel.from_frame(panel.frame, **{**panel.arguments, "covariates": every})
    stated = fit.facts.covariates_of(panel)
    return fit.outcome_design.variant({"covariates": (*stated, *names)}), wider
