"""The design that sensitivity to confounding is worked out for: flat deviations of units."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bayes_nqp import vocabulary as v
from bayes_nqp.designs import Mediation
from bayes_nqp.parameters import Scale

if TYPE_CHECKING:
    from bayes_nqp.designs import Plan
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

    def plan(self, panel: Panel, *, scale: float | None = None) -> Plan:
        """State the model of a panel."""
        plan = Mediation.plan(self, panel, scale=scale)
        outcome, *mediators = plan.equations
        problem = replace(outcome.problem, member_scale=Scale("deviation", WIDE, estimated=False))
        changed = replace(outcome, problem=problem)
        return replace(plan, equations=(changed, *mediators))


def flat(design: Mediation) -> FlatDeviations:
    """Free the direct effect of each treated unit."""
    own = design.design
    own = own.replace(effect=replace(own.effect, varying=v.UNIT))
    return FlatDeviations(
        own, design.mediators, design.interaction, design.lag, moderates=design.moderates
    )
