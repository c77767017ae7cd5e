"""Comparison of the estimates of a simulated study with the true effects."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from itertools import combinations

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp.effects.estimands import att, by_path, contrast, spillover_effects, text
from bayes_nqp.inference.fitting import Fit, covariate_slopes
from bayes_nqp.output.tables import summary
from bayes_nqp.studies._schema import Report
from bayes_nqp.studies._spillover_table import received_parts
from bayes_nqp.studies._study import Study
from bayes_nqp.studies._table_notes import ALL, stated

_COLUMNS = ["estimand", "by", "level", "minus", "path", "truth", "mean", "sd", "lower", "upper"]


def truth_table(study: Study, fit: Fit, effects: xr.Dataset) -> pd.DataFrame:
    """Compare every headline estimand with its true value.

    The table contains effects overall, by the report's groups and by event time, and contrasts
    between all pairs of levels of a stratum factor, along every path. The truth is averaged over
    the cells that the fit identifies, so that estimate and truth refer to the same observations.
    Effects through mediators that the study omits belong to the direct effect.

    Parameters
    ----------
    study : Study
        Study of a simulation.
    effects : Dataset
        Dataset of effects.

    Returns
    -------
    DataFrame
        ``estimand`` ("effect", "contrast", or "received" with the receiving units), ``by``,
        ``level``, ``minus``, ``path``, ``truth``, ``mean``, ``sd``, ``lower``, ``upper``,
        ``interval``, ``inside`` (True if the interval contains the truth) and ``gate``.
    """
    simulated, report = study.prepared.simulated, study.settings.report
    assert simulated is not None
    truth = with_linked(_of_the_same_paths(simulated.truth, effects), effects)
    truth = _of_the_same_cells(truth, effects)
    tables = [
        _beside(headline, draws, truth_draws, report)
        for headline, draws, truth_draws in _pairs(study, effects, truth)
    ]
    tables += _slopes(study, fit)
    table = pd.concat(tables, ignore_index=True).dropna(subset="truth", ignore_index=True)
    table["inside"] = (table["lower"] <= table["truth"]) & (table["truth"] <= table["upper"])
    return stated(report, table)[[*_COLUMNS, "interval", "inside", "gate"]]


def _slopes(study: Study, fit: Fit) -> list[pd.DataFrame]:
    """Return the slope of neighbours' exposure, if it is a covariate of the simulation."""
    simulated, report, exposure = (
        study.prepared.simulated,
        study.settings.report,
        fit.facts.exposure,
    )
    assert simulated is not None
    added, gain = (simulated.parameters.get(name) for name in ("spillover", "gain"))
    tables = study.settings.plugins.values()
    columns = [item for table in tables for item in table.panel_columns.items()]
    names = [name for name, column in columns if column == exposure]
    names = [name for name in names if name in fit.facts.covariates_of(study.panel)]
    if not isinstance(added, float) or not names:
        return []
    draws = xr.DataArray(
        covariate_slopes(fit, names[:1]), dims=(*v.SAMPLE_DIMS, v.PATH),
        coords={v.PATH: [v.RECEIVED], v.GATE: str(fit.gate)},
    )  # fmt: skip
    table = summary(draws, report.prob, report.kind)
    return [
        table.assign(
            estimand="slope", by=ALL, level=names[0], minus="", truth=added * float(str(gain))
        )
    ]


def _pairs(
    study: Study, effects: xr.Dataset, truth: xr.Dataset
) -> Iterator[tuple[dict[str, str], xr.DataArray, xr.DataArray]]:
    """Return the draws of every estimand with the true value."""
    weights = study.settings.report.weights
    factors = [name for name in study.factors if name in schema.factors(truth)]
    stratum_names = [v.STRATUM] if schema.factors(effects) == schema.factors(truth) else []
    timed = [v.COHORT, v.EVENT_TIME] if schema.is_timed(effects) else []
    for by in dict.fromkeys([None, *study.by, *timed[1:]]):
        if by is not None and by not in (*factors, *timed, v.TIME, *stratum_names):
            continue
        draws, truth_values = (_paths(level, by, weights) for level in (effects, truth))
        yield {"estimand": "effect", "by": by or ALL, "minus": ""}, draws, truth_values
        if by in factors:
            for level, other in combinations(draws[by].to_numpy(), 2):
                if other in truth_values[by] and level in truth_values[by]:
                    yield (
                        {
                            "estimand": "contrast",
                            "by": by,
                            "level": str(level),
                            "minus": str(other),
                        },
                        contrast(draws, {by: level}, minus=other),
                        contrast(truth_values, {by: level}, minus=other),
                    )
    for onto, by in received_parts(effects) if v.RECEIVED in truth[v.PATH] else ():
        draws, truth_values = (
            spillover_effects(x, by, weights, onto).expand_dims({v.PATH: [v.RECEIVED]}, axis=2)
            for x in (effects, truth)
        )
        estimand = f"received, {draws.attrs['onto']}"
        yield {"estimand": estimand, "by": by or ALL, "minus": ""}, draws, truth_values


def _paths(effects: xr.Dataset, by: str | None, weights: str) -> xr.DataArray:
    """Return the effects along every existing path."""
    paths = [str(path) for path in effects[v.PATH].to_numpy()]
    if v.RECEIVED not in paths and len(paths) > 1:
        return by_path(effects, by, weights)
    # If only untreated rows receive spillovers in the model, other rows have a total only.
    names = paths if v.DIRECT in paths else [v.TOTAL]
    parts = [att(effects, by, weights, path=name) for name in names]
    stacked = [x.expand_dims({v.PATH: [y]}, 2) for x, y in zip(parts, names, strict=True)]
    return xr.concat(stacked, v.PATH, coords="minimal", compat="override")


