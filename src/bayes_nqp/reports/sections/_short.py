"""The answer in a few sentences."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import xarray as xr

from bayes_nqp.estimands import att, contrast, nie, text
from bayes_nqp.reports._content import Block, Bullets, Heading, Paragraph
from bayes_nqp.reports._context import Context
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._sentences import change, comparison, indirect

__all__ = ["short"]

_LEVELS = 4
"""Of a factor whose differences are put into sentences."""


def short(context: Context) -> Iterator[Block]:
    """Say what the policy did, for whom, and through what.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block
    """
    language, unit, prob = context.language, context.unit, context.prob
    yield Heading(context.say["short"])
    whole = att(context.effects, weights=context.weights)
    outcome = context.outcome or context.say["the_outcome"]
    yield Paragraph(
        change(posterior_of(whole, prob), outcome, language, unit, **context.moved), "lead"
    )
    items = [one for factor in context.factors for one in _compared(context, factor)]
    if context.channels:
        via = nie(context.effects, weights=context.weights, mediators=list(context.channels))
        items += [
            indirect(
                posterior_of(via.sel(mediator=name), prob),
                name,
                outcome,
                language,
                unit,
                context.moved.get("exposure", ""),
            )
            for name in context.channels
        ]
    if items:
        yield Bullets(tuple(items))


def _compared(context: Context, factor: str) -> Iterator[str]:
    draws = att(context.effects, factor, context.weights)
    levels = [level for level in draws[factor].to_numpy() if _known(draws.sel({factor: level}))]
    if len(levels) > _LEVELS:
        return
    for first, second in combinations(levels, 2):
        gap = contrast(draws, {factor: first}, minus=second)
        yield comparison(
            posterior_of(gap, context.prob),
            text(first),
            text(second),
            context.language,
            context.unit,
            factor,
        )


def _known(draws: xr.DataArray) -> bool:
    return bool(draws.notnull().all())
