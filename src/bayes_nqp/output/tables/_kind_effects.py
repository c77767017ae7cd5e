"""Effects by group, with contrasts."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import reported_posterior
from bayes_nqp.effects.estimands import att, convergence_of, names_of, text
from bayes_nqp.output.tables._contrasts_table import contrasts_table
from bayes_nqp.output.tables._described import interval_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Cell, Table
from bayes_nqp.output.tables._outcome_units import (
    in_percent,
    in_probability,
    in_units_of_outcome,
)
from bayes_nqp.output.tables._parts import CONTRASTED, count, outcome_of, sized_columns, units_by

_NOTE_LEFT_OUT = Message("Contrasts are not shown for factors with more than {} levels.")
_NOTE_CELLS_LEFT_OUT = Message(
    "Cells (group × cohort × period) excluded because not identified: {}."
)


@kind(Message("Effects"), place=20)
def effects(source: object, ask: Ask) -> Table:
    """Tabulate the average effect overall, by group, and the contrasts."""
    translate, posterior = ask.translate, reported_posterior(source)
    dataset, beside = posterior.effects, posterior.average is not None
    names = names_of(ask.by) or {name: name for name in schema.factors(dataset)}
    overall = att(dataset, weights=ask.weights)
    top, levels, compared = _estimates(dataset, names, ask)
    fitted = _estimates(posterior.fitted, names, ask) if beside else (top, levels, compared)
    draft = TableDraft(ask, [s for t in (top, *levels.values(), compared) for s in t["sd"]])
    total = units_by(source, dataset, None).get("")

    def line(label: str, of: pd.DataFrame, as_fitted: pd.DataFrame, k: int, *cells: Cell) -> None:
        draft.estimate(label, of.iloc[k], *cells, fitted=as_fitted.iloc[k] if beside else None)

    line(translate("Overall"), top, fitted[0], 0, count(top[v.ROWS].iloc[0]), count(total))
    for new, table in levels.items():
        units = units_by(source, dataset, names[new])
        draft.row(new)
        for k, (level, rows) in enumerate(zip(table[new], table[v.ROWS], strict=True)):
            sizes = count(rows), count(units.get(text(level)))
            line(text(level), table, fitted[1][new], k, *sizes)
    if len(compared):
        draft.row(translate("Contrasts"), rule=True)
    for k, (_, row) in enumerate(compared.iterrows()):
        pair = " − ".join(translate.name(row[x], row["strata"]) for x in ("level", "minus"))
        line(pair, compared, fitted[2], k, NOTHING, NOTHING)
    draft.weigh(posterior)
    draft.notes += [*interval_notes(top, translate), *ask.averaged(overall.attrs)]
    draft.note("Contrasts: differences in each draw of one model.", when=len(compared) > 0)
    many = any(_contrastable(dataset, names[k]) and len(t) > CONTRASTED for k, t in levels.items())
    draft.note(_NOTE_LEFT_OUT, CONTRASTED, when=many)
    for said in (
        in_probability(dataset, ask.prob),
        in_percent(dataset, ask.prob),
        in_units_of_outcome(dataset, ask.weights, ask.prob),
    ):
        draft.note("{}", said, when=said is not None)
    left_out = int(overall.attrs.get("cells_left_out", 0))
    draft.note(_NOTE_CELLS_LEFT_OUT, left_out, when=left_out > 0)
    draft.judge(source, convergence_of(overall))
    exposure, outcome = str(overall.attrs.get("exposure", "")), outcome_of([top], translate)
    title = (
        translate("Effect of {}: {}", exposure, outcome)
        if exposure
        else translate("Average effect on the treated: {}", outcome)
    )
    columns = sized_columns(translate, ask.prob, beside=beside)
    return draft.finish("effects", title, translate("Group"), columns)


def _estimates(
    dataset: xr.Dataset, names: Mapping[str, str], ask: Ask
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame], pd.DataFrame]:
    """Effects overall, by group, and their contrasts."""
    top = ask.summary(att(dataset, weights=ask.weights))
    levels = {new: ask.summary(att(dataset, {new: old}, ask.weights)) for new, old in names.items()}
    return top, levels, _contrasts(dataset, names, levels, ask)


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
