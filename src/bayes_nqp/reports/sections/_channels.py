"""Through what the policy works."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import ALL, nde, nie, proportion_mediated
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Bullets, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports._posterior import level, posterior_of
from bayes_nqp.reports._sentences import indirect, share
from bayes_nqp.tables import channel_comparison, mediation_table, table

__all__ = ["channels"]


def channels(context: Context) -> Iterator[Block | Sketch]:
    """Take the effect apart into direct and indirect ones."""
    if not context.channels:
        return
    translate = context.translate
    yield Heading(translate("Channels"))
    yield Paragraph(
        translate(
            "Direct and indirect effects add up to the total effect, draw by draw. They are "
            "causal only if no unmeasured cause moves both a mediator and the outcome, and each "
            "single channel only if mediators do not affect one another."
        ),
        "quiet",
    )
    yield Bullets(tuple(_sentences(context)))
    yield Tabulated(
        table(
            context.fit,
            "mediation",
            language=context.language,
            prob=context.prob,
            weights=context.weights,
            checks=context.checks,
        ),
        0,
    )
    for factor in context.factors:
        yield Tabulated(
            table(
                context.fit,
                "mediation",
                by=factor,
                language=context.language,
                prob=context.prob,
                weights=context.weights,
                checks=context.checks,
            ),
            0,
        )
    yield from _pictures(context)


def _sentences(context: Context) -> Iterator[str]:
    translate, language, prob, unit = (
        context.translate,
        context.language,
        context.prob,
        context.unit,
    )
    direct = posterior_of(nde(context.effects, weights=context.weights), prob)
    yield translate("Directly: {}.", level(direct, unit))
    via = nie(context.effects, weights=context.weights, mediators=list(context.channels))
    outcome = context.outcome or translate("the outcome")
    sure, exposure = partial(Grounds(context), "channel"), context.moved.get("exposure", "")
    for name in context.channels:
        one = posterior_of(via.sel(mediator=name), prob)
        yield indirect(
            one, translate.name(name), outcome, language, unit, exposure, confidence=sure
        )
    ratio = proportion_mediated(context.effects, weights=context.weights)
    whole = ratio.sel(mediator=ALL if len(context.channels) > 1 else context.channels[0])
    yield share(None if ratio.attrs["withheld"] else whole, prob, language)


def _pictures(context: Context) -> Iterator[Sketch]:
    translate, look = context.translate, {**context.look, "weights": context.weights}
    yield Sketch(
        "paths",
        translate("From the policy to the outcome."),
        lambda: plots.paths(context.fit, **look),
        lambda: mediation_table(context.effects, None, context.prob, "eti", context.weights),
    )
    if context.staggered:
        yield Sketch(
            "decomposition",
            translate("Direct and indirect effects over event time."),
            lambda: plots.decomposition(context.effects, **look),
            lambda: mediation_table(
                context.effects, v.EVENT_TIME, context.prob, "eti", context.weights
            ),
        )
    if len(context.channels) > 1:
        yield Sketch(
            "channels",
            translate("Channels compared."),
            lambda: plots.channels(context.effects, **look),
            lambda: channel_comparison(context.effects, None, context.prob, "eti", context.weights),
        )
