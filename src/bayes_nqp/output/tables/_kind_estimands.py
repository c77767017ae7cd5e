"""Estimands by their names, each in its own unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message, crossed
from bayes_nqp.checks import reported_posterior
from bayes_nqp.effects.estimands import att, computed, names_of, worst_convergence
from bayes_nqp.output.tables._described import interval_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Table, decimals_for
from bayes_nqp.output.tables._parts import (
    Writer,
    estimate_cells,
    estimate_columns,
    level_of,
    outcome_of,
    per_words,
)
from bayes_nqp.output.tables._summary import summary

if TYPE_CHECKING:
    from bayes_nqp.output.tables._parts import Line


_UNITS = Message("In brackets: the unit of measurement, if it differs from the outcome's.")


@kind(Message("Estimands"), place=45)
def estimands(source: FitOrEffects, ask: Ask) -> Table:
    """Tabulate estimands, all that these effects have or those that are named."""
    translate, posterior = ask.translate, reported_posterior(source)
    beside = posterior.average is not None
    overall = att(posterior.effects, ask.by, ask.weights)
    answers = list(computed(source, ask.estimands, ask.by, ask.weights))
    averages = dict(computed(posterior.effects, ask.estimands, ask.by, ask.weights))
    draft, columns = TableDraft(ask), estimate_columns(translate, ask.prob, beside=beside)
    for each, answer in answers:
        title = translate.name(each.title)
        label = translate("{} ({})", title, each.unit) if each.unit else title
        why = answer if isinstance(answer, Message) else answer.attrs.get("withheld", "")
        draft.note("{}: {}.", title, why, when=bool(why))
        fitted = _lines(answer, ask)
        lines = _lines(averages.get(each, answer), ask) if beside else fitted
        sds = [float(line["sd"]) for line in (*lines.values(), *fitted.values())]
        write = Writer(translate, decimals_for(sds, ask.digits), ask.spread)
        rows = {
            level: estimate_cells(line, write, fitted[level] if beside else None)
            for level, line in lines.items()
            if level in fitted
        }
        if "" in rows:
            draft.row(label, *rows[""])
            continue
        draft.row(label, *(() if rows else [NOTHING] * len(columns)))
        for level, cells in rows.items():
            draft.row(level, *cells)
    draws = [answer for _, answer in answers if not isinstance(answer, Message)]
    timed, dosed = any(v.EVENT_TIME in x.dims for x in draws), bool(overall.attrs.get("exposure"))
    first = ask.summary(overall)
    draft.notes += interval_notes(first, translate)
    draft.note(_UNITS, when=any(each.unit for each, _ in answers))
    draft.note("Event time: periods since adoption.", when=timed)
    draft.note("Effects per {}.", per_words(overall.attrs, translate), when=dosed)
    draft.notes += [] if dosed else [ask.weighted()]
    draft.weigh(posterior)
    draft.judge(source, worst_convergence(overall, *draws))
    heading = _heading(outcome_of([first], translate), crossed(names_of(ask.by)))
    return draft.finish("estimands", translate.name(heading), translate("Estimand"), columns)


def _lines(answer: xr.DataArray | Message, ask: Ask) -> dict[str, Line]:
    """Return summaries of an estimand by level, "" without groups; empty if not reported."""
    if isinstance(answer, Message):
        return {}
    table = summary(answer, ask.prob, ask.interval)
    return {level_of(line, ask.translate.name): line for _, line in table.iterrows()}


def _heading(outcome: str, by: Message) -> Message:
    return Message("Estimands by {}: {}", by, outcome) if by else Message("Estimands: {}", outcome)
