"""Own cells first, terms as dummies, few locals: the same density, the same draws."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS
from linked_cities import PANEL, WEIGHTS

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import GaussianProblem, density, draw, gaussian_problem
from bayes_nqp.numerics.linear_gaussian.pairs import as_dummies

DRAWS = 20_000


def both(name: str, seed: int = 7) -> tuple[GaussianProblem, GaussianProblem]:
    case = DESIGNS[name]
    statement = model_frame_of(case.design, case.make(seed, missing=0.15)).equations[0].problem
    return gaussian_problem(statement, reduce=False), gaussian_problem(statement, reduce=True)


@pytest.mark.parametrize("name", DESIGNS)
def test_the_density_is_that_of_the_whole_problem(name: str) -> None:
    whole, reduced = both(name)
    assert whole.reduced is None
    # Owners and paths across groups have no place among the normal equations of one.
    across = whole.by_block is not None or whole.arrowhead.n_values > 0
    assert (reduced.reduced is None) == across
    points = 1.5 * np.random.default_rng(0).standard_normal((40, len(whole.space)))
    assert density(reduced, points) == pytest.approx(density(whole, points), rel=1e-10)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, many scales", "covariates"])
@pytest.mark.parametrize("value", [-0.5, -18.0, 6.0])
def test_the_density_is_dense(name: str, value: float) -> None:
    case = DESIGNS[name]
    panel = case.make(4)
    problem = gaussian_problem(model_frame_of(case.design, panel).equations[0].problem, reduce=True)
    assert problem.reduced is not None
    reference = dense(case.design, panel)
    points = np.full((2, len(problem.space)), -1.0)
    points[1, 0] = value
    theirs = [reference.log_likelihood(values_of(problem.space.names, x)) for x in points]
    ours = density(problem, points) - problem.space.log_prior(points)
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-8, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_means_are_those_of_the_whole_problem(name: str) -> None:
    whole, reduced = both(name)
    points = 0.5 * np.random.default_rng(1).standard_normal((3, len(whole.space)))
    ours, theirs = draw(reduced, points, None), draw(whole, points, None)
    for part in ("local", "positions", "deviation", "spread", "weight", "response"):
        size = 1e-7 * max(1.0, np.abs(getattr(theirs, part)).max(initial=0.0))
        assert getattr(ours, part) == pytest.approx(getattr(theirs, part), rel=1e-7, abs=size)


LAGS = {
    "SAR": nqp.StaggeredDiD(spillovers=nqp.SpatialLag(WEIGHTS, durbin=False)),
    "SDM": nqp.StaggeredDiD(spillovers=nqp.SpatialLag(WEIGHTS)),
    "dynamic SDM": nqp.StaggeredDiD(
        spillovers=nqp.SpatialLag(WEIGHTS, dynamics=True), errors=nqp.IID(),
        effect=nqp.CompletePooling(varying=None),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAGS)
def test_a_lag_comes_off_every_group(name: str) -> None:
    statement = model_frame_of(LAGS[name], PANEL).equations[0].problem
    whole, reduced = (gaussian_problem(statement, reduce=x) for x in (False, True))
    assert whole.reduced is None
    assert reduced.reduced is not None
    points = 0.7 * np.random.default_rng(5).standard_normal((20, len(whole.space)))
    assert density(reduced, points) == pytest.approx(density(whole, points), rel=1e-10)
    ours, theirs = (draw(x, points[:3], None) for x in (reduced, whole))
    for part in ("shared", "local", "positions", "deviation"):
        assert getattr(ours, part) == pytest.approx(getattr(theirs, part), rel=1e-7, abs=1e-8)


def test_ties_of_a_lag_keep_the_whole_problem() -> None:
    design = nqp.StaggeredDiD(
        spillovers=nqp.SpatialLag(WEIGHTS, error=True), effect=nqp.CompletePooling(varying=None)
    )
    statement = model_frame_of(design, PANEL).equations[0].problem
    assert gaussian_problem(statement, reduce=True).reduced is None


@pytest.mark.parametrize("name", ["partial, units, AR(1)", "separate, units", "covariates"])
def test_draws_have_the_dense_covariance(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(11, missing=0.1)
    equation = model_frame_of(case.design, panel).equations[0]
    problem = gaussian_problem(equation.problem, reduce=True)
    point = 0.4 * np.random.default_rng(3).standard_normal((1, len(problem.space)))
    reference = dense(case.design, panel)
    mean, covariance = reference.posterior(values_of(problem.space.names, point[0]))
    cells = len(reference.cells)
    positions = equation.positions.cells
    drawn = draw(problem, point.repeat(DRAWS, axis=0), np.random.default_rng(0))
    effects = drawn.positions[:, positions] * equation.scale
    spread = np.sqrt(np.diag(covariance)[:cells])
    assert (np.abs(effects.mean(axis=0) - mean[:cells]) < 5.0 * spread / np.sqrt(DRAWS)).all()
    scale = np.outer(spread, spread)
    gap = np.abs(np.cov(effects.T).reshape(scale.shape) - covariance[:cells, :cells]) / scale
    assert gap.max() < 6.0 * np.sqrt(2.0 / DRAWS)


def test_dummies_times_what_kinds_have_are_the_columns() -> None:
    rng = np.random.default_rng(2)
    event, stratum = rng.integers(0, 9, 200), rng.integers(0, 4, 200)
    walk, contrast = np.tril(np.ones((9, 9)))[event, 1:], rng.standard_normal((4, 3))[stratum]
    slopes = rng.standard_normal((200, 2))
    columns = np.column_stack([np.ones(200), event, walk, contrast, slopes])
    scale = np.repeat([-1, 0, 1, 2], [2, 8, 3, 2])
    dummies, kinds = as_dummies(columns, scale)
    assert dummies @ kinds == pytest.approx(columns, abs=1e-14)
    # Event time carries level, drift and walk; a stratum its contrasts; slopes stay as they are.
    assert dummies.nnz == 200 * 4
    assert kinds.shape[0] == 9 + 4 + 2
