"""Tables as economics journals print them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp.effects.estimands import att, by_path, effects_of, names_of, text, worst_convergence
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._described import short_convergence, time_strata, why_failed
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask
from bayes_nqp.output.tables._layouts import layout
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Form, Table
from bayes_nqp.output.tables._parts import AS_FITTED_NOTE, count, outcome_of, units_by, word
from bayes_nqp.output.tables._spatial_estimates import EFFECTS_BY_TREATMENT
from bayes_nqp.output.tables._summary import summary

if TYPE_CHECKING:
    from bayes_nqp.output.tables._parts import Line

_MARKS: Final = ((0.995, "***"), (0.975, "**"), (0.95, "*"))
_NOTE = Message(
    "Posterior means, with posterior SDs in parentheses and posterior probabilities of a "
    "positive value in brackets."
)
_NOTE_MARKS = Message(
    "*, ** and *** mark posterior probabilities of the sign above 0.95, 0.975 and 0.995; "
    "these are not p-values."
)


@layout
def journal(fits: Sequence[tuple[str, object]], ask: Ask) -> Table:
    """Compare fits in columns: estimate, (SD) and [P] per cell, with rows on the model."""
    translate = ask.translate
    parts = [dict(journal_estimates(source, ask)) for _, source in fits]
    draft = TableDraft(ask, [line["sd"] for part in parts for line in part.values()])
    for label in dict.fromkeys(label for part in parts for label in part):
        lines = (part.get(label) for part in parts)
        draft.row(label, *(NOTHING if x is None else journal_cell(x, draft) for x in lines))
    add_answers(draft, [dict(held_rows(source, ask)) for _, source in fits])
    sources = [source for _, source in fits]
    sizes = [x.rows.n_rows if isinstance(x, Fit) and x.panel is not None else None for x in sources]
    draft.row("N", *map(count, sizes))
    treated = [units_by(x, effects_of(x), None).get("") for x in sources]
    draft.row(translate("Treated units"), *map(count, treated))
    tops = [att(effects_of(x), weights=ask.weights) for x in sources]
    stamp_failures(draft, tops)
    add_legend(draft)
    draft.note(AS_FITTED_NOTE, when=any(isinstance(x, Fit) for _, x in fits))
    draft.notes += ask.averaged(tops[0].attrs)[:1]
    outcomes = [translate.name(str(top.attrs.get("outcome", ""))) for top in tops]
    title = translate("Effects of the policy: {}", outcome_of([ask.summary(tops[0])], translate))
    heads = (
        Column("\n".join(filter(None, (f"({i})", outcome, name))))
        for i, ((name, _), outcome) in enumerate(zip(fits, outcomes, strict=True), 1)
    )
    return draft.finish("journal", title, "", heads, ask.facts(worst_convergence(*tops)))


def add_answers(draft: TableDraft, held: Sequence[Mapping[str, bool]]) -> None:
    """Add rows of yes and no; a column without any answers remains empty."""
    translate = draft.translate
    for number, label in enumerate(dict.fromkeys(label for part in held for label in part)):
        answers = (translate("yes" if part.get(label) else "no") if part else "" for part in held)
        draft.row(label, *(word(x) if x else NOTHING for x in answers), rule=number == 0)


def stamp_failures(draft: TableDraft, tops: Sequence[xr.DataArray]) -> None:
    """Print failed convergence diagnostics, with the number of the column."""
    translate = draft.translate
    for i, top in enumerate(tops, 1):
        gate = str(top[v.GATE].item())
        if short_convergence(gate, translate)[1]:
            why = translate("Convergence diagnostics failed: {}", why_failed(gate, translate))
            draft.stamps.append(f"({i}) {why}")


def add_legend(draft: TableDraft) -> None:
    """Add notes on the parts of a cell and on marks."""
    draft.note(_NOTE)
    draft.note(_NOTE_MARKS, when=draft.ask.marks)


def journal_estimates(source: object, ask: Ask) -> Iterator[tuple[str, Line]]:
    """Average, paths and groups, by their labels."""
    translate, effects = ask.translate, effects_of(source)
    yield translate("Average effect"), ask.summary(att(effects, weights=ask.weights)).iloc[0]
    paths = {*effects[v.PATH].to_numpy().tolist()}
    if {v.DIRECT, v.RECEIVED, v.TOTAL} == paths:
        for path in (v.DIRECT, v.RECEIVED):
            draws = att(effects, None, ask.weights, path)
            yield translate(EFFECTS_BY_TREATMENT[path]), ask.summary(draws).iloc[0]
    elif len(paths) > 1 and v.DIRECT in paths:
        table = summary(by_path(effects, None, ask.weights), ask.prob, ask.interval)
        for _, line in table[table[v.PATH] != v.TOTAL].iterrows():
            path = str(line[v.PATH])
            yield translate("Direct") if path == v.DIRECT else translate("Through {}", path), line
    for new, old in names_of(ask.by).items():
        for _, line in ask.summary(att(effects, {new: old}, ask.weights)).iterrows():
            yield f"{new}: {text(line[new])}", line


def journal_cell(line: Line, draft: TableDraft, decimals: int | None = None) -> Cell:
    """Write mean, SD and probability, with marks if requested; the draft's decimals by default."""
    chance, mark = float(line["p_positive"]), ""
    if draft.ask.marks:
        mark = next((m for least, m in _MARKS if max(chance, 1 - chance) > least), "")
    names = (draft.translate("Mean"), draft.translate("SD"), draft.translate("P(> 0)"))
    form = Form(f"{{}}{mark}\n({{}})\n[{{}}]", ("number", "number", "chance"), names)
    decimals = draft.write.decimals if decimals is None else decimals
    return Cell((float(line["mean"]), float(line["sd"]), chance), form, decimals)


def held_effects(source: Fit, ask: Ask) -> Iterator[tuple[str, bool]]:
    """Return rows on unit and time effects of a column."""
    translate, by = ask.translate, time_strata(source)
    yield translate("Unit effects"), True
    yield translate("Time effects"), True
    if by:
        factors = " × ".join(map(translate.name, by))
        yield translate("{} × time effects", factors), True
    for name in source.facts.baseline:
        yield translate("{} × time effects", translate.name(name)), True


def held_rows(source: object, ask: Ask) -> Iterator[tuple[str, bool]]:
    """Return rows on fixed effects and controls of a column."""
    if not isinstance(source, Fit):
        return
    yield from held_effects(source, ask)
    controls = source.panel is not None and bool(source.facts.covariates_of(source.panel))
    yield ask.translate("Controls"), controls
