"""What failed, before anything else."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.checks import needed_for, title_of
from bayes_nqp.language import enumerated
from bayes_nqp.reports._content import Alarm, Block, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._registry import section


@section(place=5)
def top(context: Context) -> Iterator[Block]:
    """Show what must be known, the gate if it failed, and every check that fails or is in doubt."""
    translate = context.translate
    if context.notice:
        yield Alarm(translate("To know first"), (context.notice,), "note")
    failed = [
        translate("{} Fails. {}", result.question, result.sentence)
        for result in context.of("fails")
    ]
    if not context.fit.gate.passed:
        gate = translate(
            "The convergence gate failed: {}. The draws are not to be reported; sample longer, or "
            "simplify the model.",
            context.gate(reasons=True),
        )
        failed.insert(0, gate)
    if failed:
        yield Alarm(translate("Read this first: what failed"), tuple(failed))
        yield Paragraph(
            translate(
                "What follows is what the model says if its assumptions hold; the checks above "
                "contradict some of them."
            ),
            "quiet",
        )
    doubtful = [
        translate("{} {}", result.question, result.sentence, context="sentences")
        for result in context.of("in doubt")
    ]
    wanted = needed_for("average", adopted=context.staggered)
    unasked = [title_of(name) for name in wanted if context.found(name) is None]
    if unasked:
        doubtful.append(
            translate(
                "Not asked of this fit: {}. Without them no effect should be believed.",
                enumerated(unasked),
            )
        )
    if doubtful:
        yield Alarm(translate("In doubt"), tuple(doubtful), "doubt")
