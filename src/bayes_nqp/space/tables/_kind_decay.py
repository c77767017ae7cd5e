"""Table of spillover effects by distance and of decay lengths."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import percent
from bayes_nqp.output.tables import NOTHING, Ask, Column, Table, TableDraft, chance, kind, number
from bayes_nqp.space.checks import Decay, lengths_of

_STEPS = 9
"""Distances that a table has."""


@kind(Message("Decay of spillovers with distance"), of=("decay", "checks"), place=194)
def decay(source: Decay | Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate `nqp.decay`, or the check "spatial_decay": received by distance, and P(length).

    Raises
    ------
    StudyError
        If none of the checks is it, or it has no numbers.
    """
    curve = source.curve if isinstance(source, Decay) else _of_check(source)
    translate = ask.translate
    draft = TableDraft(ask, 0.25 * (curve["upper"] - curve["lower"]).iloc[:1])
    rows = np.unique(np.linspace(0, len(curve) - 1, _STEPS).round().astype(int))
    for _, line in curve.iloc[rows].iterrows():
        cells = number(line["mean"], draft.write.decimals), draft.write.interval(line)
        draft.row(translate("{} km", f"{line['km']:g}"), *cells, chance(line["p_positive"]))
    shares = dict(source.probabilities) if isinstance(source, Decay) else lengths_of(curve)
    draft.row(translate("Decay length"))
    for km, share in shares.items():
        draft.row(translate("{} km", f"{km:g}"), NOTHING, NOTHING, chance(share))
    draft.note(
        "Spillover effect of one treated unit at distance d, theta exp(-d / l), averaged "
        "over event times; effects of several treated units add up. Results are averaged "
        "over the decay length l, with a uniform prior on its logarithm; posterior "
        "probabilities are given below."
    )
    heads = (
        translate("Mean"), translate("{} interval", percent(0.95)),
        translate("P(> 0), P(length)"),
    )  # fmt: skip
    title = translate("Spillover effect of one treated unit by distance")
    return draft.finish("decay", title, translate("Distance"), [Column(x) for x in heads], {})


def _of_check(results: Sequence[CheckResult]) -> pd.DataFrame:
    """Evidence of the check."""
    result = next((x for x in results if x.name == "spatial_decay"), None)
    if result is None or not isinstance(result.evidence, pd.DataFrame):
        problem = (
            Message("the results do not include the check 'spatial_decay'")
            if result is None
            else result.sentence
        )
        raise StudyError(problem, hint="nqp.check(fit, 'spatial_decay'), or nqp.decay(fit)")
    return result.evidence
