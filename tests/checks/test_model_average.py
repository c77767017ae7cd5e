"""One posterior over several assumptions: prior, evidence, draws, and what each world favours."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from doors import (
    CANDIDATES,
    PRIOR,
    SlopeLaw,
    covariate_slopes,
    family_probabilities,
    log_density_at_zero,
    means_near_adoption,
    mixed,
    prior_of,
    probabilities,
    slope_law,
)
from doors import DesignEvidence as Evidence
from hypothesis import given, settings
from hypothesis import strategies as st
from mediated import channels_fit
from scipy import integrate, stats

import bayes_nqp as nqp
from bayes_nqp._core.i18n import chance
from bayes_nqp.data.simulation import staggered

SAMPLER = nqp.Importance(draws=250, seed=2)
PARALLEL, EARLY, *_, DIFFERENTIAL_TRENDS, _ = CANDIDATES
EVEN = {"parallel": 0.5, "differential": 0.0, "event": 0.5}


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
def answer(parallel: nqp.Fit) -> nqp.ModelAverage:
    return nqp.model_average(parallel)


@pytest.mark.slow
def test_parallel_trends_have_most_of_the_weight(
    parallel: nqp.Fit, answer: nqp.ModelAverage
) -> None:
    assert answer.weights.sum() == pytest.approx(1.0)
    assert answer.table.set_index("design")["log_evidence"].idxmax() == "parallel trends"
    assert answer.families["posterior"].idxmax() == "parallel"
    assert answer.support == pytest.approx(answer.families["posterior"]["parallel"])
    widths = [float(nqp.att(x).std()) for x in (parallel, answer)]
    assert 1.0 <= widths[1] / widths[0] < 1.8


@pytest.mark.slow
def test_the_answer_moves_with_the_prior_of_parallel_trends(
    parallel: nqp.Fit, answer: nqp.ModelAverage
) -> None:
    table = answer.sensitivity
    assert table["prior"].tolist() == pytest.approx(np.arange(1, 10) / 10)
    assert table["posterior"].diff().dropna().gt(0.0).all()
    width = table["upper"] - table["lower"]
    assert width.is_monotonic_decreasing
    own = np.subtract(*np.quantile(nqp.att(parallel), [0.975, 0.025]))
    assert width.iloc[-1] < 1.2 * own < 1.2 * width.iloc[0]
    row = table.set_index("prior").loc[0.3]
    low, high = np.quantile(nqp.att(answer), [0.025, 0.975])
    sd = float(nqp.att(answer).std())
    assert [row["lower"], row["upper"]] == pytest.approx([low, high], abs=0.5 * sd)
    assert row["posterior"] == pytest.approx(answer.families["posterior"]["parallel"])
    other = nqp.model_average(parallel, prior={"parallel": 0.6})
    row = table.set_index("prior").loc[0.6]
    assert other.families["posterior"]["parallel"] == pytest.approx(row["posterior"])
    assert float(nqp.att(other).mean()) == pytest.approx(row["att"], abs=0.2 * sd)


# The prior


@pytest.mark.parametrize(
    ("prior", "expected"),
    [
        (None, (0.3, 0.5, 0.2)),
        ({}, (0.3, 0.5, 0.2)),
        ({"parallel": 0.6}, (0.6, 0.4 * 5 / 7, 0.4 * 2 / 7)),
        ({"event": 0.0}, (3 / 8, 5 / 8, 0.0)),
        ({"parallel": 0.2, "event": 0.3}, (0.2, 0.5, 0.3)),
        ({"differential": 1.0}, (0.0, 1.0, 0.0)),
        ({"parallel": 0.1, "differential": 0.2, "event": 0.7}, (0.1, 0.2, 0.7)),
    ],
)
def test_families_that_are_not_named_share_the_rest(
    prior: dict[str, float] | None, expected: tuple[float, ...]
) -> None:
    assert dict(PRIOR) == {"parallel": 0.3, "differential": 0.5, "event": 0.2}
    found = prior_of(prior)
    assert list(found) == ["parallel", "differential", "event"]
    assert list(found.values()) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("prior", "said"),
    [
        ({"parallels": 0.5}, "'prior' names 'parallels'"),
        ({"parallel": -0.1}, r"prior\['parallel'\] is -0.1, not a probability"),
        ({"event": 1.5}, r"prior\['event'\] is 1.5, not a probability"),
        ({"event": float("nan")}, "'prior' is {'event': nan}"),
        ({"parallel": 0.8, "event": 0.3}, "add up to 1.1, not 1"),
        ({"parallel": 0.2, "differential": 0.2, "event": 0.2}, "add up to 0.6, not 1"),
    ],
)
def test_a_prior_that_is_none_is_refused(
    parallel: nqp.Fit, prior: dict[str, float], said: str
) -> None:
    with pytest.raises(nqp.errors.StudyError, match=said):
        nqp.model_average(parallel, prior=prior)


def test_a_prior_of_nothing_that_the_panel_identifies_is_refused() -> None:
    fit = fitted(simulated(periods=3, cohorts=(2,)))
    assert not nqp.model_average(fit).weights.drop("parallel trends").any()
    with pytest.raises(nqp.errors.StudyError, match="gives no probability"):
        nqp.model_average(fit, prior={"parallel": 0.0})


def test_a_family_shares_its_probability_by_the_shares_of_its_candidates() -> None:
    every = [Evidence(x, 0.0) for x in CANDIDATES]
    weights = dict(zip((str(x.name) for x in CANDIDATES), probabilities(every), strict=True))
    assert weights["parallel trends"] == pytest.approx(0.3)
    assert weights["a linear differential trend"] == pytest.approx(0.5 * 4 / 6)
    assert weights["differential trends"] == pytest.approx(0.5 / 6)
    assert weights["Ashenfelter's dip of one period"] == pytest.approx(0.2 / 7)


def test_what_the_panel_identifies_leaves_the_prior_of_families() -> None:
    """Evidence of zero: posterior probabilities are the prior's, whoever is left of a family."""
    prior = {"parallel": 0.3, "differential": 0.5, "event": 0.2}
    rng = np.random.default_rng(4)
    for _ in range(50):
        left = [x for x in CANDIDATES if rng.uniform() < 0.4]
        some = [Evidence(x, 0.0) for x in (PARALLEL, EARLY, DIFFERENTIAL_TRENDS)]
        every = [
            *some,
            *(Evidence(x, 0.0) for x in left if x not in (PARALLEL, EARLY, DIFFERENTIAL_TRENDS)),
        ]
        assert family_probabilities(every) == pytest.approx(prior)
    # A family of which nothing is left: the others keep their ratio.
    two = family_probabilities([Evidence(PARALLEL, 0.0), Evidence(EARLY, 0.0)])
    assert two == pytest.approx({"parallel": 0.6, "event": 0.4})


