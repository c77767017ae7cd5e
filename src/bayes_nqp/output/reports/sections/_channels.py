"""Direct and indirect effects through mediators."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import ALL, nde, proportion_mediated
from bayes_nqp.inference.fitting import equation_draws
from bayes_nqp.output.reports._all_mediators import through
from bayes_nqp.output.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.reports._sentences import share


@section(place=60, needs=(CHANNELS,), exhibit=100)
def channels(context: Context) -> Iterator[Block]:
    """Decompose the effect into direct and indirect effects."""
    translate = context.translate
    yield Heading(translate("Mechanisms"))
    yield Paragraph(
        translate(
            "Direct and indirect effects add up to the total effect in each draw. They "
            "are causal only if no unmeasured variable affects both a mediator and the "
            "outcome. Effects through single mediators also require that mediators do not"
            " affect one another."
        ),
        "quiet",
    )
    yield Bullets(tuple(_sentences(context)))
    if equation_draws(context.fit, "b") is not None:
        yield from context.table("two_step_mediation")
    for factor in (None, *context.factors):
        yield from context.table("mediation", by=factor)
    if "steps" in (context.kinds or ()):
        yield from context.table("steps")


def _sentences(context: Context) -> Iterator[str]:
    translate, language, prob, unit = (
        context.translate,
        context.language,
        context.prob,
        context.effect_unit,
    )
    direct = posterior_of(nde(context.effects, weights=context.weights), prob)
    yield translate("The direct effect is {}.", level(direct, unit))
    yield from through(context)
    ratio = proportion_mediated(context.effects, weights=context.weights)
    total_share = ratio.sel(mediator=ALL if len(context.channels) > 1 else context.channels[0])
    yield share(None if ratio.attrs["withheld"] else total_share, prob, language)
