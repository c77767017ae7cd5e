"""The routine questions of a referee: each row is the refit that it says it is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import NotApplicable, StudyError
from bayes_nqp.checks import CHECKS
from bayes_nqp.checks.sample.referee_rows._row_matched import neighbours
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=500, chains=2, seed=4)


def named(panel: nqp.Panel, **columns: Any) -> nqp.Panel:
    """Units called as the first prefectures of the list are: two municipalities, a capital, …"""
    names = nqp.datasets.prefectures()["prefecture"].tolist()
    frame = panel.frame.assign(unit=[names[k] for k in panel.unit_codes], **columns)
    return nqp.Panel.from_frame(frame, **panel.arguments)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    panel = staggered(units=60, periods=10, cohorts=(5, 7), strata={}, seed=3).panel
    rng = np.random.default_rng(1)
    panel = named(
        panel,
        twice=2.0 * panel.outcome + 5.0,
        policy=(rng.random(panel.n_rows) < 0.3).astype(float),
    )
    return nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def rows(fit: nqp.Fit) -> pd.DataFrame:
    result = nqp.check(fit, "referee", outcomes="twice", policies="policy", progress=False)
    assert isinstance(result, nqp.CheckResult)
    assert result.verdict == "passed"
    return nqp.specification_table(result).set_index("specification")


@pytest.mark.slow
def test_each_row_is_the_refit_that_it_names(fit: nqp.Fit, rows: pd.DataFrame) -> None:
    panel = fit.panel
    assert panel is not None
    low, high = np.quantile(panel.outcome, [0.05, 0.95])
    capitals = {"北京市", "天津市", "石家庄市"}
    others = {
        "at 5 % and 95 %": (fit.design, panel.with_outcome(np.clip(panel.outcome, low, high))),
        "without municipalities and provincial capitals": (
            fit.design, panel.where(~panel.frame["unit"].isin(capitals)),
        ),
        "responses one period earlier": (fit.design.replace(anticipation=1), panel),
        "without the last period": (fit.design, panel.where(panel.time_codes < 9)),
    }  # fmt: skip
    for label, (design, other) in others.items():
        effect = nqp.att(
            nqp.fit(design.replace(unidentified="drop"), other, SAMPLER, progress=False)
        )
        assert abs(rows.loc[label, "mean"] - float(effect.mean())) < 0.15 * float(effect.std())
    assert "policy controlled for" in rows.index


def test_another_outcome_is_brought_to_the_same_spread(rows: pd.DataFrame) -> None:
    """A linear function of the outcome is the outcome."""
    as_fitted, twice = rows.loc["as fitted"], rows.loc["twice"]
    assert abs(twice["mean"] - as_fitted["mean"]) < 0.1 * as_fitted["sd"]


def test_what_cannot_be_asked_says_why(fit: nqp.Fit) -> None:
    panel = staggered(units=30, periods=8, cohorts=(4,), strata={}, seed=2).panel
    plain = nqp.fit(nqp.StaggeredDiD(), panel, SAMPLER, progress=False)
    table = nqp.table(plain, "referee")
    text = table.to_markdown()
    assert "none named: outcomes=[…] names columns" in text
    assert "without the four municipalities: this panel has no such observations" in text
    assert "winsorising shrinks large effects" in text
    assert "matching, nearest neighbours by propensity score: fewer than 10 treated" in text
    with pytest.raises(StudyError, match="nowhere"):
        nqp.check(fit, "referee", policies="nowhere", progress=False)
    with pytest.raises(StudyError, match="the name of a column or a list of names of columns"):
        nqp.check(fit, "referee", outcomes=3, progress=False)
    assert "稳健性检验" in nqp.table(plain, "referee", language="zh").title


def test_matching_keeps_units_that_look_alike() -> None:
    """Adopters start higher; after matching they and their neighbours start alike."""
    rng = np.random.default_rng(5)
    units, periods = 200, 6
    ever = np.arange(units) < 80
    level = rng.normal(size=units) + 1.0 * ever
    level[0] = 30.0  # nobody is like the first
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(units), periods), "time": np.tile(np.arange(periods), units),
        "y": (level[:, None] + 0.1 * rng.normal(size=(units, periods))).ravel(),
        "cohort": np.repeat(np.where(ever, 4.0, np.nan), periods),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", outcome="y", cohort="cohort")
    kept = neighbours(panel)
    apart = level[1:80].mean() - level[80:].mean()
    alike = level[kept & ever].mean() - level[kept & ~ever].mean()
    assert not kept[0]
    assert abs(alike) < 0.4 * apart
    assert 10 < (kept & ~ever).sum() <= (kept & ever).sum()
    few = panel.where(panel.unit_codes > 74)
    with pytest.raises(NotApplicable):
        neighbours(few)


@pytest.mark.slow
def test_it_is_asked_by_its_name_alone(fit: nqp.Fit) -> None:
    assert not CHECKS["referee"].listed(fit.design, fit.panel)