@pytest.mark.slow
@pytest.mark.parametrize("prior", [None, {"parallel": 0.5}])
def test_three_periods_leave_the_prior_as_stated(prior: dict[str, float] | None) -> None:
    long = nqp.model_average(fitted(simulated()), prior=prior)
    short = nqp.model_average(fitted(simulated(periods=3, cohorts=(2, 3))), prior=prior)
    assert len(short.designs) < len(long.designs)
    for answer in (long, short):
        assert answer.families["prior"].to_dict() == pytest.approx(prior_of(prior))
        assert answer.families["posterior"].sum() == pytest.approx(1.0)
        by = answer.table.groupby("family")["prior"].sum()
        assert by.to_dict() == pytest.approx({x: prior_of(prior)[x] for x in by.index})
    assert np.isnan(short.families["posterior"]["differential"])
    assert "not identified" in str(short.words)


def test_evidence_of_pretrends_is_that_of_the_average(parallel: nqp.Fit) -> None:
    agrees(parallel, nqp.model_average(parallel))


@pytest.mark.slow
def test_evidence_of_channels_is_that_of_their_outcome() -> None:
    fit = channels_fit()
    agrees(fit, nqp.model_average(fit))


def agrees(fit: nqp.Fit, answer: nqp.ModelAverage) -> None:
    """See that the check of pre-trends has the posterior of the average, to the printed digit."""
    result = nqp.check(fit, "pretrends", progress=False)
    families = answer.families["posterior"].dropna()
    assert set(families.index) == set(answer.prior)
    for name, p in families.items():
        assert result.evidence.attrs[f"probability_{name}"] == pytest.approx(p, abs=1e-9)
    assert f"P(parallel trends) {chance(families['parallel'], 2)} (prior 0.30)" in result.figure
    assert f"log Bayes factor {answer.log_bayes_factor:.1f}" in result.figure
    odds = families["parallel"] / (1.0 - families["parallel"])
    assert answer.log_bayes_factor == pytest.approx(np.log(odds / (0.3 / 0.7)))


# Draws


