"""The covariance of a channel's legs that slopes by stratum lose: where it is, and where not."""

from __future__ import annotations

import numpy as np
import pytest
from dense_joint import frame_of, panel_of

import bayes_nqp as nqp

SAMPLER = nqp.Importance(draws=400, seed=1)
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID())
SPREAD = 0.5


def fitted(corr: float, **options: object) -> nqp.Fit:
    frame = frame_of(100, 10, seed=2, corr=corr, sigma=0.3, spread=SPREAD)
    design = nqp.Mediation(DESIGN, **options)
    return nqp.fit(design, panel_of(frame), SAMPLER, progress=False)


def test_it_gives_what_is_lost_and_a_hint_that_fits() -> None:
    fit = fitted(0.7)
    result = nqp.check(fit, "path_covariance")
    assert result.verdict == "failed"
    lost = result.evidence.set_index("quantity").loc["covariance of paths a and b"]
    assert lost["lower"] < 0.7 * SPREAD**2 < lost["upper"]
    assert "omit their covariance" in result.sentence
    assert "vary_by='unit'" in result.sentence
    again = nqp.fit(fit.variant(vary_by="unit"), fit.panel, SAMPLER, progress=False)
    assert nqp.check(again, "path_covariance").verdict == "not applicable"
    gap = float(nqp.nie(again, mediators="digital").mean())
    gap -= float(nqp.nie(fit, mediators="digital").mean())
    assert gap == pytest.approx(lost["value"], abs=0.06)


def test_it_holds_where_legs_vary_apart() -> None:
    result = nqp.check(fitted(0.0), "path_covariance")
    assert result.verdict == "passed"
    lost = result.evidence.set_index("quantity").loc["covariance of paths a and b"]
    assert lost["lower"] < 0.0 < lost["upper"]


@pytest.mark.parametrize("options", [{"lag": 1}, {"interaction": True}])
def test_it_is_asked_where_legs_can_vary(options: dict[str, object]) -> None:
    result = nqp.check(fitted(0.0, **options), "path_covariance")
    assert result.verdict == "not applicable"
    assert "without an interaction and without a lag" in result.sentence


@pytest.mark.slow
def test_it_is_asked_of_exposures() -> None:
    rng = np.random.default_rng(1)
    legs = rng.multivariate_normal([1.0, 0.5], [[0.25, 0.2], [0.2, 0.25]], size=60)
    frame = frame_of(60, 8, seed=1)
    frame["dose"] = rng.normal(size=len(frame))
    a, b = (np.repeat(legs[:, [k]], 8, axis=1).ravel() for k in (0, 1))
    frame["digital"] = a * frame["dose"] + 0.3 * rng.normal(size=len(frame))
    frame["outcome"] = b * frame["digital"] + 0.3 * rng.normal(size=len(frame))
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", outcome="outcome", exposures=["dose"],
        mediators=["digital"],
    )  # fmt: skip
    design = nqp.Mediation(nqp.ContinuousExposure("dose", nqp.CompletePooling(), nqp.IID()))
    result = nqp.check(nqp.fit(design, panel, SAMPLER, progress=False), "path_covariance")
    assert result.verdict == "failed"
    lost = result.evidence.set_index("quantity").loc["covariance of paths a and b"]
    assert lost["lower"] < np.cov(legs.T)[0, 1] < lost["upper"]
