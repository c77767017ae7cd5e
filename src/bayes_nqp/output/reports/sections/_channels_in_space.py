"""Mediation in space: effects by source of treatment and by mediator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.effects.estimands import paths_in_space
from bayes_nqp.inference.fitting import IN_SPACE
from bayes_nqp.model.predictors import linked_name
from bayes_nqp.output.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import level, posterior_of
from bayes_nqp.output.reports._registry import section

_SUM: Final = Message(
    "Effects of own and of others' treatment add up over paths in each draw. Effects "
    "through linked units' mediators are causal only if no unmeasured variable, such as a"
    " shock common to neighbours, affects both these mediators and the outcome."
)
_SUM_DOSE: Final = Message(
    "Effects of own and of others' exposure add up over paths in each draw. Effects "
    "through linked units' mediators are causal only if no unmeasured variable, such as a"
    " shock common to neighbours, affects both these mediators and the outcome."
)


@section(place=62, needs=(IN_SPACE,), exhibit=105)
def channels_in_space(context: Context) -> Iterator[Block]:
    """Decompose effects of own and others' treatment by mediators of own and linked units."""
    translate = context.translate
    yield Heading(translate("Spatial mechanisms"))
    yield Paragraph(
        translate(_SUM if context.staggered else _SUM_DOSE),
        "quiet",
    )
    yield Bullets(tuple(_sentences(context)))
    for factor in (None, *context.factors):
        yield from context.table("channels_in_space", by=factor)


def _sentences(context: Context) -> Iterator[str]:
    """Yield a sentence on each source of treatment, with its effect by path."""
    treated = paths_in_space(context.effects, weights=context.weights)
    itself, others = Message("a unit's own treatment"), Message("others' treatment")
    rows = Message("treated units")
    if not context.staggered:
        itself, others = Message("a unit's own exposure"), Message("others' exposure")
        rows = Message("exposed units")
    sides = [(treated, v.OWN, itself, rows), (treated, v.OTHERS, others, rows)]
    if context.staggered:
        untreated = paths_in_space(context.effects, weights=context.weights, onto="untreated")
        sides.append((untreated, v.OTHERS, others, Message("untreated units")))
    for draws, whose, treatment, rows in sides:
        parts = draws.sel({v.TREATMENT_OF: whose})
        size = {
            path: level(posterior_of(parts.sel({v.PATH: path}), context.prob), context.effect_unit)
            for path in parts[v.PATH].to_numpy().tolist()
        }
        ways = [Message("{} directly", size[v.DIRECT])]
        for name in context.channels:
            called = context.translate.name(name)
            ways.append(Message("{} through their own {}", size[name], called))
            if bool(parts.sel({v.PATH: linked_name(name)}).any()):
                ways.append(Message("{} through linked units' {}", size[linked_name(name)], called))
        yield context.translate(
            "For {}, the effect of {} is {}: {}.",
            rows,
            treatment,
            size[v.TOTAL],
            listed(ways, len(ways)),
        )
