"""Effects by group, with contrasts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.estimands import att, effects_of, gate_of, names_of, text
from bayes_nqp.language import Message
from bayes_nqp.tables._contrasts_table import contrasts_table
from bayes_nqp.tables._described import interval_notes
from bayes_nqp.tables._draft import TableDraft
from bayes_nqp.tables._kinds import Ask, kind
from bayes_nqp.tables._model import NOTHING, Table
from bayes_nqp.tables._parts import CONTRASTED, count, outcome_of, sized_columns, units_by

_NOTE_LEFT_OUT = Message("Contrasts are left out for factors with more than {} levels.")
_NOTE_CELLS_LEFT_OUT = Message("Cells (stratum × cohort × period) not identified and left out: {}.")


@kind(Message("Effects"), place=20)
def effects(source: object, ask: Ask) -> Table:
    """Tabulate the average effect overall, by group, and the contrasts."""
    translate, waist = ask.translate, effects_of(source)
    names = names_of(ask.by) or {name: name for name in schema.factors(waist)}
    overall = att(waist, weights=ask.weights)
    top = ask.summary(overall)
    levels = {new: ask.summary(att(waist, {new: old}, ask.weights)) for new, old in names.items()}
    compared = _contrasts(waist, names, levels, ask)
    draft = TableDraft(ask, [s for t in (top, *levels.values(), compared) for s in t["sd"]])
    total = units_by(source, waist, None).get("")
    draft.estimate(translate("Overall"), top.iloc[0], count(top[v.ROWS].iloc[0]), count(total))
    for new, table in levels.items():
        units = units_by(source, waist, names[new])
        draft.row(new)
        for _, line in table.iterrows():
            label = text(line[new])
            draft.estimate(label, line, count(line[v.ROWS]), count(units.get(label)))
    if len(compared):
        draft.row(translate("Contrasts"), rule=True)
    for _, line in compared.iterrows():
        pair = " − ".join(translate.name(line[x], line["strata"]) for x in ("level", "minus"))
        draft.estimate(pair, line, NOTHING, NOTHING)
    draft.notes += [*interval_notes(top, translate), *ask.averaged(overall.attrs)]
    draft.note("Contrasts: differences draw by draw, from one model.", when=len(compared) > 0)
    many = any(_contrastable(waist, names[k]) and len(t) > CONTRASTED for k, t in levels.items())
    draft.note(_NOTE_LEFT_OUT, CONTRASTED, when=many)
    left_out = int(overall.attrs.get("cells_left_out", 0))
    draft.note(_NOTE_CELLS_LEFT_OUT, left_out, when=left_out > 0)
    draft.judge(source, gate_of(overall))
    exposure, outcome = str(overall.attrs.get("exposure", "")), outcome_of([top], translate)
    title = (
        translate("Effect of {}: {}", exposure, outcome)
        if exposure
        else translate("Average effect on the treated: {}", outcome)
    )
    return draft.finish("effects", title, translate("Group"), sized_columns(translate, ask.prob))


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
