"""What no check can settle."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.checks._result import NOT_APPLICABLE
from bayes_nqp.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.reports._context import Context

__all__ = ["assumptions"]


def assumptions(context: Context) -> Iterator[Block]:
    """List what the answer rests on and the data cannot contradict.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block
    """
    say = context.say
    yield Heading(say["assumptions"])
    yield Paragraph(say["assumptions_says"])
    keys = ["concurrent", "selection" if context.staggered else "exposure", "spillovers"]
    if context.channels:
        keys.append("feedback")
    errors = context.found("error_model")
    if errors is None or errors.verdict == NOT_APPLICABLE:
        keys.append("clusters")
    kind = "" if context.staggered else "_exposure"
    yield Bullets(tuple(say.get(f"assume_{key}{kind}", say[f"assume_{key}"]) for key in keys))
