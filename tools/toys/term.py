"""Seasons that units of a region share: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/model/terms/_seasons.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.model.designs import EquationSpec, Facts, Term, Timing
from bayes_nqp.model.predictors import ProcessPart
from bayes_nqp.numerics.parameters import HalfNormal, Scale

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


@register("terms")
@door
@dataclass(frozen=True, slots=True)
class Seasons(Term):
    """Units of a region share ``a cos(2 pi t / n) + b sin(2 pi t / n)``, a and b ~ N(0, sd²).

    Parameters
    ----------
    length : float, default 4, periods
        Of a season.
    """

    length: float = 4.0

    def words(self, attrs: Mapping[str, object]) -> Message:
        """Say what they share."""
        return Message("Units of a region share a season of {:g} periods.", self.length)

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the wave."""
        angle = 2.0 * np.pi * np.arange(panel.periods) / self.length
        wave = np.column_stack([np.cos(angle), np.sin(angle)])
        scale = Scale("season", HalfNormal(0.5))
        part = ProcessPart("season", panel.strata_codes["region"], (wave,), (scale,))
        return replace(equation, processes=(*equation.processes, part))
