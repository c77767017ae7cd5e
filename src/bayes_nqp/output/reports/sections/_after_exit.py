"""Effects that remain when the policy has ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import EXITING
from bayes_nqp.effects import estimands
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of, stated
from bayes_nqp.output.reports._registry import section

_SENTENCES: Final = (
    Message("Averaged over all periods after the end of the policy, the effect is {}; {}."),
    Message("In the first period after the policy, the effect is {}; {}."),
)


@section(place=42, needs=(EXITING,))
def after_exit(context: Context) -> Iterator[Block]:
    """Report the average effect after exit, and that in the first period after exit."""
    if not estimands.EXITS.met(context.effects):
        return
    translate = context.translate
    yield Heading(translate("Effects after the end of the policy"))
    average = estimands.after_exit(context.effects, weights=context.weights)
    by_time = estimands.after_exit(context.effects, v.EXIT_TIME, context.weights)
    sentences = []
    for words, draws in zip(_SENTENCES, (average, by_time.isel({v.EXIT_TIME: 0})), strict=True):
        posterior = posterior_of(draws.reset_coords(drop=True), context.prob)
        size = level(posterior, context.effect_unit)
        sentences.append(translate(words, size, stated(posterior.p_positive, "P(> 0)")))
    yield Paragraph(context.joined(sentences))
