"""The tables of a study."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp.checks import CheckResult, ReportedPosterior, check_table, reported_posterior
from bayes_nqp.effects.estimands import att, computed, index_variance, text
from bayes_nqp.inference.fitting import Fit, pooled_over
from bayes_nqp.output.tables import (
    STATISTICS,
    contrasts_table,
    event_study_table,
    level_of,
    specification_table,
    summary,
)
from bayes_nqp.output.tables import table as build_table
from bayes_nqp.studies._channel_tables import channel_tables
from bayes_nqp.studies._data import Prepared
from bayes_nqp.studies._index import tables_of_index
from bayes_nqp.studies._schema import Report
from bayes_nqp.studies._spillover_table import received_table
from bayes_nqp.studies._study import Study
from bayes_nqp.studies._table_notes import ALL, grouped, stated
from bayes_nqp.studies._truth import truth_table


def tables_of(study: Study, fit: Fit, checks: Sequence[CheckResult]) -> dict[str, pd.DataFrame]:
    """Make all tables of a study.

    Returns
    -------
    dict of str to DataFrame
        Tables by file name; each has the column ``gate``.
    """
    tables: dict[str, pd.DataFrame] = {}
    for name, make in _makers(study, fit, checks).items():
        with omitted(Message("The table {}", name)):
            tables[name] = make()
    if study.mediators:
        with omitted(Message("The table {}", "channels.csv")):
            tables |= channel_tables(study, fit, reported_posterior(fit).effects, checks)
    with omitted(Message("The table {}", "weights.csv")):
        tables |= _of_the_data(study.prepared)
    return tables


def _makers(
    study: Study, fit: Fit, checks: Sequence[CheckResult]
) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return the functions that make the tables of a fit, by file name."""
    posterior, report = reported_posterior(fit), study.settings.report
    effects, fitted = posterior.effects, posterior.fitted
    datasets = {c.name: c for c in checks if isinstance(c.evidence, xr.Dataset)}
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "summary.csv": lambda: _summary(study, posterior),
        "contrasts.csv": lambda: _contrasts(study, fit, posterior, datasets.get("time_effects")),
        "checks.csv": lambda: check_table(checks, report.language).assign(gate=str(fit.gate)),
    }
    if schema.is_timed(effects):
        makers["event_study.csv"] = lambda: _event_study(study, fit, effects)
    if (average := posterior.average) is not None:
        makers["model_average.csv"] = lambda: average.table.assign(gate=str(effects[v.GATE].item()))
    if pooled_over(fit):
        makers["index_variance.csv"] = lambda: _index_variance(study, fitted)
    if any(_compares(check) for check in checks):
        makers["specifications.csv"] = lambda: _specifications(checks, report)
    if v.RECEIVED in effects[v.PATH]:
        makers["received.csv"] = lambda: received_table(effects, report)
    if report.estimands:
        makers["estimands.csv"] = lambda: _estimands(study, fit)
    if (options := study.baseline) is not None:
        makers["baseline.csv"] = lambda: _baseline(study, fit, options)
    if study.prepared.simulated is not None:
        makers["truth.csv"] = lambda: truth_table(study, fit, effects)
    return makers


def _baseline(study: Study, fit: Fit, options: Mapping[str, Any]) -> pd.DataFrame:
    """Return the numbers of the baseline regressions, one row per printed row."""
    report = study.settings.report
    how: dict[str, Any] = {"prob": report.prob, "weights": report.weights, **options}
    table = build_table(fit, "baseline", language=report.language, **how)
    return table.to_frame().assign(gate=str(fit.gate))


def _compares(check: CheckResult) -> bool:
    return check.kind == "specifications" and check.evidence is not None


def _specifications(checks: Sequence[CheckResult], report: Report) -> pd.DataFrame:
    compared = [check for check in checks if _compares(check)]
    return stated(report, specification_table(compared, report.prob, report.kind))


def _of_the_data(data: Prepared) -> dict[str, pd.DataFrame]:
    """Return the tables of an index and of the merged zones."""
    tables: dict[str, pd.DataFrame] = {}
    if data.index is not None:
        tables |= tables_of_index(data.index)
    if data.unmatched is not None and len(data.unmatched):
        tables["zones_unmatched.csv"] = data.unmatched
    return tables


