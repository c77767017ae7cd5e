"""Every check with its verdict, and what it rests on."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import get_args

import pandas as pd
import xarray as xr

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import VERDICTS, CheckResult, Verdict, title_of
from bayes_nqp.estimands import att
from bayes_nqp.language import Message
from bayes_nqp.reports._content import Block, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.reports._posterior import level, posterior_of
from bayes_nqp.tables import table

__all__ = ["evidence"]


def evidence(context: Context) -> Iterator[Block | Sketch]:
    """List the checks, then take them one by one."""
    from bayes_nqp.plots import DRAWERS

    if not context.checks:
        return
    translate, checks = context.translate, context.checks
    yield Heading(translate("The evidence for and against"))
    counts = [
        sum(one.verdict == verdict for one in checks) for verdict in get_args(Verdict.__value__)
    ]
    yield Paragraph(
        translate(
            "Each question a referee would ask, and what the data answer. {}",
            Message(
                "Of {} checks, {} hold; in doubt: {}; failed: {}; reported without a verdict: {}; "
                "not applicable: {}.",
                len(checks),
                *counts,
            ),
        )
    )
    if context.weights != "rows":
        over_rows = posterior_of(att(context.effects, weights="rows"), context.prob)
        yield Paragraph(
            translate(
                "Checks average over treated rows, whatever the weights of this report: the "
                "average effect is then {}.",
                level(over_rows, context.unit),
            )
        )
    yield Tabulated(table(list(checks), "diagnostics", language=context.language), 0)
    for one in checks:
        if one.kind in DRAWERS and one.evidence is not None:
            yield Heading(translate("{}: {}", _called(one, context), VERDICTS[one.verdict]), 2)
            yield Paragraph(context.joined([one.question, one.sentence]))
            yield _drawn(context, one)


def _called(one: CheckResult, context: Context) -> str:
    name = context.translate.name(title_of(one.name))
    return name[0].upper() + name[1:]


def _drawn(context: Context, one: CheckResult) -> Sketch:
    return Sketch(
        f"check_{one.name}",
        context.translate("{}.", _called(one, context), context="caption"),
        lambda: plots.check(_named(one, context), title="", **context.look),
        lambda: frame_of(one),
    )


def _named(one: CheckResult, context: Context) -> CheckResult:
    """Call the outcome in a check's evidence as the report does."""
    if not isinstance(one.evidence, xr.Dataset | xr.DataArray):
        return one
    found, usual = one.evidence.copy(), str(context.given.record.get("outcome", ""))
    parts = [found, *found.data_vars.values()] if isinstance(found, xr.Dataset) else [found]
    for part in parts:
        if part.attrs.get("outcome") == usual:
            part.attrs.update(context.names)
    return replace(one, evidence=found)


def frame_of(one: CheckResult) -> pd.DataFrame:
    """Give the evidence of a check as one table.

    Returns
    -------
    DataFrame
        Draws are summarised by mean and the 2.5 % and 97.5 % quantiles.
    """
    found = one.evidence
    if isinstance(found, pd.DataFrame):
        return found
    assert found is not None
    whole = found if isinstance(found, xr.Dataset) else found.to_dataset(name="value")
    parts = []
    for name, values in whole.data_vars.items():
        drawn = [dim for dim in (*v.SAMPLE_DIMS, "replication") if dim in values.dims]
        if drawn and values.dtype.kind == "f":
            values = _summarised(values, drawn)
        frame = (
            values.rename("value").to_dataframe().reset_index()
            if values.dims
            else pd.DataFrame({"value": [values.item()]})
        )
        frame.insert(0, "variable", str(name))
        parts.append(frame)
    return pd.concat(parts, ignore_index=True)


def _summarised(draws: xr.DataArray, dims: Sequence[str]) -> xr.DataArray:
    with warnings.catch_warnings():  # groups without draws stay NaN
        warnings.filterwarnings("ignore", "All-NaN slice", RuntimeWarning)
        ends = [draws.quantile(q, dims, skipna=True).drop_vars("quantile") for q in (0.025, 0.975)]
    parts = [draws.mean(dims), *ends]
    dim = "statistic_of_draws"
    whole: xr.DataArray = xr.concat(parts, dim=dim, coords="minimal", compat="override")
    return whole.assign_coords({dim: ["mean", "lower", "upper"]})
