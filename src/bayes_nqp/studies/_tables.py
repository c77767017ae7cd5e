"""The tables of a study."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp import schema
from bayes_nqp import vocabulary as v
from bayes_nqp.checks import CheckResult, check_table, leads_of
from bayes_nqp.effects import cell_effects
from bayes_nqp.estimands import att, index_variance, text
from bayes_nqp.fitting import Fit, pooled_over
from bayes_nqp.studies._channel_tables import channel_tables
from bayes_nqp.studies._data import Prepared
from bayes_nqp.studies._index import tables_of_index
from bayes_nqp.studies._received import received_table
from bayes_nqp.studies._stated import ALL, grouped, stated
from bayes_nqp.studies._study import Study
from bayes_nqp.studies._truth import truth_table
from bayes_nqp.tables import contrasts_table, event_study_table, specification_table, summary

__all__ = ["tables_of"]


def tables_of(study: Study, fit: Fit, checks: Sequence[CheckResult]) -> dict[str, pd.DataFrame]:
    """Make every table of a study.

    Returns
    -------
    dict of str to DataFrame
        By file name; every table has the column ``gate``.
    """
    effects, report = cell_effects(fit), study.settings.report
    datasets = {c.name: c for c in checks if isinstance(c.evidence, xr.Dataset)}
    listed = check_table(checks, report.language)
    listed["gate"] = str(fit.gate)
    tables = {
        "summary.csv": _summary(study, effects),
        "contrasts.csv": _contrasts(study, fit, effects, datasets.get("time_effects")),
        "checks.csv": listed,
    }
    if schema.is_timed(effects):
        tables["event_study.csv"] = _event_study(study, effects, datasets.get("pretrends"))
    if pooled_over(fit):
        tables["index_variance.csv"] = _index_variance(study, effects)
    compared = [c for c in checks if c.kind == "specifications" and c.evidence is not None]
    if compared:
        table = specification_table(compared, report.prob, report.kind)
        tables["specifications.csv"] = stated(report, table)
    if study.mediators:
        tables |= channel_tables(study, fit, effects, checks)
    if v.RECEIVED in effects[v.PATH]:
        tables["received.csv"] = received_table(effects, report)
    if study.prepared.simulated is not None:
        tables["truth.csv"] = truth_table(study, fit, effects)
    return tables | _of_the_data(study.prepared)


def _of_the_data(data: Prepared) -> dict[str, pd.DataFrame]:
    """What an index and the merged zones have to show."""
    tables: dict[str, pd.DataFrame] = {}
    if data.index is not None:
        tables |= tables_of_index(data.index)
    if data.unmatched is not None and len(data.unmatched):
        tables["zones_unmatched.csv"] = data.unmatched
    return tables


def _index_variance(study: Study, effects: xr.Dataset) -> pd.DataFrame:
    """How much of each effect's variance is that of the index."""
    weights = study.settings.report.weights
    tables = []
    for by in (None, *study.by):
        parts = index_variance(att(effects, by, weights))
        expanded = parts if by is not None else parts.expand_dims(_one=[0])
        table = grouped(expanded.to_dataframe().reset_index(), by)
        tables.append(table[["by", "level", "within", "between", "total", "share"]].dropna())
    joined = pd.concat(tables, ignore_index=True)
    return joined.assign(gate=str(effects[v.GATE].item()))


def _summary(study: Study, effects: xr.Dataset) -> pd.DataFrame:
    report = study.settings.report
    parts = [(ALL, att(effects, weights=report.weights))]
    parts += [(name, att(effects, name, report.weights)) for name in study.by]
    tables = []
    for name, draws in parts:
        table = summary(draws, report.prob, report.kind)
        labels = table.pop(name) if name in table else pd.Series([ALL], dtype=object)
        table.insert(0, "rows", _rows(draws))
        table.insert(0, "level", [text(label) for label in labels])
        table.insert(0, "by", name)
        tables.append(table)
    return stated(study.settings.report, pd.concat(tables, ignore_index=True))


