"""The assumptions that the reported numbers average over."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import ADOPTION
from bayes_nqp.output.reports._content import Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import Part, section

_WHY = Message(
    "Every number of this report is a posterior average over assumptions about untreated outcomes, "
    "weighted by their probabilities given observations before adoption. A choice of one "
    "assumption by a test of pre-trends would distort estimates and intervals (Roth 2022)."
)
_MEDIATION = Message(
    "The probabilities rest on the outcome; under each assumption it holds for the mediators too."
)


@section(place=35, needs=(ADOPTION,))
def model_average(context: Context) -> Iterator[Part]:
    """State prior and posterior by assumption, and the answer under other priors."""
    average = context.average
    if average is None:
        return
    yield Heading(context.translate("Assumptions and model average"))
    sentences = [_WHY, *([_MEDIATION] if context.channels else []), average.errors]
    yield Paragraph(context.joined(map(context.translate, filter(bool, sentences))))
    yield from context.table("model_average")
    yield from context.sketches("model_average")
