"""Weights of rows: by groups under independent errors, unit by unit wherever that matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from dense import Dense, dense, values_of
from design_table import DESIGNS, Case
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from moving_average import MovingAverage
from same_density import assert_dense

from bayes_nqp import (
    AR1,
    IID,
    CompletePooling,
    ContinuousExposure,
    NoPooling,
    Panel,
    PartialPooling,
    Priors,
    StaggeredDiD,
    TimeEffects,
)
from bayes_nqp._core.exceptions import IdentificationError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.model.errors import Noise
from bayes_nqp.numerics.linear_gaussian import density, draw
from bayes_nqp.numerics.parameters import HalfNormal, Parameter

WEIGHED = {"weights": True, "strata": ("region",)}
NONE = PartialPooling(["region"], varying=None)


def _case(design: StaggeredDiD | ContinuousExposure, **panel: object) -> Case:
    return Case(design.replace(errors=IID(), unidentified="drop"), {**WEIGHED, **panel})


CASES = {
    "partial": _case(StaggeredDiD(NONE)),
    "separate": _case(StaggeredDiD(NoPooling(varying=None), controls="never", time=TimeEffects())),
    "covariates": _case(StaggeredDiD(NONE), covariates=True),
    "baseline": _case(
        StaggeredDiD(CompletePooling(varying=None), baseline=("base",)), covariates=True
    ),
    "pooled time": _case(StaggeredDiD(NONE, time=TimeEffects(["region"], pooled=True))),
    "many": _case(StaggeredDiD(NONE), many=True, units=40),
    "cities": _case(StaggeredDiD(PartialPooling(["region"], varying="city"))),
    "cities, covariates": _case(StaggeredDiD(PartialPooling(varying="city")), covariates=True),
    "cities, exposure": _case(ContinuousExposure("d", effect=PartialPooling(varying="city"))),
    "exposure": _case(ContinuousExposure("d", effect=NONE)),
    "exposure, by time": _case(
        ContinuousExposure("d", effect=CompletePooling(varying=None), by_time=True)
    ),
}


@dataclass(frozen=True, slots=True)
class Undecided(IID):
    """Independent errors with a parameter of no consequence, so that each unit stands alone."""

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        return (Parameter("idle", HalfNormal(1.0)),)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    seed=st.integers(0, 10**6),
    missing=st.sampled_from([0.0, 0.2]),
    singletons=st.sampled_from([0, 2]),
    spread=st.sampled_from([0.3, 1.0]),
)
def test_groups_are_dense_rows_and_units_one_by_one(
    name: str, seed: int, missing: float, singletons: int, spread: float
) -> None:
    """And the draws' means with them."""
    case = CASES[name]
    panel = case.make(seed, missing=missing, singletons=singletons)
    try:
        equation = model_frame_of(case.design, panel).equations[0]
    except IdentificationError:
        assume(False)
    problem, gaussian = equation.problem, equation.gaussian
    assert not problem.classes
    assert len(problem.absorbed) == len(problem.groups)
    assert problem.shares_deviations is name.startswith("cities")
    points = spread * np.random.default_rng(seed).standard_normal((3, len(problem.space)))
    ours = density(gaussian, points)
    reference = dense(case.design, panel)
    values = [values_of(problem.space.names, x) for x in points]
    theirs = np.array([reference.log_likelihood(v) + reference.log_prior(v) for v in values])
    change = np.diff(theirs)
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())
    by_unit = model_frame_of(case.design.replace(errors=Undecided()), panel).equations[0].gaussian
    there = np.insert(points, -1, 0.3, axis=1)
    ours, theirs = (
        density(p, x) - p.space.log_prior(x) for p, x in ((gaussian, points), (by_unit, there))
    )
    assert ours == pytest.approx(theirs, rel=1e-10)
    means, others = draw(gaussian, points, None), draw(by_unit, there, None)
    assert means.positions == pytest.approx(others.positions, rel=1e-6, abs=1e-8)
    assert means.deviation == pytest.approx(others.deviation, rel=1e-6, abs=1e-8)


