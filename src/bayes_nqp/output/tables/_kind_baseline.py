"""Baseline regressions with controls added step by step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.exceptions import NQPError, StudyError
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp._core.progress import bar, say
from bayes_nqp.checks import reported_posterior
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import att, effects_of, worst_convergence
from bayes_nqp.inference.fitting import (
    OUTCOME_ALONE,
    ROWS,
    Fit,
    bayes_r2,
    covariate_slopes,
    fit,
    panel_of,
    refit_alike,
    total_fit,
)
from bayes_nqp.model.designs import StaggeredDiD
from bayes_nqp.numerics.sampling import Importance
from bayes_nqp.output.tables._baseline_steps import baseline_steps
from bayes_nqp.output.tables._described import time_strata
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._layout_journal import (
    add_answers,
    add_legend,
    held_effects,
    journal_cell,
    journal_estimates,
    stamp_failures,
)
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Form, Table, decimals_for
from bayes_nqp.output.tables._parts import AS_FITTED_NOTE, count, number, outcome_of, units_by
from bayes_nqp.output.tables._twfe import TwoWayRegression, has_pyfixest, two_way_regression

if TYPE_CHECKING:
    from bayes_nqp.output.tables._parts import Line

_NOTE_PARALLEL = Message(
    "All columns are estimated under parallel trends. For column ({}), the posterior "
    "probability of parallel trends is {:.2f}. The average effect under the model average is {} "
    "{}; this is the result to report."
)
_NOTE_NO_AVERAGE = Message(
    "All columns are estimated under parallel trends, without a model average: {}"
)
_NOTE_R2 = Message(
    "R² (within): posterior mean of var(fit) / (var(fit) + var(residual)), after unit and time "
    "effects are partialled out (Gelman et al. 2019)."
)
_NOTE_TWFE = Message(
    "TWFE: least squares with two-way fixed effects by pyfixest; standard errors in "
    "parentheses, clustered by unit. It is shown for comparison and supports no conclusion. "
    "Under staggered adoption, its coefficient averages effects with weights that can be "
    "negative (Goodman-Bacon 2021)."
)
_NOTE_TWFE_TIME = Message(
    "It has the controls and time effects of column ({}). In comparisons of estimators, two-way "
    "fixed effects have no controls and common time effects, so the coefficients differ."
)
_NOTE_OTHER = Message("The controls of the tabulated fit are those of no column: {}.")
_NOTE_ALONE = Message("The columns are models of the outcome alone, without mediators.")
_NOTE_GAPS = Message(
    "All columns use the same observations, without those with a missing value: {}."
)


@kind(Message("Baseline regressions"), of=("fit", "panel"), place=65, needs=(ROWS,))
def baseline(source: object, ask: Ask) -> Table:
    """Tabulate refits with controls added step by step, a column each.

    Parameters
    ----------
    source : Fit or Panel
        A fit, with its design, sampler and seed in all columns; or a panel, with `StaggeredDiD`.
    """
    if not isinstance(source, Fit | Panel):
        problem = "kind='baseline' refits the model, but 'values' contains draws of effects only"
        raise StudyError(problem, hint="nqp.table(fit, 'baseline'), or a panel")
    panel = source if isinstance(source, Panel) else panel_of(source)
    covariates = panel.roles.covariates
    controls = covariates if isinstance(source, Panel) else source.facts.covariates_of(panel)
    steps = baseline_steps(ask.steps, panel, controls)
    first = _first(source, steps[-1])
    fits = _columns(first, steps)
    adopted = first.facts.adopted
    shown = has_pyfixest() if ask.twfe is None else ask.twfe
    twfe = two_way_regression(first, steps[-1], time_strata(first)) if shown and adopted else None
    return _tabulated(fits, steps, twfe, first, ask, source)


def _first(source: Fit | Panel, controls: tuple[str, ...]) -> Fit:
    """Return the fit that all columns follow; for a panel, that of the last step."""
    if isinstance(source, Panel):
        with bar():
            say(Message("baseline regressions"), 0, 1)
            return fit(
                StaggeredDiD(covariates=controls), source, Importance(seed=1), progress=False
            )
    return source if source.facts.channels is None else total_fit(source)


def _columns(first: Fit, steps: Sequence[tuple[str, ...]]) -> list[Fit]:
    """Fit every step; the step with the controls of the first fit is this fit."""
    covariates, fits = set(first.facts.covariates_of(panel_of(first))), []
    with bar():
        for i, step in enumerate(steps):
            say(Message("baseline regressions"), i, len(steps))
            if set(step) == covariates:
                fits.append(first)
                continue
            try:
                fits.append(refit_alike(first, first.variant(covariates=step)))
            except NQPError as error:
                problem = Message("'steps', column ({}): {}", i + 1, error.what)
                raise type(error)(problem, where=error.where, hint=error.hint) from error
        say(Message("baseline regressions"), len(steps), len(steps))
    return fits


def _tabulated(
    fits: Sequence[Fit],
    steps: Sequence[tuple[str, ...]],
    twfe: TwoWayRegression | None,
    first: Fit,
    ask: Ask,
    source: Fit | Panel,
) -> Table:
    """Build the table, with the rows of journals."""
    translate, regression = ask.translate, [] if twfe is None else [twfe]
    parts = [dict(journal_estimates(x, ask)) for x in fits]
    draft = TableDraft(ask, [line["sd"] for part in parts for line in part.values()])
    for k, label in enumerate(dict.fromkeys(label for part in parts for label in part)):
        cells = [journal_cell(x[label], draft) if label in x else NOTHING for x in parts]
        pairs = [_pair(None if k else x.treatment, draft) for x in regression]
        draft.row(label, *cells, *pairs)
    controls = list(dict.fromkeys(name for step in steps for name in step))
    if ask.coefficients:
        _add_coefficients(draft, fits, steps, controls, regression)
    columns = [*zip(fits, steps, strict=True), *((first, steps[-1]) for _ in regression)]
    add_answers(draft, [_held(x, step, controls, ask) for x, step in columns])
    _add_sizes(draft, [x for x, _ in columns])
    reasons = _add_r2(draft, fits, regression)
    tops = [att(effects_of(x), weights=ask.weights) for x in fits]
    stamp_failures(draft, tops)
    _add_notes(draft, fits, first, reasons, source if isinstance(source, Fit) else first)
    draft.note(_NOTE_TWFE, when=bool(regression))
    differs = bool(regression and (steps[-1] or time_strata(first)))
    draft.note(_NOTE_TWFE_TIME, len(steps), when=differs)
    draft.notes += ask.averaged(tops[0].attrs)[:1]
    # Only the fit itself has the name that the outcome was given.
    outcome = translate.name(outcome_of([ask.summary(att(effects_of(first)))], translate))
    heads = [f"({i})\n{outcome}" for i in range(1, len(fits) + 1)]
    heads += [f"({len(fits) + 1})\n{outcome}\nTWFE" for _ in regression]
    title = translate("Baseline regressions: {}", outcome)
    facts = ask.facts(worst_convergence(*tops))
    return draft.finish("baseline", title, "", map(Column, heads), facts)


def _pair(pair: tuple[float, float] | None, draft: TableDraft, decimals: int | None = None) -> Cell:
    """Make a cell of a least squares coefficient over its standard error."""
    if pair is None:
        return NOTHING
    names = (draft.translate("Estimate"), draft.translate("Standard error"))
    decimals = draft.write.decimals if decimals is None else decimals
    return Cell(pair, Form("{}\n({})", ("number", "number"), names), decimals)


def _add_sizes(draft: TableDraft, columns: Sequence[Fit]) -> None:
    """Add numbers of observations, units and treated units."""
    translate, panels = draft.translate, [panel_of(x) for x in columns]
    units = [p.unit_codes[x.model_frame.kept] for p, x in zip(panels, columns, strict=True)]
    pairs = list(zip(panels, units, strict=True))
    draft.row("N", *(count(p.counts[u].sum()) for p, u in pairs))
    draft.row(translate("Units"), *(count(p.counts[np.unique(u)].sum()) for p, u in pairs))
    treated = (units_by(x, effects_of(x), None).get("") for x in columns)
    draft.row(translate("Treated units"), *map(count, treated))


def _add_coefficients(
    draft: TableDraft,
    fits: Sequence[Fit],
    steps: Sequence[tuple[str, ...]],
    controls: Sequence[str],
    regression: Sequence[TwoWayRegression],
) -> None:
    """Add a row for each control with its coefficients."""
    for name in controls:
        lines = [
            _slope(each, name, draft.ask) if name in step else None
            for each, step in zip(fits, steps, strict=True)
        ]
        decimals = decimals_for([x["sd"] for x in lines if x is not None], draft.ask.digits)
        cells = [NOTHING if x is None else journal_cell(x, draft, decimals) for x in lines]
        draft.row(name, *cells, *(_pair(x.controls.get(name), draft, decimals) for x in regression))


def _slope(each: Fit, name: str, ask: Ask) -> Line:
    """Summarise the coefficient of a control."""
    draws = covariate_slopes(each, [name])[..., 0]
    return ask.summary(xr.DataArray(draws, dims=v.SAMPLE_DIMS, coords=each.gate.evidence)).iloc[0]


def _held(each: Fit, step: Sequence[str], controls: Sequence[str], ask: Ask) -> dict[str, bool]:
    """Return rows on controls, by name unless their coefficients are shown, and fixed effects."""
    translate = ask.translate
    if ask.coefficients or not controls:
        named = {translate("Controls"): bool(step)}
    else:
        named = {translate("Control: {}", translate.name(x)): x in step for x in controls}
    return named | dict(held_effects(each, ask))


def _add_r2(
    draft: TableDraft, fits: Sequence[Fit], regression: Sequence[TwoWayRegression]
) -> list[Message]:
    """Add the within R² of each column; return the reasons of columns that have none."""
    cells, reasons = [], list[Message]()
    for each in fits:
        try:
            cells.append(number(float(bayes_r2(each).mean()), 3))
        except NQPError as error:
            cells.append(NOTHING)
            reasons.append(Message("R² is not available: {}.", error.what))
    draft.row(draft.translate("R² (within)"), *cells, *(number(x.r2, 3) for x in regression))
    return list(dict.fromkeys(reasons))


def _add_notes(
    draft: TableDraft, fits: Sequence[Fit], first: Fit, reasons: Sequence[Message], given: Fit
) -> None:
    """Add notes on cells, assumptions, R² and the sample.

    The model average is that of the given fit, which other tables report, if the first fit has the
    same controls; a mediation and its outcome alone do not have separate averages.
    """
    ask, within = draft.ask, any(x is first for x in fits)
    at = next((i for i, x in enumerate(fits, 1) if x is first), len(fits))
    add_legend(draft)
    draft.note(_NOTE_ALONE, when=OUTCOME_ALONE in first.record)
    posterior = reported_posterior(given if within else fits[at - 1])
    if posterior.average is not None:
        line = ask.summary(att(posterior.effects, weights=ask.weights)).iloc[0]
        support = float(posterior.average.families["posterior"].loc["parallel"])
        mean, ends = number(line["mean"], draft.write.decimals), draft.write.interval(line)
        draft.note(_NOTE_PARALLEL, at, support, mean.text, ends.text)
    draft.note(_NOTE_NO_AVERAGE, posterior.missing, when=bool(posterior.missing))
    assumed = posterior.average is not None or bool(posterior.missing)
    draft.note(AS_FITTED_NOTE, when=not assumed)
    draft.note(_NOTE_R2, when=not reasons)
    draft.notes += map(draft.translate, reasons)
    covariates = first.facts.covariates_of(panel_of(first))
    draft.note(
        _NOTE_OTHER,
        listed(covariates, len(covariates)) if covariates else Message("none"),
        when=not within,
    )
    gaps = panel_of(first).dropped
    lost = [Message("{} ({:,})", draft.translate.name(name), n) for name, n in gaps.items()]
    draft.note(_NOTE_GAPS, listed(lost, len(lost)), when=bool(lost))
