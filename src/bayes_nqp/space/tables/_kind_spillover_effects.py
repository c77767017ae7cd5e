"""Table of direct and spillover effects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.effects.estimands import att, convergence_of, effects_of, own_and_received, text
from bayes_nqp.effects.estimands import spillover_effects as received_by
from bayes_nqp.inference.fitting import RECEIVED, Fit, own_receivers
from bayes_nqp.output.tables import (
    Ask,
    Column,
    Table,
    TableDraft,
    count,
    estimate_columns,
    interval_notes,
    kind,
    outcome_of,
)

_MANY = 6
"""Levels of a factor that have lines of their own."""

type Lines = Iterator[tuple[str, xr.DataArray | None]]
"""Labels with draws; headings without."""


@kind(Message("Direct and spillover effects"), section="spillovers", place=25, needs=(RECEIVED,))
def spillover_effects(fit: Fit, ask: Ask) -> Table:
    """Tabulate total, direct and spillover effects."""
    translate = ask.translate
    lines = [*_treated(fit, ask), *(_untreated(fit, ask) if fit.facts.adopted else ())]
    tables = [None if draws is None else ask.summary(draws) for _, draws in lines]
    draft = TableDraft(ask, [s for table in tables if table is not None for s in table["sd"]])
    for (label, _), table in zip(lines, tables, strict=True):
        if table is None:
            draft.row(label)
            continue
        for _, line in table.iterrows():
            draft.estimate(label, line, count(line[v.ROWS]))
    first = next(table for table in tables if table is not None)
    draft.notes += interval_notes(first, translate)
    factors = (x for x in schema.factors(fit.effects) if x not in own_receivers(fit))
    _explain(draft, fit, [
        factor for factor in map(translate.name, factors)
        if any(label.startswith(f"{factor}: ") for label, _ in lines)
    ])  # fmt: skip
    draft.judge(fit, convergence_of(att(fit)))
    title = translate("Direct and spillover effects: {}", outcome_of([first], translate))
    columns = (*estimate_columns(translate, ask.prob), Column(translate("Observations")))
    return draft.finish("spillover_effects", title, "", columns)


def _explain(draft: TableDraft, fit: Fit, alike: Sequence[str]) -> None:
    """Explain the averages of the lines, and the differences between groups.

    Parameters
    ----------
    alike : sequence of str
        Factors of lines with a common spillover coefficient.
    """
    parted, near = v.DIRECT in fit.effects[v.PATH], fit.facts.has("exposure")
    draft.note("Total: sum of direct and spillover effects, draw by draw.", when=parted)
    draft.note("Spillovers between treated units are part of their total effect.", when=not parted)
    if not fit.facts.adopted:
        draft.note("Effects of the same increase of the exposure for all units.")
    elif near:
        draft.note(
            "Spillover effects on untreated units: averages over their exposed observations."
        )
    else:
        draft.note(
            "Spillover effects on untreated units: averages over all their observations "
            "since the first adoption.")  # fmt: skip
    draft.note(
        "All levels of {} share one spillover coefficient; their spillover effects differ"
        " only by the share of treated neighbours (check spillover_heterogeneity).",
        listed(alike, max(len(alike), 1)),
        when=bool(alike) and fit.facts.adopted and not near,
    )
    draft.note(
        "By exposure class and by group: averages over exposed observations; the "
        "spillover effect is averaged over all treated observations.",
        when=parted and near,
    )


def _treated(fit: Fit, ask: Ask) -> Lines:
    """Effects of treated rows: the total, and its parts where the model has them."""
    translate, effects = ask.translate, effects_of(fit)
    yield translate("Treated units" if fit.facts.adopted else "Exposed units"), None
    yield translate("Total"), att(effects, weights=ask.weights)
    if v.DIRECT not in effects[v.PATH]:
        return
    of_treatment, others = own_and_received(effects, ask.weights)
    yield translate("Own"), of_treatment
    yield translate("Received"), others
    if fit.facts.has("exposure"):
        yield from _rings(fit, ask, "treated")
    if fit.facts.adopted:
        yield from _groups(fit, ask, "treated")


def _untreated(fit: Fit, ask: Ask) -> Lines:
    """Return spillover effects on untreated observations, overall and by band."""
    yield ask.translate("Untreated units"), None
    yield ask.translate("Received"), received_by(fit, weights=ask.weights)
    if fit.facts.has("exposure"):
        yield from _rings(fit, ask, "untreated")
    yield from _groups(fit, ask, "untreated")


def _groups(fit: Fit, ask: Ask, onto: Literal["untreated", "treated"]) -> Lines:
    """Return spillover effects by group, one line for each level of a factor with few levels."""
    effects = effects_of(fit)
    for factor in schema.factors(effects):
        draws = received_by(effects, factor, ask.weights, onto).dropna(factor)
        if 1 < draws.sizes[factor] <= _MANY:
            for level in draws[factor].to_numpy():
                name = ask.translate.name
                label = ask.translate("{}: {}", name(factor), name(text(level), factor))
                yield label, draws.sel({factor: level}).drop_vars(factor)


def _rings(fit: Fit, ask: Ask, onto: Literal["untreated", "treated"]) -> Lines:
    """By ring, one line each."""
    draws = received_by(fit, v.RING, ask.weights, onto)
    for ring in draws[v.RING].to_numpy():
        yield text(ring), draws.sel(ring=ring).drop_vars(v.RING)
