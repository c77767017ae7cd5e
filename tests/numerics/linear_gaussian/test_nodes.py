"""What the noise decides, between nodes of its parameter: the density and the draws as they are."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense
from design_table import DESIGNS
from same_density import assert_dense

from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import (
    GaussianProblem,
    density,
    draw,
    gaussian_problem,
    gradient,
)
from bayes_nqp.numerics.linear_gaussian.interpolation import Panels

NAMES = [
    "partial, cities, AR(1)", "exposure, partial, cities, AR(1)", "complete, none, common time",
    "time by region",
]  # fmt: skip


def both(name: str) -> tuple[GaussianProblem, GaussianProblem]:
    case = DESIGNS[name]
    statement = model_frame_of(case.design, case.make(7, missing=0.15)).equations[0].problem
    return gaussian_problem(statement, nodes=False), gaussian_problem(statement, nodes=True)


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", DESIGNS)
def test_the_density_is_that_without_nodes(name: str) -> None:
    direct, nodes = both(name)
    assert not direct.on_nodes
    points = 2.0 * np.random.default_rng(0).standard_normal((200, len(direct.space)))
    assert density(nodes, points) == pytest.approx(density(direct, points), rel=1e-10)


def test_some_designs_have_nodes_and_others_none() -> None:
    assert both("partial, cities, AR(1)")[1].on_nodes
    # Two parameters; none.
    for name in ("partial, cities, AR(1) + noise", "partial, none, iid"):
        assert not both(name)[1].on_nodes


@pytest.mark.parametrize("name", NAMES[:1])
def test_the_density_is_dense(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(4, missing=0.2)
    problem = gaussian_problem(model_frame_of(case.design, panel).equations[0].problem, nodes=True)
    reference = dense(case.design, panel)
    assert_dense(problem, reference.log_likelihood, 1.0, rel=1e-8, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_draws_are_those_without_nodes(name: str) -> None:
    direct, nodes = both(name)
    points = 0.5 * np.random.default_rng(1).standard_normal((12, len(direct.space)))
    ours, theirs = (draw(p, points, np.random.default_rng(2)) for p in (nodes, direct))
    assert ours.positions == pytest.approx(theirs.positions, rel=1e-7, abs=1e-8)
    assert ours.deviation == pytest.approx(theirs.deviation, rel=1e-7, abs=1e-8)


@pytest.mark.parametrize("far", [11.9, 13.0, 60.0, -60.0])
def test_far_out_points_are_computed_or_refused_as_without_nodes(far: float) -> None:
    direct, nodes = both("partial, cities, AR(1)")
    points = 0.1 * np.random.default_rng(0).standard_normal((3, len(direct.space)))
    points[1, direct.space.names.index("rho")] = far
    assert density(nodes, points) == pytest.approx(density(direct, points), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["partial, units, AR(1)", "exposure, partial, units, AR(1)", "covariates"]
)
def test_units_that_deviate_have_sums_of_classes_on_nodes(name: str) -> None:
    direct, nodes = both(name)
    points = 0.2 * np.random.default_rng(3).standard_normal((60, len(direct.space)))
    points[::20] *= 20.0
    assert density(nodes, points) == pytest.approx(density(direct, points), rel=1e-10)
    ours, theirs = (gradient(p, points) for p in (nodes, direct))
    assert ours[0] == pytest.approx(theirs[0], rel=1e-10)
    assert ours[1] == pytest.approx(theirs[1], rel=1e-7, abs=1e-7)
    assert nodes.node_panels
    drawn, theirs_drawn = (
        draw(p, points, np.random.default_rng(2), single=True) for p in (nodes, direct)
    )
    assert drawn.positions == pytest.approx(theirs_drawn.positions, rel=1e-7, abs=1e-8)
    assert drawn.deviation == pytest.approx(theirs_drawn.deviation, rel=1e-7, abs=1e-8)
    assert drawn.response == pytest.approx(theirs_drawn.response, rel=1e-7, abs=1e-8)


def test_what_is_known_of_nodes_changes_no_digit() -> None:
    """Heights do not depend on which panels other points fell into before."""
    _, fresh = both("partial, units, AR(1)")
    _, used = both("partial, units, AR(1)")
    points = np.random.default_rng(4).standard_normal((40, len(fresh.space)))
    density(used, points - 1.0)
    assert (density(used, points) == density(fresh, points)).all()
    assert (density(used, points, threads=2) == density(fresh, points, threads=1)).all()


def test_slopes_between_nodes_are_those_of_the_function() -> None:
    """Across the end of a panel, and nowhere beyond the last."""
    panels = Panels(lambda u: [np.sin(u), np.zeros((len(u), 0))])
    u = np.random.default_rng(0).uniform(-1.5, 1.5, (40, 1))
    values, slopes = panels.values(u) or [], panels.slopes(u) or []
    assert values[0] == pytest.approx(np.sin(u), rel=1e-10)
    assert slopes[0] == pytest.approx(np.cos(u), rel=1e-8)
    assert values[1].shape == (40, 0)
    assert panels.values(np.full((1, 1), 13.0)) is None
