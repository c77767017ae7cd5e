"""Robustness rows: responses before adoption."""

from __future__ import annotations

from functools import partial

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks.shared import Requested, Specifications, Task, robustness_row
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("anticipation"),
    place=60,
    shows=Message("Anticipation: tests the sensitivity to responses before adoption."),
)
def anticipation(fit: Fit, requested: Requested) -> Specifications:
    """Allow for effects one and two periods before adoption."""
    earlier = (Message("responses one period earlier"), Message("responses two periods earlier"))
    for periods, label in enumerate(earlier, 1):
        yield label, partial(_ahead, fit, periods)


def _ahead(fit: Fit, periods: int) -> Task:
    if not fit.takes("anticipation"):
        raise NotApplicable(Message("this design does not have this option"))
    ahead = fit.facts.anticipation + periods
    return fit.variant(drop=True, anticipation=ahead), panel_of(fit)
