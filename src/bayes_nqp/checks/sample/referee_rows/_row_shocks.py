"""Robustness rows: clusters of units with shared shocks."""

from __future__ import annotations

from functools import partial

from bayes_nqp._core.exceptions import NotApplicable
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import registered
from bayes_nqp.checks.model import clusters_above, clusters_by
from bayes_nqp.checks.shared import (
    Requested,
    Specifications,
    Task,
    lasting_shocks,
    robustness_row,
)
from bayes_nqp.inference.fitting import Fit, panel_of


@robustness_row(
    Message("shared shocks"),
    place=80,
    errors=True,
    shows=Message(
        "Shared shocks: units of a cluster are correlated, in all periods (clustering by this "
        "column) or within each period (two-way clustering by unit, and by cluster and period)."
    ),
)
def shocks(fit: Fit, requested: Requested) -> Specifications:
    """Add shocks by each column above units, lasting or independent over periods."""
    above = [x.name for x in clusters_above(fit, clusters_by(fit))]
    if not above:
        raise NotApplicable(Message("no column groups units into five clusters or more"))
    for name in above:
        yield Message("lasting shocks by {}", name), partial(_with, fit, name, lasting=True)
        yield Message("shocks by {} in each period", name), partial(_with, fit, name)


def _with(fit: Fit, name: str, *, lasting: bool = False) -> Task:
    kinds = registered("shocks").values()
    if not kinds or not fit.takes("shocks") or fit.facts.has("shocks"):
        raise NotApplicable(Message("the design has shared shocks, or does not allow for them"))
    term = lasting_shocks(fit, name) if lasting else next(iter(kinds))(name)
    return fit.variant(drop=True, shocks=term), panel_of(fit)
