"""The design whose fit says how treated units moved before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.pooling import Separate
from bayes_nqp.terms import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.designs._design import Design
    from bayes_nqp.panel import Panel

__all__ = ["lead_design", "saturated_design"]


def lead_design(design: Design, panel: Panel) -> Design:
    """Turn a design into its lead fit: flat leads and effects, never-treated controls.

    Parameters
    ----------
    design : Design
        Of a treatment that units adopt; its time effects stay as they are.
    """
    return saturated_design(design, panel, controls="never")


def saturated_design(design: Design, panel: Panel, **changes: object) -> Design:
    """Turn a design into its saturated fit: flat effects, no deviations, no drift.

    Parameters
    ----------
    design : Design
        Of a treatment that units adopt; its time effects stay as they are.
    **changes
        Further arguments.
    """
    facts = design.facts
    time = facts.time or TimeEffects(facts.time_strata(panel))
    flat = {"effect": Separate(varying=None), "time": time, **changes}
    if facts.trends is not None:
        flat["trends"] = None
    return design.variant(flat)
