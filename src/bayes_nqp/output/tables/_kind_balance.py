"""Balance of covariates before and after matching."""

from __future__ import annotations

from typing import Final

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.matching import METHODS, Matched
from bayes_nqp.effects.estimands import text
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import Column, Row, Table
from bayes_nqp.output.tables._parts import chance, number, word

_SAMPLES: Final = {"before": Message("Before matching"), "after": Message("After matching")}
_HEADS: Final = (
    Message("Sample"), Message("Mean of treated units"), Message("Mean of controls"),
    Message("Standardised difference (%)"), Message("Reduction (%)"), Message("t"), Message("p"),
    Message("Variance ratio"),
)  # fmt: skip
_NOTES: Final = (
    Message(
        "Standardised difference: difference of means divided by the root of the mean variance of "
        "the groups before matching. Values below 10 % in absolute terms are usually considered "
        "balanced, and variance ratios between 0.5 and 2."
    ),
    Message(
        "t, p: test of equal means with equal variances and the effective numbers of units; a large"
        " p-value in a small matched sample is no evidence of balance."
    ),
)


@kind(Message("Balance of covariates"), of=("matched",), place=55)
def balance(matched: Matched, ask: Ask) -> Table:
    """Tabulate means, standardised differences, t tests and variance ratios of covariates.

    Parameters
    ----------
    matched : Matched
        Result of `nqp.match`.
    """
    translate, digits = ask.translate, ask.digits if ask.digits is not None else 3
    rows: list[Row] = []
    period: object = None
    for _, line in matched.balance.iterrows():
        if line.get("period") != period:
            period = line["period"]
            rows.append(Row(text(period), rule=bool(rows)))
        first = line["sample"] == "before"
        cells = (
            word(translate(_SAMPLES[line["sample"]])),
            number(line["mean_treated"], digits), number(line["mean_control"], digits),
            number(100.0 * line["difference"], 1), number(100.0 * line["reduction"], 1),
            number(line["t"], 2), chance(line["p"]), number(line["variance_ratio"], 2),
        )  # fmt: skip
        rows.append(Row(line["covariate"] if first else "", cells))
    treated, selected = matched.items["treated"], matched.items["weight"] > 0
    counts = [int(x.sum()) for x in (selected & treated, treated, selected & ~treated, ~treated)]
    sizes = Message(
        "Method: {}. Matched: {} of {} treated and {} of {} never-treated {}.",
        METHODS[matched.method].label, *counts, matched.kind,
    )  # fmt: skip
    return Table(
        "balance",
        ask.title or translate("Balance of covariates before and after matching"),
        translate("Variable"),
        tuple(Column(translate(head)) for head in _HEADS),
        tuple(rows),
        (translate(sizes), *map(translate, _NOTES)),
        (),
        ask.language,
        {"panel_digest": matched.source.digest},
    )
