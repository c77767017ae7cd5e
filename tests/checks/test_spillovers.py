"""Checks of spillovers where the truth is known: A(E), hints that fit on paste, reach, donut."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.stats import norm
from spilled import Spilled, spilled

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError

DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), time=nqp.TimeEffects())


def fitted(world: Spilled | nqp.Panel, design: nqp.StaggeredDiD = DESIGN) -> nqp.Fit:
    panel = world if isinstance(world, nqp.Panel) else world.panel
    return nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)


@pytest.fixture(scope="module")
def world() -> Spilled:
    return spilled(6, sigma=0.5, kappa=(1.0, 0.5, 0.6))


@pytest.mark.slow
def test_spillovers_that_are_ignored_are_told_and_the_hint_fits(world: Spilled) -> None:
    fit = fitted(world)
    result = nqp.check(fit, "spillover_bias", progress=False)
    assert result.verdict == "failed"
    hint = re.search(r"Next: fit again with (.*?) in the design", result.sentence)
    assert hint is not None
    design = eval(f"DESIGN.replace({hint.group(1)})", {"DESIGN": DESIGN, "nqp": nqp})
    other = fitted(world, design)
    with_rings, without = (float(nqp.att(x).mean()) for x in (other, fit))
    received = nqp.spillover_effects(other, by="ring").mean(["chain", "draw"]).to_numpy()
    # What is off is what is received, times the weight of exposure, which needs no refit.
    weights = result.evidence["exposure_weight"].to_numpy()
    assert without - with_rings == pytest.approx(float(weights @ received), abs=0.1)
    assert without - with_rings < -0.4
    assert nqp.check(other, "spillover_bias", progress=False).verdict == "not applicable"


@pytest.mark.slow
def test_exposure_is_weighed_beside_shared_shocks_too(world: Spilled) -> None:
    roles = {k: getattr(world.panel.roles, k) for k in ("unit", "time", "cohort", "outcome")}
    group = [str(x % 10) for x in world.panel.unit_codes]
    panel = nqp.Panel.from_frame(world.panel.frame.assign(group=group), **roles)
    shocks = fitted(panel, DESIGN.replace(shocks=nqp.ClusterTimeEffects(by="group")))
    plain = nqp.check(fitted(panel), "spillover_bias", progress=False).evidence["exposure_weight"]
    found = nqp.check(shocks, "spillover_bias", progress=False).evidence["exposure_weight"]
    np.testing.assert_allclose(found, plain, atol=0.05)


def test_reach_that_no_wider_ring_can_ask_is_not_known() -> None:
    dense = spilled(101, units=120, periods=12, sigma=0.7)
    fit = fitted(dense, DESIGN.replace(spillovers=nqp.Rings([100, 200])))
    result = nqp.check(fit, "ring_reach", progress=False)
    assert result.verdict == "inconclusive"
    assert "one distance band more" in result.details or "one ring more" in result.sentence


def test_rings_beyond_which_nobody_is_left_are_not_asked_for() -> None:
    near = nqp.simulation.Spillover(nqp.Rings([100]), untreated=(1.0,))
    panel = nqp.simulation.staggered(
        units=200, cohorts=range(5, 13), never=0.4, sigma=0.3, rho=0.0, spillover=near, seed=4
    ).panel
    fit = fitted(panel, DESIGN)
    with pytest.raises(IdentificationError, match="not identified"):
        fitted(panel, DESIGN.replace(spillovers=nqp.Rings([100, 200, 300])))
    result = nqp.check(fit, "spillover_bias", progress=False)
    assert result.verdict == "failed"
    hint = re.search(r"Next: fit again with (.*?) in the design", result.sentence)
    assert hint is not None
    other = fitted(panel, eval(f"DESIGN.replace({hint.group(1)})", {"DESIGN": DESIGN, "nqp": nqp}))
    assert float(nqp.att(other).mean()) > float(nqp.att(fit).mean()) + 0.1


@pytest.mark.slow
def test_without_spillovers_it_holds_where_rows_can_tell() -> None:
    fit = fitted(spilled(5, sigma=0.5, kappa=(0.0, 0.0, 0.0)))
    few = nqp.check(fit, "spillover_bias", km=[30], progress=False)
    assert few.verdict == "passed"
    assert few.evidence.attrs["probability"] >= 0.9
    many = nqp.check(fit, "spillover_bias", progress=False)
    assert many.verdict == "inconclusive"
    assert "too imprecise" in many.sentence
    assert np.isfinite(many.evidence["exposure_weight"]).all()


def test_what_stays_is_the_coverage_that_a_refit_leaves() -> None:
    """With normal posteriors: the fit's interval under a refit's mean and sd, the least of two."""
    fit = fitted(spilled(5, sigma=0.5, kappa=(0.0, 0.0, 0.0)))
    result = nqp.check(fit, "spillover_bias", progress=False)
    draws = result.evidence["att"].to_numpy().reshape(-1, 3)
    mean, sd = draws.mean(axis=0), draws.std(axis=0)
    low, high = np.quantile(nqp.att(fit), (0.025, 0.975))
    inside = norm.cdf((high - mean) / sd) - norm.cdf((low - mean) / sd)
    assert result.evidence.attrs["probability"] == pytest.approx(inside[1:].min(), abs=0.03)
    assert abs(inside[1] - inside[2]) > 0.06


def test_rings_that_are_too_short_are_told(world: Spilled) -> None:
    short = fitted(world, DESIGN.replace(spillovers=nqp.Rings([100])))
    result = nqp.check(short, "ring_reach", progress=False)
    assert result.verdict in ("failed", "caution")
    assert "km=(100.0, 200.0)" in result.sentence
    assert nqp.check(short, "donut", progress=False).verdict != "passed"
    assert nqp.check(fitted(world), "ring_reach", progress=False).verdict == "not applicable"


@pytest.mark.slow
def test_bounds_are_looked_at(world: Spilled) -> None:
    with pytest.raises(StudyError, match="'km' is"):
        nqp.check(fitted(world), "spillover_bias", km=[200, 100], progress=False)


@pytest.mark.slow
def test_leads_are_compared_with_the_last_period_before_exposure() -> None:
    """Most adopters of this panel are exposed before they adopt, and have no row just before it."""
    near = nqp.simulation.Spillover(nqp.Rings([100, 200]), untreated=(1.0, 0.5))
    panel = nqp.simulation.staggered(
        units=120, periods=12, cohorts=(5, 6, 8, 9, 10), never=0.55, sigma=0.02, deviation_sd=0.0,
        spillover=near, seed=3,
    ).panel  # fmt: skip
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), spillovers=nqp.Rings([100, 200]))
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    result = nqp.check(fit, "pretrends", progress=False)
    assert result.verdict != "failed"
    evidence = result.evidence
    leads = evidence["lead"].mean(["chain", "draw"])
    assert leads["event_time"].min() <= -6
    # Without exposure before adoption all units of a cohort would be there at -2.
    assert evidence["units_lead"].sel(event_time=-2) < 40
    # Rows of exposed units would be off by 1, 50 times the innovation's sd.
    np.testing.assert_allclose(leads, 0.0, atol=0.03)
    assert nqp.check(fit, "trend_sensitivity", progress=False).verdict == "reported"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["moran", "spatial_lm", "spatial_errors", "spillover_bias"])
def test_coordinates_that_cannot_be_right_are_a_reason(world: Spilled, name: str) -> None:
    panel = world.panel
    frame = panel.frame.assign(longitude=25.0, latitude=110.0)
    roles = panel.roles
    swapped = nqp.Panel.from_frame(
        frame, unit=roles.unit, time=roles.time, outcome=roles.outcome, cohort=roles.cohort
    )
    result = nqp.check(fitted(swapped), name, progress=False)
    assert result.verdict == "not applicable"
    assert "cannot be read: longitude and latitude are interchanged" in result.sentence


@pytest.mark.slow
def test_what_reaches_units_before_they_adopt_is_no_response_of_theirs() -> None:
    rings = nqp.Rings([100.0])
    panel = nqp.simulation.staggered(
        units=150, periods=10, cohorts=(4, 6, 8), never=0.4, strata={}, seed=0,
        spillover=nqp.simulation.Spillover(rings, untreated=(3.0,)),
    ).panel  # fmt: skip
    design = nqp.StaggeredDiD(spillovers=rings)
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    assert nqp.check(fit, "placebo_time", progress=False).verdict == "passed"
    result = nqp.check(fit, "anticipation", progress=False)
    assert result.verdict == "passed"
    assert abs(result.evidence.attrs["before"]) < 2.0 * result.evidence.attrs["before_sd"]
    # With the rows of units that stand in a ring by then, what they receive counts as theirs.
    early = nqp.fit(fit.variant(anticipation=1), panel, nqp.Importance(seed=1), progress=False)
    received = nqp.att(early, by="event_time").sel(event_time=-1)
    assert received.mean() > 4.0 * received.std()


@pytest.mark.slow
def test_linked_units_treatment_is_no_response_before_adoption() -> None:
    panel = nqp.simulation.staggered(
        units=150, periods=10, cohorts=(4, 6, 8), never=0.4, strata={}, seed=3,
        spillover=nqp.simulation.Spillover(nqp.Rings([100.0]), untreated=(0.0,)),
    ).panel  # fmt: skip
    near = nqp.spatial_weights.nearest(panel, k=4)
    first = panel.cohort_codes[:, None]
    treated = (first >= 0) & (np.arange(panel.periods) >= first)
    received = 2.0 * (near.matrix @ treated)[panel.unit_codes, panel.time_codes]
    design = nqp.StaggeredDiD(spillovers=nqp.SpatialLag(near, lag=False))
    fit = nqp.fit(
        design, panel.with_outcome(panel.outcome + received), nqp.Importance(seed=1), progress=False
    )
    result = nqp.check(fit, "anticipation", progress=False)
    assert result.verdict == "passed"
    assert abs(result.evidence.attrs["before"]) < 2.0 * result.evidence.attrs["before_sd"]
