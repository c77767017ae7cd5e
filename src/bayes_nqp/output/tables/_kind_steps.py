"""The literature's steps of mediation, side by side."""

from __future__ import annotations

from typing import Any

import pandas as pd

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import names_of, text
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables._described import stacked_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._layout_journal import add_answers, held_rows
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Table
from bayes_nqp.output.tables._parts import chance, count, outcome_of
from bayes_nqp.output.tables._steps import TREATMENT, baron_kenny
from bayes_nqp.output.tables._steps import two_step_mediation as two_steps

_NOTE_TWO = Message(
    "Columns: regressions of the outcome on treatment, and of each mediator on treatment, from "
    "one model. The effect of a mediator on the outcome is left to theory and the literature. "
    "The mediator is not randomised, so that a regression identifies this effect only under "
    "further assumptions (Jiang 2022)."
)
_NOTE_STEPS = Message(
    "Columns: regressions of the outcome on treatment; of each mediator on treatment; of "
    "the outcome on treatment and mediators. All come from one model, without sequential "
    "testing."
)
_NOTE_REJECTED = Message(
    "Referees in economics reject this three-step procedure (Jiang 2022). The mediator of the "
    "third step is endogenous: an unmeasured variable that affects mediator and outcome biases "
    "both coefficients. Report the two-step table, and the decomposition with its sensitivity "
    "analysis."
)
_NOTE_UNITS = Message("Columns of mediators: in units of the mediator.")
_NOTE_FITTED = Message("All columns are as fitted, under parallel trends; none is a model average.")


@kind(Message("Effects on the outcome and on mediators"), place=38, needs=(CHANNELS,))
def two_step_mediation(fit: FitOrEffects, ask: Ask) -> Table:
    """Tabulate the effects of treatment on the outcome and on every mediator, a column an equation.

    Parameters
    ----------
    fit : Fit
        Fit or effects of a ``Mediation``.
    """
    numbers = two_steps(fit, ask.by, ask.prob, ask.interval)
    title = Message("Effects of the policy on {} and on mediators")
    return _tabulated("two_step_mediation", title, (_NOTE_TWO,), numbers, fit, ask)


@kind(Message("Regressions of the mediation analysis"), place=40, needs=(CHANNELS,))
def steps(fit: FitOrEffects, ask: Ask) -> Table:
    """Tabulate the three steps, a column an equation.

    Parameters
    ----------
    fit : Fit
        Fit or effects of a ``Mediation``.
    """
    numbers = baron_kenny(fit, ask.by, ask.prob, ask.interval)
    title = Message("Regressions of the mediation analysis: {}")
    return _tabulated("steps", title, (_NOTE_STEPS, _NOTE_REJECTED), numbers, fit, ask)


def _tabulated(
    name: str,
    title: Message,
    notes: tuple[Message, ...],
    numbers: pd.DataFrame,
    fit: FitOrEffects,
    ask: Ask,
) -> Table:
    """Set the equations side by side, with rows on fixed effects and observations."""
    translate, names = ask.translate, list(names_of(ask.by))
    numbers.attrs.setdefault("outcome", getattr(fit, "record", {}).get("outcome", ""))
    draft = TableDraft(ask, numbers["sd"].tolist())
    outcome = outcome_of([numbers], translate)
    pairs = list(dict.fromkeys(zip(numbers["step"], numbers["equation"], strict=True)))
    columns = tuple(
        Column(f"({i})\n{translate.name(outcome if equation == 'outcome' else equation)}")
        for i, (_, equation) in enumerate(pairs, 1)
    )
    at: dict[str, dict[int, tuple[Cell, Cell]]] = {}
    for _, line in numbers.iterrows():
        place = pairs.index((line["step"], line["equation"]))
        cells_of_step = (draft.write.estimate(line), chance(line["p_positive"]))
        at.setdefault(_label(line, names, ask), {})[place] = cells_of_step
    for label, cells in at.items():
        for k, row in enumerate((label, translate("P(> 0)"))):
            draft.row(row, *(cells[i][k] if i in cells else NOTHING for i in range(len(pairs))))
    add_answers(draft, [dict(held_rows(fit, ask))] * len(pairs))
    if isinstance(fit, Fit) and fit.panel is not None:
        draft.row("N", *(count(fit.rows.n_rows) for _ in pairs))
    draft.notes += stacked_notes(numbers, ask.spread, translate)
    draft.notes += map(translate, (_NOTE_UNITS, *notes))
    draft.note(_NOTE_FITTED, when=isinstance(fit, Fit) and fit.facts.parallel)
    draft.judge(fit, str(numbers[v.GATE].iloc[0]))
    return draft.finish(name, translate(title, outcome), "", columns)


def _label(line: pd.Series[Any], names: list[str], ask: Ask) -> str:
    """Return the label of a coefficient, with its group."""
    translate, coefficient = ask.translate, str(line["coefficient"])
    label = translate("Treatment") if coefficient == TREATMENT else coefficient
    group = " × ".join(text(line[name]) for name in names)
    return translate("{} ({})", label, group) if group else label