def _copies(panel: Panel, times: int) -> Panel:
    """Units several times over, each with weights of its own."""
    rng = np.random.default_rng(1)
    frames = [
        panel.frame.assign(
            unit=panel.frame["unit"].astype(str) + f"/{k}", w=rng.uniform(0.5, 2.0, panel.n_rows)
        )
        for k in range(times)
    ]
    return Panel.from_frame(
        pd.concat(frames), unit="unit", time="time", cohort="cohort", outcome="y",
        strata=["region"], weights="w",
    )  # fmt: skip


def test_what_is_stored_does_not_grow_with_units() -> None:
    case = CASES["partial"]
    panel, sizes = case.make(3, missing=0.1), set()
    for times in (2, 20):
        gaussian = model_frame_of(case.design, _copies(panel, times)).equations[0].gaussian
        assert gaussian.fixed is not None
        assert gaussian.moments.map1.nnz == gaussian.moments.seen.size == 0
        sizes.add((gaussian.fixed.f.size, gaussian.arrowhead.map2.nnz))
    assert len(sizes) == 1


def test_independent_errors_are_told_by_what_they_are() -> None:
    """Equal weights or none; but not where units deviate, and not where errors are correlated."""
    panel = DESIGNS["partial, none, iid"].make(3)
    assert (
        model_frame_of(StaggeredDiD(NONE, IID(), unidentified="drop"), panel)
        .equations[0]
        .problem.absorbed
    )
    for effect, errors in ((PartialPooling(["region"]), IID()), (NONE, AR1()), (NONE, Fixed())):
        design = StaggeredDiD(effect, errors, unidentified="drop")
        problem = model_frame_of(design, panel).equations[0].problem
        assert problem.classes
        assert not problem.absorbed


@dataclass(frozen=True, slots=True)
class Fixed(Noise):
    """A known correlation of neighbours in time, and weights of rows."""

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        return ()

    def covariance(self, n_periods: int, values: np.ndarray) -> np.ndarray:
        beside = np.eye(n_periods, k=1) + np.eye(n_periods, k=-1)
        return np.broadcast_to(np.eye(n_periods) + 0.4 * beside, (len(values), *beside.shape))

    @property
    def takes_weights(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class WeightedMovingAverage(MovingAverage):
    """The same with an estimated one."""

    @property
    def takes_weights(self) -> bool:
        return True


class DenseWeighted(Dense):
    """Rows whose errors are correlated with their neighbours, and of unequal precision."""

    def error_covariance(self, p: dict[str, float]) -> np.ndarray:
        if "theta" in p:
            inside, near = 1.0 + p["theta"] ** 2, p["theta"]
        else:
            inside, near = 1.0, 0.4
        apart = np.abs(self.time[:, None] - self.time)
        grid = np.where(apart == 0, inside, np.where(apart == 1, near, 0.0))
        root = 1.0 / np.sqrt(self.precision)
        same = self.unit[:, None] == self.unit
        return p["sigma"] ** 2 * same * grid * root[:, None] * root


@pytest.mark.parametrize("errors", [Fixed(), WeightedMovingAverage()], ids=["known", "estimated"])
@pytest.mark.parametrize("varying", [None, "unit"])
def test_weights_under_correlated_errors_stay_exact(errors: Noise, varying: str | None) -> None:
    panel = CASES["partial"].make(5, missing=0.1)
    design = StaggeredDiD(PartialPooling(["region"], varying=varying), errors, unidentified="drop")
    equation = model_frame_of(design, panel).equations[0]
    problem, reference = equation.gaussian, DenseWeighted(design, panel)
    assert len(equation.problem.classes) > 10
    assert_dense(problem, reference.log_likelihood, 0.4, rel=1e-8)


@pytest.mark.parametrize("unit", [1e-4, 1.0, 1e6])
def test_unit_of_weights_does_not_matter(unit: float) -> None:
    """Weights as large as populations would otherwise be held against the prior of sigma."""
    panel = CASES["partial"].make(3)
    w = np.random.default_rng(1).uniform(0.5, 2.0, panel.n_rows)
    model_frames = [
        model_frame_of(
            CASES["partial"].design,
            Panel.from_frame(panel.frame.assign(w=w * k), **{**panel.arguments, "weights": "w"}),
        )
        for k in (1.0, unit)
    ]
    points = np.zeros((1, len(model_frames[0].equations[0].problem.space)))
    first, second = (
        density(model_frame.equations[0].gaussian, points)[0] for model_frame in model_frames
    )
    assert second == pytest.approx(first, abs=1e-8)
