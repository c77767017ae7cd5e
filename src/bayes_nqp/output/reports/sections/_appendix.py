"""The appendix: all checks, the evidence of conclusive checks, and definitions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from bayes_nqp.checks import NOT_APPLICABLE, OPEN, CheckResult
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._check_lists import explained, figure_of, grouped, titled
from bayes_nqp.output.reports._content import Appendix, Block, Bullets, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.reports._scales import scales
from bayes_nqp.output.tables import anchor_of, key_of


@section(place=110)
def appendix(context: Context) -> Iterator[Block | Sketch]:
    """List all checks, explain the passed and reported ones, and give reasons for the others."""
    translate = context.translate
    yield Appendix(translate("Appendix"))
    if context.checks:
        briefly = [_brief(result, context) for result in context.checks]
        pages = [replace(x.table, stamps=()) for x in context.table("diagnostics", briefly)]
        for table in context.table("diagnostics", list(context.checks)):
            yield replace(table, page=pages[0] if pages else None)
    settled = [x for x in context.checks if x.verdict not in (*OPEN, NOT_APPLICABLE)]
    for title, results in grouped(context, settled):
        yield Heading(title, 2)
        yield from explained(context, results, 3)
    if without := context.of(NOT_APPLICABLE):
        yield Heading(translate("Checks that do not apply"), 2)
        yield Bullets(
            tuple(
                translate("{}: {}", titled(result, context), context.answer(result))
                for result in without
            ),
            tuple(anchor_of(result.name) for result in without),
        )
    if context.tells("methods"):
        yield Heading(translate("Definitions of likelihood and confidence"), 2)
        yield Paragraph(context.joined(scales(context)))


def _brief(result: CheckResult, context: Context) -> CheckResult:
    """Keep the first key figure of a check; the explanation of the check has the others."""
    return replace(result, figure=key_of(figure_of(result, context)), sentence="")
