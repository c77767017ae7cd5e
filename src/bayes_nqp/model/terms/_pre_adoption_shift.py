"""A level of adopters that changed some periods before adoption, and stays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Final

import numpy as np
from annotated_types import Interval

from bayes_nqp._core.exceptions import Hint, IdentificationError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import value
from bayes_nqp.model.specification import Calendar, EquationSpec, Facts, Term, Timing

if TYPE_CHECKING:
    from bayes_nqp.data.panel import Panel


_WORDS: Final = Message(
    "The level of treated units may have changed permanently {periods} before adoption, "
    "for reasons other than the policy. The size of the change is common to them and has "
    "a flat prior."
)
_QUESTION: Final = Message(
    "Is the change of adopters' level before adoption none of the policy's? Had they responded to "
    "it early, their rows before adoption would be the same, and the change belong to the effect."
)


@value("trends", "level_shift")
class PreAdoptionShift(Term):
    """Permanent level shift of treated units some periods before adoption.

    Examples are an earlier policy for the same units, a new way of measurement, or a merger. The
    term is one column, ``d_it = 1{t >= c_i - periods}`` for units that adopt in period c_i, with a
    flat coefficient common to them. The effect of the policy is the change in addition to it. Data
    before adoption cannot distinguish this shift from an anticipation effect of as many periods,
    which is part of the policy's effect, or from a dip, which fades: outside knowledge must decide,
    or `model_average` allows for both.

    Parameters
    ----------
    periods : int, default 3
        Number of periods before adoption, or before the first anticipated period, at which the
        level of treated units changes.

    Raises
    ------
    StudyError
        If the number is not an integer from 1 on.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> nqp.StaggeredDiD(trends=nqp.PreAdoptionShift()).trends
    PreAdoptionShift(periods=3)
    """

    periods: Annotated[int, Interval(ge=1, le=10**9)] = 3

    role = "shift"
    column = "level since before adoption"
    with_dose = False

    @property
    def question(self) -> Message:
        """The question about a response to the policy."""
        return _QUESTION

    def words(self, attrs: Mapping[str, object]) -> Message:
        """State the period from which treated units may have another level."""
        periods = Message("{n} period", plural="{n} periods", n=self.periods)
        return _WORDS.fill(periods=periods)

    @property
    def formula(self) -> tuple[str, Mapping[str, Message]]:
        """A step of treated units before adoption."""
        periods = Message("{n} period", plural="{n} periods", n=self.periods)
        return "κ S_{it}", {
            "S_{it}": Message("1 for treated units from {} before adoption", periods),
            "κ": Message("pre-adoption level shift"),
        }

    def flat(self, *, leads: bool) -> PreAdoptionShift | None:
        """Omit the term in models with leads, which would absorb it."""
        return None if leads else self

    def equation(
        self, equation: EquationSpec, facts: Facts, timing: Timing, panel: Panel
    ) -> EquationSpec:
        """Add the column of the new level.

        Raises
        ------
        IdentificationError
            If periods before adoption have effects, or no unit is observed both before and after
            the change, before it adopts.
        """
        if facts.leads:
            raise IdentificationError(
                Message(
                    "a level shift before adoption and flat leads are not separately identified"
                ),
                hint=Message("{}, or leave out 'trends'", Hint("controls", "all")),
            )
        assert isinstance(timing, Calendar)
        unit, time = np.asarray(panel.unit_codes), np.asarray(panel.time_codes)
        start = timing.start[timing.key][unit]
        shifted = (start >= 0) & (time >= start - self.periods)
        if not np.isin(unit[shifted & (time < start)], unit[(start >= 0) & ~shifted]).any():
            raise IdentificationError(
                Message("no unit is seen more than {} periods before it adopts", self.periods),
                hint="trends=None",
            )
        columns = {**equation.columns, self.column: shifted.astype(np.float64)}
        return replace(equation, columns=columns)
