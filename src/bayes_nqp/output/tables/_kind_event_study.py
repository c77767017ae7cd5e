"""Leads and effects by event time."""

from __future__ import annotations

import numpy as np
import pandas as pd

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import ADOPTION, reported_posterior
from bayes_nqp.effects.estimands import EARLY, names_of, same_units, text, worst_convergence
from bayes_nqp.output.tables._described import interval_notes, stacked_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import MINUS, NOTHING, Cell, Column, Row, Table
from bayes_nqp.output.tables._parts import (
    AS_FITTED,
    AVERAGED,
    Writer,
    chance,
    count,
    estimate_cells,
    outcome_of,
    sized_columns,
    word,
)
from bayes_nqp.robustness import OverTime, over_time

_BESIDE = 3
"""Groups that stand side by side; more stand one under another."""


_NOTE_LEADS = Message("Leads and effects come from one model, relative to event time {}.")
_OWN = {
    True: (
        Message("Relative to all earlier periods"),
        Message(
            "Lower panel: effects relative to all earlier periods, from which averages "
            "are computed."
        ),
    ),
    False: (
        Message("Estimates of the model"),
        Message(
            "Lower panel: effects of the model with differential trends, from which "
            "averages are computed."
        ),
    ),
}


@kind(Message("Dynamic effects"), place=30, needs=(ADOPTION,))
def event_study(source: object, ask: Ask) -> Table:
    """Tabulate leads and effects at every event time, then effects from all periods before."""
    posterior = reported_posterior(source)
    effects = posterior.effects
    names = {new: old for new, old in names_of(ask.by).items() if old != v.EVENT_TIME}
    curve = over_time(source, names, ask.weights, leads=ask.leads)
    joined = [(_label(group), _joined(group, ask)) for group in curve.groups()]
    efficient = _own(curve, ask)
    average = posterior.average
    averaged = [] if average is None else _own(over_time(effects, names, ask.weights), ask)
    parts = [part for _, part in (*joined, *efficient, *averaged)]
    together = pd.concat(parts, ignore_index=True)
    together.attrs = ask.summary(curve.own).attrs
    draft = TableDraft(ask, together["sd"].tolist())
    beside = 1 < len(joined) <= _BESIDE
    make, alone = _beside if beside else _under, curve.effects is None
    columns, rows = make(joined, ask, draft.write)
    if averaged:
        draft.rows += [Row(ask.translate(AVERAGED)), *make(averaged, ask, draft.write)[1]]
        draft.rows += [Row(ask.translate(AS_FITTED))]
    draft.rows += rows
    draft.weigh(posterior)
    heading, note = _OWN[curve.whole]
    if not alone:
        draft.rows += [Row(ask.translate(heading)), *make(efficient, ask, draft.write)[1]]
    draft.notes += (
        stacked_notes(together, ask.spread, ask.translate)
        if beside
        else interval_notes(together, ask.translate)
    )
    draft.note("Event time: periods since adoption.")
    draft.notes.append(ask.weighted())
    draft.note("Zero: expected outcome without the policy.", when=alone)
    draft.note(_NOTE_LEADS, _time(curve.reference), when=not alone)
    draft.note(note, when=not alone)
    draft.note(EARLY, when=v.ANTICIPATED in curve.own.coords)
    factors = [old for old in names.values() if old in schema.factors(effects)]
    same = same_units(effects, factors[0] if len(factors) == 1 else None)
    draft.note("Points refer to different sets of units.", when=not same)
    draft.judge(source, worst_convergence(curve.own, *curve.parts))
    title = ask.translate("Effect by event time: {}", outcome_of([together], ask.translate))
    return draft.finish("event_study", title, ask.translate("Event time"), columns)


def _label(group: OverTime) -> str:
    return " × ".join(map(text, (group.labels or {}).values()))


def _joined(group: OverTime, ask: Ask) -> pd.DataFrame:
    """Leads, the event time from which all are measured, and effects."""
    parts = [ask.summary(draws) for draws in group.parts]
    if group.effects is not None:
        parts.insert(-1, pd.DataFrame({v.EVENT_TIME: [group.reference], "mean": [0.0]}))
    return pd.concat(parts, ignore_index=True)


def _own(curve: OverTime, ask: Ask) -> list[tuple[str, pd.DataFrame]]:
    """Summarise the effects of each group, without leads."""
    return [(_label(group), ask.summary(group.own)) for group in curve.groups()]


def _time(value: float) -> str:
    return text(float(value)).replace("-", MINUS)


def _under(
    groups: list[tuple[str, pd.DataFrame]], ask: Ask, write: Writer
) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    translate = ask.translate
    columns = sized_columns(translate, ask.prob)
    rows: list[Row] = []
    for label, table in groups:
        rows += [Row(label)] if label else []
        for _, line in table.iterrows():
            cells: tuple[Cell, ...]
            if np.isnan(line["sd"]):
                cells = (word(translate("reference")), *[NOTHING] * (len(columns) - 1))
            else:
                counts = (count(line.get(name)) for name in (v.ROWS, v.UNITS))
                cells = (*estimate_cells(line, write), *counts)
            rows.append(Row(_time(line[v.EVENT_TIME]), cells))
    return columns, tuple(rows)


def _beside(
    groups: list[tuple[str, pd.DataFrame]], ask: Ask, write: Writer
) -> tuple[tuple[Column, ...], tuple[Row, ...]]:
    translate = ask.translate
    columns = tuple(
        Column(name, label)
        for label, _ in groups
        for name in (translate("Mean"), translate("P(> 0)"), translate("Units"))
    )
    tables = [table.set_index(v.EVENT_TIME) for _, table in groups]
    rows = []
    for step in sorted({step for table in tables for step in table.index}):
        cells: list[Cell] = []
        for table in tables:
            if step not in table.index:
                cells += [NOTHING] * 3
            elif np.isnan(float(table["sd"].loc[step])):
                cells += [word(translate("reference")), NOTHING, NOTHING]
            else:
                line = table.loc[step]
                cells += [
                    write.estimate(line),
                    chance(line["p_positive"]),
                    count(line.get(v.UNITS)),
                ]
        rows.append(Row(_time(step), tuple(cells)))
    return columns, tuple(rows)
