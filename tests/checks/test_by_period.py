"""Indices that are built anew in each period, and pooled ones."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp

UNITS, PERIODS = 40, 8
NAMES = ["patents", "schooling", "robots"]
type Change = Callable[[pd.Series, pd.Series], pd.Series]


def minmax(x: pd.Series) -> pd.Series:
    return (x - x.min()) / (x.max() - x.min())


WITHIN: dict[str, Change] = {
    "bounds": lambda x, t: x.groupby(t).transform(minmax),
    "bounds, logarithm of one and more": lambda x, t: np.log1p(x.groupby(t).transform(minmax)),
    "bounds, per cent with one decimal": lambda x, t: 100 * x.groupby(t).transform(minmax).round(3),
    "ranks": lambda x, t: x.groupby(t).rank(),
    "deciles": lambda x, t: np.ceil(10 * x.groupby(t).rank(pct=True)),
    "standardised": lambda x, t: x.groupby(t).transform(lambda z: (z - z.mean()) / z.std()),
    "shares": lambda x, t: x / x.groupby(t).transform("sum"),
}
POOLED: dict[str, Change] = {
    "bounds": lambda x, t: minmax(x),
    "ranks": lambda x, t: x.rank(),
    "capped": lambda x, t: x.clip(x.quantile(0.05), x.quantile(0.95)),
    "other prices": lambda x, t: x / 1.05**t,
    "relative to the mean": lambda x, t: np.log(x) - np.log(x).groupby(t).transform("mean"),
    "quintiles": lambda x, t: np.ceil(5 * x.rank(pct=True)),
}


def rows(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    unit, time = np.divmod(np.arange(UNITS * PERIODS), PERIODS)
    frame = pd.DataFrame({"unit": unit, "time": time, "cohort": np.array([3, 5, np.nan])[unit % 3]})
    for name in NAMES:
        walk = rng.normal(size=(UNITS, 1)) + 0.3 * rng.normal(size=(UNITS, PERIODS)).cumsum(axis=1)
        frame[name] = np.exp(0.5 * walk + 0.05 * np.arange(PERIODS)).ravel()
    return frame


def panel_of(frame: pd.DataFrame) -> nqp.Panel:
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    frame = rows(1)
    design, sampler = (
        nqp.StaggeredDiD(nqp.CompletePooling(varying=None)),
        nqp.Importance(200, 2, seed=1),
    )
    panel = panel_of(frame.assign(y=np.log(frame["patents"])))
    return nqp.fit(design, panel, sampler, progress=False)


def named(fit: nqp.Fit, panel: nqp.Panel) -> bool:
    found = nqp.check(replace(fit, panel=panel), "data", progress=False)
    assert found.evidence is not None
    return any("pooled over periods" in str(x) for x in found.evidence["fault"])


@pytest.mark.parametrize("how", WITHIN)
def test_a_scale_of_each_period_is_named(fit: nqp.Fit, how: str) -> None:
    frame = rows(2)
    y = WITHIN[how](frame[NAMES].mean(axis=1), frame["time"])
    assert named(fit, panel_of(frame.drop(columns=NAMES).assign(y=y)))


@pytest.mark.slow
@pytest.mark.parametrize("how", POOLED)
def test_a_pooled_scale_is_not(fit: nqp.Fit, how: str) -> None:
    frame = rows(3)
    y = POOLED[how](frame[NAMES].mean(axis=1), frame["time"])
    assert not named(fit, panel_of(frame.assign(y=y)))


@pytest.mark.parametrize("scope", ["pooled", "yearly"])
@pytest.mark.parametrize("remembered", [False, True])
def test_weights_of_each_period_are_named(fit: nqp.Fit, scope: str, remembered: bool) -> None:
    frame = rows(4)
    recipe = nqp.ProductivityIndex(nqp.IndexSystem.of(NAMES), nqp.Entropy(scope=scope))
    index = recipe.build(frame, unit="unit", time="time")
    panel = (
        index.panel(cohort="cohort")
        if remembered
        else panel_of(frame.assign(y=index.values.round(5)))
    )
    assert named(fit, panel) == (scope == "yearly")


def test_leaving_out_indicators_says_so_too() -> None:
    system = nqp.IndexSystem.of(NAMES)
    recipe = nqp.ProductivityIndex(system, nqp.EqualWeights(), nqp.MinMax("yearly"))
    panel = recipe.build(rows(5), unit="unit", time="time").panel(cohort="cohort")
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None))
    fit = nqp.fit(design, panel, nqp.Importance(200, 2, seed=1), progress=False)
    found = nqp.check(fit, "indicators", progress=False)
    assert found.verdict in ("caution", "failed")
    assert "pooled over periods" in found.sentence
