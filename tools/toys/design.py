"""A policy that is taken back: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/model/designs/spell.py
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from bayes_nqp._core.plugins import register
from bayes_nqp.model.designs import Calendar, Facts
from bayes_nqp.model.designs._design import SingleEquation
from bayes_nqp.model.errors import AR1, Noise
from bayes_nqp.model.pooling import PartialPooling, Pooling
from bayes_nqp.model.predictors import BARE, TimeEffects

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@register("design")
@dataclass(frozen=True, slots=True)
class Spell(SingleEquation):
    """Effects in some periods from adoption on, and none after.

    Parameters
    ----------
    length : int, default 3
        Periods that the policy lasts.
    effect : CompletePooling, PartialPooling or NoPooling, default PartialPooling()
        How effects share strength.
    errors : Noise, default AR1()
        Of the rows of a unit.
    time : TimeEffects, optional
        Which strata share them.
    unidentified : {"raise", "drop"}, default "raise"
        What becomes of effects that nothing identifies.
    """

    length: int = 3
    effect: Pooling = field(default_factory=PartialPooling)
    errors: Noise = field(default_factory=AR1)
    time: TimeEffects | None = None
    unidentified: Literal["raise", "drop"] = "raise"

    @property
    def facts(self) -> Facts:
        """What it assumes."""
        return Facts("adoption", self.effect, self.errors, self.time)

    def timing(self, panel: Panel) -> Calendar:
        """Treat from adoption on, for so many periods."""
        calendar = Calendar.of_adoption(panel)
        over = np.arange(panel.periods) >= calendar.origin + self.length
        calendar.role[over] = BARE
        return calendar
