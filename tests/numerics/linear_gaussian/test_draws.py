"""Draws of coefficients have the dense posterior's mean and covariance."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS

from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import draw, functionals, gaussian_problem

NAMES = [
    "partial, units, AR(1)", "partial, units, weights", "partial, none, weights",
    "partial, cities, AR(1)", "partial, cities, weights",
    "partial, units, AR(1) + noise", "complete, none, common time", "separate, units",
    "pooled time", "covariates",
]  # fmt: skip
DRAWS = 20_000


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_dense_mean_and_covariance(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(11, missing=0.1)
    model_frame = model_frame_of(case.design, panel)
    equation = model_frame.equations[0]
    problem = gaussian_problem(equation.problem)
    point = 0.4 * np.random.default_rng(3).standard_normal((1, len(problem.space)))
    reference = dense(case.design, panel)
    mean, covariance = reference.posterior(values_of(problem.space.names, point[0]))
    cells = len(reference.cells)
    positions = equation.positions.cells
    ours = draw(problem, point, None)
    assert ours.positions[0, positions] * equation.scale == pytest.approx(
        mean[:cells], rel=1e-8, abs=1e-9
    )
    drawn = draw(problem, point.repeat(DRAWS, axis=0), np.random.default_rng(0))
    effects = drawn.positions[:, positions] * equation.scale
    spread = np.sqrt(np.diag(covariance)[:cells])
    error = 5.0 * spread / np.sqrt(DRAWS)
    assert (np.abs(effects.mean(axis=0) - mean[:cells]) < error + 1e-9).all()
    scale = np.outer(spread, spread) + 1e-12
    gap = np.abs(np.cov(effects.T).reshape(scale.shape) - covariance[:cells, :cells]) / scale
    assert gap.max() < 6.0 * np.sqrt(2.0 / DRAWS)
    if case.design.effect.varying == "city":
        order = [list(np.unique(reference.members[reference.treated])).index(c)
                 for c in model_frame.effects.labels]  # fmt: skip
        theirs = mean[cells:][order]
        assert ours.deviation[0] * equation.scale == pytest.approx(theirs, rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "common time", "pooled time, both"])
def test_functionals_have_the_dense_mean_and_variance(name: str) -> None:
    """Effects of cells, as functionals of coefficients, without a draw."""
    case = DESIGNS[name]
    panel = case.make(7, missing=0.1)
    equation = model_frame_of(case.design, panel).equations[0]
    problem, head = equation.gaussian, equation.gaussian.arrowhead
    points = 0.4 * np.random.default_rng(2).standard_normal((2, len(problem.space)))
    positions = equation.positions.cells
    loads = head.position_loads.toarray()[positions].reshape(
        positions.size, head.n_blocks, head.size
    )
    local, rest = loads[:, :, : head.n_local], loads[:, :, head.n_local :].sum(axis=1)
    means, variances = functionals(
        problem, points, np.moveaxis(local, 0, -1), rest[:, : head.n_global].T
    )
    reference = dense(case.design, panel)
    for point, ours, variance in zip(points, means, variances, strict=True):
        mean, covariance = reference.posterior(values_of(problem.space.names, point))
        assert ours * equation.scale == pytest.approx(mean[: positions.size], rel=1e-7, abs=1e-9)
        theirs = np.diag(covariance)[: positions.size]
        assert variance * equation.scale**2 == pytest.approx(theirs, rel=1e-7, abs=1e-9)


def test_draws_do_not_depend_on_threads() -> None:
    case = DESIGNS["partial, units, AR(1)"]
    problem = gaussian_problem(model_frame_of(case.design, case.make(1)).equations[0].problem)
    points = 0.3 * np.random.default_rng(1).standard_normal((40, len(problem.space)))
    one, two = (
        draw(problem, points, np.random.default_rng(5), threads=n).positions for n in (1, 2)
    )
    assert np.array_equal(one, two)


def test_points_that_stand_often_share_a_factor_and_nothing_else() -> None:
    """Draws stand where their points do, whatever the order of points."""
    case = DESIGNS["partial, units, AR(1)"]
    problem = gaussian_problem(model_frame_of(case.design, case.make(1)).equations[0].problem)
    points = 0.5 * np.random.default_rng(1).standard_normal((5, len(problem.space)))
    at = np.array([3, 0, 3, 1, 4, 4, 4, 2, 0, 3])
    ours = draw(problem, points[at], None)
    theirs = draw(problem, points, None)
    assert ours.positions == pytest.approx(theirs.positions[at], rel=1e-12)
    drawn = draw(problem, points[at], np.random.default_rng(2))
    assert len(np.unique(drawn.positions, axis=0)) == at.size
    many = draw(problem, points[at].repeat(4000, axis=0), np.random.default_rng(3))
    mean = many.positions.reshape(at.size, 4000, -1).mean(axis=1)
    spread = many.positions.reshape(at.size, 4000, -1).std(axis=1)
    assert (np.abs(mean - theirs.positions[at]) <= 5.0 * spread / np.sqrt(4000) + 1e-9).all()
