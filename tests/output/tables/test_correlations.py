"""Correlation matrix and variance inflation factors of a panel."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy.stats import pearsonr
from statsmodels.stats.outliers_influence import variance_inflation_factor

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.simulation import staggered


def described(**more: object) -> nqp.Panel:
    """A panel with two related covariates and a mediator with missing values."""
    panel = staggered(units=30, periods=6, cohorts=(3, 4), strata={}, seed=5).panel
    rng = np.random.default_rng(2)
    a, m = rng.standard_normal((2, panel.n_rows))
    frame = panel.frame.assign(a=a, b=a + 0.7 * rng.standard_normal(a.size), m=m + 0.2 * a)
    frame.loc[rng.choice(a.size, 9, replace=False), "m"] = np.nan
    frame["both"] = frame["a"] - 2.0 * frame["b"]
    roles = {"covariates": ["a", "b"], "mediators": ["m"], **more}
    return nqp.Panel.from_frame(frame, **{**panel.arguments, **roles})


def complete(panel: nqp.Panel) -> pd.DataFrame:
    """Outcome, dummy, mediator and covariates of observations that have all, in this order."""
    start = panel.cohort_codes[panel.unit_codes]
    treated = (start >= 0) & (panel.time_codes >= start)
    names = ["m", *panel.roles.covariates]
    frame = pd.DataFrame({"y": panel.outcome, "d": treated * 1.0}).join(panel.frame[names])
    return frame[frame["m"].notna()]


def printed(panel: nqp.Panel, kind: str, **options: object) -> pd.DataFrame:
    return nqp.table(panel, kind, **options).numbers.set_index("label")


def test_correlations_are_those_of_complete_observations() -> None:
    panel = described()
    frame = complete(panel)
    assert 0 < len(frame) < panel.n_rows
    ours = printed(panel, "correlations", marks=True)
    values = ours.iloc[:, 1:].to_numpy(float)
    np.testing.assert_allclose(values[:, 0], frame.mean())
    np.testing.assert_allclose(values[:, 1], frame.std())
    lower = np.tril_indices(5)
    np.testing.assert_allclose(values[:, 2:][lower], np.corrcoef(frame.T)[lower], atol=1e-12)
    assert np.isnan(values[:, 2:][np.triu_indices(5, 1)]).all()
    text = nqp.table(panel, "correlations", marks=True).text
    limits, seen = (0.01, 0.05, 0.1), set()
    for j, k in zip(*np.tril_indices(5, -1), strict=True):
        p = pearsonr(frame.iloc[:, j], frame.iloc[:, k]).pvalue
        marks = str(text.iloc[j, 3 + k]).count("*")
        assert marks == sum(p < limit for limit in limits)
        seen.add(marks)
    assert len(seen) > 1


def test_factors_are_those_of_least_squares() -> None:
    panel = described()
    start = panel.cohort_codes[panel.unit_codes]
    treated = (start >= 0) & (panel.time_codes >= start)
    x = panel.frame[["a", "b"]].assign(d=treated * 1.0)
    ours = printed(panel, "vif")
    order = {"Treatment": "d", "a": "a", "b": "b"}
    columns = np.column_stack([np.ones(len(x)), x])
    units = panel.unit_codes[x.index]
    times = panel.time_codes[x.index]
    effects = [np.equal.outer(codes, np.unique(codes)).astype(float) for codes in (units, times)]
    for label, name in order.items():
        at = x.columns.get_loc(name)
        pooled = variance_inflation_factor(columns, at + 1)
        others = np.column_stack([*effects, x.drop(columns=name)])
        alone = np.column_stack(effects)
        whole, rest = (
            x[name] - z @ np.linalg.lstsq(z, x[name], rcond=None)[0] for z in (alone, others)
        )
        within = float(whole @ whole) / float(rest @ rest)
        row = ours.loc[label].iloc[1:].to_numpy(float)
        np.testing.assert_allclose(row, [pooled, 1 / pooled, within], rtol=1e-10)
    mean = ours.loc["Mean VIF"]
    np.testing.assert_allclose(float(mean.iloc[1]), ours.iloc[:3, 1].astype(float).mean())


def test_perfect_collinearity_prints_infinity_with_a_note() -> None:
    table = nqp.table(described(covariates=["a", "b", "both"]), "vif")
    text = table.text.set_index(table.text.columns[0])
    for name in ("a", "b", "both"):
        assert list(text.loc[name].iloc[[0, 2]]) == ["∞", "∞"]
    assert re.search(r"∞: exact linear combinations of other variables: \S", table.note)
    assert np.isfinite(float(table.numbers.set_index("label").loc["Mean VIF"].iloc[1]))


def test_chinese_titles_and_answers_to_bad_panels() -> None:
    panel = described()
    assert nqp.table(panel, "correlations", language="zh").title == "相关系数矩阵"
    assert nqp.table(panel, "vif", language="zh").title == "方差膨胀因子（VIF）"
    frame = panel.frame.assign(m=np.where(np.arange(panel.n_rows) < 2, panel.time_codes, np.nan))
    few = nqp.Panel.from_frame(frame, **panel.arguments)
    with pytest.raises(PanelError, match="only 2 observations have all variables"):
        nqp.table(few, "correlations")
    assert "Mediators are outcomes" in nqp.table(few, "vif").note
