"""The average effect under several specifications."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import xarray as xr

from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.checks._labels import messages_of
from bayes_nqp.estimands import att, effects_of, text
from bayes_nqp.estimands._by import names_of
from bayes_nqp.fitting import Fit
from bayes_nqp.language import Translator
from bayes_nqp.tables._ask import Ask
from bayes_nqp.tables._contrasts_table import contrasts_table
from bayes_nqp.tables._described import (
    bracketed,
    interval_notes,
    model_facts,
    short_gate,
    stacked_notes,
    why_failed,
)
from bayes_nqp.tables._kind_effects import CONTRASTED
from bayes_nqp.tables._model import NOTHING, Cell, Column, Row, Table, decimals_for
from bayes_nqp.tables._parts import (
    Writer,
    chance,
    count,
    estimate_cells,
    estimate_columns,
    outcome_of,
    said,
)
from bayes_nqp.tables._sizes import units_by
from bayes_nqp.tables._specification_table import specification_table
from bayes_nqp.tables._words import question_of

__all__ = ["robustness", "specifications"]


def robustness(fits: Sequence[tuple[str, object]], ask: Ask) -> Table:
    """Tabulate several fits side by side, a column each.

    Parameters
    ----------
    fits : sequence of (str, Fit or Dataset)
        With the heading of their column.
    ask : Ask

    Returns
    -------
    Table
    """
    say, sources = ask.say, [one for _, one in fits]
    found = [_estimates(one, ask) for one in sources]
    spreads = [line["sd"] for lines in found for line in lines.values()]
    write = Writer(say, decimals_for(spreads, ask.digits), ask.spread)
    labels = list(dict.fromkeys(label for lines in found for label in lines))
    rows: list[Row] = []
    for label in labels:
        lines = [one.get(label) for one in found]
        rows.append(Row(label, tuple(NOTHING if x is None else write.estimate(x) for x in lines)))
        chances = (NOTHING if x is None else chance(x["p_positive"]) for x in lines)
        rows.append(Row(say["p_positive"], tuple(chances)))
    tops = [ask.summary(att(one, weights=ask.weights)) for one in map(effects_of, sources)]
    outcomes = {str(table.attrs.get("outcome", "")) for table in tops}
    gates = [str(table[v.GATE].iloc[0]) for table in tops]
    rows += _facts(sources, tops, ask, outcomes)
    rows.append(Row(say["row_gate"], tuple(_gate_cell(gate, say) for gate in gates)))
    stamps = tuple(
        f"({i}) " + say["stamp_gate"].format(why_failed(gate, ask.language))
        for i, gate in enumerate(gates, 1)
        if gate not in (v.PASSED, v.UNVERIFIED)
    )
    notes = stacked_notes(tops[0], ask.spread, say)
    notes += ask.averaged(effects_of(sources[0]).attrs)
    worst = next((g for g in gates if g not in (v.PASSED, v.UNVERIFIED)), None)
    worst = worst or (v.UNVERIFIED if v.UNVERIFIED in gates else v.PASSED)
    return Table(
        "robustness",
        ask.titled("title_robustness", outcome_of(tops[:1], say)),
        "",
        tuple(Column(f"({i})\n{name}".rstrip()) for i, (name, _) in enumerate(fits, 1)),
        tuple(rows),
        tuple(notes),
        stamps,
        ask.language,
        ask.facts(worst),
    )


def _estimates(source: object, ask: Ask) -> dict[str, pd.Series[Any]]:
    """Every estimate of one column, by its label."""
    say, effects = ask.say, effects_of(source)
    lines = {say["average"]: ask.summary(att(effects, weights=ask.weights)).iloc[0]}
    for new, old in names_of(ask.by).items():
        table = ask.summary(att(effects, {new: old}, ask.weights))
        lines |= {f"{new}: {text(line[new])}": line for _, line in table.iterrows()}
        if 1 < len(table) <= CONTRASTED:
            pairs = contrasts_table(effects, {new: old}, ask.prob, ask.interval, ask.weights)
            for _, line in pairs.iterrows():
                lines[f"{text(line['level'])} − {text(line['minus'])}"] = line
    return lines


def _gate_cell(gate: str, say: Mapping[str, str]) -> Cell:
    short, failed = short_gate(gate, say)
    return said(say["failed_short"] if failed else short, "bad" if failed else "")


def _facts(
    sources: Sequence[object], tops: Sequence[pd.DataFrame], ask: Ask, outcomes: set[str]
) -> list[Row]:
    """Rows that say what each column is."""
    say = ask.say
    models = [model_facts(x, say, ask.language) if isinstance(x, Fit) else {} for x in sources]
    rows = []
    if len(outcomes) > 1:
        rows.append((say["outcome"], [str(t.attrs.get("outcome", "")) for t in tops]))
    rows += [
        (say[f"row_{key}"], [m.get(key, "") for m in models])
        for key in ("pooling", "strata", "deviations", "errors", "time")
    ]
    rows.append((say["row_covariates"], [_named(x, "covariates", ask) for x in sources]))
    rows.append((say["row_mediators"], [_named(x, "mediators", ask) for x in sources]))
    words = [(label, cells) for label, cells in rows if any(cells)]
    made = [Row(label, tuple(said(c) if c else NOTHING for c in cells)) for label, cells in words]
    made.append(Row(say["Rows"], tuple(count(t[v.ROWS].iloc[0]) for t in tops)))
    units = [units_by(x, effects_of(x), None).get("") for x in sources]
    made.append(Row(say["Units"], tuple(count(n) for n in units)))
    made[0] = Row(made[0].label, made[0].cells, rule=True)
    return made


def _named(source: object, part: str, ask: Ask) -> str:
    """Name the columns of the panel that a design takes."""
    if not isinstance(source, Fit) or source.panel is None:
        return ""
    design = source.design
    if part == "mediators":
        names = design.names(source.panel)
    else:
        asked = design.outcome_design.covariates
        names = source.panel.roles.covariates if asked is None else asked
    return ("、" if ask.language == "zh" else ", ").join(names)


def specifications(results: Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate what checks that compare specifications found, a row each.

    Parameters
    ----------
    results : sequence of CheckResult
    ask : Ask

    Returns
    -------
    Table
    """
    say = ask.say
    numbers = specification_table(results, ask.prob, ask.interval)
    write = Writer(say, decimals_for(numbers["sd"].tolist(), ask.digits))
    rows: list[Row] = []
    known: dict[str, str] = {}
    for one in results:
        if isinstance(one.evidence, xr.Dataset):
            known |= messages_of(one.evidence)
    asked = {one.name: question_of(one.name, one.question, say) for one in results}
    for check, table in numbers.groupby("check", sort=False):
        if numbers["check"].nunique() > 1:
            rows.append(Row(asked[str(check)], rule=bool(rows)))
        for place, (_, line) in enumerate(table.iterrows()):
            label, change = (
                Translator(ask.language).name(known.get(line[name], line[name]))
                for name in ("specification", "change")
            )
            label = label if place == 0 or not change else say["tally"].format(change, label)
            status = said(say["yes" if line["counts"] else "no"])
            cells = (*estimate_cells(line, write), status, _gate_cell(str(line[v.GATE]), say))
            rows.append(Row(label, cells))
    gates = [str(g) for g in numbers[v.GATE]]
    failed = [g for g in gates if g not in (v.PASSED, v.UNVERIFIED)]
    stamps = tuple(
        say["stamp_check"].format(asked[one.name]) + bracketed(one, ask.language)
        for one in results
        if one.verdict == "fails"
    )
    return Table(
        "robustness",
        ask.titled("title_specifications"),
        say["specification"],
        (*estimate_columns(say, ask.prob), Column(say["status"]), Column(say["row_gate"])),
        tuple(rows),
        (*interval_notes(numbers, say), say["note_counts"]),
        stamps,
        ask.language,
        ask.facts(failed[0] if failed else v.PASSED),
    )
