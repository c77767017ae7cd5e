"""The average effect under several specifications."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator, listed
from bayes_nqp.checks import CheckResult, messages_of
from bayes_nqp.effects.estimands import att, effects_of, names_of, own_and_received, text
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._contrasts_table import contrasts_table
from bayes_nqp.output.tables._described import (
    interval_notes,
    model_facts,
    short_convergence,
    stacked_notes,
    why_failed,
    with_figure,
)
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Row, Table
from bayes_nqp.output.tables._parts import (
    AS_FITTED_NOTE,
    CONTRASTED,
    chance,
    count,
    estimate_columns,
    outcome_of,
    units_by,
    word,
)
from bayes_nqp.output.tables._specification_table import specification_table

_ROW: Final = {
    "pooling": Message("Pooling"),
    "strata": Message("Effects by"),
    "deviations": Message("Random effects by"),
    "errors": Message("Errors"),
    "time": Message("Time effects"),
    "covariates": Message("Covariates"),
    "mediators": Message("Mediators"),
    "gate": Message("Convergence diagnostics"),
    "units_all": Message("Total units"),
    "rows_all": Message("Total observations"),
}


_NOTE_COUNTS = Message(
    "Counts: specifications that enter the verdict of the check; the others are shown for"
    " comparison."
)
_NOTE_CONCLUSION = Message(
    "Conclusion: compared with the first row. It changes if the interval includes zero and the"
    " estimate has moved by more than one posterior SD of the first row and by more than chance"
    " explains, at 5 % for all rows together; if another standard error lowers the probability of"
    " the sign below 0.9; or if a sign without credible evidence in the first row reaches"
    " 0.995. Weaker evidence: the interval includes zero, but the difference from the first"
    " row may be chance."
)
_TONES: Final = {"changes": "doubt", "opposite sign": "bad", "not converged": "doubt"}


@kind(Message("Comparison of models"), of=("fits", "checks", "fit"), place=70)
def robustness(source: object, ask: Ask) -> Table:
    """Tabulate fits by heading, a column each; or checks of specifications, a row each."""
    if isinstance(source, Fit | xr.Dataset):
        return _fits([("", source)], ask)
    items: Any = source
    if items and isinstance(items[0], CheckResult):
        return _specifications(items, ask)
    return _fits(items, ask)


def _fits(fits: Sequence[tuple[str, object]], ask: Ask) -> Table:
    """Tabulate several fits side by side, a column each, with its heading."""
    translate, sources = ask.translate, [source for _, source in fits]
    estimates = [_estimates(source, ask) for source in sources]
    draft = TableDraft(ask, [line["sd"] for lines in estimates for line in lines.values()])
    for label in dict.fromkeys(label for lines in estimates for label in lines):
        lines = [by_label.get(label) for by_label in estimates]
        draft.row(label, *(NOTHING if x is None else draft.write.estimate(x) for x in lines))
        chances = (NOTHING if x is None else chance(x["p_positive"]) for x in lines)
        draft.row(translate("P(> 0)"), *chances)
    tops = [
        ask.summary(att(effects_dataset, weights=ask.weights))
        for effects_dataset in map(effects_of, sources)
    ]
    gates = [str(table[v.GATE].iloc[0]) for table in tops]
    outcomes = {str(table.attrs.get("outcome", "")) for table in tops}
    draft.rows += _facts(sources, tops, ask, outcomes)
    draft.row(
        translate("Convergence diagnostics"),
        *(_convergence_cell(gate, translate) for gate in gates),
    )
    failed = [gate for gate in gates if gate not in (v.PASSED, v.UNVERIFIED)]
    draft.stamps += [
        f"({i}) " + translate("Convergence diagnostics failed: {}", why_failed(gate, translate))
        for i, gate in enumerate(gates, 1)
        if gate in failed
    ]
    draft.note(AS_FITTED_NOTE, when=any(isinstance(x, Fit) for x in sources))
    draft.notes += stacked_notes(tops[0], ask.spread, translate)
    draft.notes += ask.averaged(effects_of(sources[0]).attrs)
    draft.note(
        "In columns with own effects, the average effect is the sum of the effects of own"
        " and others' treatment or exposure.",
        when=any(_parted(effects_of(source)) for source in sources),
    )
    worst = failed[0] if failed else v.UNVERIFIED if v.UNVERIFIED in gates else v.PASSED
    outcome = outcome_of(tops[:1], translate)
    title = translate("The average effect under other specifications: {}", outcome)
    columns = (Column(f"({i})\n{name}".rstrip()) for i, (name, _) in enumerate(fits, 1))
    return draft.finish("robustness", title, "", columns, ask.facts(worst))


def _estimates(source: object, ask: Ask) -> dict[str, pd.Series[Any]]:
    """Every estimate of one column, by its label."""
    translate, effects = ask.translate, effects_of(source)
    lines = {translate("Average effect"): ask.summary(att(effects, weights=ask.weights)).iloc[0]}
    if _parted(effects):
        lines[translate("Own")] = ask.summary(own_and_received(effects, ask.weights)[0]).iloc[0]
    for new, old in names_of(ask.by).items():
        table = ask.summary(att(effects, {new: old}, ask.weights))
        lines |= {f"{new}: {text(line[new])}": line for _, line in table.iterrows()}
        if 1 < len(table) <= CONTRASTED:
            pairs = contrasts_table(effects, {new: old}, ask.prob, ask.interval, ask.weights)
            for _, line in pairs.iterrows():
                lines[f"{text(line['level'])} − {text(line['minus'])}"] = line
    return lines


def _parted(effects: xr.Dataset) -> bool:
    """Return True if own and spillover effects are separate."""
    return {v.DIRECT, v.RECEIVED} <= {*effects[v.PATH].to_numpy().tolist()}


def _convergence_cell(gate: str, translate: Translator) -> Cell:
    short, failed = short_convergence(gate, translate)
    return word(translate("failed") if failed else short, "bad" if failed else "")


def _facts(
    sources: Sequence[object], tops: Sequence[pd.DataFrame], ask: Ask, outcomes: set[str]
) -> list[Row]:
    """Return rows that describe the model of each column."""
    translate = ask.translate
    models = [model_facts(x, translate) if isinstance(x, Fit) else {} for x in sources]
    rows = []
    if len(outcomes) > 1:
        rows.append((translate("Outcome"), [str(t.attrs.get("outcome", "")) for t in tops]))
    rows += [
        (translate(_ROW[key]), [m.get(key, "") for m in models])
        for key in ("pooling", "strata", "deviations", "errors", "time")
    ]
    rows.append((translate("Covariates"), [_named(x, "covariates", ask) for x in sources]))
    rows.append((translate("Mediators"), [_named(x, "mediators", ask) for x in sources]))
    words = [(label, cells) for label, cells in rows if any(cells)]
    rows_of_facts = [
        Row(label, tuple(word(c) if c else NOTHING for c in cells)) for label, cells in words
    ]
    rows_of_facts.append(
        Row(translate("Observations"), tuple(count(t[v.ROWS].iloc[0]) for t in tops))
    )
    units = [units_by(x, effects_of(x), None).get("") for x in sources]
    rows_of_facts.append(Row(translate("Units"), tuple(count(n) for n in units)))
    rows_of_facts[0] = Row(rows_of_facts[0].label, rows_of_facts[0].cells, rule=True)
    return rows_of_facts


def _named(source: object, part: str, ask: Ask) -> str:
    """Name the columns of the panel that a design takes."""
    if not isinstance(source, Fit) or source.panel is None:
        return ""
    facts, panel = source.facts, source.panel
    names = facts.mediators(panel) if part == "mediators" else facts.covariates_of(panel)
    return ask.translate.name(listed(names, len(names))) if names else ""


def _specifications(results: Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate checks that compare specifications, one row per specification."""
    translate = ask.translate
    numbers = specification_table(results, ask.prob, ask.interval)
    draft = TableDraft(ask, numbers["sd"])
    messages: dict[str, str] = {}
    for result in results:
        if isinstance(result.evidence, xr.Dataset):
            messages |= messages_of(result.evidence)
    concluded = "conclusion" in numbers and bool(numbers["conclusion"].notna().all())
    questions = {result.name: translate.name(result.question) for result in results}
    for check, table in numbers.groupby("check", sort=False):
        if len(questions) > 1 and numbers["check"].nunique() > 1:
            draft.row(questions[str(check)], rule=bool(draft.rows))
        for place, (_, line) in enumerate(table.iterrows()):
            names = (messages.get(line[x], line[x]) for x in ("specification", "change"))
            label, change = map(translate.name, names)
            label = label if place == 0 or not change else translate("{}: {}", change, label)
            counts = translate("yes" if line["counts"] else "no")
            conclusion = (
                translate.name(messages.get(line["conclusion"], "")) if concluded else counts
            )
            status = word(conclusion, _TONES.get(line["conclusion"], "") if concluded else "")
            draft.estimate(label, line, status, _convergence_cell(str(line[v.GATE]), translate))
    gates = [str(gate) for gate in numbers[v.GATE]]
    failed = [gate for gate in gates if gate not in (v.PASSED, v.UNVERIFIED)]
    for result in results:
        left = getattr(result.evidence, "attrs", {}).get("left_out", "")
        draft.note("Not requested, or not estimated: {}.", left, when=bool(left))
        if result.verdict == "failed":
            draft.stamps.append(translate("Check failed: {}", with_figure(result, translate)))
    draft.notes += interval_notes(numbers, translate)
    draft.note(_NOTE_CONCLUSION if concluded else _NOTE_COUNTS)
    title = translate("The average effect under other specifications")
    heading = translate("Conclusion") if concluded else translate("Counts")
    more = (Column(heading), Column(translate("Convergence diagnostics")))
    columns = (*estimate_columns(translate, ask.prob), *more)
    facts = ask.facts(failed[0] if failed else v.PASSED)
    return draft.finish("robustness", title, translate("Specification"), columns, facts)
