"""Triple difference, and the two differences in differences behind it."""

from __future__ import annotations

from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import GAPS, ROWS, plain_differences
from bayes_nqp.effects.effects import group_time_effects
from bayes_nqp.effects.estimands import att
from bayes_nqp.inference.fitting import Fit, require
from bayes_nqp.output.tables._described import interval_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Table
from bayes_nqp.output.tables._parts import estimate_columns, outcome_of

_NOTE = Message(
    "The second row minus the third estimates the first; the models are fitted separately. The "
    "third difference removes the third row: shocks and trends of states that enable the policy, "
    "and any effects on ineligible units."
)


@kind(
    Message("Triple difference and its parts"), section="results", place=90, needs=(GAPS, ROWS)
)  # fmt: skip
def third_difference(source: Fit, ask: Ask) -> Table:
    """Tabulate the triple difference, and difference-in-differences of both groups alone."""
    require(source, GAPS, ROWS)
    translate = ask.translate
    eligible, ineligible, _ = plain_differences(source)
    lines = {
        Message("Triple difference"): att(group_time_effects(source), weights=ask.weights),
        Message("Difference-in-differences of eligible units"): eligible,
        Message("Difference-in-differences of ineligible units"): ineligible,
    }
    tables = {translate(label): ask.summary(draws) for label, draws in lines.items()}
    draft = TableDraft(ask, [table["sd"].iloc[0] for table in tables.values()])
    for label, table in tables.items():
        draft.estimate(label, table.iloc[0])
    first = next(iter(tables.values()))
    draft.notes += [*interval_notes(first, translate), translate(_NOTE)]
    draft.judge(source, str(source.gate))
    title = translate("Triple difference and its parts: {}", outcome_of([first], translate))
    columns = estimate_columns(translate, ask.prob)
    return draft.finish("third_difference", title, translate("Estimate"), columns)
