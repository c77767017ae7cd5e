"""Effects by group, with contrasts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import att, effects_of, gate_of, names_of, text
from bayes_nqp.language import Message
from bayes_nqp.tables._ask import Ask
from bayes_nqp.tables._contrasts_table import contrasts_table
from bayes_nqp.tables._described import interval_notes, remarks_of
from bayes_nqp.tables._kinds import kind
from bayes_nqp.tables._model import NOTHING, Column, Row, Table, decimals_for
from bayes_nqp.tables._parts import (
    CONTRASTED,
    Writer,
    count,
    estimate_cells,
    estimate_columns,
    outcome_of,
)
from bayes_nqp.tables._sizes import units_by

__all__ = ["effects"]

_NOTE_LEFT_OUT = Message("Contrasts are left out for factors with more than {} levels.")
_NOTE_CELLS_LEFT_OUT = Message("Cells (stratum × cohort × period) not identified and left out: {}.")


def groups_of(effects: xr.Dataset, ask: Ask) -> dict[str, str]:
    """Name the factors to tabulate, by the names that the table gives them."""
    factors = names_of(ask.by)
    return dict(factors) if factors else {name: name for name in schema.factors(effects)}


@kind(Message("Effects"), place=20)
def effects(source: object, ask: Ask) -> Table:
    """Tabulate the average effect overall, by group, and the contrasts."""
    translate, waist = ask.translate, effects_of(source)
    names = groups_of(waist, ask)
    overall = att(waist, weights=ask.weights)
    top = ask.summary(overall)
    levels = {new: ask.summary(att(waist, {new: old}, ask.weights)) for new, old in names.items()}
    compared = _contrasts(waist, names, levels, ask)
    spreads = [s for t in (top, *levels.values(), compared) for s in t["sd"]]
    write = Writer(translate, decimals_for(spreads, ask.digits))
    rows = [_row(translate("Overall"), top.iloc[0], write, units_by(source, waist, None).get(""))]
    for new, table in levels.items():
        units = units_by(source, waist, names[new])
        rows.append(Row(new))
        rows += [
            _row(text(line[new]), line, write, units.get(text(line[new])))
            for _, line in table.iterrows()
        ]
    if len(compared):
        rows.append(Row(translate("Contrasts"), rule=True))
        rows += [
            Row(
                " − ".join(translate.name(line[x], line["strata"]) for x in ("level", "minus")),
                (*estimate_cells(line, write), NOTHING, NOTHING),
            )
            for _, line in compared.iterrows()
        ]
    gate = gate_of(overall)
    evidence = remarks_of(source, gate, ask.checks, translate)
    exposure = str(overall.attrs.get("exposure", ""))
    notes = [*interval_notes(top, translate), *ask.averaged(overall.attrs)]
    notes += (
        [translate("Contrasts: differences draw by draw, from one model.")] if len(compared) else []
    )
    if any(_contrastable(waist, names[new]) and len(t) > CONTRASTED for new, t in levels.items()):
        notes.append(translate(_NOTE_LEFT_OUT, CONTRASTED))
    left_out = int(overall.attrs.get("cells_left_out", 0))
    notes += [translate(_NOTE_CELLS_LEFT_OUT, left_out)] if left_out else []
    return Table(
        "effects",
        ask.titled(Message("Effect of {}: {}"), exposure, outcome_of([top], translate))
        if exposure
        else ask.titled(Message("Average effect on the treated: {}"), outcome_of([top], translate)),
        translate("Group"),
        (
            *estimate_columns(translate, ask.prob),
            Column(translate("Rows")),
            Column(translate("Units")),
        ),
        tuple(rows),
        (*notes, *evidence.notes),
        evidence.stamps,
        ask.language,
        ask.facts(gate),
    )


def _row(label: str, line: pd.Series[Any], write: Writer, units: int | None) -> Row:
    return Row(label, (*estimate_cells(line, write), count(line[v.ROWS]), count(units)))


def _contrastable(effects: xr.Dataset, name: str) -> bool:
    return name in (*schema.factors(effects), v.STRATUM, v.COHORT)


def _contrasts(
    effects: xr.Dataset, names: Mapping[str, str], levels: Mapping[str, pd.DataFrame], ask: Ask
) -> pd.DataFrame:
    compared = {
        new: old
        for new, old in names.items()
        if _contrastable(effects, old) and 1 < len(levels[new]) <= CONTRASTED
    }
    if not compared:
        return pd.DataFrame({"sd": []})
    return contrasts_table(effects, compared, ask.prob, ask.interval, ask.weights)
