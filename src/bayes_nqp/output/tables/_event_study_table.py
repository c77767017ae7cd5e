"""The event study as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.effects_schema import FitOrEffects
from bayes_nqp._core.types import Probability
from bayes_nqp._core.validation import door
from bayes_nqp.checks import reported_posterior
from bayes_nqp.effects.estimands import By
from bayes_nqp.output.tables._summary import summary
from bayes_nqp.robustness import OverTime, over_time


@door
def event_study_table(
    fit_or_effects: FitOrEffects,
    by: By = None,
    prob: Probability = 0.95,
    kind: Literal["eti", "hdi"] = "eti",
    weights: str = "rows",
    balanced: int | None = None,
    leads: bool | int = True,
    efficient: bool | None = None,
    reference: int | None = None,
) -> pd.DataFrame:
    """Summarise leads and effects by event time, as drawn by `plots.event_study`.

    Parameters
    ----------
    fit_or_effects : Fit or Dataset
        A fit, or a Dataset of group-time effects.
    by : str, sequence of str or mapping, optional
        Groups, as in ``att``.
    prob : float, default 0.95
        Posterior probability of the interval.
    kind : {"eti", "hdi"}, default "eti"
        Equal-tailed, or highest density.
    weights : str, default "rows"
        As in ``att``.
    balanced : int, optional
        As in ``att``.
    leads : bool or int, default True
        As in `plots.event_study`.
    efficient : bool, optional
        If True, append the effects of the fitted model and of the model average. By default if the
        design does not assume parallel trends, or the fit has a model average already.
    reference : int, optional
        As in `plots.event_study`.

    Returns
    -------
    DataFrame
        One row per group, baseline and event time. ``part`` is "lead", "reference", "effect" or
        "anticipated". ``baseline`` is the event time from which leads and effects are measured, or
        "all periods before", "as fitted" or "model average". ``rows`` and ``units`` count the
        observations and units of each average. The columns of ``summary`` follow, with the ends
        ``joint_lower`` and ``joint_upper`` of the simultaneous band of a group.

    Raises
    ------
    StudyError
        As ``att`` and ``summary``.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.event_study_table(fit).columns[:3].tolist()
    ['part', 'baseline', 'event_time']
    """
    study = over_time(fit_or_effects, by, weights, balanced, leads, reference)
    shown = not study.whole if efficient is None else efficient
    tables = [x for group in study.groups() for x in _of_group(group, prob, kind, efficient=shown)]
    posterior = reported_posterior(fit_or_effects, compute=bool(efficient))
    if efficient is not False and posterior.average is not None:
        average = replace(over_time(posterior.effects, by, weights, balanced), averaged=True)
        tables += [
            _summed(group, group.own, "effect", group.baseline, prob, kind)
            for group in average.groups()
        ]
    table = pd.concat(tables, ignore_index=True).astype({v.ROWS: "Int64", v.UNITS: "Int64"})
    # Last, where wide tables show it as well.
    table = table[[*(name for name in table if name != "gate"), "gate"]]
    table.attrs = tables[0].attrs
    return table


def _of_group(
    group: OverTime, prob: float, kind: Literal["eti", "hdi"], *, efficient: bool
) -> Iterator[pd.DataFrame]:
    """Leads, reference and effects; the effects from the fit's own baseline below."""
    alone, start = group.effects is None, 0
    tables = []
    baseline = group.baseline if alone else str(group.reference)
    band = dict(zip(("joint_lower", "joint_upper"), group.band(prob), strict=True))
    for draws in group.parts:
        lead, end = draws is group.leads, start + draws.sizes[v.EVENT_TIME]
        table = _summed(group, draws, "lead" if lead else "effect", baseline, prob, kind)
        table = table.assign(**{name: ends[start:end] for name, ends in band.items()})
        if not lead and not alone:
            zero = dict.fromkeys(("mean", "sd", "lower", "upper", *band), 0.0)
            reference: dict[str, Any] = {v.EVENT_TIME: group.reference, "part": "reference", **zero}
            first = table.iloc[:1][[*(group.labels or {}), "baseline", "gate"]]
            tables.append(
                first.assign(**reference)[[x for x in table if x in first or x in reference]]
            )
        tables.append(table)
        start = end
    together = pd.concat(tables, ignore_index=True).sort_values(v.EVENT_TIME, kind="stable")
    together.attrs = tables[-1].attrs
    yield together
    if efficient and not alone:
        yield _summed(group, group.own, "effect", group.baseline, prob, kind)


def _summed(
    group: OverTime,
    draws: xr.DataArray,
    part: str,
    baseline: str,
    prob: float,
    kind: Literal["eti", "hdi"],
) -> pd.DataFrame:
    table = summary(draws, prob, kind)
    early = (table[v.EVENT_TIME] < 0) & (part == "effect")
    front: dict[str, Any] = {
        **(group.labels or {}),
        "part": np.where(early, v.ANTICIPATED, part),
        "baseline": baseline,
        v.EVENT_TIME: table.pop(v.EVENT_TIME),
        v.ROWS: draws[v.ROWS].to_numpy(),
        v.UNITS: draws[v.UNITS].to_numpy(),
    }
    frame = pd.DataFrame(front | dict(table.items()))
    frame.attrs = table.attrs
    return frame
