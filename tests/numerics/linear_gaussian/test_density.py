"""The density of a Gaussian problem is the dense one, whatever the noise."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from moving_average import DenseMovingAverage, MovingAverage
from same_density import assert_dense

from bayes_nqp import Panel
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import GaussianProblem, density, gaussian_problem
from bayes_nqp.numerics.parameters import FLAT, HalfNormal, Scale


def problem_of(name: str, panel: Panel) -> GaussianProblem:
    try:
        model_frame = model_frame_of(DESIGNS[name].design, panel)
    except IdentificationError:
        assume(False)
    return gaussian_problem(model_frame.equations[0].problem)


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", DESIGNS)
@settings(max_examples=5, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    seed=st.integers(0, 10**6),
    missing=st.sampled_from([0.0, 0.1, 0.3]),
    singletons=st.sampled_from([0, 2]),
    spread=st.sampled_from([0.3, 1.0, 2.0]),
)
def test_density_is_dense(
    name: str, seed: int, missing: float, singletons: int, spread: float
) -> None:
    case = DESIGNS[name]
    panel = case.make(seed, missing=missing, singletons=singletons)
    problem = problem_of(name, panel)
    reference = dense(case.design, panel)
    points = spread * np.random.default_rng(seed).standard_normal((3, len(problem.space)))
    ours = density(problem, points)
    values = [values_of(problem.space.names, x) for x in points]
    theirs = np.array([reference.log_likelihood(v) + reference.log_prior(v) for v in values])
    change = np.diff(theirs)
    # Slopes by period, far out where scales differ by many orders: both sides lose a digit.
    far = name == "exposure, by time" and np.abs(theirs).max() > 1e5
    close = 1e-7 if far else 1e-8
    assert np.abs(np.diff(ours) - change).max() <= close * max(1.0, np.abs(change).max())


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, cities, AR(1)", "covariates"])
def test_a_structure_of_ones_own(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(3, missing=0.2)
    design = case.design.replace(errors=MovingAverage())
    problem = gaussian_problem(model_frame_of(design, panel).equations[0].problem)
    assert_dense(problem, DenseMovingAverage(design, panel).log_likelihood, 0.5, rel=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, cities, AR(1) + noise"])
def test_batches_are_single_points(name: str) -> None:
    problem = problem_of(name, DESIGNS[name].make(2, missing=0.2))
    points = np.random.default_rng(0).standard_normal((37, len(problem.space)))
    together = density(problem, points, threads=2)
    alone = np.concatenate([density(problem, x[None]) for x in points])
    assert together == pytest.approx(alone, rel=1e-12)
    assert np.array_equal(together, density(problem, points, threads=1))


def test_a_point_without_a_factor_is_refused_alone() -> None:
    name = "partial, units, AR(1)"
    problem = problem_of(name, DESIGNS[name].make(2))
    points = np.random.default_rng(0).standard_normal((16, len(problem.space)))
    at = problem.space.names.index("rho")
    broken = points.copy()
    broken[5, at] = 800.0
    whole, rest = density(problem, points), density(problem, broken)
    assert rest[5] == -np.inf
    assert np.delete(rest, 5) == pytest.approx(np.delete(whole, 5), rel=1e-13)


@pytest.mark.parametrize("value", [-18.0, 6.0])
def test_scales_close_to_nothing_and_huge_ones(value: float) -> None:
    name = "partial, many scales"
    case = DESIGNS[name]
    panel = case.make(4)
    problem = problem_of(name, panel)
    reference = dense(case.design, panel)
    points = np.full((2, len(problem.space)), -1.0)
    points[1, 0] = value
    theirs = [reference.log_likelihood(values_of(problem.space.names, x)) for x in points]
    ours = density(problem, points) - problem.space.log_prior(points)
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-8, abs=1e-7)


@pytest.mark.slow
def test_the_marginal_likelihood_is_absolute() -> None:
    """Without flat coefficients but units', the integral over sigma equals that of the rows."""
    from scipy.integrate import quad
    from scipy.stats import halfnorm

    name = "separate, none, iid"
    case = DESIGNS[name]
    panel = case.make(1)
    problem = problem_of(name, panel)
    reference = dense(case.design, panel)
    x = reference.flat
    basis = np.linalg.svd(x, full_matrices=False)
    rank = int((basis[1] > 1e-9 * basis[1][0]).sum())
    q = basis[0][:, :rank]
    rest = reference.y - q @ (q.T @ reference.y)
    energy, free = float(rest @ rest), reference.y.size - rank

    def rows(sigma: float) -> float:
        fit = -0.5 * free * np.log(2 * np.pi * sigma**2) - 0.5 * energy / sigma**2
        return float(np.exp(fit - top) * halfnorm.pdf(sigma, scale=case.design.priors.sigma))

    def ours(u: float) -> float:
        return float(np.exp(density(problem, np.array([[u]]))[0] - top - constant))

    top = -0.5 * free * np.log(2 * np.pi * energy / free) - 0.5 * free
    # The flat coefficients' own measure: that of their columns, unit effects apart.
    at = np.array([[np.log(np.sqrt(energy / free))]])
    constant = (density(problem, at) - problem.space.log_prior(at))[0] - top
    low, high = 0.2 * np.sqrt(energy / free), 5.0 * np.sqrt(energy / free)
    expected = quad(rows, low, high, epsabs=0, epsrel=1e-10)[0]
    found = quad(ours, np.log(low), np.log(high), epsabs=0, epsrel=1e-10)[0]
    assert found == pytest.approx(expected, rel=1e-8)