def _index_variance(study: Study, effects: xr.Dataset) -> pd.DataFrame:
    """Return the share of each effect's variance that is due to the index."""
    weights = study.settings.report.weights
    tables = []
    for by in (None, *study.by):
        parts = index_variance(att(effects, by, weights))
        expanded = parts if by is not None else parts.expand_dims(_one=[0])
        table = grouped(expanded.to_dataframe().reset_index(), by)
        tables.append(table[["by", "level", "within", "between", "total", "share"]].dropna())
    joined = pd.concat(tables, ignore_index=True)
    return joined.assign(gate=str(effects[v.GATE].item()))


def _summary(study: Study, posterior: ReportedPosterior) -> pd.DataFrame:
    """Return effects overall and by group; for a model average also the fitted ones."""
    table = _summed(study, posterior.effects)
    if posterior.average is not None:
        fitted = _summed(study, posterior.fitted)
        for name in ("mean", "lower", "upper", "p_positive"):
            table[f"{name}_as_fitted"] = fitted[name]
    return stated(study.settings.report, table)


def _summed(study: Study, effects: xr.Dataset) -> pd.DataFrame:
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
    return pd.concat(tables, ignore_index=True)


def _estimands(study: Study, fit: Fit) -> pd.DataFrame:
    """Return the estimands in the study that the fit supports, overall and by group."""
    report = study.settings.report
    tables = [pd.DataFrame(columns=["estimand", "by", "level", *STATISTICS])]
    effects = reported_posterior(fit).effects
    for by in (None, *study.by):
        averages = dict(computed(effects, report.estimands, by, report.weights))
        for each, estimate in computed(fit, report.estimands, by, report.weights):
            average = averages.get(each, estimate)
            answer = estimate if isinstance(average, Message) else average
            if not isinstance(answer, Message):
                table = summary(answer, report.prob, report.kind)
                levels = [level_of(line) or ALL for _, line in table.iterrows()]
                facts = {"estimand": each.name, "by": by or ALL, "level": levels}
                tables.append(table.assign(**facts)[tables[0].columns])
    return stated(report, pd.concat([t for t in tables if len(t)] or tables, ignore_index=True))


def _rows(draws: xr.DataArray) -> list[int]:
    complete = ~np.isnan(draws.isel(chain=0, draw=0).to_numpy().ravel())
    return [int(n) for n in draws[v.ROWS].to_numpy().ravel()[complete]]


def _event_study(study: Study, fit: Fit, effects: xr.Dataset) -> pd.DataFrame:
    report, tables = study.settings.report, []
    for name in (None, *(name for name in study.factors if name in schema.factors(effects))):
        table = event_study_table(
            fit, name, report.prob, report.kind, report.weights, efficient=True
        )
        labels = [ALL] * len(table) if name is None else map(text, table.pop(name))
        table.insert(0, "level", list(labels))
        table.insert(0, "by", name or ALL)
        tables.append(table)
    return stated(report, pd.concat(tables, ignore_index=True))


def _contrasts(
    study: Study, fit: Fit, posterior: ReportedPosterior, check: CheckResult | None
) -> pd.DataFrame:
    """Return all pairwise contrasts, also under the alternative specification of time effects."""
    report, effects = study.settings.report, posterior.effects
    factors = list(study.factors)
    if not factors:
        table = contrasts_table(effects, [], report.prob, report.kind, report.weights).iloc[:0]
        table.insert(3, "time_effects", pd.Series(dtype=object))
        return stated(study.settings.report, table)
    contrasts = contrasts_table(effects, factors, report.prob, report.kind, report.weights)
    by = fit.facts.time_strata(study.panel)
    contrasts.insert(3, "time_effects", f"by {' × '.join(by)}" if by else "common to all")
    if posterior.average is not None:
        how = (factors, report.prob, report.kind, report.weights)
        fitted = contrasts_table(posterior.fitted, *how)
        for name in ("mean", "lower", "upper", "p_positive"):
            contrasts[f"{name}_as_fitted"] = fitted[name]
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
