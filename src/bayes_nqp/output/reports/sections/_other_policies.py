"""Other policies of the same years in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION, ROWS
from bayes_nqp.output.reports._check_lists import reported
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section


@section(place=47, needs=(ADOPTION, ROWS), asked=True, exhibit=80, checks=("other_policies",))
def other_policies(context: Context) -> Iterator[Part]:
    """Report the average effect with other policies as controls."""
    yield from reported(context, "other_policies", Message("Other policies"), "robustness")
