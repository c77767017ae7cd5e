"""Robustness row: unit-specific linear trends."""

from __future__ import annotations

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, Task, robustness_row
from bayes_nqp.inference.fitting import Fit, panel_of
from bayes_nqp.model.terms import UnitTrends


@robustness_row(
    Message("unit trends"),
    place=45,
    shows=Message(
        "Unit-specific linear trends: remove linear differences between units before adoption, "
        "estimated jointly with the effects; intervals widen."
    ),
)
def unit_trends(fit: Fit, requested: Requested) -> Specifications:
    """Add a linear trend of each unit to the model."""

    def task() -> Task:
        if not fit.takes("trends"):
            raise NotApplicable(Message("this design does not have this option"))
        return fit.variant(drop=True, trends=UnitTrends()), panel_of(fit)

    yield Message("a linear trend of each unit"), task
