"""Average effects, by group, and differences between groups."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from bayes_nqp.estimands import att
from bayes_nqp.language import Message
from bayes_nqp.plots import Sketch
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._registry import section
from bayes_nqp.reports._sentences import change
from bayes_nqp.tables import spatial_fits

__all__ = ["results"]


@section(place=30)
def results(context: Context) -> Iterator[Block | Sketch]:
    """Give effects overall and by group."""
    translate, factors, grounds = context.translate, list(context.factors), Grounds(context)
    yield Heading(translate("Effects"))
    for factor in factors:
        sentences = list(_by(context, factor, grounds))
        if sentences:
            yield Paragraph(context.joined(sentences))
    yield from context.table("effects", by=factors or None)
    yield from context.sketches("forest")
    if context.others:
        yield Heading(translate("Side by side"), 2)
        yield from context.table("robustness", context.fits)
        if spatial := spatial_fits(context.fits):
            yield from context.table("spatial", spatial)


def _by(context: Context, factor: str, grounds: Grounds) -> Iterator[str]:
    draws = att(context.effects, factor, context.weights)
    outcome = context.outcome or context.translate("the outcome")
    levels = [x for x in draws[factor].to_numpy() if bool(draws.sel({factor: x}).notnull().all())]
    if len(levels) > 6:
        return
    for level in levels:
        posterior = posterior_of(draws.sel({factor: level}), context.prob)
        whom = Message("{} ({})", *map(context.translate.name, (level, factor), (factor, "")))
        sure = partial(grounds, "average")
        yield change(
            posterior,
            outcome,
            context.language,
            context.unit,
            whom,
            **context.moved,
            confidence=sure,
        )
