"""Effects over event time, with what came before."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import xarray as xr

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import leads_of
from bayes_nqp.estimands import ENOUGH, growth, same_units, units_behind
from bayes_nqp.reports._confidence import Grounds
from bayes_nqp.reports._content import Block, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports._over_time import composition, no_growth
from bayes_nqp.reports._over_time import growth as growth_says
from bayes_nqp.reports._posterior import posterior_of
from bayes_nqp.tables import event_study_table, table

__all__ = ["event_study"]


def event_study(context: Context) -> Iterator[Block | Sketch]:
    """Give effects by event time, overall and by group."""
    if not context.staggered:
        return
    translate = context.translate
    yield Heading(translate("Over event time"))
    said = list(_over_time(context))
    if said:
        yield Paragraph(context.joined(said))
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


def _over_time(context: Context) -> Iterator[str]:
    """Say how the effect moves, of the same units at both ends, and who is behind the averages."""
    units = units_behind(context.effects, v.EVENT_TIME)
    pairs = zip(units[v.EVENT_TIME].to_numpy(), units.to_numpy(), strict=True)
    known = [(int(e), int(n)) for e, n in pairs if e >= 0 and n > 0]
    if len(known) < 2:
        return
    moved, language = growth(context.effects, context.weights), context.language
    if moved is None:
        yield no_growth(ENOUGH, language)
    else:
        start, end, step = (
            posterior_of(x, context.prob) for x in (moved.start, moved.end, moved.change)
        )
        yield growth_says(
            (start, end),
            step,
            moved.last,
            moved.cohorts,
            moved.units,
            language,
            context.unit,
            confidence=partial(Grounds(context), "average"),
        )
    if not same_units(context.effects):
        yield composition(known, language)


def _drawn(context: Context, factor: str | None) -> Sketch:
    translate = context.translate
    by = translate("Effects by event time and {}.", factor)
    caption = (
        by if factor else translate("Effects by event time, with leads from a fit of their own.")
    )
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
