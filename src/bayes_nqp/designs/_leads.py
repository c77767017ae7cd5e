"""The design whose fit says how treated units moved before adoption."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.pooling import Separate
from bayes_nqp.terms import TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.designs._design import Design
    from bayes_nqp.panel import Panel

__all__ = ["lead_design"]


def lead_design(design: Design, panel: Panel) -> Design:
    """Turn a design into its lead fit: flat leads and effects, never-treated controls.

    Parameters
    ----------
    design : Design
        Of a treatment that units adopt; its time effects stay as they are.
    """
    facts = design.facts
    time = facts.time or TimeEffects(facts.time_strata(panel))
    flat = {"effect": Separate(varying=None), "controls": "never", "time": time}
    return design.variant(flat)
