"""Estimands by their names, each in its own unit."""

from __future__ import annotations

import pandas as pd

from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import att, computed, names_of, worst_gate
from bayes_nqp.language import Message, crossed
from bayes_nqp.schema import FitOrEffects
from bayes_nqp.tables._described import interval_notes
from bayes_nqp.tables._draft import TableDraft
from bayes_nqp.tables._kinds import Ask, kind
from bayes_nqp.tables._model import NOTHING, Table, decimals_for
from bayes_nqp.tables._parts import (
    Writer,
    estimate_cells,
    estimate_columns,
    level_of,
    outcome_of,
    per_words,
)
from bayes_nqp.tables._summary import summary


@kind(Message("Estimands"), place=45)
def estimands(source: FitOrEffects, ask: Ask) -> Table:
    """Tabulate estimands, all that these effects have or those that are named."""
    translate, overall = ask.translate, att(source, ask.by, ask.weights)
    answers = list(computed(source, ask.estimands, ask.by, ask.weights))
    draft, columns = TableDraft(ask), estimate_columns(translate, ask.prob)
    for each, answer in answers:
        title = translate.name(each.title)
        label = translate("{} ({})", title, each.unit) if each.unit else title
        why, lines = answer, pd.DataFrame()
        if not isinstance(answer, Message):
            why, lines = answer.attrs.get("withheld", ""), summary(answer, ask.prob, ask.interval)
        write = Writer(translate, decimals_for([*lines.get("sd", ())], ask.digits), ask.spread)
        rows = {
            level_of(line, translate.name): estimate_cells(line, write)
            for _, line in lines.iterrows()
        }
        draft.note("{}: {}.", title, why, when=bool(why))
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
    units = any(each.unit for each, _ in answers)
    draft.note("In brackets: the unit, where it is not that of the outcome.", when=units)
    draft.note("Event time: periods since adoption.", when=timed)
    draft.note("Effects per {}.", per_words(overall.attrs, translate), when=dosed)
    draft.notes += [] if dosed else [ask.weighted()]
    draft.judge(source, worst_gate(overall, *draws))
    outcome, by = outcome_of([first], translate), crossed(names_of(ask.by))
    heading = Message("Estimands: {}", outcome)
    if by:
        heading = Message("Estimands by {}: {}", by, outcome)
    return draft.finish("estimands", translate.name(heading), translate("Estimand"), columns)
