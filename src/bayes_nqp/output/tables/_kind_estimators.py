"""Average effects by other estimators and by the fit."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message, listed
from bayes_nqp.effects.estimands import percent
from bayes_nqp.inference.fitting import ADOPTION, ROWS, UNITS, Fit, panel_of
from bayes_nqp.output.tables._described import time_strata
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._estimators_table import estimators_table
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Column, Table
from bayes_nqp.output.tables._parts import number, word

_NOTE: Final = Message(
    "First row: posterior mean, SD and credible interval of the average effect. Other rows: "
    "estimate, standard error clustered by unit and confidence interval."
)
_NOTE_LEFT: Final = Message("No estimate of {}: {}.")
_NOTE_TIME: Final = Message(
    "Time effects differ by {} in the first row, and are common to all units in the others."
)


@kind(Message("Other estimators"), place=96, needs=(ADOPTION, ROWS, UNITS))
def estimators(fit: Fit, ask: Ask) -> Table:
    """Tabulate the average effect and the assumptions of each estimator."""
    translate = ask.translate
    table = estimators_table(fit, prob=ask.prob, language=ask.language)
    averages = table[table[v.EVENT_TIME].isna()]
    draft = TableDraft(ask, averages["sd"])
    decimals = draft.write.decimals
    for _, line in averages.iterrows():
        draft.row(
            str(line["estimator"]),
            number(line["mean"], decimals), number(line["sd"], decimals),
            draft.write.interval(line), word(str(line["assumes"])),
        )  # fmt: skip
    draft.note(_NOTE)
    strata = list(map(translate.name, time_strata(fit)))
    draft.note(_NOTE_TIME, listed(strata), when=bool(strata))
    left = table.attrs["left_out"]
    for why in dict.fromkeys(left.values()):
        draft.note(_NOTE_LEFT, listed([x for x in left if left[x] == why], len(left)), why)
    columns = (
        Column(translate("Estimate")),
        Column(translate("SD or standard error")),
        Column(translate("{} interval", percent(ask.prob))),
        Column(translate("Assumes"), words=True),
    )
    facts = {"panel_digest": panel_of(fit).digest}
    return draft.finish(
        "estimators", translate("Other estimators"), translate("Estimator"), columns, facts
    )
