"""Averages of effects at the mode are exact: mean and sd, whatever deviates or moderates."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dense import dense, values_of
from design_table import DESIGNS
from doors import average_loads, recovered

import bayes_nqp as nqp
from bayes_nqp.data.simulation import staggered
from bayes_nqp.inference.fitting import mode_averages, modes, permuted_averages
from bayes_nqp.inference.model_frame import ModelFrame, model_frame_of, permuted_adoption
from bayes_nqp.numerics.linear_gaussian import averages, gradient

NAMES = [
    "partial, units, AR(1)", "partial, units, weights", "partial, none, weights",
    "partial, cities, AR(1)", "partial, units, AR(1) + noise", "complete, none, common time",
    "pooled time, both", "covariates", "partial, cities, iid",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_averages_are_those_of_dense_rows(name: str) -> None:
    """Effects with the mean deviation of their rows, as functionals, at two points."""
    case = DESIGNS[name]
    panel = case.make(7, missing=0.1)
    model_frame = model_frame_of(case.design, panel)
    (equation,) = model_frame.equations
    generator = np.random.default_rng(2)
    points = 0.4 * generator.standard_normal((2, len(equation.problem.space)))
    reference = dense(case.design, panel)
    groups = np.stack(
        [model_frame.cells.rows, generator.random(model_frame.cells.rows.size)], axis=1
    )
    weights = groups / groups.sum(axis=0)
    means, variances = averages(
        equation.gaussian, points, *average_loads(model_frame, equation, weights)
    )
    shares = weights.T @ reference.shares()
    for point, ours, variance in zip(points, means, variances, strict=True):
        mean, covariance = reference.posterior(values_of(equation.problem.space.names, point))
        assert ours == pytest.approx(shares @ mean, rel=1e-8, abs=1e-10)
        theirs = np.einsum("ri,ij,rj->r", shares, covariance, shares)
        assert variance == pytest.approx(theirs, rel=1e-7)


@pytest.mark.slow
def test_moderated_averages_hold_what_the_moderator_adds() -> None:
    """And a climb from nearby ends where one from afar does."""
    panel = staggered(units=60, seed=5).panel
    finance = np.random.default_rng(5).normal(5.0, 1.5, panel.n_units)[panel.unit_codes]
    frame = panel.frame.assign(finance=finance)
    frame[panel.roles.outcome] += 0.3 * (finance - 5.0)
    panel = nqp.Panel.from_frame(frame, **{**panel.arguments, "moderators": ["finance"]})
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]), moderator="finance")
    model_frame, (mode,) = model_frame_of(design, panel), modes(design, panel)
    (equation,) = model_frame.equations
    groups = np.stack(
        [model_frame.cells.rows, model_frame.cells.event_time == 0, model_frame.table.stratum == 0]
    )
    weights = groups.T / groups.sum(axis=1)
    mean, sd = mode_averages(design, panel, lambda _: weights, near=mode)
    far, far_sd = mode_averages(design, panel, lambda _: weights)
    points = np.repeat(mode.point[None], 4000, axis=0)
    middle = recovered(model_frame, equation, points[:1], None).cell_effect @ weights
    draws = recovered(model_frame, equation, points, np.random.default_rng(1)).cell_effect @ weights
    assert mean == pytest.approx(middle[0], rel=1e-9)
    assert sd == pytest.approx(draws.std(axis=0), rel=0.05)
    assert far == pytest.approx(mean, abs=2e-3 * equation.scale)
    assert far_sd == pytest.approx(sd, rel=0.02)


def _permuted(panel: nqp.Panel, permutations: int) -> np.ndarray:
    """Cohorts dealt to other units of the same stratum."""
    generator = np.random.default_rng(3)
    stratum, actual = panel.strata_codes["region"], np.asarray(panel.cohort_codes)
    out = np.tile(actual, (permutations, 1))
    for codes in out[1:]:
        for k in np.unique(stratum):
            codes[stratum == k] = generator.permutation(actual[stratum == k])
    return out


SHARED = nqp.StaggeredDiD(nqp.PartialPooling(["region"]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "changes", "together"),
    [
        (SHARED, {}, 5),
        (SHARED, {"covariates": ["size"]}, 5),
        (nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying=None)), {}, 5),
        (SHARED, {"missing": 0.1}, 5),
        (SHARED, {"missing": 0.1, "covariates": ["size"]}, 5),
        (nqp.StaggeredDiD(time=nqp.TimeEffects()), {"missing": 0.3}, 5),
        (nqp.StaggeredDiD(errors=nqp.IID()), {"weights": "size"}, 0),
        (nqp.StaggeredDiD(trends=nqp.DifferentialTrends()), {}, 0),
        (SHARED, {"dates": True}, 1),
    ],
)
def test_deals_side_by_side_are_those_one_by_one(
    design: nqp.StaggeredDiD, changes: dict[str, Any], together: int
) -> None:
    """Where cells stay they share one plan, whatever rows are missing; others have their own."""
    panel = _panel(**changes)
    design = replace(design, unidentified="drop")
    (near,), permuted = modes(design, panel), _permuted(panel, 5, **changes)
    shared = permuted_adoption(model_frame_of(design, panel), permuted)
    assert sum(permutations.numbers.size for permutations in shared) == together
    mean, sd = permuted_averages(design, panel, permuted, _treated_rows, near=near)
    for k, codes in enumerate(permuted):
        one, spread = mode_averages(design, panel.with_cohorts(codes), _treated_rows, near=near)
        assert mean[k] == pytest.approx(one[0], abs=1e-9 * spread[0])
        assert sd[k] == pytest.approx(spread[0], rel=1e-9)


NEAR = nqp.simulation.Spillover(nqp.Rings([150, 300]), untreated=(0.5, 0.25), treated=(0.2, 0.1))


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    ("effect", "changes", "missing"),
    [
        (nqp.PartialPooling(), {}, 0.0),
        (nqp.PartialPooling(["region"], varying=None), {"time": nqp.TimeEffects()}, 0.1),
        (nqp.CompletePooling(), {"time": nqp.TimeEffects(), "anticipation": 1}, 0.0),
    ],
)
@pytest.mark.parametrize("onto", [("untreated", "treated"), ("untreated",)])
def test_deals_under_rings_are_those_one_by_one(
    effect: nqp.PartialPooling, changes: dict[str, Any], missing: float, onto: tuple[str, ...]
) -> None:
    """Cells of a deal that others do not have, and rows that it leaves out, change no other."""
    made = staggered(units=60, periods=8, cohorts=(4, 6, 7), spillover=NEAR, seed=2)
    keep = np.random.default_rng(1).random(len(made.panel.frame)) >= missing
    panel = made.panel.where(keep)
    near = nqp.Rings(NEAR.exposure.km, onto=onto)
    design = nqp.StaggeredDiD(effect, spillovers=near, unidentified="drop", **changes)
    permuted = _permuted(panel, 8)
    (first,) = modes(design, panel.with_cohorts(permuted[1]))
    shared = permuted_adoption(model_frame_of(design, panel), permuted)
    assert sum(permutations.numbers.size for permutations in shared) == len(permuted)
    assert max(permutations.numbers.size for permutations in shared) > 1
    mean, sd = permuted_averages(design, panel, permuted, _treated_rows, near=first)
    modes_by_size = {first.point.size: first}
    slopes = {
        number: (permutations.problems, np.array([k]))
        for permutations in shared
        for k, number in enumerate(permutations.numbers.tolist())
    }
    for k, codes in enumerate(permuted):
        alone = panel.with_cohorts(codes)
        (equation,) = model_frame_of(design, alone).equations
        size = len(equation.problem.space)
        if size not in modes_by_size:
            (modes_by_size[size],) = modes(design, alone)
        problems, number = slopes[k]
        theirs = gradient(equation.gaussian, modes_by_size[size].point[None])
        for a, b in zip(
            problems.gradient(modes_by_size[size].point[None], number), theirs, strict=True
        ):
            assert a == pytest.approx(b, rel=1e-9, abs=1e-6)
        one, spread = mode_averages(design, alone, _treated_rows, near=modes_by_size[size])
        assert mean[k] == pytest.approx(one[0], abs=1e-9 * spread[0])
        assert sd[k] == pytest.approx(spread[0], rel=1e-9)


@pytest.mark.slow
def test_deals_that_nobody_can_fit_are_nan() -> None:
    """Where nobody adopts there is no average effect."""
    panel = _panel()
    (near,), permuted = modes(SHARED, panel), _permuted(panel, 3)
    permuted[1] = -1
    mean, sd = permuted_averages(SHARED, panel, permuted, _treated_rows, near=near)
    assert np.isnan([mean[1], sd[1]]).all()
    assert np.isfinite([mean[0], mean[2], sd[0], sd[2]]).all()


def _panel(missing: float = 0.0, dates: bool = False, **arguments: Any) -> nqp.Panel:
    panel = staggered(units=40, periods=8, cohorts=(3, 5), seed=4).panel
    generator = np.random.default_rng(1)
    frame = panel.frame.assign(size=np.exp(generator.normal(size=len(panel.frame))))
    frame = frame[generator.random(len(frame)) >= missing]
    return nqp.Panel.from_frame(frame, **{**panel.arguments, **arguments})


def _permuted(panel: nqp.Panel, permutations: int, dates: bool = False, **_: object) -> np.ndarray:
    """Cohorts dealt to other units of the same stratum, or to other dates."""
    generator = np.random.default_rng(3)
    stratum, actual = panel.strata_codes["region"], np.asarray(panel.cohort_codes)
    out = np.tile(actual, (permutations, 1))
    for codes in out[1:]:
        for k in np.unique(stratum):
            codes[stratum == k] = generator.permutation(actual[stratum == k])
        if dates:
            codes[codes == 4] = 5
    return out


def _treated_rows(model_frame: ModelFrame) -> np.ndarray:
    rows = np.where(model_frame.cells.lead, 0.0, model_frame.cells.rows)
    return np.asarray(rows[:, None] / rows.sum())
