"""Important notes before the results."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.output.reports._content import Alarm, Block
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section


@section(place=5, exhibit=0)
def top(context: Context) -> Iterator[Block]:
    """Print the important note of the report."""
    if context.notice:
        yield Alarm(context.translate("Important note"), (context.notice,), "note")
