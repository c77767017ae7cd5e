"""Draws that proposals are kept with are those from factors made anew, of the same numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest
from design_table import DESIGNS

from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import (
    DrawsWithDensity,
    GaussianProblem,
    SharedErrors,
    density,
    draw,
    number_count,
)

ROOM = 1_000_000
FEW, TIMES = 8, 3


def problem_and_points(name: str, number: int = FEW) -> tuple[GaussianProblem, np.ndarray]:
    case = DESIGNS[name]
    problem = model_frame_of(case.design, case.make(11, missing=0.1)).equations[0].gaussian.for_many
    draws = np.random.default_rng(3).standard_normal((number, len(problem.space)))
    return problem, 0.4 * draws


def kept_of(problem: GaussianProblem, room: int = ROOM) -> DrawsWithDensity:
    return DrawsWithDensity(problem, TIMES, room, np.random.default_rng(5))


@pytest.fixture
def solves(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Points at which draws make a factor."""
    from bayes_nqp.numerics.linear_gaussian import draws

    made: list[int] = []
    solved: Callable[..., object] = draws.solved

    def counted(problem: object, values: list[object]) -> object:
        made.append(len(values))
        return solved(problem, values)

    monkeypatch.setattr(draws, "solved", counted)
    return made


def same_as_anew(
    problem: GaussianProblem, points: np.ndarray, kept: DrawsWithDensity, solves: list[int]
) -> None:
    # Every point up to three times; the k-th draw of one has its k-th numbers.
    which = np.random.default_rng(4).permutation(
        np.repeat(np.arange(FEW), [1, 2, 3, 3, 1, 2, 3, 1])
    )
    repeat = np.array([(which[:k] == one).sum() for k, one in enumerate(which)])
    z = np.random.default_rng(5).standard_normal((FEW, problem.arrowhead.n_dense, TIMES))
    numbers = np.zeros((which.size, number_count(problem)))
    numbers[:, : z.shape[1]] = z[which, :, repeat]
    ours = draw(problem, points[which], None, single=True, keeper=kept)
    assert not solves
    anew = draw(problem, points[which], None, single=True, errors=SharedErrors(numbers, None))
    assert sum(solves) == FEW
    for field in fields(anew):
        ours_of, anew_of = getattr(ours, field.name), getattr(anew, field.name)
        assert ours_of == pytest.approx(anew_of, rel=1e-9, abs=1e-9), field.name


@pytest.mark.slow
@pytest.mark.parametrize("unshared_cells_first", [False, True])
@pytest.mark.parametrize(
    "name", ["partial, units, AR(1)", "common time", "covariates", "pooled time"]
)
def test_draws_are_those_of_factors_made_anew(
    name: str, unshared_cells_first: bool, solves: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    if unshared_cells_first:
        monkeypatch.setattr("bayes_nqp.numerics.linear_gaussian.maps.MANY_LOCAL", 0)
        monkeypatch.setattr("bayes_nqp.numerics.linear_gaussian.maps.NARROW", np.inf)
    problem, points = problem_and_points(name)
    kept = kept_of(problem)
    heights = density(problem, points, keeper=kept)
    assert heights == pytest.approx(density(problem, points), rel=1e-12)
    assert unshared_cells_first == (problem.reduced is not None)
    same_as_anew(problem, points, kept, solves)


def test_draws_of_shared_deviations_are_those_of_factors_made_anew(solves: list[int]) -> None:
    problem, points = problem_and_points("partial, cities, AR(1)")
    kept = kept_of(problem)
    density(problem, points, keeper=kept)
    same_as_anew(problem, points, kept, solves)


def test_points_drawn_more_often_or_unknown_are_factored(solves: list[int]) -> None:
    problem, points = problem_and_points("partial, units, AR(1)")
    kept = kept_of(problem)
    density(problem, points[1:], keeper=kept)
    assert kept.found(points).tolist() == [-1, *range(FEW - 1)]
    draw(problem, np.tile(points[1:], (TIMES, 1)), np.random.default_rng(6), keeper=kept)
    assert not solves
    draw(problem, np.tile(points[1:], (TIMES + 1, 1)), np.random.default_rng(6), keeper=kept)
    draw(problem, points, np.random.default_rng(6), keeper=kept)
    assert solves == [FEW - 1, FEW]
    kept.clear()
    assert (kept.found(points) == -1).all()
    assert not kept.draws.size


def test_room_is_for_all_points_of_a_density_or_none() -> None:
    problem, points = problem_and_points("partial, units, AR(1)")
    kept = kept_of(problem, (FEW - 1) * problem.arrowhead.n_dense * TIMES)
    density(problem, points, keeper=kept)
    assert (kept.found(points) == -1).all()
    density(problem, points[1:], keeper=kept)
    assert (kept.found(points[1:]) >= 0).all()


def test_later_proposals_have_draws_of_their_own() -> None:
    problem, points = problem_and_points("partial, units, AR(1)")
    kept, whole = kept_of(problem), kept_of(problem)
    density(problem, points[:5], keeper=kept)
    density(problem, points[5:], keeper=kept)
    density(problem, points, keeper=whole)
    assert kept.draws == pytest.approx(whole.draws, rel=1e-9, abs=1e-9)


def test_series_that_are_redrawn_are_not_kept() -> None:
    problem, points = problem_and_points("partial, units, AR(1)")
    problem = replace(problem, redraws=lambda: problem.nuisance[None])
    kept = kept_of(problem)
    density(problem, points, keeper=kept)
    assert (kept.found(points) == -1).all()
