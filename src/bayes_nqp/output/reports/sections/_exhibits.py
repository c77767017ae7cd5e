"""Exhibits that referees expect, in the appendix."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.output.exhibits import checklist
from bayes_nqp.output.reports._content import Block, Heading, NumberedTable
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section


@section(place=115)
def exhibits(context: Context) -> Iterator[Block]:
    """List the exhibits with their status, if the report has an appendix."""
    if not context.tells("appendix"):
        return
    yield Heading(context.translate("Referee's checklist"), 2)
    table = checklist(context.fit, context.checks, context.language, calls=False)
    yield NumberedTable(table, 0)
