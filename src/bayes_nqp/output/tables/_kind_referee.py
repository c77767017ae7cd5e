"""The routine questions of a referee, a row each."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHECKS
from bayes_nqp.inference.fitting import ADOPTION, ROWS, Fit
from bayes_nqp.output.tables._kinds import KINDS, Ask, kind
from bayes_nqp.output.tables._model import Table

_SHOWS: Final = (
    Message(
        "Other outcome, scaled to the within-unit SD of the first: tests the sensitivity "
        "to the measure of the concept."
    ),
    Message(
        "Winsorised outcome: tests the sensitivity to extreme observations; winsorising "
        "shrinks large effects."
    ),
    Message(
        "Without special cities: tests if these places drive the effect; it does not "
        "estimate effects within them."
    ),
    Message(
        "Other policies as controls: removes their effects at the same time and place; "
        "controls that are caused by this policy remove part of its effect."
    ),
    Message(
        "Anticipation and other windows: test the sensitivity to the date and to distant "
        "periods; growing effects differ between windows in any case."
    ),
    Message(
        "Matching: tests the sensitivity to units without similar controls; similarity in"
        " observed variables is no evidence of parallel trends."
    ),
)
"""What the rows can and cannot show."""


@kind(Message("Routine robustness checks"), place=75, needs=(ADOPTION, ROWS))
def referee(source: Fit, ask: Ask) -> Table:
    """Run and tabulate the check "referee"; with options, tabulate its result instead."""
    table = KINDS["robustness"].build([CHECKS["referee"](source)], ask)
    title = ask.title or ask.translate("Routine robustness checks of the average effect")
    notes = (*table.notes, *map(ask.translate, _SHOWS))
    return replace(table, kind="referee", title=title, notes=notes)
