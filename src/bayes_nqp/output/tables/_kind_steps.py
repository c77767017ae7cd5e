"""The literature's steps of mediation, side by side."""

from __future__ import annotations

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CHANNELS
from bayes_nqp.effects.estimands import names_of, text
from bayes_nqp.output.tables._described import stacked_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Table
from bayes_nqp.output.tables._parts import chance, outcome_of
from bayes_nqp.output.tables._steps import TREATMENT, baron_kenny

_NOTE_STEPS = Message(
    "Columns: regressions of the outcome on treatment; of each mediator on treatment; of "
    "the outcome on treatment and mediators. All come from one model, without sequential "
    "testing."
)


@kind(Message("Regressions of the mediation analysis"), place=40, needs=(CHANNELS,))
def steps(fit: FitOrEffects, ask: Ask) -> Table:
    """Tabulate the three steps, a column an equation.

    Parameters
    ----------
    fit : Fit
        Fit or effects of a ``Mediation``.
    """
    translate, names = ask.translate, list(names_of(ask.by))
    numbers = baron_kenny(fit, ask.by, ask.prob, ask.interval)
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
        coefficient = str(line["coefficient"])
        label = translate("Treatment") if coefficient == TREATMENT else coefficient
        group = " × ".join(text(line[name]) for name in names)
        place = pairs.index((line["step"], line["equation"]))
        cells_of_step = (draft.write.estimate(line), chance(line["p_positive"]))
        at.setdefault(translate("{} ({})", label, group) if group else label, {})[place] = (
            cells_of_step
        )
    for label, cells in at.items():
        for k, name in enumerate((label, translate("P(> 0)"))):
            draft.row(name, *(cells[i][k] if i in cells else NOTHING for i in range(len(pairs))))
    draft.notes += stacked_notes(numbers, ask.spread, translate)
    draft.note(_NOTE_STEPS)
    draft.judge(fit, str(numbers[v.GATE].iloc[0]))
    return draft.finish(
        "steps", translate("Regressions of the mediation analysis: {}", outcome), "", columns
    )
