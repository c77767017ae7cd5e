"""All of A between nodes: the density, its gradient and draws as they are without."""

from __future__ import annotations

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import (
    GaussianProblem,
    density,
    draw,
    gaussian_problem,
    gradient,
)
from bayes_nqp.numerics.linear_gaussian._unit_matrices import cholesky
from bayes_nqp.numerics.linear_gaussian.assembled_nodes import assembled_sums
from bayes_nqp.numerics.linear_gaussian.node_spans import PLACES, Span

NONE = {
    "partial, units, iid", "partial, cities, AR(1)", "partial, units, AR(1) + noise",
    "shocks that cities cut across",
}  # fmt: skip
"""Some in which other things decide A."""


def has_nodes(problem: GaussianProblem) -> bool:
    """Whether a problem was asked between nodes of A."""
    return problem.for_many.kept.get(assembled_sums) is not None


def agree(problem: GaussianProblem) -> None:
    """Hold a problem to itself without nodes."""
    points = np.random.default_rng(0).standard_normal((80, len(problem.space)))
    often = problem.for_many
    assert density(often, 2.0 * points) == pytest.approx(density(problem, 2.0 * points), rel=1e-10)
    some = 0.3 * points[:20]
    ours, theirs = (gradient(p, some) for p in (often, problem))
    assert ours[0] == pytest.approx(theirs[0], rel=1e-10)
    assert ours[1] == pytest.approx(theirs[1], rel=1e-7, abs=1e-7)
    drawn, expected = (
        draw(p, some, np.random.default_rng(2), single=True) for p in (often, problem)
    )
    for name in ("positions", "deviation", "response", "weight"):
        assert getattr(drawn, name) == pytest.approx(getattr(expected, name), rel=1e-7, abs=1e-8)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_designs_are_what_they_are_without_nodes(name: str) -> None:
    case = DESIGNS[name]
    problem = gaussian_problem(
        model_frame_of(case.design, case.make(7, missing=0.1)).equations[0].problem
    )
    agree(problem)
    assert not (has_nodes(problem) and name in NONE)


def test_the_density_is_dense() -> None:
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(4, missing=0.2)
    problem = gaussian_problem(model_frame_of(case.design, panel).equations[0].problem)
    reference = dense(case.design, panel)
    points = np.random.default_rng(1).standard_normal((4, len(problem.space)))
    theirs = [reference.log_likelihood(values_of(problem.space.names, x)) for x in points]
    ours = density(problem.for_many, points) - problem.space.log_prior(points)
    assert has_nodes(problem)
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-8, abs=1e-7)


@pytest.mark.slow
@pytest.mark.parametrize("spillovers", ["rings", "lag"])
@pytest.mark.parametrize("effect", [nqp.CompletePooling(), nqp.CompletePooling(varying=None)])
def test_rings_and_lags(spillovers: str, effect: nqp.CompletePooling) -> None:
    rings = nqp.Rings([100.0, 200.0])
    panel = nqp.simulation.staggered(
        units=80, periods=9, cohorts=(4, 6), strata={}, seed=3,
        spillover=nqp.simulation.Spillover(rings, untreated=(0.5, 0.25)),
    ).panel  # fmt: skip
    near = nqp.spatial_weights.nearest(panel, k=4)
    design = nqp.StaggeredDiD(
        effect, time=nqp.TimeEffects(), unidentified="drop",
        spillovers=rings if spillovers == "rings" else nqp.SpatialLag(near),
    )  # fmt: skip
    problem = model_frame_of(design, panel).equations[0].gaussian
    agree(problem)
    assert has_nodes(problem)


