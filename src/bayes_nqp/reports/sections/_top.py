"""What failed, before anything else."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.checks import CheckResult
from bayes_nqp.checks._confidence import needed_for
from bayes_nqp.reports._content import Alarm, Block, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._sentences import listed
from bayes_nqp.tables._words import question_of

__all__ = ["top"]


def top(context: Context) -> Iterator[Block]:
    """Show what must be known, the gate if it failed, and every check that fails or is in doubt.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block
    """
    say = context.say
    if context.notice:
        yield Alarm(say["notice_title"], (context.notice,), "note")
    failed = [say["failed_check"].format(*_said(context, one)) for one in context.of("fails")]
    if not context.fit.gate.passed:
        failed.insert(0, say["failed_gate"].format(context.gate(reasons=True)))
    if failed:
        yield Alarm(say["failed_title"], tuple(failed))
        yield Paragraph(say["guarded"], "quiet")
    doubtful = [say["doubt_check"].format(*_said(context, one)) for one in context.of("in doubt")]
    wanted = needed_for("average", adopted=context.staggered)
    unasked = [say[f"check_{name}"] for name in wanted if context.found(name) is None]
    if unasked:
        doubtful.append(say["unasked"].format(listed(unasked, context.language)))
    if doubtful:
        yield Alarm(say["doubt_title"], tuple(doubtful), "doubt")


def _said(context: Context, one: CheckResult) -> tuple[str, str]:
    return question_of(one.name, one.question, context.say), context.answer(one)
