"""Assumptions and model average."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import ADOPTION
from bayes_nqp.output.reports._content import Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section

_WHY = Message(
    "All results are posterior averages over assumptions about untreated outcomes, "
    "weighted by their probabilities given pre-adoption observations. Selecting one "
    "assumption by a pre-trend test would bias estimates and intervals (Roth 2022)."
)
_MEDIATION = Message(
    "The probabilities are computed from the outcome; each assumption applies to the "
    "mediators as well."
)


@section(place=35, needs=(ADOPTION,), exhibit=25)
def model_average(context: Context) -> Iterator[Part]:
    """Report prior and posterior probabilities of assumptions, and results under other priors."""
    average = context.average
    if average is None:
        return
    yield Heading(context.translate("Assumptions and model average"))
    sentences = [_WHY, *([_MEDIATION] if context.channels else []), average.errors]
    yield Paragraph(context.joined(map(context.translate, filter(bool, sentences))))
    yield from context.table("model_average")
    yield from context.sketches("model_average")
