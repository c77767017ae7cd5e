"""Two equations with effects of units in common: density and draws are the dense ones."""

from __future__ import annotations

import numpy as np
import pytest
from dense_joint import DenseJoint, frame_of, panel_of
from doors import joint_problem_joint_of as joint_of
from doors import stacked_drawn
from joint_designs import DESIGNS, joint_for, points_of

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import Stacked, density, stacked_density, stacked_draw

DRAWS = 20_000


def names_of(joint: Stacked) -> tuple[tuple[str, ...], tuple[str, ...]]:
    return joint.first.space.names, joint.second.space.names


@pytest.mark.parametrize("name", DESIGNS)
def test_density_is_the_dense_one(name: str) -> None:
    joint, reference = joint_for(name)
    points = points_of(joint, 8)
    points[0, -1], points[1, -1], points[2, -2] = 3.0, -4.0, -9.0
    ours = stacked_density(joint, points)
    theirs = [reference.log_density_at(*names_of(joint), x) for x in points]
    change = np.diff(theirs)
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())


@pytest.mark.parametrize("name", ["ar1", "ar1 with gaps and a covariate"])
def test_without_deviations_of_slopes_the_equations_stand_apart(name: str) -> None:
    """The density is absolute, as that of each equation is."""
    joint, _ = joint_for(name)
    points = points_of(joint, 4)
    points[:, -2] = -60.0
    first = len(joint.first.space)
    joining = sum(
        p.prior.log_density(points[:, k])
        for k, p in enumerate(joint.space.parameters)
        if k >= len(joint.space) - 2
    )
    apart = density(joint.first, points[:, :first]) + density(joint.second, points[:, first:-2])
    np.testing.assert_allclose(stacked_density(joint, points), apart + joining, rtol=1e-11)


def test_scales_may_vanish_and_correlations_be_whole() -> None:
    joint, _ = joint_for("ar1")
    folds = np.flatnonzero(joint.space.folds)
    points = points_of(joint, 3, spread=0.3)
    points[1, folds] = -40.0
    points[2, -1] = 30.0
    assert np.isfinite(stacked_density(joint, points)).all()
    drawn = stacked_draw(joint, points, np.random.default_rng(1))
    assert np.isfinite(drawn.own).all()
    assert np.abs(drawn.own[1]).max() < 1e-12
    # Whole correlation: what is left of one given the other is nothing.
    effect, slope = drawn.own[2, :, 0], drawn.own[2, :, 1]
    assert abs(np.corrcoef(effect, slope)[0, 1]) == pytest.approx(1.0, abs=1e-6)


def test_batches_are_singles_and_a_refused_point_stands_alone() -> None:
    joint, _ = joint_for("ar1 with gaps and a covariate")
    points = points_of(joint, 21)
    every = stacked_density(joint, points)
    singles = np.concatenate([stacked_density(joint, x[None]) for x in points])
    np.testing.assert_allclose(every, singles, rtol=1e-12)
    points[4, joint.first.space.names.index("rho")] = np.nan
    spoilt = stacked_density(joint, points)
    assert not np.isfinite(spoilt[4])
    others = np.arange(len(points)) != 4
    np.testing.assert_allclose(spoilt[others], every[others], rtol=1e-12)


@pytest.mark.parametrize("name", DESIGNS)
def test_draws_are_those_of_the_dense_posterior(name: str) -> None:
    joint, reference = joint_for(name, seed=4, units=18)
    x = points_of(joint, 1, seed=1, spread=0.3)
    x[0, -1] = 1.5
    mean, covariance, *_ = reference.posterior(*reference.split(*names_of(joint), x[0]))
    n = joint.units.units.size
    order = np.argsort(joint.units.units)
    ours = stacked_draw(joint, x, None)
    np.testing.assert_allclose(ours.own[0, order].T.ravel(), mean, rtol=0, atol=1e-8)
    drawn = stacked_draw(joint, x.repeat(DRAWS, axis=0), np.random.default_rng(0))
    own = drawn.own[:, order].transpose(0, 2, 1).reshape(DRAWS, 3 * n)
    spread = np.sqrt(np.diag(covariance))
    assert (np.abs(own.mean(axis=0) - mean) < 5.0 * spread / np.sqrt(DRAWS)).all()
    gap = np.abs(np.cov(own.T) - covariance) / np.outer(spread, spread)
    assert gap.max() < 6.0 * np.sqrt(2.0 / DRAWS)


@pytest.mark.parametrize("name", ["ar1", "ar1 with gaps and a covariate"])
def test_cells_have_the_dense_mean(name: str) -> None:
    design, covariates, missing = DESIGNS[name]
    frame = frame_of(18, 10, seed=4, missing=missing)
    model_frame = model_frame_of(
        nqp.Mediation(design, vary_by="unit"), panel_of(frame, covariates=covariates)
    )
    joint, reference = joint_of(model_frame, design.priors), DenseJoint(design, frame, covariates)
    x = points_of(joint, 1, seed=1, spread=0.3)
    x[0, -1] = 1.5
    _, _, *cells = reference.posterior(*reference.split(*names_of(joint), x[0]))
    ours = stacked_draw(joint, x, None)
    for positions, equation, theirs in zip(
        ours.positions, model_frame.equations[::-1], cells, strict=True
    ):
        at = equation.positions.cells
        np.testing.assert_allclose(positions[0, at], theirs, rtol=0, atol=1e-8)


def test_draws_stand_where_their_points_do_and_threads_change_nothing() -> None:
    joint, _ = joint_for("ar1")
    points = points_of(joint, 30, spread=0.4)[np.random.default_rng(2).integers(0, 30, 90)]
    means = stacked_draw(joint, points, None)
    singles = [stacked_draw(joint, x[None], None) for x in points[:10]]
    for k, single in enumerate(singles):
        np.testing.assert_allclose(means.own[k], single.own[0], rtol=0, atol=1e-10)
        np.testing.assert_allclose(
            means.positions[1][k], single.positions[1][0], rtol=0, atol=1e-10
        )
    one, two = (
        stacked_draw(joint, points, np.random.default_rng(5), threads=n).own for n in (1, 2)
    )
    assert np.array_equal(one, two)
    assert len(np.unique(one[:, 0, 0])) == len(points)


def test_draws_leave_what_is_kept_at_points_as_it_is() -> None:
    joint, _ = joint_for("ar1")
    values = joint.values(points_of(joint, 3, spread=0.4))
    once, again = (stacked_drawn(joint, values, None, 1) for _ in range(2))
    for one, other in zip(once, again, strict=True):
        assert np.array_equal(one, other)
