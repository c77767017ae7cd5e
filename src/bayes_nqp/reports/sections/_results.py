"""Average effects, by group, and differences between groups."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import att
from bayes_nqp.language import Message
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._sentences import change
from bayes_nqp.tables import summary, table

__all__ = ["results"]

_LISTED = 40
"""Units in the picture of single units: more would be too small to read on a page."""


_FOREST_CAPTION = Message("Average effects by group, and differences between groups.")
_LEAGUE_SAYS = Message(
    "Every unit has its own effect, drawn towards what it shares with the others; intervals say "
    "how little single units tell."
)


def results(context: Context) -> Iterator[Block | Sketch]:
    """Give effects overall and by group."""
    translate, factors, grounds = context.translate, list(context.factors), Grounds(context)
    yield Heading(translate("Effects"))
    for factor in factors:
        sentences = list(_by(context, factor, grounds))
        if sentences:
            yield Paragraph(context.joined(sentences))
    yield Tabulated(
        table(
            context.fit,
            "effects",
            by=factors or None,
            language=context.language,
            prob=context.prob,
            weights=context.weights,
            checks=context.checks,
        ),
        0,
    )
    yield Sketch(
        "forest",
        translate(_FOREST_CAPTION),
        lambda: plots.forest(
            context.effects, by=factors or None, weights=context.weights, **context.look
        ),
        lambda: summary(
            {name: att(context.effects, name, context.weights) for name in factors}
            or att(context.effects, weights=context.weights),
            context.prob,
        ),
    )
    if context.others:
        yield Heading(translate("Side by side"), 2)
        fits = {context.title: context.fit, **context.others}
        yield Tabulated(table(fits, "robustness", language=context.language, prob=context.prob), 0)
    if v.DEVIATION in context.effects:
        owner = context.fit.facts.pooling.varying or v.UNIT
        yield Heading(translate("Unit by unit"), 2)
        yield Paragraph(translate(_LEAGUE_SAYS))
        yield Sketch(
            "league",
            translate("Effects of single units."),
            lambda: plots.league(
                context.effects, weights=context.weights, most=_LISTED, **context.look
            ),
            lambda: summary(att(context.effects, owner, context.weights), context.prob),
        )


def _by(context: Context, factor: str, grounds: Grounds) -> Iterator[str]:
    draws = att(context.effects, factor, context.weights)
    outcome = context.outcome or context.translate("the outcome")
    levels = [x for x in draws[factor].to_numpy() if bool(draws.sel({factor: x}).notnull().all())]
    if len(levels) > 6:
        return
    for level in levels:
        one = posterior_of(draws.sel({factor: level}), context.prob)
        whom = Message("{} ({})", *map(context.translate.name, (level, factor), (factor, "")))
        sure = partial(grounds, "average")
        yield change(
            one, outcome, context.language, context.unit, whom, **context.moved, confidence=sure
        )
