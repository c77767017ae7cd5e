"""Processes on the time grid, shared by groups or of their own: the dense density and posterior."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from dense import Dense, values_of
from design_table import DESIGNS
from doors import Equation
from drifting import LINE, NAMES, stated
from same_density import assert_dense

from bayes_nqp import Panel, StaggeredDiD, TimeEffects
from bayes_nqp.inference.model_frame import make_model_frame, model_frame_of
from bayes_nqp.numerics.linear_gaussian import (
    Problem,
    SharedErrors,
    averages,
    density,
    draw,
    error_sums,
    functionals,
    gaussian_problem,
)
from bayes_nqp.numerics.parameters import HalfNormal

DRAWS = 20_000


class Drifting(Dense):
    """The rows of a design whose adopters drift."""

    def __init__(self, design: StaggeredDiD, panel: Panel) -> None:
        super().__init__(design, panel)
        adoption = panel.cohort_codes[self.unit]
        stratum = np.stack([*self.strata.values(), 0 * adoption], axis=1)
        self.stratum = np.unique(stratum, axis=0, return_inverse=True)[1].ravel()
        self.cohort = adoption
        ever = adoption >= 0
        self.together = np.outer(ever, ever) * (self.stratum[:, None] == self.stratum)
        self.same = self.together * (adoption[:, None] == adoption)

    def covariance(self, p: dict[str, float]) -> np.ndarray:
        t = self.time - (self.panel.periods - 1) / 2
        line, walk = np.outer(t, t), np.minimum.outer(self.time, self.time)
        together = LINE**2 * line + p["scale_walk_all"] ** 2 * walk
        alone = p["scale_slope"] ** 2 * line + p["scale_walk_cohort"] ** 2 * walk
        return super().covariance(p) + self.together * together + self.same * alone


def case(name: str, seed: int = 11) -> tuple[Equation, Problem, Drifting]:
    design = DESIGNS[name].design
    panel = DESIGNS[name].make(seed, missing=0.1)
    model_frame = model_frame_of(design, panel)
    return model_frame.equations[0], stated(model_frame), Drifting(design, panel)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_density_is_dense(name: str) -> None:
    _, statement, reference = case(name)
    problem = gaussian_problem(statement)
    assert_dense(problem, reference.log_likelihood, 0.7, 5, rel=1e-8, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_dense_mean_and_covariance(name: str) -> None:
    equation, statement, reference = case(name)
    problem = gaussian_problem(statement)
    point = 0.4 * np.random.default_rng(3).standard_normal((1, len(problem.space)))
    mean, covariance = reference.posterior(values_of(problem.space.names, point[0]))
    n = len(reference.cells)
    positions = equation.positions.cells
    ours = draw(problem, point, None)
    assert ours.positions[0, positions] * equation.scale == pytest.approx(
        mean[:n], rel=1e-7, abs=1e-8
    )
    drawn = draw(problem, point.repeat(DRAWS, axis=0), np.random.default_rng(0))
    effects = drawn.positions[:, positions] * equation.scale
    spread = np.sqrt(np.diag(covariance)[:n])
    assert (np.abs(effects.mean(axis=0) - mean[:n]) < 5.0 * spread / np.sqrt(DRAWS) + 1e-9).all()
    scale = np.outer(spread, spread) + 1e-12
    gap = np.abs(np.cov(effects.T).reshape(scale.shape) - covariance[:n, :n]) / scale
    assert gap.max() < 6.0 * np.sqrt(2.0 / DRAWS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES[:4])
def test_the_surface_of_a_group_is_the_dense_one(name: str) -> None:
    """Its posterior mean at every row, and its covariance with itself over draws."""
    equation, statement, reference = case(name)
    problem = gaussian_problem(statement)
    point = 0.4 * np.random.default_rng(3).standard_normal((1, len(problem.space)))
    p = values_of(problem.space.names, point[0])
    inverse = np.linalg.inv(reference.covariance(p))
    x = reference.flat
    beta = np.linalg.pinv(x.T @ inverse @ x, rcond=1e-11, hermitian=True) @ x.T @ inverse
    prior = reference.covariance(p) - Dense.covariance(reference, p)
    gain = prior @ inverse @ (np.eye(len(prior)) - x @ beta)
    mean, covariance = gain @ reference.y, prior - gain @ prior
    group = equation.rows.group[reference.unit]
    shape = (-1, len(statement.groups), statement.n_periods)
    first = sum(b.columns.shape[0] for b in statement.blocks)
    ours = draw(problem, point, None).positions[:, first:].reshape(shape)[0]
    drifts = group >= 0
    assert ours[group, reference.time][drifts] == pytest.approx(mean[drifts], rel=1e-6, abs=1e-8)
    drawn = draw(problem, point.repeat(DRAWS, axis=0), np.random.default_rng(0))
    drawn = drawn.positions[:, first:].reshape(shape)
    rows = np.flatnonzero(drifts & (reference.cohort >= 0))[::7]
    values = drawn[:, group[rows], reference.time[rows]]
    spread = np.sqrt(np.diag(covariance)[rows])
    gap = np.cov(values.T) - covariance[np.ix_(rows, rows)]
    assert np.abs(gap / np.outer(spread, spread)).max() < 6.0 * np.sqrt(2.0 / DRAWS)


def test_functionals_have_the_dense_mean_and_variance() -> None:
    equation, statement, reference = case("partial, units, AR(1)")
    problem = gaussian_problem(statement)
    head = problem.arrowhead
    point = 0.4 * np.random.default_rng(2).standard_normal((1, len(problem.space)))
    positions = equation.positions.cells
    loads = head.position_loads.toarray()[positions].reshape(
        positions.size, head.n_blocks, head.size
    )
    local, border = loads[:, :, : head.n_local], loads[:, :, head.n_local :].sum(axis=1)
    mean, variance = functionals(
        problem, point, np.moveaxis(local, 0, -1), border[:, : head.n_global].T
    )
    theirs, covariance = reference.posterior(values_of(problem.space.names, point[0]))
    n, s = positions.size, equation.scale
    assert mean[0] * s == pytest.approx(theirs[:n], rel=1e-7, abs=1e-9)
    assert variance[0] * s**2 == pytest.approx(np.diag(covariance)[:n], rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("name", [x for x in DESIGNS if x.startswith("lasting shocks")])
def test_paths_of_the_border_are_those_of_blocks(name: str) -> None:
    """As coefficients of the border: the same density, means, functionals and spreads of draws."""
    case = DESIGNS[name]
    model = case.design.replace(time=TimeEffects()).spec(case.make(11, missing=0.1))
    moved = [replace(x, border=True) for x in model.equations[0].processes]
    models = model, replace(model, equations=(replace(model.equations[0], processes=moved),))
    inside, border = (make_model_frame(x).equations[0] for x in models)
    assert inside.problem.processes
    assert border.problem.border_laws
    names, draws = inside.gaussian.space.names, DRAWS // 5
    point = 0.5 * np.random.default_rng(1).standard_normal(len(names))
    found = []
    for equation in (inside, border):
        problem = equation.gaussian
        points = point[[names.index(x) for x in problem.space.names]].repeat(2).reshape(-1, 2).T
        cells = equation.positions.cells
        loads = np.eye(equation.n_positions)[:, cells]
        none = np.zeros((problem.n_deviations, cells.size))
        still = draw(problem, points, None)
        mean, variance = averages(problem, points, loads, none)
        assert mean == pytest.approx(still.positions[:, cells], rel=1e-7)
        paths, drawn = still.positions[:, equation.n_positions :], []
        for errors in (None, equation.error_sums):
            if errors is not None:
                numbers = np.random.default_rng(5).standard_normal((draws, errors.width))
                errors = SharedErrors(numbers, errors)
            many = draw(
                problem, points[:1].repeat(draws, axis=0), np.random.default_rng(7), errors=errors
            )
            drawn.append(many.positions[:, equation.n_positions :].std(axis=0))
        assert drawn[1] == pytest.approx(drawn[0], rel=5.0 * np.sqrt(1.0 / draws), abs=1e-9)
        found.append(
            (density(problem, points), still.positions[:, cells], variance, paths, drawn[0])
        )
    for ours, theirs in zip(*(x[:4] for x in found), strict=True):
        assert ours == pytest.approx(theirs, rel=1e-7, abs=1e-9)
    assert found[1][4] == pytest.approx(found[0][4], rel=5.0 * np.sqrt(1.0 / draws), abs=1e-9)


def test_processes_of_size_zero_are_none() -> None:
    equation, statement, _ = case("partial, units, AR(1)")
    nothing = HalfNormal(1e-150)
    scales = [replace(x, prior=nothing, estimated=False) if x.name in ("line", "walk_all", "slope",
              "walk_cohort") else x for x in statement.scales]  # fmt: skip
    problem = gaussian_problem(replace(statement, scales=scales))
    points = np.random.default_rng(1).standard_normal((3, len(problem.space)))
    plain = gaussian_problem(equation.problem)
    assert density(problem, points) == pytest.approx(density(plain, points), rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, none, iid", "covariates"])
def test_shared_errors_leave_the_law_of_draws_as_it_is(name: str) -> None:
    """Coefficients, processes and deviations have the covariance that draws on their own have."""
    _, statement, _ = case(name)
    problem = gaussian_problem(statement)
    sums = error_sums(statement, problem.arrowhead)
    points = np.tile(0.4 * np.random.default_rng(3).standard_normal(len(problem.space)), (DRAWS, 1))
    numbers = np.random.default_rng(5).standard_normal((DRAWS, sums.width))
    draws = []
    for errors in (None, SharedErrors(numbers, sums)):
        drawn = draw(problem, points, np.random.default_rng(7), errors=errors)
        draws.append(np.concatenate([drawn.shared, drawn.positions, drawn.deviation], axis=1))
    mean = draw(problem, points[:1], None)
    centre = np.concatenate([mean.shared, mean.positions, mean.deviation], axis=1)
    spread = draws[0].std(axis=0)
    varies = spread > 1e-9
    scaled = [(x - centre)[:, varies] / spread[varies] for x in draws]
    assert np.abs(scaled[1].mean(axis=0)).max() < 5.0 / np.sqrt(DRAWS)
    own, shared = (x.T @ x / DRAWS for x in scaled)
    assert np.abs(own - shared).max() < 6.5 * np.sqrt(2.0 / DRAWS)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["partial, units, AR(1)", "partial, cities, AR(1)"])
def test_averages_of_slots_and_deviations_are_those_of_draws(name: str) -> None:
    """Where processes stand between, means are exact and sds those of many draws."""
    equation, statement, _ = case(name)
    problem = gaussian_problem(statement)
    point = 0.4 * np.random.default_rng(2).standard_normal((1, len(problem.space)))
    generator = np.random.default_rng(9)
    n_positions = sum(b.columns.shape[0] for b in statement.blocks)
    positions = np.zeros((n_positions, 3))
    cells = equation.positions.cells
    positions[cells] = generator.standard_normal((cells.size, 3))
    deviations = generator.standard_normal((problem.n_deviations, 3))
    mean, variance = averages(problem, point, positions, deviations)
    still = draw(problem, point, None)
    exact = still.positions[:, :n_positions] @ positions + still.deviation @ deviations
    assert mean == pytest.approx(exact, rel=1e-8)
    drawn = draw(problem, point.repeat(DRAWS, axis=0), generator)
    values = drawn.positions[:, :n_positions] @ positions + drawn.deviation @ deviations
    assert values.var(axis=0) == pytest.approx(variance[0], rel=6.0 * np.sqrt(2.0 / DRAWS))
