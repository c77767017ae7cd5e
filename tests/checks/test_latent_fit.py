"""The check of model fit for counts and shares: quantile residuals, replications, separation."""

from __future__ import annotations

import binary
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from counted import counted, panel_of
from scipy.stats import kstest

import bayes_nqp as nqp
from bayes_nqp.checks import CheckResult, confidence_of
from bayes_nqp.checks.sample._bounds import Bounds
from bayes_nqp.inference.fitting import LatentPredictive

SAMPLER = nqp.Importance(seed=1, draws=250, proposals=1000)
FRAME = counted(40, 10, level=2.5, seed=2)


def overdispersed(units: int, dispersion: float, seed: int = 3) -> pd.DataFrame:
    """Counts whose rates, near ten events, are multiplied by gamma noise."""
    rng = np.random.default_rng(seed)
    df = counted(units, 10, level=2.0, seed=seed)
    noise = rng.gamma(1.0 / dispersion, dispersion, len(df))
    level, start = np.repeat(rng.normal(2.0, 0.6, units), 10), df["cohort"].fillna(np.inf)
    rate = level + 0.5 * (df["time"] >= start) + rng.normal(0.0, 0.2, len(df))
    return df.assign(y=rng.poisson(noise * np.exp(rate)).astype(float), size=1.0)


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
    noisy = fitted(panel_of(overdispersed(40, 0.5)), nqp.NegativeBinomial())
    _normal(LatentPredictive(noisy, 1).quantile_residuals())


@pytest.mark.sample(2)
@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("family", ["Poisson", "NegativeBinomial", "Binomial"])
def test_quantile_residuals_pass_a_test_of_uniformity(family: str, seed: int) -> None:
    """A correct model is rejected at 0.01 in few of many panels; here, in none of thirty."""
    if family == "Binomial":
        panel = binary.panel_of(binary.successes(30, 8, seed=seed))
    elif family == "Poisson":
        panel = panel_of(counted(30, 8, level=1.0, seed=seed))
    else:
        panel = panel_of(overdispersed(30, 0.5, seed))
    fit = fitted(panel, getattr(nqp, family)())
    assert kstest(LatentPredictive(fit, seed).quantile_residuals(), "norm").pvalue > 0.01


def test_gamma_noise_is_not_counted_twice() -> None:
    """Levels under the approximations include the mean of log noise; replications do not."""
    fit = fitted(panel_of(overdispersed(40, 0.5)), nqp.NegativeBinomial())
    predictive = LatentPredictive(fit, 1)
    drawn, y = predictive.replications(200), predictive.observations.outcome
    assert np.mean(drawn < y) + 0.5 * np.mean(drawn == y) == pytest.approx(0.5, abs=0.03)
    assert (drawn == 0).mean() == pytest.approx((y == 0).mean(), abs=0.02)


def test_a_fit_without_noise_on_overdispersed_counts_is_caught() -> None:
    panel = panel_of(overdispersed(40, 0.5))
    fit = fitted(panel, nqp.Poisson(), errors=nqp.IID(), priors=nqp.Priors(sigma=0.01))
    result = nqp.check(fit, "model_fit", progress=False)
    assert result.verdict in ("caution", "failed")
    assert "SD of residuals" in str(result.sentence)
    assert result.evidence.attrs["quantile_residual_sd"] > 1.2
    assert result.evidence.attrs["quantile_residual_p"] < 1e-4


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
    assert "zeros of units with many events" in str(result.sentence)


def test_confidence_is_at_most_medium_if_model_fit_passes(right: nqp.Fit) -> None:
    """It has little power against serial correlation and does not replace `error_model`."""
    fit = nqp.check(right, "model_fit", progress=False)
    errors = nqp.check(right, "error_model", progress=False)
    assert errors.verdict == "not applicable"
    core = ("identification", "pretrends", "trend_sensitivity")
    passed = [CheckResult(name, "?", "passed", "", "") for name in core]
    assert confidence_of([*passed, fit]).grade == "high"
    assert "error_model" in confidence_of([*passed, fit, errors]).unanswered
    assert confidence_of([*passed, fit, errors]).grade == "medium"


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


@pytest.mark.parametrize("successful", [False, True], ids=["failures", "successes"])
def test_cells_without_failures_or_successes_are_named(successful: bool) -> None:
    df = binary.successes(30, 8, seed=3)
    cell = df["time"] >= df["cohort"]
    df.loc[cell, "y"] = df.loc[cell, "n"] if successful else 0.0
    result = nqp.check(
        fitted(binary.panel_of(df), nqp.Binomial()), "identification", progress=False
    )
    assert result.verdict == "failed"
    assert "bound of their range" in str(result.sentence)


def test_units_left_out_for_other_reasons_are_not_counted() -> None:
    """A unit that is always treated has events, but its effects are not identified."""
    df = FRAME.copy()
    first = df["unit"].isin(["u04", "u05", "u06"])
    df.loc[first, "cohort"] = 2000.0
    fit = fitted(panel_of(df), nqp.Poisson(), unidentified="drop")
    assert Bounds.of(fit).lost == 0.0
