"""The design that sensitivity to confounding is worked out for: flat deviations of units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_nqp import vocabulary as v
from bayes_nqp.designs._model import ModelSpec
from bayes_nqp.designs.mediation import Mediation
from bayes_nqp.parameters import HalfNormal, Scale

if TYPE_CHECKING:
    from bayes_nqp.designs._design import Design
    from bayes_nqp.panel import Panel


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
        outcome = replace(outcome, deviation=Scale("deviation", HalfNormal(WIDE), estimated=False))
        return replace(model, equations=(outcome, *mediators))


def flat_deviations(design: Design) -> FlatDeviations:
    """Free the direct effect of each treated unit of a design with mediators."""
    facts = design.facts
    assert facts.channels is not None
    outcome = design.outcome_design.variant({"effect": facts.pooling.with_varying(v.UNIT)})
    return FlatDeviations(
        outcome,
        facts.channels.mediators,
        facts.channels.interaction,
        facts.channels.lag,
        moderates=facts.channels.moderated,
    )
