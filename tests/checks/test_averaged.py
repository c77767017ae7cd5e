"""One answer over several designs: weights, draws, and what each world speaks for."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from doors import (
    CANDIDATES,
    DesignEvidence,
    SlopeLaw,
    covariate_slopes,
    log_density_at_zero,
    means_near_adoption,
    mixed,
    probabilities,
    slope_law,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import bayes_nqp as nqp
from bayes_nqp.simulation import staggered

SAMPLER = nqp.Importance(draws=250, seed=2)
PARALLEL, EARLY, *_, DRIFT, _ = CANDIDATES


def fitted(panel: nqp.Panel, **changes: object) -> nqp.Fit:
    return nqp.fit(nqp.StaggeredDiD().replace(**changes), panel, SAMPLER, progress=False)


def simulated(**how: object) -> nqp.Panel:
    layout = {"units": 60, "periods": 10, "cohorts": (5, 7), "strata": {}, "seed": 1, **how}
    return staggered(**layout).panel  # type: ignore[arg-type]


def early(panel: nqp.Panel, size: float, sooner: float = 0.0) -> nqp.Panel:
    """Move outcomes of adopters in the period before they adopt, and in the one before it."""
    start = np.asarray(panel.cohort_codes)[panel.unit_codes]
    ahead = np.where(start >= 0, start - panel.time_codes, 0)
    return panel.with_outcome(panel.outcome + size * (ahead == 1) + sooner * (ahead == 2))


@pytest.fixture(scope="module")
def parallel() -> nqp.Fit:
    return fitted(simulated(units=150, strata={"region": ("inland", "coastal")}))


@pytest.fixture(scope="module")
def answer(parallel: nqp.Fit) -> nqp.Averaged:
    return nqp.averaged(parallel)


def test_parallel_trends_have_most_of_the_weight(parallel: nqp.Fit, answer: nqp.Averaged) -> None:
    assert answer.weights.sum() == pytest.approx(1.0)
    assert answer.table.set_index("design")["log_evidence"].idxmax() == "parallel trends"
    widths = [float(nqp.att(x).std()) for x in (parallel, answer)]
    assert 1.0 <= widths[1] / widths[0] < 1.8
    odds = answer.sensitivity
    assert odds["drift"].is_monotonic_increasing
    assert (odds["upper"] - odds["lower"]).is_monotonic_increasing
    assert odds["drift"].diff().dropna().gt(0.0).all()
    row = odds.set_index("drift_odds").loc[1.5]
    low, high = np.quantile(nqp.att(answer), [0.025, 0.975])
    assert [row["lower"], row["upper"]] == pytest.approx([low, high], abs=0.5 * widths[1])


def test_all_estimands_take_it(answer: nqp.Averaged) -> None:
    by = nqp.att(answer, "region")
    weights = by["weight"] / by["weight"].sum()
    np.testing.assert_allclose((by * weights).sum("region"), nqp.att(answer), rtol=1e-10)
    assert int(nqp.att(answer, "event_time")["event_time"].min()) == 0
    draws = nqp.contrast(by, {"region": "coastal"}, minus="inland")
    assert draws.dims == ("chain", "draw")
    assert nqp.att(answer, "unit").sizes["unit"] > 50
    assert "drift" in repr(answer)
    assert answer.table["weight"].sum() == pytest.approx(1.0)


def test_draws_are_those_of_the_designs_in_proportion(parallel: nqp.Fit) -> None:
    evidence = [DesignEvidence(PARALLEL, 0.0), DesignEvidence(EARLY, -1.0)]
    answer = mixed(parallel, evidence, 0.0)
    drawn, own = (nqp.att(x).to_numpy().ravel() for x in (answer, parallel))
    share = float(np.isin(np.round(drawn, 12), np.round(own, 12)).mean())
    assert share == pytest.approx(1.0 / (1.0 + np.exp(-1.0)), abs=1e-3)
    again = mixed(parallel, evidence, 0.0)
    np.testing.assert_array_equal(nqp.att(answer), nqp.att(again))


def test_of_one_design_it_is_its_fit(parallel: nqp.Fit) -> None:
    answer = mixed(parallel, [DesignEvidence(PARALLEL, 0.0), DesignEvidence(DRIFT, -50.0)])
    np.testing.assert_array_equal(nqp.att(answer), nqp.att(parallel))
    np.testing.assert_array_equal(
        nqp.att(answer, ["region", "event_time"]), nqp.att(parallel, ["region", "event_time"])
    )


@settings(max_examples=25, deadline=None)
@given(st.floats(-30.0, 30.0), st.floats(-5.0, 5.0))
def test_weights_follow_bayes(parallel: nqp.Fit, value: float, odds: float) -> None:
    answer = mixed(parallel, [DesignEvidence(PARALLEL, 0.0), DesignEvidence(EARLY, value)], odds)
    expected = 1.0 / (1.0 + np.exp(-value))
    expected = 0.0 if expected < 0.005 else 1.0 if expected > 0.995 else expected
    assert answer.weights.tolist() == pytest.approx([1.0 - expected, expected], abs=1e-9)


def test_a_response_before_adoption_is_a_design_of_its_own() -> None:
    panel = early(simulated(), 1.5)
    fit = fitted(panel)
    answer = nqp.averaged(fit)
    assert answer.weights.filter(like="response").sum() > 0.95
    truth = float(nqp.att(fitted(simulated())).mean())
    assert abs(float(nqp.att(answer).mean()) - truth) < abs(float(nqp.att(fit).mean()) - truth)


def test_a_response_that_builds_up_has_the_evidence_of_its_shapes() -> None:
    """``p(y | 2) = E p(y | g = a (1, share))``, the share what errors keep, one, or uniform."""
    fit = fitted(early(simulated(units=120), 1.0, 0.6))
    value = nqp.averaged(fit).table.set_index("design")["log_evidence"]
    law = means_near_adoption(fit, None)

    def density(a: float, share: float) -> float:
        laws = [
            stats.multivariate_normal.logpdf(a * np.array([1.0, share, 0.0]), m, v)
            for m, v in zip(law.means, law.covariances, strict=True)
        ]
        return float(law.share @ np.exp(laws)) * stats.norm.pdf(a, 0.0, law.s)

    def likelihood(share: float) -> float:
        sizes = np.linspace(-1.0, 3.0, 81)
        return float(np.trapezoid([density(a, share) for a in sizes], sizes))

    uniform = np.trapezoid([likelihood(x) for x in np.linspace(0.0, 1.0, 11)], dx=0.1)
    kept = likelihood(float(fit.posterior["outcome__rho"].mean()))
    every = 0.5 * kept + 0.25 * likelihood(1.0) + 0.25 * uniform
    expected = np.log(every) - log_density_at_zero(fit, None, law)
    assert value["a response two periods before adoption"] == pytest.approx(expected, abs=0.02)


def test_a_drift_takes_the_weight() -> None:
    panel = simulated(units=150, cohorts=(6, 8), trend=0.3)
    answer = nqp.averaged(fitted(panel))
    assert answer.weights.filter(regex="drift|differential trends").sum() > 0.95


def test_designs_that_the_panel_cannot_tell_are_named() -> None:
    panel = simulated(cohorts=(3, 6))
    answer = nqp.averaged(fitted(panel))
    names = [str(name) for name, _ in answer.left_out]
    assert any("two periods before" in name for name in names)
    assert all(str(why) for _, why in answer.left_out)


def test_a_dip_of_all_periods_before_adoption_is_no_member() -> None:
    # Cohorts with two and three periods before adoption: a level, not a dip.
    made = staggered(units=120, periods=5, cohorts=(3, 4), strata={}, seed=5000)
    fit = nqp.fit(nqp.StaggeredDiD(), made.panel, nqp.Importance(seed=1), progress=False)
    answer = nqp.averaged(fit)
    left_out = {str(name): str(why) for name, why in answer.left_out}
    assert left_out["adoption after three bad or good periods"].startswith("too few periods")
    assert "adoption after a bad or good period" in answer.weights
    assert float(nqp.att(answer).std() / nqp.att(fit).std()) < 2.5


def test_a_prior_of_slopes_is_integrated_in_closed_form() -> None:
    """Against the integral that it stands for: of a mixture."""
    means = np.array([[0.4, -0.1], [0.3, 0.2]])
    covariances = np.array([[[0.04, 0.01], [0.01, 0.09]], [[0.16, -0.02], [-0.02, 0.05]]])
    share = np.array([0.3, 0.7])
    law = SlopeLaw(share, means, covariances, 0.8)

    def likelihood(first: float) -> float:
        parts = [
            stats.multivariate_normal.pdf([first, 0.0], m, v)
            for m, v in zip(means, covariances, strict=True)
        ]
        return float(share @ parts)

    integral = integrate.quad(lambda g: likelihood(g) * stats.norm.pdf(g, 0.0, 0.8), -5.0, 5.0)[0]
    assert law.log_density(np.diag([0.8**2, 0.0])) == pytest.approx(np.log(integral), abs=1e-6)
    zero = law.log_density(np.zeros((2, 2)))
    assert zero == pytest.approx(np.log(likelihood(0.0)), abs=1e-9)
    rng = np.random.default_rng(1)
    at = rng.choice(2, 200_000, p=share)
    root = np.linalg.cholesky(covariances)[at]
    draws = means[at] + np.einsum("dij,dj->di", root, rng.standard_normal((at.size, 2)))
    np.testing.assert_allclose(law.mean, draws.mean(axis=0), atol=0.005)
    np.testing.assert_allclose(law.covariance, np.cov(draws, rowvar=False), atol=0.005)


@pytest.mark.parametrize("trends", [None, nqp.DifferentialTrends()])
def test_means_of_zero_have_the_likelihood_without_them(trends: object) -> None:
    """``log E[N(m; 0, V)]``, by draws where means are near zero, is ``log p(y) - log p(y | flat)``.

    Far from zero the same two integrals stay, by seed, where the expectation does not.
    """
    near = fitted(simulated(units=120))
    law = means_near_adoption(near, trends)
    expectation = law.log_density(np.zeros_like(law.covariance))
    assert log_density_at_zero(near, trends, law) == pytest.approx(expectation, abs=0.25)
    panel = early(simulated(units=120), 2.0)
    far = []
    for seed in (1, 2, 3):
        fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=seed), progress=False)
        law = means_near_adoption(fit, trends)
        far.append(log_density_at_zero(fit, trends, law))
    assert np.ptp(far) < 0.5
    assert max(far) < -10.0


def test_the_law_of_slopes_is_that_of_draws(parallel: nqp.Fit) -> None:
    """Mean and covariance given parameters, against slopes of a whole fit."""
    panel = parallel.panel
    assert panel is not None
    rng = np.random.default_rng(2)
    frame = panel.frame.assign(**{k: rng.standard_normal(panel.n_rows) for k in ("x", "z")})
    wider = nqp.Panel.from_frame(frame, **panel.arguments | {"covariates": ["x", "z"]})
    fit = nqp.fit(parallel.design, wider, nqp.Importance(seed=3), progress=False)
    draws = covariate_slopes(fit, ["x", "z"]).reshape(-1, 2)
    law = slope_law(parallel.design, wider, ["x", "z"], seed=1)
    np.testing.assert_allclose(law.mean, draws.mean(axis=0), atol=0.1 * draws.std(axis=0).min())
    np.testing.assert_allclose(law.covariance, np.cov(draws, rowvar=False), rtol=0.15, atol=1e-4)


def test_units_that_enter_late_lose_no_design() -> None:
    """Rows that a response alone leaves without an effect are no reason to leave it out."""
    panel = early(simulated(units=120, cohorts=(5, 7, 8), seed=3), 1.0)
    entry = np.random.default_rng(1).choice([0, 0, 0, 0, 1, 2, 3], panel.n_units)
    fit = fitted(panel.where(panel.time_codes >= entry[panel.unit_codes]))
    with pytest.raises(nqp.errors.IdentificationError, match="'anticipation' is 1"):
        fitted(fit.panel, anticipation=1)
    answer = nqp.averaged(fit)
    assert not answer.left_out
    responses = answer.table["design"].str.contains("response")
    assert answer.table["weight"][responses].sum() > 0.9


def test_nothing_is_adopted() -> None:
    panel = nqp.Panel.from_frame(
        simulated().frame.assign(dose=lambda x: np.random.default_rng(1).normal(size=len(x))),
        unit="unit", time="time", outcome="outcome", exposures=["dose"],
    )  # fmt: skip
    fit = nqp.fit(nqp.ContinuousExposure("dose"), panel, SAMPLER, progress=False)
    with pytest.raises(nqp.errors.NotApplicable):
        nqp.averaged(fit)


def named(panel: nqp.Panel, **changes: object) -> nqp.CheckResult:
    result = nqp.check(fitted(panel, **changes), "pretrends", progress=False)
    assert isinstance(result, nqp.CheckResult)
    return result


def test_the_design_named_next_is_the_one_that_explains_the_periods_before() -> None:
    response = named(early(simulated(), 1.5))
    assert response.verdict == "fails"
    assert "likeliest of those that nothing contradicts, anticipation=1," in response.sentence
    assert "The average over designs, with which reports begin" in response.sentence
    drift = named(simulated(units=150, periods=12, cohorts=(7, 9), trend=0.5))
    assert "Next: trends=nqp.DifferentialTrends()" in drift.sentence


def test_a_drift_is_judged_by_its_own_leads() -> None:
    trends = nqp.DifferentialTrends()
    assert named(simulated(units=120, trend=0.2), trends=trends).verdict == "reported"
    result = named(early(simulated(units=120), 1.5), trends=trends)
    assert result.verdict == "fails"
    assert "does not explain the last periods" in result.sentence
    assert "nothing contradicts, anticipation=1" in result.sentence


def test_evidence_counts_by_the_designs_that_leads_leave_standing() -> None:
    """Among designs that their leads contradict, the largest evidence says nothing."""

    def designs(tail: float) -> list[DesignEvidence]:
        return [
            DesignEvidence(CANDIDATES[k], value, tail=tail)
            for k, value in ((0, 0.0), (5, 9.0), (8, 3.0))
        ]

    prior = np.exp([0.0, 0.0, 1.5]) / np.exp([0.0, 0.0, 1.5]).sum()
    np.testing.assert_allclose(probabilities(designs(0.0)), prior)
    full = np.exp([0.0, 9.0, 4.5]) / np.exp([0.0, 9.0, 4.5]).sum()
    for tail in (0.05, 0.6, np.nan):
        np.testing.assert_allclose(probabilities(designs(tail)), full)
    half = np.exp([0.0, 4.5, 3.0]) / np.exp([0.0, 4.5, 3.0]).sum()
    np.testing.assert_allclose(probabilities(designs(0.025)), half)


@pytest.mark.parametrize("size", [0.0, 1.5])
def test_assumptions_and_placebos_in_time_agree(size: float) -> None:
    fit = fitted(early(simulated(), size))
    placebo, assumed = (nqp.check(fit, x, progress=False) for x in ("placebo_time", "assumptions"))
    contradicted = "parallel trends" in assumed.sentence.split("Under")[-1]
    every = "Under each" in assumed.sentence
    assert (placebo.verdict in ("in doubt", "fails")) == (contradicted or every) == (size > 0)


def test_designs_with_further_paths_are_mixed_by_the_paths_of_the_fit() -> None:
    """Under anticipation some treated rows are exposed, and a direct path is there that was not."""
    rng, unit = np.random.default_rng(0), np.repeat(np.arange(40), 7)
    frame = pd.DataFrame({
        "unit": [f"u{k:02d}" for k in unit], "time": np.tile(np.arange(2000, 2007), 40),
        "cohort": np.where(unit % 3 == 0, np.nan, 2003.0 + unit % 2),
        "longitude": 100.0 + unit % 7, "latitude": 30.0 + unit // 7, "y": rng.normal(size=280),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
    design = nqp.StaggeredDiD(spillovers=nqp.Rings([120]), unidentified="drop")
    fit = nqp.fit(design, panel, nqp.Importance(draws=200, seed=1), progress=False)
    early = nqp.fit(fit.variant(anticipation=1), panel, fit.sampler, progress=False)
    assert {*early.effects["path"].values} > {*fit.effects["path"].values}
    answer = nqp.averaged(fit)
    assert {*answer.effects["path"].values} == {*fit.effects["path"].values}


def test_where_units_share_shocks_that_last_all_designs_have_them() -> None:
    provinces = np.arange(60) // 4
    shocks = np.zeros((15, 10))
    rng = np.random.default_rng(3)
    for t in range(1, 10):
        shocks[:, t] = 0.7 * shocks[:, t - 1] + rng.normal(0.0, 1.0, 15)
    plain = simulated()
    unit, time = plain.unit_codes, plain.time_codes
    frame = plain.frame.assign(
        outcome=plain.outcome + shocks[provinces[unit], time],
        province=[f"p{x:02d}" for x in provinces[unit]],
    )
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome"
    )
    fit = fitted(panel)
    answer, shared = (
        nqp.averaged(fit),
        fitted(panel, shocks=nqp.SharedShocks("province", errors=nqp.AR1())),
    )
    assert "province" in str(answer.errors)
    names = answer.table.set_index("design")
    own = names.loc["parallel trends"]
    assert own["sd"] == pytest.approx(float(nqp.att(shared).std()), rel=0.1)
    assert own["sd"] > 1.05 * float(nqp.att(fit).std())
    assert not str(nqp.averaged(fitted(plain)).errors)
