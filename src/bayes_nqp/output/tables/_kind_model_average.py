"""Prior and posterior probabilities of the assumptions that a model average weighs."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.checks import ADOPTION, FAMILIES, Weighed, reported_posterior
from bayes_nqp.effects.estimands import att, worst_convergence
from bayes_nqp.output.tables._described import interval_notes
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Table
from bayes_nqp.output.tables._parts import chance, estimate_cells, estimate_columns, number

_NOTE_EVIDENCE = Message(
    "Log Bayes factor: log marginal likelihood of untreated observations minus that under"
    " parallel trends."
)
_NOTE_LEFT_OUT = Message("Not among the candidates: {} ({}).")


@kind(Message("Assumptions and their probabilities"), place=25, needs=(ADOPTION,))
def model_average(source: object, ask: Ask) -> Table:
    """Tabulate prior and posterior probability, evidence and the average effect by assumption."""
    translate, posterior = ask.translate, reported_posterior(source)
    average = posterior.average
    if average is None:
        raise StudyError(
            Message("no model average is available: {}", posterior.missing), hint="kind='effects'"
        )
    total = ask.summary(att(average.effects, weights=ask.weights))
    draft = TableDraft(ask, total["sd"].tolist())
    table = average.table
    posteriors = average.families["posterior"]
    for name, prior in average.prior.items():
        of_family = [(k, x) for k, x in enumerate(average.designs) if x.candidate.family == name]
        finite = np.isfinite(posteriors[name])
        cells = (chance(prior), chance(posteriors[name]) if finite else NOTHING)
        lone = of_family[0][1] if len(of_family) == 1 else None
        evidence_cells = [NOTHING] * 5 if lone is None else _evidence(lone, ask, draft)
        draft.row(translate(FAMILIES[name]), *cells, *evidence_cells, rule=True)
        for k, x in of_family if lone is None else ():
            shares = (chance(table["prior"].iloc[k]), chance(x.weight))
            draft.row(f"– {translate(x.candidate.name)}", *shares, *_evidence(x, ask, draft))
    draft.row(
        translate("Model average"), NOTHING, NOTHING, NOTHING,
        *estimate_cells(total.iloc[0], draft.write), rule=True,
    )  # fmt: skip
    draft.notes += [translate(_NOTE_EVIDENCE), *interval_notes(total, translate)]
    reasons: dict[str, list[str]] = {}
    for candidate, why in average.left_out:
        reasons.setdefault(translate.name(why), []).append(translate.name(candidate))
    for reason, names in reasons.items():
        draft.note(_NOTE_LEFT_OUT, listed(names, len(names)), reason)
    draft.note("{}", average.errors, when=bool(average.errors))
    draft.judge(source, worst_convergence(average.effects))
    columns = (
        Column(translate("Prior")), Column(translate("Posterior")),
        Column(translate("Log Bayes factor")), *estimate_columns(translate, ask.prob),
    )  # fmt: skip
    title = translate("Assumptions about untreated outcomes and their probabilities")
    return draft.finish("model_average", title, translate("Assumption"), columns)


def _evidence(x: Weighed, ask: Ask, draft: TableDraft) -> list[Cell]:
    """The log Bayes factor of a candidate, and its estimate where it was fitted."""
    cells = [number(x.evidence.value, 1)]
    if x.effects is None:
        return [*cells, *[NOTHING] * 4]
    line = ask.summary(att(x.effects, weights=ask.weights)).iloc[0]
    return [*cells, *estimate_cells(line, draft.write)]
