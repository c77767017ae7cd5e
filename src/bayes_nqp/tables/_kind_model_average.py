"""Prior and posterior probabilities of the assumptions that a model average weighs."""

from __future__ import annotations

import numpy as np

from bayes_nqp.checks import ADOPTION, FAMILIES, reported_posterior
from bayes_nqp.errors import StudyError
from bayes_nqp.estimands import att, worst_gate
from bayes_nqp.language import Message
from bayes_nqp.tables._described import interval_notes
from bayes_nqp.tables._draft import TableDraft
from bayes_nqp.tables._kinds import Ask, kind
from bayes_nqp.tables._model import NOTHING, Column, Table
from bayes_nqp.tables._parts import chance, estimate_cells, estimate_columns, number

_NOTE_EVIDENCE = Message(
    "Log Bayes factor: log marginal likelihood of untreated observations less that under parallel "
    "trends."
)
_NOTE_LEFT_OUT = Message("Not identified by this panel: {} ({}).")


@kind(Message("Assumptions and their probabilities"), place=25, needs=(ADOPTION,))
def model_average(source: object, ask: Ask) -> Table:
    """Tabulate prior and posterior probability, evidence and the average effect by assumption."""
    translate, posterior = ask.translate, reported_posterior(source)
    average = posterior.average
    if average is None:
        raise StudyError(
            Message("there is no model average: {}", posterior.missing), hint="kind='effects'"
        )
    total = ask.summary(att(average.effects, weights=ask.weights))
    draft = TableDraft(ask, total["sd"].tolist())
    table = average.table
    for name, line in average.families.iterrows():
        probabilities = (chance(line["prior"]), chance(line["posterior"]))
        known = np.isfinite(line["posterior"])
        cells = probabilities if known else (probabilities[0], NOTHING)
        draft.row(translate(FAMILIES[name]), *cells, *[NOTHING] * 5, rule=True)
        for k, x in enumerate(average.designs):
            if x.candidate.family != name:
                continue
            row, effects = table.iloc[k], x.effects
            estimate = [NOTHING] * 4
            if effects is not None:
                of = ask.summary(att(effects, weights=ask.weights)).iloc[0]
                estimate = list(estimate_cells(of, draft.write))
            label = "  " + translate(x.candidate.name)
            draft.row(
                label, chance(row["prior"]), chance(x.weight), number(x.evidence.value, 1),
                *estimate,
            )  # fmt: skip
    draft.row(
        translate("Model average"), NOTHING, NOTHING, NOTHING,
        *estimate_cells(total.iloc[0], draft.write), rule=True,
    )  # fmt: skip
    draft.notes += [translate(_NOTE_EVIDENCE), *interval_notes(total, translate)]
    for name, why in average.left_out:
        draft.note(_NOTE_LEFT_OUT, name, why)
    draft.note("{}", average.errors, when=bool(average.errors))
    draft.judge(source, worst_gate(average.effects))
    columns = (
        Column(translate("Prior")), Column(translate("Posterior")),
        Column(translate("Log Bayes factor")), *estimate_columns(translate, ask.prob),
    )  # fmt: skip
    title = translate("Assumptions about untreated outcomes and their probabilities")
    return draft.finish("model_average", title, translate("Assumption"), columns)