def _rows(draws: xr.DataArray) -> list[int]:
    complete = ~np.isnan(draws.isel(chain=0, draw=0).to_numpy().ravel())
    return [int(n) for n in draws[v.ROWS].to_numpy().ravel()[complete]]


def _event_study(study: Study, effects: xr.Dataset, pretrends: CheckResult | None) -> pd.DataFrame:
    report = study.settings.report
    names = [name for name in study.factors if name in schema.factors(effects)]
    tables = []
    for name in (None, *names):
        table = event_study_table(effects, name, report.prob, report.kind, report.weights)
        counts = att(effects, [*([name] if name else []), v.EVENT_TIME], report.weights)
        parts = [table.assign(part="effect", rows=_rows(counts))]
        leads = _leads(pretrends, name)
        if leads is not None:
            before = summary(leads, report.prob, report.kind)
            parts.insert(0, before.assign(part="lead", rows=_rows(leads), **_units(leads)))
        for part in parts:
            labels = part.pop(name) if name else [ALL] * len(part)
            part.insert(list(part.columns).index(v.EVENT_TIME) + 1, "rows", part.pop("rows"))
            part.insert(0, "part", part.pop("part"))
            part.insert(0, "level", [text(label) for label in labels])
            part.insert(0, "by", name or ALL)
        tables += parts
    joined = pd.concat(tables, ignore_index=True)
    order = joined[["by", "level"]].drop_duplicates().reset_index(drop=True)
    rank = joined.merge(order.reset_index(), on=["by", "level"], how="left")["index"]
    joined = joined.assign(_rank=rank.to_numpy()).sort_values(
        ["_rank", v.EVENT_TIME], kind="stable"
    )
    return stated(study.settings.report, joined.drop(columns="_rank").reset_index(drop=True))


def _units(leads: xr.DataArray) -> dict[str, list[int]]:
    complete = ~np.isnan(leads.isel(chain=0, draw=0).to_numpy().ravel())
    return {v.UNITS: [int(n) for n in leads[v.UNITS].to_numpy().ravel()[complete]]}


def _leads(pretrends: CheckResult | None, name: str | None) -> xr.DataArray | None:
    if pretrends is None or not isinstance(pretrends.evidence, xr.Dataset):
        return None
    return leads_of(pretrends.evidence, name)


def _contrasts(
    study: Study, fit: Fit, effects: xr.Dataset, check: CheckResult | None
) -> pd.DataFrame:
    """All pairs, and the same pairs under the other choice of time effects."""
    report = study.settings.report
    factors = list(study.factors)
    if not factors:
        table = contrasts_table(effects, [], report.prob, report.kind, report.weights).iloc[:0]
        table.insert(3, "time_effects", pd.Series(dtype=object))
        return stated(study.settings.report, table)
    contrasts = contrasts_table(effects, factors, report.prob, report.kind, report.weights)
    by = fit.facts.time_strata(study.panel)
    contrasts.insert(3, "time_effects", f"by {' × '.join(by)}" if by else "common to all")
    tables = [contrasts]
    if check is not None and isinstance(check.evidence, xr.Dataset) and report.weights == "rows":
        tables.append(_other_contrasts(check.evidence, factors, report.prob, report.kind))
    return stated(
        study.settings.report, pd.concat([t for t in tables if len(t)] or tables, ignore_index=True)
    )


def _other_contrasts(
    evidence: xr.Dataset, factors: Sequence[str], prob: float, kind: str
) -> pd.DataFrame:
    draws = evidence["contrast"].isel(specification=1)
    draws = draws.isel(pair=np.isin(draws["factor"].to_numpy(), list(factors)))
    table = summary(draws.assign_coords(pair=np.arange(draws.sizes["pair"])), prob, kind)  # type: ignore[arg-type]
    place = table.pop("pair").to_list()
    for position, (column, coord) in enumerate(
        (("strata", "factor"), ("level", "level"), ("minus", "minus"))
    ):
        table.insert(position, column, draws[coord].to_numpy()[place].astype(object))
    table.insert(3, "time_effects", str(draws["specification"].item()))
    return table
