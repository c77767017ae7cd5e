"""Goodman-Bacon decomposition of the two-way fixed effects coefficient."""

from __future__ import annotations

import numpy as np

from bayes_nqp._core.i18n import Message, Translator
from bayes_nqp.data.panel import Panel
from bayes_nqp.effects.estimands import text
from bayes_nqp.inference.fitting import ADOPTION, ROWS, UNITS, Fit, panel_of, require
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Column, Row, Table, decimals_for
from bayes_nqp.output.tables._parts import number
from bayes_nqp.robustness import COMPARISONS, Decomposition, goodman_bacon

_ALL = Message("All", context="comparisons")
_BIASED = Message(
    "Weight of comparisons with already treated units: {:.1%}. They are biased if effects change "
    "after adoption (Goodman-Bacon 2021)."
)


@kind(
    Message("Goodman-Bacon decomposition"),
    of=("panel", "fit"),
    place=95,
    needs=(ADOPTION, ROWS, UNITS),
)
def bacon(source: Panel | Fit, ask: Ask) -> Table:
    """Tabulate the comparisons behind the two-way fixed effects coefficient and their weights."""
    if not isinstance(source, Panel):
        require(source, ADOPTION)
        source = panel_of(source)
    decomposition, translate = goodman_bacon(source), ask.translate
    decimals = decimals_for([float(np.std(decomposition.estimate))], ask.digits)

    def row(label: str, weight: float, estimate: float) -> Row:
        return Row(label, (number(weight, 4), number(estimate, decimals)))

    def cohort(code: int) -> str:
        labels = source.time_labels
        return translate("never treated") if code < 0 else translate.name(text(labels[code]))

    rows: list[Row] = []
    for name, words in COMPARISONS.items():
        some, weight, estimate = decomposition.of(name)
        if some.any():
            rows += [Row(translate(words)), row(translate(_ALL), weight, estimate)]
        for k in np.flatnonzero(some):
            label = translate(
                "{} vs {}", cohort(decomposition.treated[k]), cohort(decomposition.control[k])
            )
            rows.append(row(label, decomposition.weight[k], decomposition.estimate[k]))
    rows.append(Row(translate("Two-way fixed effects"), rule=True))
    rows.append(row(translate("TWFE coefficient"), 1.0, decomposition.coefficient))
    return Table(
        "bacon",
        translate("Goodman-Bacon decomposition") if ask.title is None else ask.title,
        translate("Comparison"),
        (Column(translate("Weight")), Column(translate("Estimate"))),
        tuple(rows),
        tuple(_notes(decomposition, translate)),
        (),
        ask.language,
        {"panel_digest": source.digest},
    )


def _notes(decomposition: Decomposition, translate: Translator) -> list[str]:
    """Explain the weighted sum, biased comparisons and the number of units left out."""
    return [
        translate("Estimates are differences in differences; their weighted sum is the last row."),
        translate(_BIASED, decomposition.of("later_vs_earlier")[1]),
        *map(translate, decomposition.left_out_units),
    ]
