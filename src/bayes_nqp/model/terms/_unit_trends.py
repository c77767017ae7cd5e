"""Unit trends: a linear time trend of each unit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from bayes_nqp._core.exceptions import Hint, IdentificationError, StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.predictors import Series
from bayes_nqp.model.specification import EquationSpec, Facts, Term, Timing

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_WORDS: Final = Message(
    "Each unit has its own linear time trend, with a flat prior on the slope. Effects are "
    "deviations from these trends, which all observations of the model estimate jointly with "
    "the effects."
)
_NOTE: Final = Message("a linear time trend of each unit")


@value("trends", "unit_trends")
class UnitTrends(Term):
    """Unit-specific linear trends, ``alpha_i + g_i t``, with flat priors on the slopes.

    Slopes and effects are estimated jointly in one exact model. Treated observations inform a slope
    only as far as the prior of effects allows, and not at all under ``NoPooling``. Detrending the
    outcome over all periods beforehand would instead remove part of an effect that grows. Slopes
    use much of the information before adoption, so intervals widen. A unit with one untreated
    period has no estimate of its slope, and its effects are estimated by pooling only.

    Raises
    ------
    IdentificationError
        If periods before adoption have effects, or the panel has fewer than three periods.

    References
    ----------
    Wolfers, J. (2006). Did unilateral divorce laws raise divorce rates? A reconciliation and new
    results. American Economic Review 96(5).

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(trends=nqp.UnitTrends()).trends
    UnitTrends()
    """

    role = "factors"
    with_channels = False
    of_sums = False
    with_dose = False

    def words(self, attrs: Mapping[str, object]) -> Message:
        """State that each unit has a linear trend."""
        return _WORDS

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """The slope of a unit times the period."""
        return "g_{i} t", {"g_{i}": Message("linear trend of a unit, per period")}

    def flat(self, *, leads: bool) -> UnitTrends | None:
        """Omit the term in models with leads, which would absorb part of the slopes."""
        return None if leads else self

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the period as a series on which every unit has a slope.

        Raises
        ------
        StudyError
            If the data are not reduced to sufficient statistics, or the outcome depends on its lag.
        IdentificationError
            If periods before adoption have effects, or there are fewer than three periods.
        """
        if not facts.exact or facts.reach == "lag":
            name, stated = ("spillovers", "a lag") if facts.exact else facts.inexact[:2]
            raise StudyError(
                Message("'trends' is UnitTrends, which '{}' ({}) does not allow", name, stated),
                hint=Message("leave out '{}', or trends=nqp.DifferentialTrends()", name),
            )
        if facts.leads:
            raise IdentificationError(
                Message("unit-specific trends and flat leads are not separately identified"),
                hint=Message("{}, or leave out 'trends'", Hint("controls", "all")),
            )
        if panel.periods < 3:
            raise IdentificationError(
                Message("unit-specific trends need three periods or more"), hint="trends=None"
            )
        t = np.arange(panel.periods, dtype=np.float64)[:, None]
        return replace(equation, series=Series(t - t.mean(), _NOTE))
