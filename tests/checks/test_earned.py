"""Bayes factors of parallel trends: equal to quadrature, invariant, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import pytest
import scipy.linalg as sl
from dense import Dense
from doors import (
    BayesFactor,
    StratumFactors,
    equation_density,
    log_bayes_factor,
    log_marginal,
    trend_evidence,
)
from scipy import special, stats

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import speaking
from bayes_nqp._core.i18n import chance
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.model_frame import model_frame_of

Array = np.ndarray
SATURATED = nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID())


def small() -> nqp.Panel:
    return staggered(units=9, periods=6, cohorts=(4, 5), strata={}, rho=0.3, seed=2).panel


class Reference:
    """A dense likelihood with flat columns projected out, integrated over its parameters."""

    def __init__(self, design: nqp.StaggeredDiD, panel: nqp.Panel) -> None:
        self.dense = Dense(design, panel)
        self.basis = sl.null_space(sl.orth(self.dense.flat, rcond=1e-10).T)
        self.y = self.basis.T @ self.dense.y

    def log_likelihood(self, covariance: Array) -> Array:
        """Of the projected outcome (point), given covariances of rows (point, row, row)."""
        factor = np.linalg.cholesky(self.basis.T @ covariance @ self.basis)
        y = np.broadcast_to(self.y[:, None], (*factor.shape[:-1], 1))
        energy = (np.linalg.solve(factor, y) ** 2).sum((-2, -1))
        determinant = 2.0 * np.log(np.diagonal(factor, axis1=-2, axis2=-1)).sum(-1)
        return -0.5 * (energy + determinant)

    def constant(self, point: dict[str, float]) -> float:
        """What densities of ours have beside, the same for all parameters."""
        equation = model_frame_of(self.dense.design, self.dense.panel).equations[0]
        values = [_free(name, point[name]) for name in equation.problem.parameter_names]
        ours = equation_density(equation)(np.array([values]))[0]
        return float(
            ours - self.log_likelihood(self.dense.covariance(point)[None])[0]
            - self.dense.log_prior(point)
        )  # fmt: skip


def _free(name: str, value: float) -> float:
    return float(special.logit((1.0 + value) / 2.0) if name == "rho" else np.log(value))


def _prior(quantile: Callable[[Array], Array], n: int) -> tuple[Array, Array]:
    """Nodes and log weights of an integral over a prior, by its quantiles (Gauss-Legendre)."""
    x, w = np.polynomial.legendre.leggauss(n)
    return quantile(0.5 * (x + 1.0)), np.log(0.5 * w)


def _integral(reference: Reference, parts: list[Array], axes: list[tuple[Array, Array]]) -> float:
    """Log of the integral of the likelihood of ``sigma^2 (V_0 + sum_j scale_j^2 V_j)``."""
    fixed, *loose = parts
    grids = np.meshgrid(*(x for x, _ in axes), indexing="ij")
    weights = sum(np.meshgrid(*(w for _, w in axes), indexing="ij"))
    points = np.stack([grid.ravel() for grid in grids], axis=1)
    total = []
    for some in np.array_split(points, max(len(points) // 4000, 1)):
        scales = some[:, :, None, None] ** 2
        every = fixed + sum(scales[:, j] * part for j, part in enumerate(loose))
        total.append(reference.log_likelihood(every))
    return float(special.logsumexp(np.concatenate(total) + weights.ravel()))


@pytest.mark.slow
def test_log_marginal_likelihoods_of_parallel_trends_equal_quadrature() -> None:
    panel, design = small(), SATURATED.replace(errors=nqp.AR1())
    reference, priors = Reference(design, panel), design.priors
    sigma = _prior(lambda u: stats.halfnorm.ppf(u, scale=priors.sigma), 60)
    rho = _prior(lambda u: 2.0 * stats.beta.ppf(u, *priors.rho) - 1.0, 40)
    terms = [
        _integral(
            reference,
            [np.zeros(()), reference.dense.error_covariance({"sigma": 1.0, "rho": value})],
            [sigma],
        ) + weight
        for value, weight in zip(*rho, strict=True)
    ]  # fmt: skip
    exact = special.logsumexp(terms) + reference.constant({"sigma": 0.9, "rho": 0.2})
    _quadrature(design, panel, exact)


def _quadrature(design: nqp.Design, panel: nqp.Panel, exact: float) -> None:
    """A log marginal likelihood is that of quadrature: with few proposals, and with many."""
    for proposals, error in ((None, 0.1), (1000, 0.05)):
        ours = log_marginal(design, panel, seed=1, proposals=proposals)
        assert ours.error < error
        assert ours.value == pytest.approx(exact, abs=4.0 * ours.error)


@pytest.mark.slow
def test_log_marginal_likelihoods_of_differential_trends_equal_quadrature() -> None:
    panel, trends = small(), nqp.DifferentialTrends()
    design = SATURATED.replace(trends=trends)
    reference, priors = Reference(design, panel), design.priors
    names = ("sigma", "scale_trend_walk", "scale_cohort_trend_line", "scale_cohort_trend_walk")
    none = dict.fromkeys(names, 0.0)
    line = reference.dense.covariance(none)
    parts = [line, *(reference.dense.covariance(none | {x: 1.0}) - line for x in names)]
    scales = (priors.sigma, trends.walk, trends.cohort_line, trends.cohort_walk)
    axes = [
        _prior(lambda u, s=s: stats.halfnorm.ppf(u, scale=s), n)
        for s, n in zip(scales, (40, 9, 9, 9), strict=True)
    ]
    point = dict.fromkeys(names, 0.3)
    constant = reference.constant(point)
    exact = _integral(reference, parts, axes) + constant
    _quadrature(design, panel, exact)
    # The constant is that of flat coefficients, and the same without a drift: factors are absolute.
    parallel = Reference(SATURATED, panel)
    assert parallel.constant({"sigma": 0.9}) == pytest.approx(constant, abs=1e-8)


# What a factor must not depend on


def medium(**how: object) -> nqp.Panel:
    layout = {"units": 60, "periods": 9, "cohorts": (5, 7), "strata": {}, "seed": 4, **how}
    return staggered(**layout).panel  # type: ignore[arg-type]


def factor(panel: nqp.Panel, **changes: object) -> float:
    design = nqp.StaggeredDiD().replace(**changes)
    return log_bayes_factor(design, panel, nqp.AR1(), 3)[0]


@pytest.fixture(scope="module")
def usual() -> float:
    return factor(medium())


@pytest.mark.slow
@pytest.mark.parametrize("what", ["units", "unit effects", "time effects", "treated cells"])
def test_factors_do_not_change_with_what_is_flat(usual: float, what: str) -> None:
    panel = medium()
    cohort, time = np.asarray(panel.cohort_codes)[panel.unit_codes], np.asarray(panel.time_codes)
    outcome = {
        "units": 7.0 + 20.0 * panel.outcome,
        "unit effects": panel.outcome + np.sin(9.0 * panel.unit_codes),
        "time effects": panel.outcome + np.cos(5.0 * time),
        "treated cells": panel.outcome + (time >= cohort) * (cohort >= 0) * np.cos(time + cohort),
    }[what]
    assert factor(panel.with_outcome(outcome)) == pytest.approx(usual, abs=1e-4)


def test_factors_do_not_change_with_a_designs_own_choices(usual: float) -> None:
    panel = medium()
    for changes in (
        {"priors": nqp.Priors(level=9.0, member=2.0)}, {"controls": "never"},
        {"trends": nqp.DifferentialTrends(line=2.0)}, {"effect": nqp.CompletePooling()},
    ):  # fmt: skip
        assert factor(panel, **changes) == pytest.approx(usual, abs=1e-9)


# The rule


def checked(panel: nqp.Panel, **changes: object) -> tuple[nqp.Fit, nqp.CheckResult]:
    fit = nqp.fit(
        nqp.StaggeredDiD().replace(**changes), panel, nqp.Importance(seed=1), progress=False
    )
    return fit, nqp.check(fit, "pretrends", progress=False)


def drifting(_: object, cohort: Array, periods: int) -> Array:
    return np.outer(cohort > 0, 0.4 * np.arange(periods))


@pytest.mark.slow
def test_many_units_support_parallel_trends_under_both_error_structures() -> None:
    panel = medium(units=285, periods=13, cohorts=(9, 10, 12), seed=1)
    _, result = checked(panel)
    evidence = result.evidence
    assert evidence["factor_errors"].to_numpy().tolist() == [
        "AR(1) errors", "AR(1) + noise",
    ]  # fmt: skip
    assert (evidence["log_bayes_factor"].to_numpy() > 4.0).all()
    assert (evidence["log_bayes_factor_error"] < 0.3).all()
    p = evidence.attrs["probability_parallel"]
    assert p > 0.6
    assert result.verdict == ("passed" if p >= 0.7 else "inconclusive")
    assert f"{chance(p, 2)} (prior 0.30)" in result.figure
    assert ("nqp.model_average(fit)" in result.sentence) == (p < 0.7)


@pytest.mark.slow
def test_few_units_leave_it_open_and_the_next_design_runs_on_paste() -> None:
    _, result = checked(medium(units=30))
    assert result.verdict == "inconclusive"
    assert "do not distinguish parallel trends" in result.sentence
    fit, result = checked(medium(units=90, drift=drifting))
    assert result.verdict == "failed"
    assert result.evidence.attrs["probability_parallel"] < 0.05
    change = re.search(r"do not reject is trends=(.*) \(\d+ ?%\)\.", result.details)
    assert change is not None
    step = re.search(r" with (nqp\.check.*)\.$", result.sentence)
    assert step is not None
    design = fit.design.replace(trends=eval(change[1], {"nqp": nqp}))
    assert nqp.identification(design, fit.panel) is not None
    assert eval(step[1], {"nqp": nqp, "fit": fit}).name == "assumptions"
    with speaking("toml"):
        _, result = checked(medium(units=90, drift=drifting))
        assert '[design] trends = { type = "DifferentialTrends" }' in result.details
        assert '[checks] run = ["assumptions"]' in result.sentence
        assert "nqp.check" not in result.sentence + result.details


@pytest.mark.slow
def test_a_drift_fails_in_the_stratum_that_has_it() -> None:
    """A stratum with its own time effects has its own factor, and the worst one speaks."""
    strata = {"region": ("inland", "coastal")}
    panel = medium(units=120, strata=strata)
    lines = drifting(None, np.asarray(panel.cohort_codes) + 1, panel.periods)
    coastal = (panel.frame["region"] == "coastal").to_numpy()
    panel = panel.with_outcome(
        panel.outcome + coastal * lines[panel.unit_codes, np.asarray(panel.time_codes)]
    )
    _, result = checked(panel)
    assert result.verdict == "failed"
    assert "coastal" in result.sentence + result.details
    evidence = result.evidence
    lowest = {
        x: float(evidence["log_bayes_factor"][evidence["factor_stratum"].to_numpy() == x].min())
        for x in strata["region"]
    }
    assert lowest["coastal"] < -3.0 < lowest["inland"]


@pytest.mark.slow
def test_a_design_that_lets_adopters_drift_is_not_blamed() -> None:
    panel = medium(drift=drifting)
    _, result = checked(panel, trends=nqp.DifferentialTrends())
    assert result.verdict == "reported"
    assert "does not assume parallel trends" in result.sentence
    assert "lead" in result.evidence


@pytest.mark.slow
def test_without_a_factor_nothing_holds() -> None:
    panel = medium(units=120)
    some = np.asarray(panel.cohort_codes)[panel.unit_codes] >= 0
    _, result = checked(panel.where(some), unidentified="drop")
    assert result.verdict != "passed"
    two = medium(units=120, cohorts=(3,), periods=6)
    two_fit, result = checked(two)
    assert result.verdict == "inconclusive"
    assert "a cohort with 3 untreated periods" in str(trend_evidence(two_fit).worst.reason)
    assert 'nqp.check(fit, "trend_sensitivity")' in result.sentence


@pytest.mark.slow
@pytest.mark.parametrize("what", ["anticipation", "moderator", "weights"])
def test_factors_stand_whatever_else_a_design_has(what: str) -> None:
    panel, changes = medium(), {"anticipation": 1}
    columns = {
        "z": np.random.default_rng(1).normal(size=panel.n_units)[panel.unit_codes],
        "w": 1.0 + np.arange(panel.n_rows) % 3,
    }
    frame, arguments = panel.frame.assign(**columns), dict(panel.arguments)
    if what == "moderator":
        panel = nqp.Panel.from_frame(frame, **{**arguments, "moderators": ["z"]})
        changes = {"moderator": "z"}
    if what == "weights":
        panel = nqp.Panel.from_frame(frame, **{**arguments, "weights": "w"})
        changes = {"errors": nqp.IID()}
    _, result = checked(panel, **changes)
    assert np.isfinite(result.evidence["log_bayes_factor"]).all()
    assert result.verdict == "inconclusive"


@pytest.mark.slow
def test_each_stratum_says_why_it_has_no_factor() -> None:
    """One that adopts too early for a drift keeps the others from holding, and is named."""
    panel = medium(units=120, strata={"region": ("inland", "coastal")})
    coastal = (panel.frame["region"] == "coastal").to_numpy()
    adopts = np.asarray(panel.cohort_codes)[panel.unit_codes] >= 0
    late = coastal & adopts & (np.asarray(panel.time_codes) < 2)
    gone = coastal & adopts & (np.asarray(panel.cohort_codes)[panel.unit_codes] > 4)
    fit, result = checked(panel.where(~late & ~gone), unidentified="drop")
    assert result.verdict == "inconclusive"
    evidence = result.evidence
    factors = evidence["log_bayes_factor"].to_numpy()
    np.testing.assert_array_equal(np.isnan(factors), evidence["factor_stratum"] == "coastal")
    (coastal,) = (x for x in trend_evidence(fit).strata if x.stratum == "coastal")
    assert trend_evidence(fit).worst.stratum == "coastal"
    assert str(trend_evidence(fit).number) == "none"
    assert str(coastal.reason)


@pytest.mark.slow
def test_leads_of_their_own_are_given_up_for_the_next_design() -> None:
    fit, result = checked(medium(units=90, drift=drifting), controls="never")
    assert "trends=nqp.DifferentialTrends(), controls='all'" in result.sentence + result.details
    design = fit.design.replace(trends=nqp.DifferentialTrends(), controls="all")
    assert nqp.identification(design, fit.panel) is not None


def test_a_monte_carlo_error_forbids_a_verdict() -> None:
    def verdict(value: float, error: float, *richer: float) -> str:
        factors = [BayesFactor("", "a", x, error) for x in (value, *richer)]
        return StratumFactors("", tuple(factors)).verdict

    assert verdict(5.0, 0.1, 4.5) == "passed"
    assert verdict(5.0, 0.4, 4.5) == verdict(5.0, np.nan, 4.5) == "inconclusive"
    assert verdict(5.0, 0.1, 3.5) == "inconclusive"
    assert verdict(-5.0, 0.1, 1.0) == "caution"
    assert verdict(-5.0, 0.1, -3.1) == "failed"


def test_strata_and_outcomes_share_the_odds_of_a_drift() -> None:
    def verdict(value: float, **shared: int) -> str:
        return StratumFactors("", (BayesFactor("", "a", value, 0.1),), **shared).verdict

    assert verdict(-0.5) == verdict(-1.7, strata=2, outcomes=2) == "caution"
    assert verdict(-0.5, strata=2) == verdict(-1.7, strata=2, outcomes=3) == "inconclusive"
    assert verdict(-3.5) == verdict(-3.5, strata=4) == verdict(-4.2, outcomes=3) == "failed"
    assert verdict(-3.5, outcomes=3) == "caution"
