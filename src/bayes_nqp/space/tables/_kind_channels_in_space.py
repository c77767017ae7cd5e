"""Table of direct, indirect and spillover effects by path and mediator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.effects.estimands import PATHS, convergence_of, names_of, paths_in_space
from bayes_nqp.inference.fitting import IN_SPACE, Fit
from bayes_nqp.model.predictors import linked_name
from bayes_nqp.output.tables import (
    Ask,
    Table,
    TableDraft,
    estimate_columns,
    interval_notes,
    kind,
    level_of,
    outcome_of,
)

type Onto = Literal["treated", "untreated"]

_HEADS: Final[dict[Onto, dict[str, Message]]] = {
    "treated": {
        v.OWN: Message("Treated units: own treatment"),
        v.OTHERS: Message("Treated units: others' treatment"),
        v.TOTAL: Message("Treated units: both"),
    },
    "untreated": {v.OTHERS: Message("Untreated units: others' treatment")},
}
_HEADS_DOSE: Final[dict[Onto, dict[str, Message]]] = {
    "treated": {
        v.OWN: Message("Own exposure"),
        v.OTHERS: Message("Others' exposure"),
        v.TOTAL: Message("Both"),
    }
}


@kind(Message("Mediation between units"), place=15, needs=(IN_SPACE,))
def channels_in_space(fit: Fit, ask: Ask) -> Table:
    """Tabulate effects by treated unit (own or linked) and by mediator; overall or by group."""
    translate = ask.translate
    lines = [*_lines(fit, ask)]
    tables = [ask.summary(draws) for _, _, draws in lines]
    draft = TableDraft(ask, [sd for table in tables for sd in table["sd"]])
    head = ""
    for (title, label, _), table in zip(lines, tables, strict=True):
        if title != head:
            draft.row(title, rule=bool(head))
            head = title
        for _, line in table.iterrows():
            level = level_of(line, translate.name)
            draft.estimate(translate("{}: {}", label, level) if level else label, line)
    draft.notes += interval_notes(tables[0], translate)
    _note(draft, fit)
    draft.judge(fit, convergence_of(lines[0][2]))
    outcome, by = outcome_of(tables[:1], translate), [*map(translate.name, names_of(ask.by))]
    title = translate("Mediation between units: {}", outcome)
    if by:
        title = translate("Mediation between units by {}: {}", " × ".join(by), outcome)
    return draft.finish(
        "channels_in_space", title, translate("Path"), estimate_columns(translate, ask.prob)
    )


def _note(draft: TableDraft, fit: Fit) -> None:
    """Add the definitions of averages and sums."""
    adopted = fit.facts.adopted
    draft.note(
        "Averages over treated observations, and over untreated observations with spillovers.",
        when=adopted,
    )
    draft.note("Averages over exposed observations.", when=not adopted)
    draft.note(
        "Effects of the unit's treatment and of spillovers are sums, draw by draw, over "
        "paths: direct, through the unit's mediator, and through mediators of linked "
        "units.",
        when=adopted,
    )
    draft.note(
        "Effects of the unit's exposure and of spillovers are sums, draw by draw, over "
        "paths: direct, through the unit's mediator, and through mediators of linked "
        "units.",
        when=not adopted,
    )
    draft.note(
        "Feedback of the unit's treatment through neighbours is counted as spillover.",
        when=fit.facts.has("exposure"),
    )


def _lines(fit: Fit, ask: Ask) -> Iterator[tuple[str, str, xr.DataArray]]:
    """Heading, label and draws of every line."""
    translate = ask.translate
    heads = _HEADS if fit.facts.adopted else _HEADS_DOSE
    for onto, whose in heads.items():
        draws = paths_in_space(fit, ask.by, ask.weights, onto)
        for treatment, head in whose.items():
            for path in draws[v.PATH].to_numpy().tolist():
                line = draws.sel({v.TREATMENT_OF: treatment, v.PATH: path}, drop=True)
                # Where nothing comes back of the own treatment there is no such way.
                if path not in linked_names(draws) or bool(line.any()):
                    yield translate(head), path_words(path, translate), line


def path_words(path: str, translate: Translator) -> str:
    """Word a path: directly, through the own mediator, through that of linked units, or all."""
    if path in (v.DIRECT, v.TOTAL):
        return translate(PATHS[path])
    name = path.removeprefix(linked_name(""))
    through = Message("Through their own {}", translate.name(name))
    linked = Message("Through linked units' {}", translate.name(name))
    return translate(through if name == path else linked)


def linked_names(draws: xr.DataArray) -> list[str]:
    """Paths through linked units' mediators."""
    return [path for path in draws[v.PATH].to_numpy().tolist() if path.startswith(linked_name(""))]
