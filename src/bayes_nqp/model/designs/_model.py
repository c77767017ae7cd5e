"""The model of a panel that a design defines, from which the model frame is built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bayes_nqp.model.specification import EquationSpec, Facts, Timing

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@dataclass(frozen=True, eq=False)
class ModelSpec:
    """The model of a panel: observations and cells that all equations share, and the equations.

    Parameters
    ----------
    facts : Facts
        Facts of the design.
    panel : Panel
        Observations that all equations use.
    timing : Calendar or DoseSpec
        Dates of treatment, or the exposure.
    equations : sequence of EquationSpec
        Equations, the outcome's first.
    unidentified : {"raise", "drop"}
        Treatment of effects that the observations do not identify.
    notes : tuple of str
        Observations left out before, with the reason.
    """

    facts: Facts
    panel: Panel
    timing: Timing
    equations: Sequence[EquationSpec]
    unidentified: Literal["raise", "drop"] = "raise"
    notes: tuple[str, ...] = ()
