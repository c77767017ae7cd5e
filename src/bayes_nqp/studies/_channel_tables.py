"""Tables of a study with mediators."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd
import xarray as xr

from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core import vocabulary as v
from bayes_nqp.checks import CheckResult
from bayes_nqp.effects.estimands import by_path, contrast
from bayes_nqp.inference.fitting import Fit
from bayes_nqp.output.tables import (
    baron_kenny,
    mediation_table,
    mediator_comparison,
    summary,
    two_step_mediation,
)
from bayes_nqp.studies._schema import Report
from bayes_nqp.studies._study import Study
from bayes_nqp.studies._table_notes import grouped, stated

_PAIR = "pair"
_CURVES = ("estimate", "lower", "upper")
_CROSSINGS = (
    "original", "original_lower", "original_upper", "crossing", "crossing_lower",
    "crossing_upper", "breakdown", "r2", "share",
)  # fmt: skip


def channel_tables(
    study: Study, fit: Fit, effects: xr.Dataset, checks: Sequence[CheckResult]
) -> dict[str, pd.DataFrame]:
    """Make the tables of a mediation analysis.

    Parameters
    ----------
    fit : Fit
        Fit of a `Mediation`.
    effects : Dataset
        Dataset of effects.

    Returns
    -------
    dict of str to DataFrame
        Tables by file name: effects along every path; contrasts between mediators; contrasts
        between groups along every path; the two-step regressions, and if the table "steps" is named
        the three steps; and the evidence of the mediation checks.
    """
    report = study.settings.report
    factors = [name for name in study.factors if name in schema.factors(effects)]
    look = (report.prob, report.kind)
    times = [v.EVENT_TIME] if schema.is_timed(effects) else []
    groups = [None, *dict.fromkeys([*study.by, *times])]
    tables = {
        "channels.csv": [
            grouped(mediation_table(effects, by, *look, report.weights), by) for by in groups
        ],
        "mediator_comparison.csv": [
            grouped(mediator_comparison(effects, by, *look, report.weights), by)
            for by in (None, *factors)
        ],
        "two_step_mediation.csv": [
            grouped(two_step_mediation(fit, by, *look), by) for by in (None, *factors)
        ],
        "channel_contrasts.csv": [
            table for by in factors if (table := _contrasts(effects, by, report)) is not None
        ],
    }
    if "steps" in (study.settings.tables.show or ()):
        tables["baron_kenny.csv"] = [
            grouped(baron_kenny(fit, by, *look), by) for by in (None, *factors)
        ]
    concatenated = {
        name: stated(report, pd.concat(parts, ignore_index=True))
        for name, parts in tables.items()
        if parts
    }
    return concatenated | _evidence(checks, str(fit.gate))


def _contrasts(effects: xr.Dataset, factor: str, report: Report) -> pd.DataFrame | None:
    """Return all contrasts between levels along every path (moderated mediation)."""
    draws = by_path(effects, factor, report.weights)
    pairs = list(combinations(draws[factor].to_numpy(), 2))
    if not pairs:
        return None
    parts = [contrast(draws, {factor: first}, minus=second) for first, second in pairs]
    together = xr.concat(
        [part.drop_vars("contrast") for part in parts], dim=_PAIR, coords="minimal",
        compat="override",
    ).assign_coords({_PAIR: range(len(pairs))})  # fmt: skip
    table = summary(together.transpose(*v.SAMPLE_DIMS, _PAIR, ...), report.prob, report.kind)
    place = table.pop(_PAIR).to_list()
    table.insert(0, "minus", [pairs[k][1] for k in place])
    table.insert(0, "level", [pairs[k][0] for k in place])
    table.insert(0, "strata", factor)
    return table


def _evidence(checks: Sequence[CheckResult], gate: str) -> dict[str, pd.DataFrame]:
    """Return the evidence of the mediation checks as tables."""
    tables = {}
    lines = [
        check.evidence.assign(check=check.name)
        for check in checks
        if check.kind == "channels" and isinstance(check.evidence, pd.DataFrame)
    ]
    if lines:
        table = pd.concat(lines, ignore_index=True)
        table.insert(0, "check", table.pop("check"))
        tables["channel_checks.csv"] = table.assign(interval="95 % equal-tailed", gate=gate)
    for check in checks:
        if check.kind == "mediation_sensitivity" and isinstance(check.evidence, xr.Dataset):
            tables["confounding.csv"] = _crossings(check.evidence).assign(
                interval="95 % equal-tailed", gate=gate
            )
            tables["confounding_curves.csv"] = _curves(check.evidence).assign(
                interval="95 % equal-tailed", gate=gate
            )
    return tables


def _crossings(evidence: xr.Dataset) -> pd.DataFrame:
    """Return one row per effect: its zero crossing, and the remaining effect under the prior."""
    curves = evidence[list(_CROSSINGS)]
    if "adjusted" in evidence:
        draws = evidence["adjusted"]
        ends = draws.quantile([0.025, 0.975], v.SAMPLE_DIMS)
        curves = curves.assign(
            adjusted=draws.mean(v.SAMPLE_DIMS),
            adjusted_lower=ends.isel(quantile=0, drop=True),
            adjusted_upper=ends.isel(quantile=1, drop=True),
        )
    return _listed(curves, ["quantity", v.PATH])


def _curves(evidence: xr.Dataset) -> pd.DataFrame:
    dataset = evidence[list(_CURVES)]
    dims = ["quantity", v.PATH]
    return _listed(dataset, dims + [str(dim) for dim in dataset.dims if dim not in dims])


def _listed(evidence: xr.Dataset, dims: list[str]) -> pd.DataFrame:
    names = [str(name) for name in evidence.data_vars]
    table = evidence.to_dataframe(dim_order=dims).reset_index()
    table = table.rename(columns={"kind": "of", "label": "level"})
    keys = ["mediator", "of", "level", *dims[1:]]
    return table[[*keys, *names]]
