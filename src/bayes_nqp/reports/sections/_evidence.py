"""Every check with its verdict, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

from bayes_nqp.checks import VERDICTS, CheckResult, Verdict
from bayes_nqp.estimands import att
from bayes_nqp.language import Message, Translator
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import level, posterior_of
from bayes_nqp.reports._registry import section
from bayes_nqp.tables import key_of


@section(place=70)
def evidence(context: Context) -> Iterator[Block]:
    """List the checks, then take them one by one."""
    if not context.checks:
        return
    translate, checks = context.translate, context.checks
    yield Heading(translate("The evidence for and against"))
    yield Paragraph(
        translate(
            "Each question a referee would ask, and what the data answer. {}", _counted(checks)
        )
    )
    if context.weights != "rows":
        over_rows = posterior_of(att(context.effects, weights="rows"), context.prob)
        yield Paragraph(
            translate(
                "Checks average over treated rows, whatever the weights of this report: the "
                "average effect is then {}.",
                level(over_rows, context.effect_unit),
            )
        )
    doubtful = context.of("could not tell")
    if context.confidence("average").grade in ("high", "medium"):  # else doubts stand at the top
        doubtful = context.of("in doubt") + doubtful
    for result in doubtful:
        verdict = translate(VERDICTS[result.verdict])
        yield Paragraph(
            translate("{} ({}) {}", result.question, verdict, context.answer(result)), "quiet"
        )
    drawn = {sketch.stem for sketch in context.sketches("check")}
    brief = [_brief(x, context) if f"check_{x.name}" in drawn else x for x in checks]
    pages = [x.table for x in context.table("diagnostics", brief)]
    for table in context.table("diagnostics", list(checks)):
        yield replace(table, page=pages[0] if pages else None)


def _counted(checks: Sequence[CheckResult]) -> Message:
    """How many checks have each verdict."""
    verdicts = [result.verdict for result in checks]
    return Message(
        "Of {} checks, {} hold; in doubt: {}; failed: {}; could not be told: {}; reported without "
        "a verdict: {}; not applicable: {}.",
        len(checks),
        *(verdicts.count(verdict) for verdict in get_args(Verdict.__value__)),
    )


def _brief(result: CheckResult, context: Context) -> CheckResult:
    """A check with the number that it says first: all of them stand above its figure."""
    figure = Translator(context.language, result.labels).name(result.figure)
    return replace(result, figure=key_of(figure))