def test_all_estimands_take_it(answer: nqp.ModelAverage) -> None:
    by = nqp.att(answer, "region")
    weights = by["weight"] / by["weight"].sum()
    np.testing.assert_allclose((by * weights).sum("region"), nqp.att(answer), rtol=1e-10)
    assert int(nqp.att(answer, "event_time")["event_time"].min()) == 0
    draws = nqp.contrast(by, {"region": "coastal"}, minus="inland")
    assert draws.dims == ("chain", "draw")
    assert nqp.att(answer, "unit").sizes["unit"] > 50
    assert "differential trends" in repr(answer)
    assert "prior 0.30, posterior" in repr(answer)
    assert answer.table["weight"].sum() == pytest.approx(1.0)


@pytest.mark.slow
def test_draws_are_those_of_the_designs_in_proportion(parallel: nqp.Fit) -> None:
    evidence = [Evidence(PARALLEL, 0.0), Evidence(EARLY, -1.0)]
    answer = mixed(parallel, evidence, EVEN)
    drawn, own = (nqp.att(x).to_numpy().ravel() for x in (answer, parallel))
    share = float(np.isin(np.round(drawn, 12), np.round(own, 12)).mean())
    assert share == pytest.approx(1.0 / (1.0 + np.exp(-1.0)), abs=1e-3)
    again = mixed(parallel, evidence, EVEN)
    np.testing.assert_array_equal(nqp.att(answer), nqp.att(again))


@pytest.mark.slow
def test_of_one_design_it_is_its_fit(parallel: nqp.Fit) -> None:
    answer = mixed(parallel, [Evidence(PARALLEL, 0.0), Evidence(DIFFERENTIAL_TRENDS, -50.0)])
    np.testing.assert_array_equal(nqp.att(answer), nqp.att(parallel))
    np.testing.assert_array_equal(
        nqp.att(answer, ["region", "event_time"]), nqp.att(parallel, ["region", "event_time"])
    )


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.floats(-30.0, 30.0), st.floats(0.05, 0.85))
def test_weights_follow_bayes(parallel: nqp.Fit, value: float, event: float) -> None:
    prior = {"parallel": 0.9 - event, "differential": 0.1, "event": event}
    answer = mixed(parallel, [Evidence(PARALLEL, 0.0), Evidence(EARLY, value)], prior)
    odds = event / (0.9 - event) * np.exp(value)
    expected = odds / (1.0 + odds)
    assert answer.weights.tolist() == pytest.approx([1.0 - expected, expected], abs=1e-9)


@pytest.mark.slow
def test_a_response_before_adoption_is_a_design_of_its_own() -> None:
    panel = early(simulated(), 1.5)
    fit = fitted(panel)
    answer = nqp.model_average(fit)
    assert answer.weights.filter(like="anticipation").sum() > 0.95
    truth = float(nqp.att(fitted(simulated())).mean())
    assert abs(float(nqp.att(answer).mean()) - truth) < abs(float(nqp.att(fit).mean()) - truth)


@pytest.mark.slow
def test_a_response_that_builds_up_has_the_evidence_of_its_shapes() -> None:
    """``p(y | 2) = E p(y | g = a (1, share))``, the share what errors keep, one, or uniform."""
    fit = fitted(early(simulated(units=120), 1.0, 0.6))
    value = nqp.model_average(fit).table.set_index("design")["log_evidence"]
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
    assert value["anticipation two periods before adoption"] == pytest.approx(expected, abs=0.02)


@pytest.mark.slow
def test_a_drift_takes_the_weight() -> None:
    panel = simulated(units=150, cohorts=(6, 8), trend=0.3)
    answer = nqp.model_average(fitted(panel))
    assert answer.families["posterior"]["differential"] > 0.95


@pytest.mark.slow
def test_designs_that_the_panel_cannot_tell_are_named() -> None:
    panel = simulated(cohorts=(3, 6))
    answer = nqp.model_average(fitted(panel))
    names = [str(name) for name, _ in answer.left_out]
    assert any("two periods before" in name for name in names)
    assert all(str(why) for _, why in answer.left_out)


@pytest.mark.slow
def test_a_dip_of_all_periods_before_adoption_is_no_member() -> None:
    # Cohorts with two and three periods before adoption: a level, not a dip.
    made = staggered(units=120, periods=5, cohorts=(3, 4), strata={}, seed=5000)
    fit = nqp.fit(nqp.StaggeredDiD(), made.panel, nqp.Importance(seed=1), progress=False)
    answer = nqp.model_average(fit)
    left_out = {str(name): str(why) for name, why in answer.left_out}
    assert left_out["Ashenfelter's dip of three periods"].startswith("too few periods")
    assert "Ashenfelter's dip of one period" in answer.weights
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


@pytest.mark.slow
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


