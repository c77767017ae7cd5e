"""Mediators of other periods, other slopes of treated rows and bends: seen where they are."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
import pytest
from doors import slopes_without

import bayes_nqp as nqp
from bayes_nqp.data.simulation import Channel, channels

UNITS, PERIODS = 60, 12


@cache
def fitted(world: str) -> nqp.Fit:
    """Of a mediator that the policy raises by one, in a world of its own."""
    rng = np.random.default_rng(3)
    start = np.where(rng.random(UNITS) < 0.35, 99, rng.choice([5, 7, 9], UNITS))
    on = np.arange(PERIODS) >= start[:, None]
    errors = rng.normal(0.0, 1.0, (UNITS, PERIODS))
    moves = rng.normal(0.0, 0.8, (UNITS, PERIODS))
    for t in range(1, PERIODS):
        errors[:, t] += 0.5 * errors[:, t - 1]
        moves[:, t] += 0.5 * moves[:, t - 1]
    mediator = rng.normal(0.0, 1.0, (UNITS, 1)) + moves + on
    before = np.concatenate([mediator[:, :1], mediator[:, :-1]], axis=1)
    earlier = np.concatenate([before[:, :1], before[:, :-1]], axis=1)
    outcome = rng.normal(0.0, 2.0, (UNITS, 1)) + errors + on
    outcome = outcome + {
        "clean": 0.6 * mediator,
        "later": 0.6 * before,
        "much later": 0.6 * earlier,
        "changed": 0.3 * mediator + 0.6 * mediator * on,
        "bent": 0.3 * mediator**2,
        "adopters": np.where(start[:, None] < 99, 0.9, 0.2) * mediator,
        "consequence": 0.0,
    }[world]  # fmt: skip
    if world == "consequence":
        mediator = 0.5 * outcome + 0.6 * rng.normal(size=mediator.shape)
    unit, time = np.divmod(np.arange(UNITS * PERIODS), PERIODS)
    frame = {
        "unit": unit, "time": time + 2000, "y": outcome.ravel(), "m": mediator.ravel(),
        "cohort": np.where(start < 99, start + 2000.0, np.nan)[unit],
    }  # fmt: skip
    panel = nqp.Panel.from_frame(
        pd.DataFrame(frame), unit="unit", time="time", cohort="cohort", outcome="y", mediators=["m"]
    )
    sampler = nqp.Importance(draws=500, seed=1)
    return nqp.fit(nqp.Mediation(), panel, sampler, progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mediator_periods", "mediator_slopes"])
def test_they_hold_where_one_slope_and_one_period_are_true(name: str) -> None:
    assert nqp.check(fitted("clean"), name, progress=False).verdict == "passed"


@pytest.mark.slow
def test_a_mediator_that_acts_later_is_named_with_the_lag_to_fit() -> None:
    result = nqp.check(fitted("later"), "mediator_periods", progress=False)
    assert result.verdict == "failed"
    assert "of the period before still affects the outcome" in result.sentence
    assert "lag=1" in result.sentence
    before = result.evidence.iloc[1]
    assert before["lower"] < 0.6 < before["upper"]
    again = nqp.fit(fitted("later").variant(lag=1), fitted("later").panel, progress=False)
    assert nqp.check(again, "mediator_periods", progress=False).verdict == "passed"


@pytest.mark.slow
def test_a_mediator_that_acts_two_periods_later_is_named_with_the_lag_to_fit() -> None:
    result = nqp.check(fitted("much later"), "mediator_periods", progress=False)
    assert result.verdict == "failed"
    assert "two periods before still affects" in result.sentence
    assert "lag=2" in result.sentence
    earlier = result.evidence.iloc[3]
    assert earlier["lower"] < 0.6 < earlier["upper"]
    again = nqp.fit(fitted("much later").variant(lag=2), fitted("much later").panel, progress=False)
    assert nqp.check(again, "mediator_periods", progress=False).verdict == "passed"


@pytest.mark.slow
def test_short_panels_are_not_asked_of_two_periods_before() -> None:
    panel = fitted("clean").panel
    few = panel.frame[panel.frame["time"] < 2007]
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
    short = nqp.Panel.from_frame(few, mediators=["m"], **roles)
    fit = nqp.fit(nqp.Mediation(), short, nqp.Importance(draws=500, seed=1), progress=False)
    result = nqp.check(fit, "mediator_periods", progress=False)
    assert len(result.evidence) == 3
    assert "two periods before" not in result.figure


def test_a_mediator_that_follows_the_outcome_leaves_its_mark_on_both_sides() -> None:
    result = nqp.check(fitted("consequence"), "mediator_periods", progress=False)
    assert result.verdict == "failed"
    assert "before and after" in result.sentence


def test_a_slope_that_the_policy_changes_is_seen_and_its_remedy_covers() -> None:
    fit = fitted("changed")
    result = nqp.check(fit, "mediator_slopes", progress=False)
    assert result.verdict == "failed"
    assert "interaction=True" in result.sentence
    path = result.evidence.iloc[-1]
    assert path["lower"] < 0.9 < path["upper"]
    assert result.evidence.iloc[0]["upper"] < 0.9
    again = nqp.fit(fit.variant(interaction=True), fit.panel, progress=False)
    assert nqp.check(again, "mediator_slopes", progress=False).verdict == "not applicable"


def test_a_slope_of_those_who_adopt_is_seen_before_the_policy_too() -> None:
    fit = fitted("adopters")
    result = nqp.check(fit, "mediator_slopes", progress=False)
    assert result.verdict == "failed"
    assert "in ever-treated units than in others" in result.sentence
    assert "under the policy than without it" not in result.sentence
    assert "interaction=True" in result.sentence
    table = result.evidence.set_index("quantity")
    own = table.loc["slope of ever-treated units minus that of never-treated units"]
    assert own["lower"] < 0.7 < own["upper"]
    path = table.loc["slope relevant for the indirect effect"]
    assert path["lower"] < 0.9 < path["upper"]
    assert table.loc["common slope", "upper"] < 0.9
    again = nqp.fit(fit.variant(interaction=True), fit.panel, progress=False)
    assert np.quantile(nqp.nie(again), 0.975) > 0.9


@pytest.mark.slow
def test_where_no_stratum_has_both_slopes_of_adopters_are_those_of_strata() -> None:
    rows = fitted("clean").panel
    adopts = np.asarray(rows.cohort_codes)[rows.unit_codes] >= 0
    frame = rows.frame.assign(zone=np.where(adopts, "inside", "outside"))
    panel = nqp.Panel.from_frame(frame, **{**rows.arguments, "strata": ["zone"]})
    design = nqp.Mediation(nqp.StaggeredDiD(time=nqp.TimeEffects()))
    fit = nqp.fit(design, panel, nqp.Importance(draws=500, seed=1), progress=False)
    result = nqp.check(fit, "mediator_slopes", progress=False)
    assert result.verdict == "passed"
    assert "slope of ever-treated units minus that of never-treated units" not in set(
        result.evidence["quantity"]
    )


def test_slopes_given_that_adopters_have_none_of_their_own() -> None:
    """Of normal draws: what is silent is zero, and what moves with it has its conditional law."""
    rng = np.random.default_rng(1)
    far = rng.multivariate_normal([0.5, 0.3], [[0.04, 0.03], [0.03, 0.09]], 40_000).T
    none = np.zeros((2, 40_000))
    slopes = np.stack([far[0], *none, far[1]])[None]
    base, *_, own = slopes_without(slopes)[0]
    np.testing.assert_allclose(own, 0.0, atol=1e-12)
    assert base.mean() == pytest.approx(0.5 - 0.3 * 0.03 / 0.09, abs=0.005)
    assert base.std() == pytest.approx(np.sqrt(0.04 - 0.03**2 / 0.09), abs=0.003)
    loud = np.stack([far[0], *none, far[1] + 2.0])[None]
    np.testing.assert_array_equal(slopes_without(loud), loud)


def test_a_bend_is_seen() -> None:
    result = nqp.check(fitted("bent"), "mediator_slopes", progress=False)
    assert result.verdict in ("caution", "failed")
    assert "nonlinearity" in result.sentence


def test_slopes_that_strata_differ_in_are_no_other_slope_of_the_treated() -> None:
    """One slope of all strata would be in doubt of this panel; each stratum has its own."""
    digital = Channel(level=0.8, slope=0.5, contrast=0.9)
    made = channels(mediators={"digital": digital}, units=120, periods=9, cohorts=(4, 6), seed=2)
    design = nqp.Mediation(nqp.StaggeredDiD(), ["digital"])
    sampler = nqp.Importance(draws=500, seed=1)
    result = nqp.check(nqp.fit(design, made.panel, sampler, progress=False), "mediator_slopes")
    assert result.verdict == "passed"
    evidence = result.evidence
    slope = evidence.loc[evidence["quantity"] == "common slope", "value"].item()
    shares = np.bincount(made.panel.strata_codes["region"][made.panel.cohort_codes >= 0])
    assert slope == pytest.approx(np.average([0.95, 0.05], weights=shares), abs=0.15)