def _beside(
    named: dict[str, str], draws: xr.DataArray, truth: xr.DataArray, report: Report
) -> pd.DataFrame:
    by = named["by"]
    table = summary(draws, report.prob, report.kind)
    truth_values = truth.isel({v.CHAIN: 0, v.DRAW: 0})
    if by in draws.dims:
        labels = table.pop(by)
        table["truth"] = [
            _at(truth_values, {by: label, v.PATH: path})
            for label, path in zip(labels, table[v.PATH], strict=True)
        ]
        table["level"] = [text(label) for label in labels]
    else:
        table["truth"] = [_at(truth_values, {v.PATH: path}) for path in table[v.PATH]]
        table["level"] = named.get("level", ALL)
    return table.assign(estimand=named["estimand"], by=by, minus=named["minus"])


def _at(truth_values: xr.DataArray, place: dict[str, Hashable]) -> float:
    """Return the true value of one group; missing if the simulation has none."""
    for dim, label in place.items():
        places = np.flatnonzero(truth_values[dim].to_numpy() == label)
        if not len(places):
            return float("nan")
        truth_values = truth_values.isel({dim: int(places[0])})
    return float(truth_values)


def _of_the_same_paths(truth: xr.Dataset, effects: xr.Dataset) -> xr.Dataset:
    """Add the effects of mediators that the study omits to the direct effect."""
    if v.RECEIVED in truth[v.PATH] and v.RECEIVED not in effects[v.PATH]:
        truth = _of_own_exposure(truth)
    names = [str(x) for x in effects[v.PATH].to_numpy() if x in truth[v.PATH].to_numpy()]
    channels = [name for name in names if name not in (v.TOTAL, v.DIRECT)]
    truth_by_path = truth.sel({v.PATH: names})
    if v.DIRECT not in names:
        return truth_by_path
    for name in (v.EFFECT, v.DEVIATION):
        if name in truth:
            via = truth[name].sel({v.PATH: channels}).sum(v.PATH)
            remainder = truth[name].sel({v.PATH: v.TOTAL}, drop=True) - via
            values = truth_by_path[name].copy()
            values.loc[{v.PATH: v.DIRECT}] = remainder
            truth_by_path[name] = values
    return truth_by_path


def _of_own_exposure(truth: xr.Dataset) -> xr.Dataset:
    """Subtract spillovers of others' exposure from the total, if a slope includes them.

    If units adopt the policy, the total effect of treated rows is that of the policy as a whole.
    """
    if schema.is_timed(truth) and bool(truth[v.COHORT].notnull().any()):
        return truth
    out = truth.copy(deep=True)
    for name in (x for x in (v.EFFECT, v.DEVIATION) if x in truth):
        received = truth[name].sel({v.PATH: v.RECEIVED}, drop=True)
        out[name].loc[{v.PATH: v.TOTAL}] = truth[name].sel({v.PATH: v.TOTAL}) - received
    return out


def with_linked(truth: xr.Dataset, effects: xr.Dataset) -> xr.Dataset:
    """Add cells outside all bands that only neighbours' mediators affect (true effect zero)."""
    if v.RING not in truth.coords or v.RING not in effects.coords:
        return truth
    outside = [
        (schema.roles(x) == v.NEIGHBOUR) & (x[v.RING].to_numpy().astype(str) == "")
        for x in (truth, effects)
    ]
    if outside[0].any() or not outside[1].any():
        return truth
    cells = effects.isel({v.CELL: np.flatnonzero(outside[1])})
    added = truth.isel({v.CELL: np.zeros(cells.sizes[v.CELL], dtype=np.int64)})
    of_cells = [x for x in added.coords if v.CELL in added[x].dims and x in cells.coords]
    added = added.assign_coords({x: (v.CELL, cells[x].to_numpy()) for x in of_cells})
    added[v.EFFECT] = xr.zeros_like(added[v.EFFECT])
    return xr.concat(
        [truth, added], v.CELL, data_vars="minimal", coords="minimal", compat="override"
    )


def _of_the_same_cells(truth: xr.Dataset, effects: xr.Dataset) -> xr.Dataset:
    """Keep the true effects of cells that the fit identifies."""
    names = [name for name in schema.factors(effects) if name in schema.factors(truth)]
    mask = np.zeros(truth.sizes[v.CELL], dtype=bool)
    for role in (v.TREATED, v.NEIGHBOUR):
        timed = [v.COHORT] if schema.is_timed(effects) and role == v.TREATED else []
        keys = [*names, *timed, v.TIME]
        seen = effects[v.IDENTIFIED].to_numpy().astype(bool) & (schema.roles(effects) == role)
        truth_values = set(zip(*(_labels(effects, key)[seen] for key in keys), strict=True))
        cells_of_truth = zip(*(_labels(truth, key) for key in keys), strict=True)
        same = np.array([cell in truth_values for cell in cells_of_truth], dtype=bool)
        mask |= same & (schema.roles(truth) == role)
    return truth.assign_coords({v.IDENTIFIED: (v.CELL, mask)})


def _labels(effects: xr.Dataset, name: str) -> np.ndarray:
    """Return labels that can be compared: numbers as numbers, other labels as text."""
    values = effects[name].to_numpy()
    return values.astype(np.float64) if values.dtype.kind in "iuf" else values.astype(str)
