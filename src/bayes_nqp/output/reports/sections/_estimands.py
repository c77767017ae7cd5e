"""Estimands that were requested by name."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.output.reports._content import Block, Heading
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section


@section(place=45)
def estimands(context: Context) -> Iterator[Block]:
    """Tabulate the requested estimands overall and by each factor."""
    if not context.estimands:
        return
    yield Heading(context.translate("Estimands"))
    for factor in (None, *context.factors):
        yield from context.table("estimands", by=factor, estimands=context.estimands)
