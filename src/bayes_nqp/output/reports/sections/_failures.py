"""Failed checks and checks that require caution."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from bayes_nqp._core.i18n import Message, enumerated
from bayes_nqp.checks import CheckResult, title_of, weighed
from bayes_nqp.output.reports._check_lists import figure_of, titled
from bayes_nqp.output.reports._content import Alarm, Block, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.tables import anchor_of, key_of


@section(place=15, exhibit=5)
def failures(context: Context) -> Iterator[Block]:
    """Report failed convergence diagnostics and every check that failed or requires caution."""
    translate = context.translate
    failed = _listed(context, "failed")
    if not context.fit.gate.passed:
        gate = translate(
            "The convergence diagnostics failed: {}. Do not report these draws; use more "
            "draws or a simpler model.",
            context.gate(reasons=True),
        )
        failed.insert(0, (gate, ""))
    if failed:
        yield _alarm(translate("Failed checks"), failed, "bad")
        yield Paragraph(translate(_meaning(context)), "quiet")
    confidence = context.confidence("average")
    if confidence.grade in ("high", "medium"):  # doubts stand in the sentence with the grade
        return
    doubtful = _listed(context, "caution")
    if confidence.unasked:
        unasked = enumerated(map(title_of, confidence.unasked))
        doubtful.append((translate("Checks not run for this model: {}.", unasked), ""))
    if doubtful:
        yield _alarm(translate("Checks that require caution"), doubtful, "doubt")


def _alarm(title: str, lines: list[tuple[str, str]], tone: Literal["bad", "doubt"]) -> Alarm:
    """Make a box of lines, each with the anchor that it links to."""
    items, links = zip(*lines, strict=True)
    return Alarm(title, items, tone, links)


def _meaning(context: Context) -> Message:
    """State the meaning of the failures for the reported estimate."""
    trends_alone = context.fit.gate.passed and all(map(weighed, context.of("failed")))
    if context.average is not None and trends_alone:
        return Message(
            "These checks reject parallel trends. The reported model average allows for other "
            "trends."
        )
    return Message(
        "The estimate is valid only under the assumptions of the model; these checks "
        "reject some of them."
    )


def _listed(context: Context, verdict: str) -> list[tuple[str, str]]:
    """List checks with their question and first key figure, and the anchors of their details."""
    explained = context.tells("evidence")
    return [
        (
            context.translate(
                "{}: {}", titled(result, context), _briefly(context, result, explained)
            ),
            anchor_of(result.name),
        )
        for result in context.of(verdict)
    ]


def _briefly(context: Context, result: CheckResult, explained: bool) -> str:
    """Return the question of a check with its key figure, or with its answer if not explained."""
    question = context.translate.name(result.question)
    if not explained:
        return context.joined([question, context.answer(result)])
    number = key_of(figure_of(result, context))
    return context.translate("{} ({})", question, number) if number else question
