"""What failed, and what is in doubt."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.checks import title_of
from bayes_nqp.language import enumerated
from bayes_nqp.reports._content import Alarm, Block, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._registry import section


@section(place=15)
def failures(context: Context) -> Iterator[Block]:
    """Show the gate if it failed, and every check that fails or is in doubt."""
    translate = context.translate
    failed = [
        translate("{} Fails. {}", result.question, context.answer(result))
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
        yield Alarm(translate("What failed"), tuple(failed))
        yield Paragraph(
            translate(
                "The answer is what the model says if its assumptions hold; these checks "
                "contradict some of them."
            ),
            "quiet",
        )
    confidence = context.confidence("average")
    if confidence.grade in ("high", "medium"):  # doubts stand in the sentence with the grade
        return
    doubtful = [
        translate("{} {}", result.question, context.answer(result), context="sentences")
        for result in context.of("in doubt")
    ]
    if confidence.unasked:
        doubtful.append(
            translate("Not asked of this fit: {}.", enumerated(map(title_of, confidence.unasked)))
        )
    if doubtful:
        yield Alarm(translate("In doubt"), tuple(doubtful), "doubt")
