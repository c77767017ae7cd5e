"""Outcomes of counts and shares at a bound of their range: separation, units without events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bayes_nqp._core.hints import Code
from bayes_nqp._core.i18n import NOTHING, Message, advised, joined
from bayes_nqp.inference.fitting import Fit, panel_of


@dataclass(frozen=True, slots=True)
class Bounds:
    """Cells and units with all outcomes at a bound of their range.

    Parameters
    ----------
    share : float
        Share of the treated observations in such cells: the likelihood does not bound the effect
        of the cell (Albert and Anderson 1984).
    lost : float
        Share of such units, which are left out.
    sentence : Message
        Both in words, with the next step.
    """

    share: float = 0.0
    lost: float = 0.0
    sentence: Message = NOTHING

    @classmethod
    def of(cls, fit: Fit) -> Bounds:
        """Count cells and units of a fit; there are none under an identity link."""
        facts, frame = fit.facts, fit.model_frame
        if not facts.approximated:
            return cls()
        panel = panel_of(fit)
        rows = np.flatnonzero(frame.cell_of_row >= 0)
        told = facts.likelihood.informative(
            panel.outcome[rows], frame.cell_of_row[rows], trials=panel.number_of_trials[rows]
        )
        unit = frame.codes.unit
        silent = ~facts.likelihood.informative(panel.outcome, unit, trials=panel.number_of_trials)
        share = float((~told).mean())
        lost = np.unique(unit[silent]).size / np.unique(unit).size
        separated = Message(
            "{:.0%} of the treated observations are in cells with all outcomes at a bound of "
            "their range, and {:.0%} of the units are left out for this reason.",
            share,
            lost,
        )
        meaning = Message(
            "The data bound the effects of these cells on one side only, and average effects "
            "refer to the other units."
        )
        step = Message(
            "Next: use longer periods or larger units, or pool the effects of cells, {}; "
            "report the number of units without events.",
            Code("nqp.PartialPooling()", '[design] effect = { type = "PartialPooling" }'),
        )
        return cls(share, lost, joined([separated, meaning, advised(step)]))