def test_units_in_another_order() -> None:
    name = "partial, cities, AR(1)"
    case = DESIGNS[name]
    panel = case.make(5, missing=0.1)
    rows = panel.frame.copy()
    names = {u: f"z{k:02d}" for k, u in enumerate(sorted(rows["unit"].unique(), reverse=True))}
    renamed = rows.assign(unit=rows["unit"].map(names)).sample(frac=1.0, random_state=1)
    other = Panel.from_frame(
        renamed, unit="unit", time="time", cohort="cohort", outcome="y",
        strata=["region", "market"],
    )  # fmt: skip
    problem, permuted = problem_of(name, panel), problem_of(name, other)
    points = np.random.default_rng(0).standard_normal((5, len(problem.space)))
    assert density(permuted, points) == pytest.approx(density(problem, points), rel=1e-10)


def test_a_scaled_outcome_scales_the_answer_alone() -> None:
    name = "partial, units, AR(1)"
    case = DESIGNS[name]
    panel = case.make(5)
    scaled = panel.with_outcome(1000.0 * panel.outcome)
    points = np.random.default_rng(0).standard_normal((5, 9))[
        :, : len(problem_of(name, panel).space)
    ]
    ours, theirs = (density(problem_of(name, p), points) for p in (panel, scaled))
    assert theirs == pytest.approx(ours, rel=1e-9)


def test_fixed_and_estimated_scales_are_one_function() -> None:
    """A problem with a scale held at a value is the estimated one there, but for its prior."""
    case = DESIGNS["partial, many scales"]
    statement = model_frame_of(case.design, case.make(4)).equations[0].problem
    scale = next(s for s in statement.scales if s.estimated)
    held = [
        replace(s, prior=HalfNormal(0.7), estimated=False) if s == scale else s
        for s in statement.scales
    ]
    problem, fixed = gaussian_problem(statement), gaussian_problem(replace(statement, scales=held))
    points = 0.3 * np.random.default_rng(2).standard_normal((3, len(problem.space)))
    at = problem.space.names.index(f"scale_{scale.name}")
    points[:, at] = np.log(0.7)
    ours = density(problem, points) - problem.space.log_prior(points)
    rest = np.delete(points, at, axis=1)
    assert ours == pytest.approx(density(fixed, rest) - fixed.space.log_prior(rest), rel=1e-12)


@pytest.mark.parametrize("name", ["separate, none, iid", "common time", "covariates"])
def test_a_flat_coefficient_is_one_of_endless_scale(name: str) -> None:
    """A normal density of scale tau is ``1 / (tau sqrt(2 pi))`` over all that data allow."""
    case = DESIGNS[name]
    statement = model_frame_of(case.design, case.make(4)).equations[0].problem
    tau, number = 1e4, len(statement.scales)

    def held(scale: np.ndarray) -> np.ndarray:
        return np.where(scale == FLAT, number, scale)

    blocks = [replace(b, local_scale=held(b.local_scale)) for b in statement.blocks]
    wide = replace(
        statement,
        scales=[*statement.scales, Scale("wide", HalfNormal(tau), estimated=False)],
        global_scale=held(statement.global_scale),
        blocks=blocks,
    )
    flat = sum(int((b.local_scale == FLAT).sum()) for b in statement.blocks)
    flat += int((statement.global_scale == FLAT).sum())
    problem = gaussian_problem(statement)
    points = 0.3 * np.random.default_rng(2).standard_normal((3, len(problem.space)))
    measure = flat * (np.log(tau) + 0.5 * np.log(2.0 * np.pi))
    assert flat > 0
    ours = density(problem, points)
    assert ours == pytest.approx(density(gaussian_problem(wide), points) + measure, abs=1e-4)
