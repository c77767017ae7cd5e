"""Baseline regressions with controls added step by step, if they were requested."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.inference.fitting import ROWS
from bayes_nqp.output.reports._content import Block, Heading
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section


@section(place=25, needs=(ROWS,))
def baseline(context: Context) -> Iterator[Block]:
    """Tabulate the baseline regressions."""
    if context.baseline is not None:
        yield Heading(context.translate("Baseline regressions"))
        yield from context.table("baseline", **context.baseline)
