"""The check of model fit for counts and shares: quantile residuals, replications, separation."""

from __future__ import annotations

import binary
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from counted import counted, panel_of

import bayes_nqp as nqp
from bayes_nqp.checks import CheckResult, confidence_of
from bayes_nqp.inference.fitting import LatentPredictive

SAMPLER = nqp.Importance(seed=1, draws=250, proposals=1000)
FRAME = counted(40, 10, level=2.5, seed=2)


def fitted(panel: nqp.Panel, likelihood: object, **changes: object) -> nqp.Fit:
    pooling = nqp.CompletePooling(varying=None)
    design = nqp.StaggeredDiD(pooling, likelihood=likelihood, **changes)
    return nqp.fit(design, panel, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def right() -> nqp.Fit:
    return fitted(panel_of(FRAME), nqp.Poisson())


def _normal(residuals: npt.NDArray[np.float64]) -> None:
    """Mean and SD of leave-one-out residuals, which are nearly independent."""
    n = residuals.size
    assert abs(residuals.mean()) < 4.0 / np.sqrt(n)
    assert residuals.std() == pytest.approx(1.0, abs=4.0 / np.sqrt(2.0 * n) + 0.03)
    assert (np.abs(residuals) > 1.96).mean() == pytest.approx(0.05, abs=0.04)


def test_a_right_model_passes(right: nqp.Fit) -> None:
    result = nqp.check(right, "model_fit", progress=False)
    assert result.verdict == "passed"
    assert "quantile residuals" in str(result.figure)
    assert {"share of zeros", "skewness of residuals"} <= set(
        result.evidence["statistic"].to_numpy().tolist()
    )


def test_quantile_residuals_of_a_right_model_are_normal(right: nqp.Fit) -> None:
    _normal(LatentPredictive(right, 1).quantile_residuals())
    shares = fitted(binary.panel_of(binary.successes(40, 10, seed=4)), nqp.Binomial())
    _normal(LatentPredictive(shares, 1).quantile_residuals())
    gamma = np.random.default_rng(3).gamma(2.0, 0.5, len(FRAME))
    noisy = FRAME.assign(y=np.random.default_rng(4).poisson(FRAME["y"] * gamma).astype(float))
    _normal(
        LatentPredictive(fitted(panel_of(noisy), nqp.NegativeBinomial()), 1).quantile_residuals()
    )


def test_replications_are_like_observations_of_a_right_model(right: nqp.Fit) -> None:
    predictive = LatentPredictive(right, 1)
    drawn, y = predictive.replications(200), predictive.observations.outcome
    assert drawn.shape == (200, y.size)
    assert (drawn == np.round(drawn)).all()
    # Unit effects are those given the data, so that replications follow the levels of units.
    assert np.corrcoef(np.log1p(drawn.mean(axis=0)), np.log1p(y))[0, 1] > 0.8
    assert drawn.mean() == pytest.approx(y.mean(), rel=0.1)
    lower, upper = np.quantile(drawn, [0.05, 0.95], axis=0)
    assert ((lower <= y) & (y <= upper)).mean() > 0.85


def test_zeros_of_another_process_are_named() -> None:
    lost = np.random.default_rng(5).random(len(FRAME)) < 0.3
    panel = panel_of(FRAME.assign(y=np.where(lost, 0.0, FRAME["y"])))
    result = nqp.check(fitted(panel, nqp.Poisson()), "model_fit", progress=False)
    assert result.verdict == "caution"
    assert "zeros" in str(result.sentence)
    assert "another process" in str(result.sentence)


def test_a_verdict_of_model_fit_lifts_the_limit_of_confidence(right: nqp.Fit) -> None:
    """Without any applicable check of the errors, confidence is at most medium."""

    def result(name: str, verdict: str) -> CheckResult:
        base = nqp.check(right, "convergence", progress=False)
        return base.replace(name=name, verdict=verdict) if hasattr(base, "replace") else base

    fit = nqp.check(right, "model_fit", progress=False)
    errors = nqp.check(right, "error_model", progress=False)
    assert errors.verdict == "not applicable"
    assert "error_model" in confidence_of([errors]).unanswered
    assert "error_model" not in confidence_of([errors, fit]).unanswered


def test_separation_and_units_without_events_are_named() -> None:
    df = FRAME.copy()
    treated = df["time"] >= df["cohort"]
    df.loc[treated, "y"] = 0.0
    separated = nqp.check(fitted(panel_of(df), nqp.Poisson()), "identification", progress=False)
    assert separated.verdict == "failed"
    assert "bound of their range" in str(separated.sentence)
    silent = FRAME["unit"].isin([f"u{k:02d}" for k in range(4, 9)])
    few = FRAME.assign(y=np.where(silent, 0.0, FRAME["y"]))
    assert isinstance(few, pd.DataFrame)
    lost = nqp.check(fitted(panel_of(few), nqp.Poisson()), "identification", progress=False)
    assert lost.verdict == "caution"
    assert "units are left out" in str(lost.sentence)