@pytest.mark.slow
def test_units_that_enter_late_lose_no_design() -> None:
    """Rows that a response alone leaves without an effect are no reason to leave it out."""
    panel = early(simulated(units=120, cohorts=(5, 7, 8), seed=3), 1.0)
    entry = np.random.default_rng(1).choice([0, 0, 0, 0, 1, 2, 3], panel.n_units)
    fit = fitted(panel.where(panel.time_codes >= entry[panel.unit_codes]))
    with pytest.raises(nqp.errors.IdentificationError, match="'anticipation' is 1"):
        fitted(fit.panel, anticipation=1)
    answer = nqp.model_average(fit)
    assert not answer.left_out
    assert answer.weights.filter(regex="anticipation|dip|shift").sum() > 0.9


@pytest.mark.slow
def test_nothing_is_adopted() -> None:
    panel = nqp.Panel.from_frame(
        simulated().frame.assign(dose=lambda x: np.random.default_rng(1).normal(size=len(x))),
        unit="unit", time="time", outcome="outcome", exposures=["dose"],
    )  # fmt: skip
    fit = nqp.fit(nqp.ContinuousExposure("dose"), panel, SAMPLER, progress=False)
    with pytest.raises(nqp.errors.StudyError, match="continuous exposure has no adoption date"):
        nqp.model_average(fit)


def named(panel: nqp.Panel, **changes: object) -> nqp.CheckResult:
    result = nqp.check(fitted(panel, **changes), "pretrends", progress=False)
    assert isinstance(result, nqp.CheckResult)
    return result


@pytest.mark.slow
def test_the_design_named_next_is_the_one_that_explains_the_periods_before() -> None:
    response = named(early(simulated(), 1.5))
    assert response.verdict == "failed"
    assert "placebos do not reject is anticipation=1 (" in response.details
    assert "report the model average over assumptions about trends" in response.sentence
    drift = named(simulated(units=150, periods=12, cohorts=(7, 9), trend=0.5))
    assert "in which trends=nqp.DifferentialTrends() has a posterior probability" in drift.sentence


@pytest.mark.slow
def test_a_drift_is_judged_by_its_own_leads() -> None:
    trends = nqp.DifferentialTrends()
    assert named(simulated(units=120, trend=0.2), trends=trends).verdict == "reported"
    result = named(early(simulated(units=120), 1.5), trends=trends)
    assert result.verdict == "failed"
    assert "does not describe these periods" in result.sentence
    assert "do not reject is anticipation=1" in result.details


def test_evidence_counts_by_the_designs_that_leads_leave_standing() -> None:
    """Among designs that their leads contradict, the largest evidence says nothing."""

    def designs(tail: float) -> list[Evidence]:
        return [
            Evidence(CANDIDATES[k], value, tail=tail) for k, value in ((0, 0.0), (5, 9.0), (8, 3.0))
        ]

    prior = np.array([0.3, 0.2, 0.5])
    value = np.array([0.0, 9.0, 3.0])
    np.testing.assert_allclose(probabilities(designs(0.0)), prior)
    full = prior * np.exp(value)
    for tail in (0.05, 0.6, np.nan):
        np.testing.assert_allclose(probabilities(designs(tail)), full / full.sum())
    half = prior * np.exp(0.5 * value)
    np.testing.assert_allclose(probabilities(designs(0.025)), half / half.sum())


@pytest.mark.slow
@pytest.mark.parametrize("size", [0.0, 1.5])
def test_assumptions_and_placebos_in_time_agree(size: float) -> None:
    fit = fitted(early(simulated(), size))
    placebo, assumed = (nqp.check(fit, x, progress=False) for x in ("placebo_time", "assumptions"))
    contradicted = "under parallel trends" in assumed.sentence.split("placebo adoption date")[-1]
    every = "under every assumption" in assumed.sentence
    assert (placebo.verdict in ("caution", "failed")) == (contradicted or every) == (size > 0)


@pytest.mark.slow
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
    answer = nqp.model_average(fit)
    assert {*answer.effects["path"].values} == {*fit.effects["path"].values}


@pytest.mark.slow
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
        nqp.model_average(fit),
        fitted(panel, shocks=nqp.ClusterTimeEffects("province", errors=nqp.AR1())),
    )
    assert "province" in str(answer.errors)
    names = answer.table.set_index("design")
    own = names.loc["parallel trends"]
    assert own["sd"] == pytest.approx(float(nqp.att(shared).std()), rel=0.1)
    assert own["sd"] > 1.05 * float(nqp.att(fit).std())
    agrees(fit, answer)
    assert not str(nqp.model_average(fitted(plain)).errors)
