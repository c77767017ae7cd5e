"""Effects over event time, with what came before."""

from __future__ import annotations

from collections.abc import Iterator

import xarray as xr

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import leads_of
from bayes_nqp.checks._said import closed
from bayes_nqp.estimands import att
from bayes_nqp.reports._content import Block, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.reports._sentences import growth
from bayes_nqp.tables import event_study_table
from bayes_nqp.tables._table import table

__all__ = ["event_study"]


def event_study(context: Context) -> Iterator[Block | Sketch]:
    """Give effects by event time, overall and by group.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block or Sketch
    """
    if not context.staggered:
        return
    say = context.say
    yield Heading(say["event_study"])
    draws = att(context.effects, v.EVENT_TIME, context.weights)
    known = [int(e) for e in draws[v.EVENT_TIME].to_numpy() if e >= 0]
    if len(known) > 1:
        yield Paragraph(_growth(context, draws, known))
    leads = _leads(context, None)
    yield Tabulated(
        table(
            context.fit,
            "event_study",
            language=context.language,
            prob=context.prob,
            weights=context.weights,
            leads=leads,
            checks=context.checks,
        ),
        0,
    )
    for factor in (None, *context.factors):
        yield _drawn(context, factor)


def _growth(context: Context, draws: xr.DataArray, known: list[int]) -> str:
    start, end = (draws.sel(event_time=e, drop=True) for e in (known[0], known[-1]))
    first, last, step = (posterior_of(x, context.prob) for x in (start, end, end - start))
    return growth(first, last, step, known[-1], context.language, context.unit)


def _drawn(context: Context, factor: str | None) -> Sketch:
    say = context.say
    by = closed(say["event_caption_by"].format(factor))
    caption = by if factor else say["event_caption"]
    return Sketch(
        f"event_study_{factor}" if factor else "event_study",
        caption,
        lambda: plots.event_study(
            context.effects,
            by=factor,
            leads=_leads(context, factor),
            weights=context.weights,
            **context.look,
        ),
        lambda: event_study_table(context.effects, factor, context.prob, "eti", context.weights),
    )


def _leads(context: Context, factor: str | None) -> xr.DataArray | None:
    found = context.found("pretrends")
    if found is None or not isinstance(found.evidence, xr.Dataset):
        return None
    return leads_of(found.evidence, factor)