def test_many_coefficients_stand_as_combinations() -> None:
    """Nodes hold coefficients of the few matrices that any rho combines, and A is as it was."""
    rings = nqp.Rings([100.0, 200.0])
    panel = nqp.simulation.staggered(
        units=150, periods=12, cohorts=range(6, 12), strata={}, seed=1,
        spillover=nqp.simulation.Spillover(rings, untreated=(0.5, 0.25)),
    ).panel  # fmt: skip
    design = nqp.StaggeredDiD(
        nqp.PartialPooling(), time=nqp.TimeEffects(), unidentified="drop", spillovers=rings
    )
    problem = model_frame_of(design, panel).equations[0].gaussian
    agree(problem)
    spans = problem.for_many.kept[assembled_sums].spans
    # Of 78 numbers, or as many of each type, each is told by some six.
    assert max(len(span.basis) for span in spans) <= 8


def test_a_matrix_beyond_the_span_is_refused() -> None:
    u = PLACES[:, 0]
    inside = np.stack([np.cos(u), np.sin(u), np.cos(u) - 2.0 * np.sin(u)], axis=1)
    span = Span.of(inside, lambda matrices: matrices @ np.arange(12.0).reshape(3, 4))
    assert span is not None
    assert len(span.basis) == 2
    expected = inside @ np.arange(12.0).reshape(3, 4)
    assert span.coefficients(inside) @ span.image == pytest.approx(expected)
    with pytest.raises(np.linalg.LinAlgError, match="not in the span"):
        span.coefficients(np.array([[0.0, 0.0, 1.0]]))
    # Every other place is held out: what these have and others lack is missed.
    bent = np.stack([np.cos(u), np.where(np.arange(u.size) % 2, u, 0.0)], axis=1)
    assert Span.of(bent, lambda matrices: matrices) is None


def test_far_out_points_are_computed_or_refused_as_without_nodes() -> None:
    case = DESIGNS["partial, units, AR(1)"]
    problem = gaussian_problem(model_frame_of(case.design, case.make(7)).equations[0].problem)
    points = 0.1 * np.random.default_rng(0).standard_normal((8, len(problem.space)))
    place = problem.space.names.index("rho")
    points[::2, place] = 11.9, 13.0, 60.0, -60.0
    for one in points[:, None]:
        assert density(problem.for_many, one) == pytest.approx(density(problem, one), rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("size", [64, 128, 130, 192])
def test_factors_of_any_size(size: int) -> None:
    """Sizes that are slow are factored in others, from lower triangles alone."""
    x = np.random.default_rng(size).standard_normal((3, size, size + 5))
    matrix = x @ x.swapaxes(-1, -2)
    lower = cholesky(np.tril(matrix) + np.triu(np.full((size, size), np.nan), 1))
    assert lower @ lower.swapaxes(-1, -2) == pytest.approx(matrix, rel=1e-10)
    assert not np.triu(lower, 1).any()
    with pytest.raises(np.linalg.LinAlgError):
        cholesky(-matrix)


@pytest.mark.slow
def test_one_level_of_one_group_stands_with_the_others() -> None:
    frame = nqp.simulation.staggered(units=60, periods=8, cohorts=(4, 6), seed=4).panel.frame.copy()
    region, unit = (frame[x].astype("category").cat.codes.to_numpy() for x in ("region", "unit"))
    never = frame["cohort"].isna().to_numpy()
    number = np.where(never & (region == 1), 4, unit // 3 % 4)
    frame["province"] = np.char.add("p", number.astype(str))
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", outcome="outcome", cohort="cohort", strata=["region"]
    )
    shocks = nqp.ClusterTimeEffects("province", errors=nqp.AR1())
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), shocks=shocks)
    problem = model_frame_of(design, panel).equations[0].gaussian
    # Provinces cut across cohorts, but for one: no group loses a path of its own.
    assert problem.own_paths.groups.size == 0
    assert [len(x) for x in problem.shared_paths] == [5]
    agree(problem)
    assert has_nodes(problem)
    reference, points = dense(design, panel), np.random.default_rng(1).standard_normal((4, 20))
    points = points[:, : len(problem.space)]
    theirs = [reference.log_likelihood(values_of(problem.space.names, x)) for x in points]
    ours = density(problem.for_many, points) - problem.space.log_prior(points)
    assert np.diff(ours) == pytest.approx(np.diff(theirs), rel=1e-8, abs=1e-7)
