"""Questions of single rows, where outcomes or errors follow those of linked units."""

from __future__ import annotations

import numpy as np
import pytest

import bayes_nqp as nqp
from bayes_nqp.inference.fitting import fit_given_lag

FORMS = {"SAR": {"durbin": False}, "SDM": {}, "SDEM": {"error": True, "durbin": True}}


@pytest.fixture(scope="module")
def panels() -> dict[str, nqp.Panel]:
    """Errors with an autocorrelation of .5; outcomes, or errors, follow the four nearest by .3."""
    panel = nqp.simulation.staggered(
        units=120, periods=12, cohorts=(5, 7, 9), never=0.4, strata={}, deviation_sd=0.0,
        seed=53_000_601, spillover=nqp.simulation.Spillover(nqp.Rings([100.0]), untreated=(0.0,)),
    ).panel  # fmt: skip
    at = panel.unit_codes, panel.time_codes
    w = nqp.spatial_weights.nearest(panel, k=4).aligned(panel.unit_labels).matrix.toarray()
    start = np.where(panel.cohort_codes < 0, panel.periods, panel.cohort_codes)
    own = (np.arange(panel.periods) >= start[:, None]) * 1.0
    y = np.zeros(own.shape)
    y[at] = panel.outcome
    root = np.linalg.inv(np.eye(len(w)) - 0.3 * w)
    lagged, errors = root @ (y + 0.4 * w @ own), own + 0.4 * w @ own + root @ (y - own)
    return {
        "SAR": panel.with_outcome((root @ y)[at]),
        "SDM": panel.with_outcome(lagged[at]),
        "SDEM": panel.with_outcome(errors[at]),
    }


def fitted(panel: nqp.Panel, form: str, errors: nqp.AR1 | nqp.IID) -> nqp.Fit:
    """One of the three, with effects on one curve."""
    term = nqp.SpatialLag(nqp.spatial_weights.nearest(panel, k=4), **FORMS[form])
    design = nqp.StaggeredDiD(nqp.CompletePooling(varying=None), errors=errors, spillovers=term)
    return nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)


@pytest.mark.slow
@pytest.mark.parametrize("form", list(FORMS))
def test_errors_are_asked_about_given_the_lag(panels: dict[str, nqp.Panel], form: str) -> None:
    """Independent errors are found out, and errors of the right kind are not."""
    right, wrong = (fitted(panels[form], form, errors) for errors in (nqp.AR1(), nqp.IID()))
    for name in ("error_model", "model_fit", "placebo_time", "scale_dependence", "influence"):
        found = nqp.check(right, name, progress=False)
        assert found.verdict == "passed", found
        assert "conditional on the spatial coefficient" in found.details
    names = nqp.check(right, "error_model", progress=False).evidence["specification"].to_numpy()
    assert "given a spatial lag of" in str(names[0])
    for name in ("error_model", "model_fit"):
        assert nqp.check(wrong, name, progress=False).verdict in ("caution", "failed")


@pytest.mark.slow
@pytest.mark.parametrize("form", ["SAR", "SDEM"])
def test_own_effects_are_those_of_the_whole_model(panels: dict[str, nqp.Panel], form: str) -> None:
    """Given delta, what own treatment does has the coefficients of the model with the lag."""
    fit = fitted(panels[form], form, nqp.AR1())
    alone, delta = fit_given_lag(fit)
    panel = panels[form]
    w = nqp.spatial_weights.nearest(panel, k=4).aligned(panel.unit_labels).matrix.toarray()
    y = np.zeros((len(w), panel.periods))
    y[panel.unit_codes, panel.time_codes] = panel.outcome
    np.testing.assert_allclose(
        alone.panel.outcome, (y - delta * w @ y)[panel.unit_codes, panel.time_codes], atol=1e-10
    )
    tau = nqp.att(alone, path="direct") if form != "SAR" else nqp.att(alone)
    own = nqp.att(fit, path="direct")
    feedback = np.trace(np.linalg.inv(np.eye(len(w)) - delta * w)) / len(w)
    ratio = 1.0 if form == "SDEM" else feedback
    assert float(tau.mean()) * ratio == pytest.approx(
        float(own.mean()), abs=0.25 * float(own.std())
    )
