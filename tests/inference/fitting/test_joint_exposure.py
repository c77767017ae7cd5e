"""Slopes on an exposure that vary by unit along a channel: the dense density, and the truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from dense_joint import DenseJoint
from doors import joint_problem_joint_of as joint_of

import bayes_nqp as nqp
from bayes_nqp.inference.model_frame import model_frame_of
from bayes_nqp.numerics.linear_gaussian import stacked_density

ROLES = {"unit": "unit", "time": "time", "exposures": ["dose"], "strata": ["region"]}
A, B, SPREAD, CORR = 1.0, 0.5, 0.5, 0.7


def exposed(units: int, periods: int, seed: int, missing: float = 0.0) -> pd.DataFrame:
    """Simulate a channel whose legs ``a + a_i`` and ``b + b_i`` are correlated across units."""
    rng = np.random.default_rng(seed)
    covariance = SPREAD**2 * np.array([[1.0, CORR], [CORR, 1.0]])
    legs = rng.multivariate_normal([A, B], covariance, size=units)
    shape, level = (units, periods), rng.normal(size=(3, units, 1))
    walk = rng.normal(size=(2, periods)).cumsum(axis=1)
    dose = level[2] + 0.5 * rng.normal(size=shape).cumsum(axis=1)
    digital = level[0] + walk[0] + legs[:, :1] * dose + 0.3 * rng.normal(size=shape)
    outcome = level[1] + walk[1] + 0.3 * dose + legs[:, 1:] * digital + 0.3 * rng.normal(size=shape)
    frame = pd.DataFrame(
        {
            "unit": np.repeat([f"u{i:03d}" for i in range(units)], periods),
            "time": np.tile(np.arange(periods), units),
            "region": np.repeat(np.where(np.arange(units) % 2, "inland", "coastal"), periods),
            "dose": dose.ravel(), "digital": digital.ravel(), "outcome": outcome.ravel(),
            "a": np.repeat(legs[:, 0], periods), "b": np.repeat(legs[:, 1], periods),
        }
    )  # fmt: skip
    return frame[rng.random(len(frame)) >= missing]


class DenseExposed(DenseJoint):
    """Both equations of a channel of an exposure."""

    def __init__(self, design: nqp.ContinuousExposure, frame: pd.DataFrame) -> None:
        first = nqp.Panel.from_frame(frame, outcome="digital", **ROLES)
        self._state(design, first, panel_of(frame))


def panel_of(frame: pd.DataFrame) -> nqp.Panel:
    return nqp.Panel.from_frame(frame, outcome="outcome", mediators=["digital"], **ROLES)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("design", "missing"),
    [
        (nqp.ContinuousExposure("dose", nqp.PartialPooling(["region"])), 0.1),
        (
            nqp.ContinuousExposure("dose", nqp.PartialPooling(["region"]), nqp.IID(), by_time=True),
            0.0,
        ),
    ],
)
def test_the_density_is_the_dense_one(design: nqp.ContinuousExposure, missing: float) -> None:
    frame = exposed(20, 6, seed=3, missing=missing)
    joint = joint_of(
        model_frame_of(nqp.Mediation(design, vary_by="unit"), panel_of(frame)), design.priors
    )
    reference = DenseExposed(design, frame)
    points = 0.6 * np.random.default_rng(5).normal(size=(6, len(joint.space)))
    names = joint.first.space.names, joint.second.space.names
    ours = stacked_density(joint, points)
    change = np.diff([reference.log_density_at(*names, x) for x in points])
    assert np.abs(np.diff(ours) - change).max() <= 1e-8 * max(1.0, np.abs(change).max())


@pytest.fixture(scope="module")
def together() -> tuple[nqp.Fit, pd.DataFrame]:
    frame = exposed(80, 10, seed=1)
    design = nqp.Mediation(nqp.ContinuousExposure("dose", per="sd"), vary_by="unit")
    fit = nqp.fit(design, panel_of(frame), nqp.Importance(draws=500, seed=1), progress=False)
    return fit, frame


@pytest.mark.slow
def test_the_covariance_belongs_to_the_indirect_slope(together) -> None:
    fit, frame = together
    legs = frame.groupby("unit")[["a", "b"]].first()
    per = fit.model_frame.exposure.unit
    low, high = np.quantile(nqp.nie(fit, mediators="digital"), [0.025, 0.975]) / per
    assert low < (legs["a"] * legs["b"]).mean() < high
    assert not low < legs["a"].mean() * legs["b"].mean() < high
    corr = fit.posterior["outcome__corr_ab"]
    low, high = np.quantile(corr, [0.025, 0.975])
    assert 0.3 < low < np.corrcoef(legs["a"], legs["b"])[0, 1] < high
    a = fit.posterior["digital__deviation"].mean(["chain", "draw"]) / per
    expected = (legs["a"] - legs["a"].mean()).loc[a["member"].to_numpy()]
    assert np.abs(a - expected.to_numpy()).mean() < 0.3 * SPREAD
    everyone = nqp.att(nqp.group_time_effects(fit, "superpopulation"), path="digital") / per
    low, high = np.quantile(everyone, [0.025, 0.975])
    assert low < A * B + CORR * SPREAD**2 < high


@pytest.mark.slow
def test_paths_add_up(together) -> None:
    effects = together[0].effects["effect"]
    parts = effects.sel(path="direct") + effects.sel(path="digital")
    np.testing.assert_allclose(effects.sel(path="total"), parts, rtol=0, atol=1e-12)
