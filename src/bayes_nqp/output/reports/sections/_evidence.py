"""Robustness checks by subject, and the evidence of inconclusive or failed checks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import get_args

from bayes_nqp._core.i18n import Message, listed, separated
from bayes_nqp.checks import OPEN, VERDICTS, CheckResult, Verdict, title_of
from bayes_nqp.effects.estimands import att
from bayes_nqp.output.plots import Sketch
from bayes_nqp.output.reports._check_lists import explained, grouped
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.tables import TONES


@section(place=70)
def evidence(context: Context) -> Iterator[Block | Sketch]:
    """List passed checks by subject and explain the others."""
    if not context.checks:
        return
    translate = context.translate
    yield Heading(translate("Robustness checks"))
    yield Paragraph(context.joined(_leading(context)))
    if not context.tells("appendix"):
        yield from context.table("diagnostics", list(context.checks))
    rows = [x for x in context.checks if x.name == "referee" and x.kind == "specifications"]
    if rows:
        yield from context.table("referee", rows)
    for title, results in grouped(context, context.checks):
        yield Heading(title, 2)
        if settled := [x for x in results if x.verdict not in OPEN]:
            names = translate.name(_named(settled))
            yield Paragraph(names[:1].upper() + names[1:], "quiet")
        yield from explained(context, [x for x in results if x.verdict in OPEN], 3)


def _leading(context: Context) -> Iterator[str]:
    """Count verdicts, and state the place of the evidence and the weights of the averages."""
    translate = context.translate
    verdicts = [result.verdict for result in context.checks]
    yield translate(
        "Of {} checks, {} passed; caution: {}; failed: {}; inconclusive: {}; reported without a "
        "verdict: {}; not applicable: {}.",
        len(verdicts),
        *(verdicts.count(verdict) for verdict in get_args(Verdict.__value__)),
    )
    if context.tells("appendix"):
        yield translate(
            "This section explains checks with verdict caution, failed or inconclusive; "
            "the appendix lists all checks with their evidence."
        )
    if context.weights != "rows":
        over_rows = posterior_of(att(context.effects, weights="rows"), context.prob)
        yield translate(
            "Checks average over treated observations, regardless of the weights of this "
            "report; the average effect is then {}.",
            level(over_rows, context.effect_unit),
        )


def _named(results: Sequence[CheckResult]) -> Message:
    """List checks by verdict."""
    verdicts = [x for x in TONES if any(result.verdict == x for result in results)]
    parts = []
    for verdict in verdicts:
        names = [title_of(x.name) for x in results if x.verdict == verdict]
        parts.append(Message("{}: {}", VERDICTS[verdict], listed(names, len(names))))
    return Message("{}.", separated(parts))
