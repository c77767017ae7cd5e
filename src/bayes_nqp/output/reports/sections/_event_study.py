"""Event study: leads and dynamic effects."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp._core import vocabulary as v
from bayes_nqp.checks import ADOPTION
from bayes_nqp.effects.estimands import ENOUGH, growth, same_units, units_behind
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._effect_timing import onset, step_of
from bayes_nqp.output.reports._over_time import composition, no_growth
from bayes_nqp.output.reports._over_time import growth as growth_says
from bayes_nqp.output.reports._posterior import posterior_of
from bayes_nqp.output.reports._registry import section


@section(place=40, needs=(ADOPTION,), exhibit=30)
def event_study(context: Context) -> Iterator[Block]:
    """Report effects by event time, overall and by group."""
    translate = context.translate
    yield Heading(translate("Dynamic effects (event study)"))
    sentences = [*onset(context), *_over_time(context)]
    if sentences:
        yield Paragraph(context.joined(sentences))
    yield from context.table("event_study")


def _over_time(context: Context) -> Iterator[str]:
    """Yield sentences on changes of the effect and on the units behind averages."""
    units = units_behind(context.effects, v.EVENT_TIME)
    pairs = zip(units[v.EVENT_TIME].to_numpy(), units.to_numpy(), strict=True)
    counts = [(int(e), int(n)) for e, n in pairs if e >= 0 and n > 0]
    if len(counts) < 2:
        return
    moved, language = growth(context.effects, context.weights), context.language
    if moved is None:
        yield no_growth(ENOUGH, language)
    else:
        start, end = (posterior_of(x, context.prob) for x in (moved.start, moved.end))
        yield growth_says(
            (start, end),
            step_of(moved, context.prob),
            moved.last,
            moved.cohorts,
            moved.units,
            language,
            context.effect_unit,
        )
    if not same_units(context.effects):
        yield composition(counts, language)
