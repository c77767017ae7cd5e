"""Draws from factors that were kept are those from factors made anew."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from design_table import DESIGNS

from bayes_nqp.gaussian import GaussianProblem, KeptFactors, density, draw
from bayes_nqp.gaussian.kept_factors import Factor
from bayes_nqp.planning import plan_of

ROOM = 1_000_000
FEW = 8


def problem_and_points(name: str, number: int) -> tuple[GaussianProblem, np.ndarray]:
    case = DESIGNS[name]
    problem = plan_of(case.design, case.make(11, missing=0.1)).equations[0].gaussian.for_many
    draws = np.random.default_rng(3).standard_normal((number, len(problem.space)))
    return problem, 0.4 * draws


@pytest.mark.parametrize(
    "name", ["partial, units, AR(1)", "common time", "partial, cities, AR(1)", "covariates"]
)
def test_draws_are_those_of_factors_made_anew(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    problem, points = problem_and_points(name, FEW)
    kept, taken = KeptFactors(problem, ROOM), []
    take = kept.take

    def counted(rows: np.ndarray) -> Factor:
        taken.append(rows.size)
        return take(rows)

    monkeypatch.setattr(kept, "take", counted)
    heights = density(problem, points, keeper=kept)
    assert heights == pytest.approx(density(problem, points), rel=1e-12)
    resampled = points[np.random.default_rng(4).integers(0, FEW, 30)]
    anew = draw(problem, resampled, np.random.default_rng(5), single=True)
    ours = draw(problem, resampled, np.random.default_rng(5), single=True, factors=kept)
    assert sum(taken) == len(np.unique(resampled, axis=0))
    for field in fields(anew):
        ours_of, anew_of = getattr(ours, field.name), getattr(anew, field.name)
        assert ours_of == pytest.approx(anew_of, rel=1e-9, abs=1e-9), field.name


def test_points_beyond_the_room_or_unknown_are_factored() -> None:
    problem, points = problem_and_points("partial, units, AR(1)", FEW)
    kept = KeptFactors(problem, ROOM)
    size = sum(int(np.prod(shape)) for shape in kept.shapes)
    kept.room = size * (FEW - 1)
    density(problem, points, keeper=kept)
    assert (kept.found(points) == -1).all()
    density(problem, points[1:], keeper=kept)
    assert kept.found(points).tolist() == [-1, *range(FEW - 1)]
    ours = draw(problem, points, np.random.default_rng(5), factors=kept)
    assert ours.slots == pytest.approx(
        draw(problem, points, np.random.default_rng(5)).slots, rel=1e-9, abs=1e-9
    )
    kept.clear()
    assert (kept.found(points) == -1).all()
    assert not kept.parts
