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
        "Another outcome, brought to the within-unit spread of the first: whether the answer is "
        "one about the concept or about its measure."
    ),
    Message(
        "Winsorised: whether a few extreme rows carry the effect; where effects are large "
        "themselves, it shrinks them."
    ),
    Message(
        "Without special cities: whether places that are treated in every respect carry the "
        "effect; it says nothing of effects in them."
    ),
    Message(
        "Other policies controlled for: of their part at the same time in the same places; a "
        "policy that is itself an effect of this one takes some of it away."
    ),
    Message(
        "Responses ahead of adoption, and other windows: whether the answer rests on the date, or "
        "on periods far from it; effects that grow differ between windows for that reason alone."
    ),
    Message(
        "Matching: whether it rests on units without a like; likeness in what was measured is no "
        "evidence of parallel trends."
    ),
)
"""What the rows can and cannot show."""


@kind(Message("Routine questions"), place=75, needs=(ADOPTION, ROWS))
def referee(source: Fit, ask: Ask) -> Table:
    """Tabulate the check of that name, asked anew; with options, tabulate its result instead."""
    table = KINDS["robustness"].build([CHECKS["referee"](source)], ask)
    title = ask.title or ask.translate("Routine questions about the average effect")
    notes = (*table.notes, *map(ask.translate, _SHOWS))
    return replace(table, kind="referee", title=title, notes=notes)
