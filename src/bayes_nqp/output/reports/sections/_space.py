"""Spatial dependence: Moran's I by period, local types, tests, weights and spatial decay."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import xarray as xr
from scipy.special import ndtr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Numeral
from bayes_nqp.checks import OPEN, CheckResult
from bayes_nqp.output.reports._check_lists import SPATIAL
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import stated
from bayes_nqp.output.reports._registry import section

_LEVEL = 0.05


@section(place=37, exhibit=115)
def space(context: Context) -> Iterator[Block]:
    """Tabulate Moran's I and LISA by period, LM tests, P(W), and the spatial decay length.

    The section is written only if the fit has spatial terms or the user requests it.
    """
    answers = {x.name: x for x in context.checks if x.evidence is not None}
    parts = [name for name in SPATIAL if name in answers]
    facts = context.fit.facts
    modelled = facts.reach != "none" or facts.has("lag") or facts.has("linked")
    if not parts or not (context.spatial or modelled):
        return
    checks = list(answers.values())
    yield Heading(context.translate("Spatial dependence"))
    for name in parts:
        if sentences := [*_SENTENCES[name](context, answers[name])]:
            yield Paragraph(context.joined(sentences))
        for kind in _TABLES[name]:
            yield from context.table(kind, checks)


def _moran(context: Context, result: CheckResult) -> Iterator[str]:
    """Return Moran's I of the outcome in the first and last period, with significance counts."""
    evidence, translate = result.evidence, context.translate
    assert isinstance(evidence, xr.Dataset)
    outcome = evidence.sel(series="outcome")
    times, value = outcome[v.TIME].to_numpy().tolist(), outcome["value"].to_numpy()
    beyond = 2.0 * ndtr(-np.abs(outcome["z_random"].to_numpy())) < _LEVEL
    yield translate(
        "Moran's I of the outcome is {first} in {begin} and {last} in {end}; it is "
        "significant at the 5 % level in {n} of {periods} periods.",
        first=_number(value[0]), begin=times[0], last=_number(value[-1]), end=times[-1],
        n=int(beyond.sum()), periods=len(times),
    )  # fmt: skip
    last = outcome["lisa"].isel({v.TIME: -1}).to_numpy()
    counts = {name: int((last == name).sum()) for name in ("HH", "LL", "LH", "HL")}
    yield translate(
        "Units with a significant local type in {end}: high-high {HH}, low-low {LL}, "
        "low-high {LH}, high-low {HL}.",
        end=times[-1], **counts,
    )  # fmt: skip
    yield from _answer(context, result)


def _answer(context: Context, result: CheckResult) -> Iterator[str]:
    """Return the sentence of a check, unless it is printed with the evidence."""
    if not context.tells("evidence" if result.verdict in OPEN else "appendix"):
        yield context.answer(result)


def _weights(context: Context, result: CheckResult) -> Iterator[str]:
    """Return a sentence on the most probable spatial weights."""
    table = result.evidence
    assert isinstance(table, pd.DataFrame)
    best = table.iloc[int(np.argmax(table["probability"].to_numpy()))]
    yield context.translate(
        "Among {n} spatial weight matrices, {name} has the highest posterior probability, {p}.",
        n=len(table), name=context.translate.name(str(best["weights"])),
        p=stated(float(best["probability"]), "P(W)"),
    )  # fmt: skip
    yield from _answer(context, result)


def _number(value: float) -> Numeral:
    return Numeral(f"{value:z.2f}")


_SENTENCES = {
    "moran": _moran, "spatial_lm": _answer, "spatial_weights": _weights, "spatial_decay": _answer,
}  # fmt: skip
_TABLES = {
    "moran": ("moran", "lisa"), "spatial_lm": ("spatial_lm",),
    "spatial_weights": ("weights_probabilities",), "spatial_decay": ("decay",),
}  # fmt: skip
