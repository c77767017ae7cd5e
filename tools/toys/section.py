"""Dates of adoption in a sentence: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/output/reports/sections/_adoption_dates.py
"""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.inference.fitting import ADOPTION
from bayes_nqp.output.reports._content import Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section


@section(place=21, needs=(ADOPTION,), asked=True, exhibit=12, checks=("placebo_time",))
def adoption_dates(context: Context) -> Iterator[Part]:
    """State the first and the last date of adoption."""
    dates = sorted({int(x) for x in context.panel.frame[context.panel.roles.cohort].dropna()})
    yield Heading(context.translate("Dates of adoption"))
    yield Paragraph(
        context.translate("Units adopt from {first} to {last}.", first=dates[0], last=dates[-1])
    )
