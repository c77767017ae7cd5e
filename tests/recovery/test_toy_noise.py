"""An error structure defined in a test alone goes all the way, from truth to report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from moving_average import MovingAverage

import bayes_nqp as nqp
from bayes_nqp.checks import CheckResult, run_checks

THETA, LEVEL = 0.6, 1.5


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Ninety units whose errors are a moving average, and an effect of one and a half."""
    frame = nqp.simulation.staggered(
        units=90,
        periods=10,
        cohorts=(5, 7),
        effect="flat",
        level=LEVEL,
        rho=0.0,
        sigma=1e-6,
        seed=3,
    ).panel.frame
    shocks = np.random.default_rng(4).normal(size=(90, 11))
    errors = shocks[:, 1:] + THETA * shocks[:, :-1]
    frame = frame.sort_values(["unit", "time"])
    frame["outcome"] += errors.ravel()
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", strata=["region"]
    )
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"], varying="unit"), MovingAverage())
    return nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)


@pytest.fixture(scope="module")
def checks(fit: nqp.Fit) -> list[CheckResult]:
    """All that its design calls for, with few placebos."""
    return run_checks(fit, options={"placebo_space": {"repetitions": 20}})


@pytest.mark.slow
def test_the_truth_is_recovered(fit: nqp.Fit) -> None:
    assert fit.gate.passed
    theta = fit.posterior["outcome__theta"]
    assert float(theta.mean()) == pytest.approx(THETA, abs=3.0 * float(theta.std()))
    assert float(theta.std()) < 0.1
    effect = nqp.att(fit)
    assert float(effect.mean()) == pytest.approx(LEVEL, abs=3.0 * float(effect.std()))


@pytest.mark.slow
def test_it_is_saved_and_read(fit: nqp.Fit, tmp_path: Path) -> None:
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    assert again.design == fit.design
    assert again.digest == fit.digest


@pytest.mark.slow
def test_it_predicts_and_is_checked(fit: nqp.Fit) -> None:
    drawn = nqp.posterior_predictive(fit, draws=50, seed=1)
    values = drawn.to_array().to_numpy() if hasattr(drawn, "to_array") else drawn.to_numpy()
    assert np.isfinite(values).all()
    assert nqp.check(fit, "model_fit", progress=False).verdict == "passed"
    assert nqp.check(fit, "influence", progress=False).verdict != "not applicable"


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh"])
def test_it_is_reported(
    fit: nqp.Fit, checks: list[CheckResult], language: str, tmp_path: Path
) -> None:
    # Pictures of checks know nothing of errors: drawn once, but for those of errors.
    told = [one for one in checks if language == "en" or one.name in ("error_model", "model_fit")]
    assert len(told) >= 2
    nqp.report(
        fit, tmp_path / "out", language=language, checks=told, formats=["html"], progress=False
    )
    text = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "MovingAverage" in text
    assert "theta" in text
