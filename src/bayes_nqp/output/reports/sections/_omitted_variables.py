"""Sensitivity to omitted variables in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION, ROWS
from bayes_nqp.output.reports._check_lists import reported
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section


@section(place=48, needs=(ADOPTION, ROWS), asked=True, exhibit=65, checks=("omitted_variables",))
def omitted_variables(context: Context) -> Iterator[Part]:
    """Report the sensitivity of the average effect to omitted variables."""
    yield from reported(
        context,
        "omitted_variables",
        Message("Sensitivity to omitted variables"),
        "omitted_variables",
    )
