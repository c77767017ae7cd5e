"""Tests of parallel trends in a paper."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.inference.fitting import ADOPTION
from bayes_nqp.output.reports._check_lists import reported
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section

_CHECKS = ("pretrends", "trend_sensitivity")


@section(
    place=41, needs=(ADOPTION,), asked=True, exhibit=35, checks=("pretrends", "trend_sensitivity")
)
def parallel_trends(context: Context) -> Iterator[Part]:
    """Test parallel trends, and the sensitivity of the effect to their violation."""
    yield from reported(context, "parallel_trends", Message("Tests of parallel trends"))
