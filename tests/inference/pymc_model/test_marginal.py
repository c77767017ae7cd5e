"""The row model is the definition: integrated over its coefficients it is the fast density."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from design_table import DESIGNS
from marginal import Marginal
from moving_average import MovingAverage, StatedMovingAverage
from random_panels import random_frame

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import density

BOTH = ["digital", "finance"]
CHANNELS: dict[str, nqp.Mediation] = {
    "two mediators": nqp.Mediation(nqp.StaggeredDiD(unidentified="drop"), BOTH),
    "interaction, iid": nqp.Mediation(
        nqp.StaggeredDiD(
            nqp.PartialPooling(["region"], varying=None), nqp.IID(), unidentified="drop"
        ),
        ["digital"],
        interaction=True,
    ),
    "lag, complete": nqp.Mediation(
        nqp.StaggeredDiD(nqp.CompletePooling(), nqp.AR1PlusNoise(), unidentified="drop"),
        ["digital"],
        lag=1,
    ),
    "moderated slopes": nqp.Mediation(
        nqp.StaggeredDiD(nqp.CompletePooling(), moderator="z", unidentified="drop"),
        ["digital"],
        moderates=("a", "b", "direct"),
    ),
    "exposure": nqp.Mediation(
        nqp.ContinuousExposure("d", nqp.PartialPooling(["region"]), per="sd", unidentified="drop"),
        ["digital"],
    ),
}


def channels_panel(seed: int) -> nqp.Panel:
    """Eleven units with two mediators, of which one has gaps, a moderator and an exposure."""
    frame = random_frame(seed, units=11, periods=6, missing=0.05)
    rng = np.random.default_rng(seed)
    frame["digital"] = rng.normal(size=len(frame)) + (frame["time"] >= frame["cohort"])
    frame["finance"] = np.where(rng.random(len(frame)) < 0.03, np.nan, rng.normal(size=len(frame)))
    frame["z"] = rng.normal(size=len(frame))
    return nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"],
        mediators=BOTH, moderators=["z"], exposures=["d"],
    )  # fmt: skip


def gaps(model: Any, equation: Any) -> np.ndarray:
    """What is between the integrated row model and the fast density, at two points."""
    space = equation.gaussian.space
    points = 0.5 * np.random.default_rng(1).standard_normal((2, len(space)))
    marginal = Marginal(model, [f"{equation.name}__{name}" for name in space.names])
    return np.array([marginal(point) for point in points]) - density(equation.gaussian, points)


def assert_alike(gap: np.ndarray) -> None:
    # Constants of PyMC's densities have eight digits.
    assert gap == pytest.approx(0.0, abs=1e-6)
    assert np.ptp(gap) < 1e-9


@pytest.mark.sample(10)
@pytest.mark.parametrize("name", DESIGNS)
def test_one_equation(name: str) -> None:
    case = DESIGNS[name]
    panel = case.make(4, missing=0.1, units=11, periods=6)
    (equation,) = model_frame_of(case.design, panel).equations
    assert_alike(gaps(nqp.to_pymc(case.design, panel), equation))


@pytest.mark.slow
@pytest.mark.parametrize("name", CHANNELS)
def test_equations_side_by_side(name: str) -> None:
    panel, design = channels_panel(3), CHANNELS[name]
    equations = model_frame_of(design, panel).equations
    model = nqp.to_pymc(design, panel)
    parameters = [f"{one.name}__{name}" for one in equations for name in one.gaussian.space.names]
    sizes = [len(one.gaussian.space) for one in equations]
    points = 0.5 * np.random.default_rng(1).standard_normal((2, sum(sizes)))
    marginal = Marginal(model, parameters)
    apart = np.split(points, np.cumsum(sizes)[:-1], axis=1)
    ours = sum(density(one.gaussian, x) for one, x in zip(equations, apart, strict=True))
    assert_alike(np.array([marginal(point) for point in points]) - ours)


def test_an_error_structure_by_its_covariance() -> None:
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(4, missing=0.1, units=11, periods=6)
    design = case.design.replace(errors=StatedMovingAverage())
    (equation,) = model_frame_of(design, panel).equations
    assert_alike(gaps(nqp.to_pymc(design, panel), equation))


def test_what_is_not_stated_row_by_row() -> None:
    case = DESIGNS["partial, units, AR(1)"]
    panel = case.make(4)
    with pytest.raises(StudyError, match=r"no model of single observations[\s\S]*nqp\.Importance"):
        nqp.to_pymc(case.design.replace(errors=MovingAverage()), panel)
    heavy = case.design.replace(errors=StatedMovingAverage(), likelihood=nqp.StudentT(5.0))
    with pytest.raises(StudyError, match="Student-t"):
        nqp.to_pymc(heavy, panel)
    joined = nqp.Mediation(nqp.StaggeredDiD(), ["digital"], vary_by="unit")
    with pytest.raises(StudyError, match=r"nqp\.Importance"):
        nqp.to_pymc(joined, channels_panel(3))


@pytest.mark.parametrize("design", [nqp.StaggeredDiD(), nqp.ContinuousExposure("d")])
@pytest.mark.parametrize("method", ["build", "collapsed"])
def test_methods_of_old_name_the_new_way(design: Any, method: str) -> None:
    with pytest.raises(StudyError, match=r"nqp\.to_pymc\(design, panel\)"):
        getattr(design, method)(channels_panel(3))
