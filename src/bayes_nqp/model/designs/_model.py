"""What a design makes of a panel: all that planning reads, in place of the design."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bayes_nqp.model.designs._facts import Facts
from bayes_nqp.model.designs._spec import EquationSpec, Timing

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """The model of a panel: rows and cells that all equations share, and the equations.

    Parameters
    ----------
    facts : Facts
        Of the design.
    panel : Panel
        The rows that all equations use.
    timing : Calendar or DoseSpec
        When units are treated, or how much of an exposure they have.
    equations : sequence of EquationSpec
        The outcome's first.
    unidentified : {"raise", "drop"}
        What becomes of effects that the rows do not identify.
    notes : tuple of str
        What was left out before, and why.
    """

    facts: Facts
    panel: Panel
    timing: Timing
    equations: Sequence[EquationSpec]
    unidentified: Literal["raise", "drop"] = "raise"
    notes: tuple[str, ...] = ()
