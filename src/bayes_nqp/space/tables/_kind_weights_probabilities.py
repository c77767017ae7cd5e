"""Table of evidence, probability and effects of every spatial model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import CheckResult
from bayes_nqp.output.tables import (
    NOTHING,
    Ask,
    Cell,
    Column,
    Table,
    TableDraft,
    chance,
    kind,
    number,
    word,
)
from bayes_nqp.space.checks import WeightsPosterior

_NOTE = Message(
    "Log marginal likelihood minus the highest one; coefficients of spatially lagged "
    "columns have a unit-information prior. All matrices, and all forms of each, have "
    "equal prior odds."
)


@kind(Message("Comparison of spatial weights"), of=("weights", "checks"), place=193)
def weights_probabilities(source: WeightsPosterior | Sequence[CheckResult], ask: Ask) -> Table:
    """Tabulate `nqp.weights_probabilities`, or the check "spatial_weights": models, then P(W).

    Raises
    ------
    StudyError
        If none of the checks is it, or it has no numbers.
    """
    translate = ask.translate
    if isinstance(source, WeightsPosterior):
        table, sums = source.table, {"weights": source.weights, "form": source.forms}
        left_out = source.left_out
    else:
        table, sums, left_out = _of_check(source), {}, ()
    effects = [x for x in ("att", "own", "received") if x in table]
    spreads = table[[f"{x}_sd" for x in effects]].to_numpy().ravel().tolist() if effects else []
    draft = TableDraft(ask, [x for x in spreads if x == x])
    for _, line in table.iterrows():
        cells = [word(str(line["form"]))] if "form" in table else []
        cells += [number(line["log_marginal"], 1), chance(line["probability"])]
        cells += [_effect(draft, line, name) for name in effects]
        draft.row(str(line["weights"]), *cells)
    width = 2 + ("form" in table) + len(effects)
    for kind_of, heading in (("weights", Message("P(W), over forms")),
                             ("form", Message("Over weights"))):  # fmt: skip
        if len(sums.get(kind_of, ())) > 1 and len(table) > len(sums[kind_of]):
            draft.row(translate(heading))
            for name, share in sums[kind_of].items():
                blank = [NOTHING] * width
                blank[width - len(effects) - 1] = chance(float(share))
                draft.row(str(name), *blank)
    draft.note(_NOTE)
    draft.note(
        "Effects: posterior means with SDs in parentheses, over treated or exposed "
        "observations.",
               when=bool(effects))  # fmt: skip
    for name, why in left_out:
        draft.note("Left out: {} ({}).", name, why)
    heads = [translate("Form")] if "form" in table else []
    heads += [translate("Log marginal likelihood"), translate("P(model)") if effects else "P(W)"]
    names = {"att": "Total", "own": "Own", "received": "Received"}
    heads += [translate(names[x]) for x in effects]
    title = translate("Comparison of spatial weights")
    return draft.finish(
        "weights_probabilities", title, translate("Weights"), [Column(x) for x in heads], {}
    )


def _effect(draft: TableDraft, line: pd.Series, name: str) -> Cell:
    """An average effect over its sd; nothing where a model was not fitted."""
    if np.isnan(line[name]):
        return NOTHING
    return draft.write.beside_sd({"mean": line[name], "sd": line[f"{name}_sd"]})


def _of_check(results: Sequence[CheckResult]) -> pd.DataFrame:
    """Evidence of the check, the most probable weights first."""
    result = next((x for x in results if x.name == "spatial_weights"), None)
    if result is None or not isinstance(result.evidence, pd.DataFrame):
        problem = (
            Message("the results do not include the check 'spatial_weights'")
            if result is None
            else None
        )
        raise StudyError(
            problem or result.sentence,  # type: ignore[union-attr]
            hint="nqp.check(fit, 'spatial_weights', weights=[…]), or "
            "nqp.weights_probabilities(fit, …)",
        )
    table = result.evidence.sort_values("log_marginal", ascending=False)
    return table.assign(log_marginal=table["log_marginal"] - table["log_marginal"].max())
