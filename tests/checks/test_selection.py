"""Rows that are missing for the policy's or the outcome's sake are seen, others are not."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp

DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), unidentified="drop")
SAMPLER = nqp.Importance(draws=20, chains=1, proposals=200, seed=1)


def simulated(world: str) -> nqp.Panel:
    """120 units × 12 periods in two strata, of which rows are missing for some reason."""
    made = nqp.simulation.staggered(units=120, periods=12, cohorts=(5, 6, 8, 10), seed=3)
    frame, rng = made.frame, np.random.default_rng(3)
    y, there = frame["outcome"].to_numpy(), np.ones(len(frame), dtype=bool)
    units = frame.groupby("unit")["outcome"]
    before = units.shift() - units.transform("mean")
    treated = frame["time"].to_numpy() >= frame["cohort"].fillna(99).to_numpy()
    random = rng.random(len(frame))
    if "at random" in world:
        there = random > 0.05
    elif world == "after bad outcomes":
        there = ~((before.to_numpy() < -1.2) & (random < 0.6))
    elif "floor" in world:
        there = y > np.quantile(y, 0.1)
    elif "of their unit" in world:
        distance = (y - units.transform("mean")).to_numpy()
        there = np.abs(distance) < 2.0 * distance.std()
    elif "either end" in world:
        there = (y > np.quantile(y, 0.025)) & (y < np.quantile(y, 0.975))
    elif "treated" in world:
        there = random > 0.03 + 0.2 * treated
    if "grows" in world:
        y = y + 2.0 * frame["time"].to_numpy()
    if "large" in world:
        y = np.log(np.round(np.exp(8 + 0.5 * y)))
    elif "counts" in world:
        count = rng.poisson(np.exp(0.4 * (y - y.mean()) + 0.5))
        there, y = (
            (count > 0, np.log(np.maximum(count, 1)))
            if "zeros" in world
            else (there, np.log1p(count))
        )
    if "cut off at" in world:
        y = np.minimum(y, np.quantile(y, float(world.rsplit(maxsplit=1)[-1])))
    if "rounded" in world:
        y = np.round(y)
    rows = frame.assign(y=y, dose=frame["time"] * (frame["unit"].factorize()[0] % 5) / 10)[there]
    roles = {"unit": "unit", "time": "time", "outcome": "y", "strata": "region"}
    return nqp.Panel.from_frame(rows, cohort="cohort", exposures="dose", **roles)


def asked(panel: nqp.Panel) -> nqp.CheckResult:
    fit = nqp.fit(DESIGN, panel, SAMPLER, progress=False)
    return nqp.check(fit, "selection", progress=False)


@pytest.mark.parametrize(
    ("world", "verdict", "word"),
    [
        ("nothing is missing", "passed", "All units are observed"),
        ("5 % at random", "passed", "neither to adoption nor to low outcomes"),
        ("after bad outcomes", "passed", "neither"),
        ("5 % at random, logarithms of large whole numbers", "passed", "neither"),
        ("logarithms of counts, zeros dropped", "failed", "Zeros have no logarithm"),
        ("log(1 + y) of counts", "caution", "unit in which the count is measured"),
        ("outcomes below a floor dropped", "caution", "cut off"),
        ("rows 2 sd from the mean of their unit deleted", "caution", "usual level of their unit"),
        ("2.5 % at either end of the outcome deleted", "caution", "extreme outcomes"),
        ("5 % at random, and the outcome grows", "passed", "neither"),
        ("the treated lack 12 % more", "caution", "Adoption changes the share of units"),
        ("cut off at 0.7", "caution", "seems to be cut off"),
        ("cut off at 0.99", "passed", "All units are observed"),
        ("rounded and cut off at 0.7", "passed", "All units are observed"),
    ],
)
def test_what_rows_are_missing_for(world: str, verdict: str, word: str) -> None:
    result = asked(simulated(world))
    assert result.verdict == verdict
    assert word in result.sentence


@pytest.mark.slow
def test_of_a_continuous_exposure_only_outcomes_are_looked_at() -> None:
    panel = simulated("logarithms of counts, zeros dropped")
    fit = nqp.fit(nqp.ContinuousExposure("dose"), panel, SAMPLER, progress=False)
    result = nqp.check(fit, "selection", progress=False)
    assert result.verdict == "failed"
    assert "零不能取对数" in result.said("zh")


@pytest.mark.slow
def test_a_mediator_that_was_cut_off_is_named() -> None:
    made = nqp.simulation.channels(seed=7).panel
    frame = made.frame.copy()
    frame["digital"] = frame["digital"].clip(upper=frame["digital"].quantile(0.7))
    design = nqp.Mediation(nqp.StaggeredDiD(nqp.CompletePooling()), ["digital"])
    said = {}
    for name, rows in {"whole": made.frame, "cut": frame}.items():
        panel = nqp.Panel.from_frame(rows, **made.arguments)
        fit = nqp.fit(design, panel, SAMPLER, progress=False)
        said[name] = nqp.check(fit, "selection", progress=False)
    assert said["whole"].verdict == "passed"
    assert said["cut"].verdict == "caution"
    assert "of digital" in said["cut"].sentence
