"""Impacts of covariates under a spatial lag, and whether the lag is clear of one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError

UNITS = 40
IDS = [f"c{k:02d}" for k in range(UNITS)]
RING = np.roll(np.eye(UNITS), 1, axis=1) + np.roll(np.eye(UNITS), -1, axis=1)


def fit_of(delta: float, links: np.ndarray = RING, theta: float = 0.2) -> nqp.Fit:
    """Fit a lag to a panel with a covariate whose coefficient is one half."""
    panel = nqp.simulation.staggered(units=UNITS, periods=8, cohorts=(3, 5), seed=2).panel
    frame = panel.frame.sort_values(["unit", "time"])
    generator, w = np.random.default_rng(3), links / links.sum(axis=1, keepdims=True)
    x = generator.standard_normal((UNITS, 8))
    bare = frame["outcome"].to_numpy().reshape(UNITS, 8) + 0.5 * x + theta * w @ x
    y = np.linalg.solve(np.eye(UNITS) - delta * w, bare)
    frame = frame.assign(x=x.ravel(), outcome=y.ravel(), unit=np.repeat(IDS, 8))
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="outcome", covariates=["x"]
    )
    weights = nqp.spatial_weights.matrix(pd.DataFrame(links, IDS, IDS))
    design = nqp.StaggeredDiD(nqp.CompletePooling(), nqp.IID(), spillovers=nqp.SpatialLag(weights))
    return nqp.fit(design, panel, nqp.Importance(seed=1, draws=300), progress=False)


@pytest.mark.slow
def test_impacts_are_averages_of_derivatives() -> None:
    fit = fit_of(0.4)
    draws = nqp.impacts(fit).isel(covariate=0).stack(sample=("chain", "draw"))
    posterior = fit.posterior.stack(sample=("chain", "draw")).transpose("sample", ...)
    labels = posterior["outcome__slope_label"].to_numpy().tolist()
    w = RING / 2.0
    for k in range(0, 1200, 300):
        at = posterior.isel(sample=k)
        slopes = at["outcome__slope"].to_numpy()
        beta, theta = slopes[labels.index("x")], slopes[labels.index("W × x")]
        d = np.linalg.solve(
            np.eye(UNITS) - float(at["outcome__delta"]) * w, beta * np.eye(UNITS) + theta * w
        )
        ours = draws.isel(sample=k).to_numpy()
        direct, total = np.diag(d).mean(), d.sum(axis=1).mean()
        assert ours == pytest.approx(np.array([direct, total - direct, total]), abs=1e-8)
    mean, sd = draws.mean("sample").to_numpy(), draws.std("sample").to_numpy()
    assert np.abs(mean[2] - 0.7 / 0.6) < 3.0 * sd[2]


def test_a_lag_clear_of_one_holds_and_one_near_it_is_in_doubt() -> None:
    far, near = (nqp.check(fit_of(x), "spatial_lag", progress=False) for x in (0.3, 0.97))
    assert far.verdict == "passed"
    assert near.verdict == "caution"
    assert "close to one" in near.sentence
    assert "nearest(panel, 4)" in near.sentence


def test_what_is_received_may_be_hardly_known_though_the_lag_is_clear_of_one() -> None:
    """Where all are linked to all, the coefficient that is found is far below its truth."""
    steps = np.abs(np.arange(UNITS) - np.arange(UNITS)[:, None])
    distance = np.minimum(steps, UNITS - steps)
    everyone = np.where(distance > 0, 1.0 / np.maximum(distance, 1), 0.0)
    result = nqp.check(fit_of(0.95, everyone), "spatial_lag", progress=False)
    assert result.verdict == "caution"
    assert "spillover effects" in result.sentence
    assert "nearest(panel, 4)" in result.sentence


def test_they_need_a_lag_and_covariates() -> None:
    panel = nqp.simulation.staggered(units=30, periods=8, cohorts=(4, 6), seed=1).panel
    plain = nqp.fit(
        nqp.StaggeredDiD(nqp.CompletePooling()), panel, nqp.Importance(seed=1), progress=False
    )
    with pytest.raises(StudyError, match="spatial lag"):
        nqp.impacts(plain)
    assert nqp.check(plain, "spatial_lag", progress=False).verdict == "not applicable"


@pytest.mark.sample(2)
@pytest.mark.parametrize(
    "name", ["placebo_time", "placebo_space", "error_model", "trend_sensitivity"]
)
def test_checks_of_single_units_are_asked_given_the_lag(name: str) -> None:
    """Errors of the simulation are autocorrelated, and fitted as independent."""
    result = nqp.check(fit_of(0.3), name, progress=False)
    assert result.verdict != "not applicable"
    assert "conditional on the spatial coefficient" in result.details
    assert (result.verdict in ("caution", "failed")) == (name == "error_model")
