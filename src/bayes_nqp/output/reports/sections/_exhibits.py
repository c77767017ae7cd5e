"""Exhibits that referees expect, in the appendix."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.checks import meets
from bayes_nqp.output.exhibits import checklist
from bayes_nqp.output.reports._content import Block, Heading, NumberedTable
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import chosen, section


@section(place=115)
def exhibits(context: Context) -> Iterator[Block]:
    """List the exhibits with their status, in the appendix or where the section is named."""
    yield Heading(context.translate("Referee's checklist"), 2 if context.tells("appendix") else 1)
    written = {
        x.name
        for x in chosen(context)
        if meets(context.fit, x.needs) and not (x.asked and context.sections is None)
    }
    if context.baseline is None:
        written.discard("baseline")
    table = checklist(context.fit, context.checks, context.language, calls=False, sections=written)
    yield NumberedTable(table, 0)
