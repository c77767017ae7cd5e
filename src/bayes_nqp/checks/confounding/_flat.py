"""The design that sensitivity to confounding is worked out for: flat deviations of units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_nqp import vocabulary as v
from bayes_nqp.designs import Mediation, ModelSpec
from bayes_nqp.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.panel import Panel

__all__ = ["WIDE", "FlatDeviations", "flat"]

WIDE = 100.0
"""Scale of flat deviations, in multiples of ``s``."""


class FlatDeviations(Mediation):
    """A mediation in which the direct effect of each treated unit is free.

    In the outcome's equation deviations have a fixed scale so wide that they are flat. What
    treatment does to a unit's mediators beyond its cell then tells nothing about slopes: it is
    no confounded error, and under random deviations it would dilute the bias. Mediators'
    equations are as they were.
    """

    __slots__ = ()

    def spec(self, panel: Panel) -> ModelSpec:
        """State the model of a panel."""
        model = Mediation.spec(self, panel)
        outcome, *mediators = model.equations
        outcome = replace(outcome, deviation=Scale("deviation", WIDE, estimated=False))
        return replace(model, equations=(outcome, *mediators))


def flat(design: Mediation) -> FlatDeviations:
    """Free the direct effect of each treated unit."""
    effect = replace(design.facts.pooling, varying=v.UNIT)
    own = design.outcome_design.variant({"effect": effect})
    return FlatDeviations(
        own, design.mediators, design.interaction, design.lag, moderates=design.moderates
    )
