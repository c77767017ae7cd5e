"""Placebo tests in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION
from bayes_nqp.output.reports._check_lists import reported
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section

_CHECKS = ("placebo_time", "placebo_space")


@section(
    place=42, needs=(ADOPTION,), asked=True, exhibit=40, checks=("placebo_time", "placebo_space")
)
def placebo(context: Context) -> Iterator[Part]:
    """Report placebo tests."""
    yield from reported(context, "placebo", Message("Placebo tests"))
