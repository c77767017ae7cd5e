"""Effects by event time, with leads where they are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import ADOPTION, leads_of
from bayes_nqp.estimands import (
    EARLY,
    by_event_time,
    effects_of,
    names_of,
    reference_of,
    same_units,
    text,
    worst_gate,
)
from bayes_nqp.language import Message
from bayes_nqp.tables._described import interval_notes, stacked_notes
from bayes_nqp.tables._draft import TableDraft
from bayes_nqp.tables._kinds import Ask, kind
from bayes_nqp.tables._model import MINUS, NOTHING, Cell, Column, Row, Table
from bayes_nqp.tables._parts import (
    Writer,
    apart,
    chance,
    count,
    estimate_cells,
    outcome_of,
    sized_columns,
    word,
)

_BESIDE = 3
"""Groups that stand side by side; more stand one under another."""


_NOTE_LEADS = Message(
    "Leads are of a fit of their own, relative to event time {}; effects: relative to all periods "
    "before they begin."
)


@kind(Message("Over event time"), place=30, needs=(ADOPTION,))
def event_study(source: object, ask: Ask) -> Table:
    """Tabulate the average effect at every event time."""
    translate, effects = ask.translate, effects_of(source)
    names = {new: old for new, old in names_of(ask.by).items() if old != v.EVENT_TIME}
    draws = by_event_time(effects, names, ask.weights)
    leads = _leads(ask, tuple(names.values()))
    groups = _groups(draws, leads, ask)
    together = pd.concat([part for _, part in groups], ignore_index=True)
    together.attrs = ask.summary(draws).attrs
    draft = TableDraft(ask, together["sd"].tolist())
    beside = 1 < len(groups) <= _BESIDE
    columns, rows = (_beside if beside else _under)(groups, ask, draft.write)
    draft.rows += rows
    draft.notes += (
        stacked_notes(together, ask.spread, translate)
        if beside
        else interval_notes(together, translate)
    )
    draft.note("Event time: periods since adoption.")
    draft.notes.append(ask.weighted())
    draft.note("Zero is the expected path without the policy.", when=leads is None)
    if leads is not None:
        draft.note(_NOTE_LEADS, _time(reference_of(draws)))
    draft.note(EARLY, when=v.ANTICIPATED in draws.coords)
    factors = [old for old in names.values() if old in schema.factors(effects)]
    same = same_units(effects, factors[0] if len(factors) == 1 else None)
    draft.note("Points do not all rest on the same units.", when=not same)
    draft.judge(source, worst_gate(draws, *([] if leads is None else [leads])))
    title = translate("Effect by event time: {}", outcome_of([together], translate))
    return draft.finish("event_study", title, translate("Event time"), columns)


def _leads(ask: Ask, factors: tuple[str, ...]) -> xr.DataArray | None:
    """Leads that were given, or those of the check of pre-trends."""
    if ask.leads is not None:
        return ask.leads
    for result in ask.checks:
        if (
            result.name == "pretrends"
            and isinstance(result.evidence, xr.Dataset)
            and len(factors) < 2
        ):
            return leads_of(result.evidence, factors[0] if factors else None)
    return None


def _groups(
    draws: xr.DataArray, leads: xr.DataArray | None, ask: Ask
) -> list[tuple[str, pd.DataFrame]]:
    """Split into groups; a row an event time, leads first."""
    dims = [str(dim) for dim in draws.dims if dim not in (*v.SAMPLE_DIMS, v.EVENT_TIME)]
    groups = []
    for labels, part in apart(draws, dims):
        table = ask.summary(part)
        if not len(table):
            continue
        if leads is not None:
            before = leads.sel({dim: x for dim, x in labels.items() if dim in leads.dims})
            before = before.isel({v.EVENT_TIME: before[v.EVENT_TIME].to_numpy() < 0})
            table = _joined(ask.summary(before), table, reference_of(draws))
        groups.append((" × ".join(map(text, labels.values())), table))
    return groups


def _joined(leads: pd.DataFrame, effects: pd.DataFrame, reference: int) -> pd.DataFrame:
    """Put leads before effects, and between them the event time from which they are measured."""
    parts = [leads, effects]
    if len(leads) and leads[v.EVENT_TIME].max() < reference < effects[v.EVENT_TIME].min():
        parts.insert(1, pd.DataFrame({v.EVENT_TIME: [reference], "mean": [0.0]}))
    return pd.concat(parts, ignore_index=True)


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
