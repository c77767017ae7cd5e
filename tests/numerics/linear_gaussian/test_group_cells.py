"""Unshared cells apart from other coefficients: the same density, gradient and draws."""

from __future__ import annotations

import numpy as np
import pytest
from design_table import DESIGNS
from linked_cities import PANEL, WEIGHTS

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import (
    GaussianProblem,
    averages,
    density,
    draw,
    gaussian_problem,
    gradient,
)

DRAWS = 20_000
NAMES = ("trends, units", "partial, many scales", "SDM")
LAG = nqp.StaggeredDiD(spillovers=nqp.SpatialLag(WEIGHTS))


def both(name: str) -> tuple[GaussianProblem, GaussianProblem]:
    if name == "SDM":
        design, panel = LAG, PANEL
    else:
        design, panel = DESIGNS[name].design, DESIGNS[name].make(7, missing=0.15)
    statement = model_frame_of(design, panel).equations[0].problem
    whole, apart = (gaussian_problem(statement, reduce=False, separate=x) for x in (False, True))
    return whole, apart


@pytest.mark.parametrize("name", [*DESIGNS, "SDM"])
def test_density_gradient_and_means_are_those_of_all_coefficients(name: str) -> None:
    whole, apart = both(name)
    assert whole.separated is None
    if apart.separated is None:
        # No cell belongs to one group alone, or clusters connect groups.
        assert apart.by_block is not None or apart.separates is None
        return
    points = 1.2 * np.random.default_rng(0).standard_normal((6, len(whole.space)))
    assert density(apart.separated, points) == pytest.approx(density(whole, points), rel=1e-10)
    _, slopes = gradient(whole, points)
    assert gradient(apart, points)[1] == pytest.approx(slopes, rel=1e-7, abs=1e-7)
    ours, theirs = (draw(x, points[:2], None) for x in (apart.separated, whole))
    for part in ("shared", "local", "positions", "deviation", "spread", "weight", "response"):
        size = 1e-7 * max(1.0, np.abs(getattr(theirs, part)).max(initial=0.0))
        assert getattr(ours, part) == pytest.approx(getattr(theirs, part), rel=1e-7, abs=size)


@pytest.mark.parametrize("name", NAMES)
def test_draws_have_the_exact_moments(name: str) -> None:
    whole, apart = both(name)
    assert apart.separated is not None
    point = 0.4 * np.random.default_rng(3).standard_normal((1, len(whole.space)))
    # Averages of slots with random weights, their moments by one factor of all coefficients.
    slots = whole.arrowhead.position_loads.shape[0]
    weights = np.random.default_rng(4).standard_normal((slots, 8)) / np.sqrt(slots)
    mean, variance = averages(whole, point, weights, np.zeros((whole.n_deviations, 8)))
    drawn = draw(apart.separated, point.repeat(DRAWS, axis=0), np.random.default_rng(0))
    ours = drawn.positions[:, :slots] @ weights
    spread = np.sqrt(variance[0])
    assert (np.abs(ours.mean(axis=0) - mean[0]) < 5.0 * spread / np.sqrt(DRAWS)).all()
    assert ours.var(axis=0) / variance[0] == pytest.approx(1.0, abs=6.0 * np.sqrt(2.0 / DRAWS))
