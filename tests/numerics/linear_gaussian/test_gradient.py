"""The gradient of the density is the slope of the density, under every term and error structure."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from design_table import DESIGNS
from drifting import NAMES, stated
from joint_designs import DESIGNS as STACKED
from joint_designs import joint_for, points_of
from linked_cities import WEIGHTS, design_of, panel_of
from moving_average import MovingAverage

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import (
    GaussianProblem,
    Problem,
    density,
    gaussian_problem,
    gradient,
    stacked_density,
    stacked_gradient,
)

type Heights = Callable[[np.ndarray], np.ndarray]

STEP = 0.02
SHARES = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
"""Of differences over that many steps either way: their sum is a slope up to the eighth order."""


def slopes(density: Heights, point: np.ndarray) -> np.ndarray:
    """Of a density at one point, along every parameter (parameter)."""
    steps = STEP * np.eye(point.size)
    parts = [
        share * (density(point + k * steps) - density(point - k * steps))
        for k, share in SHARES.items()
    ]
    return np.asarray(sum(parts) / STEP)


def largest_gap(
    heights: Heights,
    gradients: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]],
    points: np.ndarray,
) -> float:
    """Between gradients and slopes, over the largest slope of each point if that is above 1."""
    found, ours = gradients(points)
    assert found == pytest.approx(heights(points), rel=1e-10, abs=1e-8)
    true = np.array([slopes(heights, point) for point in points])
    return float((np.abs(ours - true).max(axis=1) / np.maximum(1.0, np.abs(true).max(1))).max())


def gap_of(problem: GaussianProblem, seed: int, count: int = 2) -> float:
    points = 0.5 * np.random.default_rng(seed).standard_normal((count, len(problem.space)))
    return largest_gap(partial(density, problem), partial(gradient, problem), points)


def statement_of(name: str, seed: int) -> Problem:
    case = DESIGNS[name]
    return model_frame_of(case.design, case.make(seed, missing=0.15)).equations[0].problem


@pytest.mark.parametrize("name", DESIGNS)
def test_the_gradient_is_the_slope(name: str) -> None:
    assert gap_of(gaussian_problem(statement_of(name, 3)), 3) < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_whatever_the_arithmetic(name: str) -> None:
    """Nodes, pairs of columns in dense blocks, own cells first: one gradient."""
    statement = statement_of(name, 5)
    problem = gaussian_problem(statement, nodes=True, dense_pairs=True, reduce=True)
    assert gap_of(problem, 5, 1) < 1e-8


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, cities, AR(1)"])
def test_errors_of_ones_own(name: str) -> None:
    case = DESIGNS[name]
    design = case.design.replace(errors=MovingAverage())
    statement = model_frame_of(design, case.make(3, missing=0.2)).equations[0].problem
    assert gap_of(gaussian_problem(statement), 3) < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_processes(name: str) -> None:
    case = DESIGNS[name]
    model_frame = model_frame_of(case.design, case.make(11, missing=0.1))
    assert gap_of(gaussian_problem(stated(model_frame)), 1) < 1e-8


@pytest.mark.parametrize("error", [False, True])
def test_a_lag_and_errors_in_space(error: bool) -> None:
    """The latter take what linked units have of every column off, too."""
    design = design_of(spillovers=nqp.SpatialLag(WEIGHTS, error=error))
    statement = model_frame_of(design, panel_of()).equations[0].problem
    assert statement.lag is not None
    assert bool(statement.lag.ties) == error
    assert gap_of(gaussian_problem(statement), 2) < 1e-8


@pytest.mark.parametrize("name", STACKED)
def test_stacked_equations(name: str) -> None:
    joint, _ = joint_for(name)
    heights, gradients = partial(stacked_density, joint), partial(stacked_gradient, joint)
    assert largest_gap(heights, gradients, points_of(joint, 2, spread=0.5)) < 1e-8


def test_a_point_without_a_factor_is_refused_alone() -> None:
    problem = gaussian_problem(statement_of("partial, units, AR(1)", 3))
    points = np.zeros((3, len(problem.space)))
    points[1] = np.nan
    heights, slope = gradient(problem, points)
    assert np.isfinite(heights).tolist() == [True, False, True]
    assert not slope[1].any()
    assert slope[0] == pytest.approx(gradient(problem, points[:1])[1][0], rel=1e-12)
