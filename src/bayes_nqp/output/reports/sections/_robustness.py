"""Routine robustness checks in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION, ROWS
from bayes_nqp.output.reports._check_lists import reported
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section


@section(place=44, needs=(ADOPTION, ROWS), asked=True, exhibit=60, checks=("referee",))
def robustness(context: Context) -> Iterator[Part]:
    """Tabulate routine robustness checks, a row each."""
    yield from reported(context, "robustness", Message("Robustness checks"), "referee")
