"""Exposure to come: silent where exposure is exogenous, loud where it follows the outcome."""

from __future__ import annotations

import numpy as np
import pytest
from doors import applicable
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
import bayes_nqp._core.testing
from bayes_nqp._core.exceptions import StudyError

DESIGN = nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"], varying=None))


@pytest.fixture(scope="module")
def fit():
    panel = exposed_panel(exposed_frame(1))
    return nqp.fit(DESIGN, panel, nqp.Importance(draws=500, seed=1), progress=False)


@pytest.fixture(scope="module")
def followed():
    """Of an exposure that grows where the outcome was above its course."""
    panel = exposed_panel(exposed_frame(1, feedback=0.5, rho=0.7))
    return nqp.fit(DESIGN, panel, nqp.Importance(draws=500, seed=1), progress=False)


def test_future_exposure_says_nothing_where_exposure_is_exogenous(fit):
    found = nqp.check(fit, "future_exposure", progress=False)
    assert found.verdict == "passed"
    assert found.evidence["quantity"].tolist() == [
        "effect", "effect, rows with a future", "effect beside future exposure", "exposure 1 ahead"
    ]  # fmt: skip
    lead = found.evidence.iloc[3]
    assert lead["lower"] < 0 < lead["upper"]


def test_future_exposure_tells_of_exposure_that_follows_the_outcome(followed):
    found = nqp.check(followed, "future_exposure", progress=False)
    assert found.verdict in ("caution", "failed")
    assert found.evidence.iloc[3]["lower"] > 0


def test_what_is_asked_of_an_exposure_and_what_is_not(fit):
    assert "future_exposure" in applicable(fit)
    for name in ("pretrends", "placebo_time", "anticipation", "trend_sensitivity", "control_group"):
        found = nqp.check(fit, name, progress=False)
        assert found.verdict == "not applicable"
        assert "'future_exposure'" in found.sentence
    support = nqp.check(fit, "identification", progress=False)
    assert support.verdict == "passed"
    assert "31 of 31 units" in support.figure
    assert nqp.check(fit, "convergence", progress=False).figure.startswith("k-hat")
    sensitive = nqp.check(fit, "prior_sensitivity", progress=False).evidence
    assert {"att", "coastal − inland"} <= set(sensitive["quantity"])
    influence = nqp.check(fit, "influence", progress=False).evidence
    assert influence["treated_rows"].sum() == fit.panel.n_rows
    assert "cohort" not in influence.columns
    with pytest.raises(StudyError, match="'periods' is 0"):
        nqp.check(fit, "future_exposure", progress=False, periods=0)


@pytest.mark.slow
def test_a_fit_is_the_same_after_a_file(fit, tmp_path):
    again = nqp.load(fit.save(tmp_path / "fit.nc"))
    bayes_nqp._core.testing.assert_equal(fit, again)
    assert again.effects.attrs["per"] == "1 of trade"
    table = nqp.summary(nqp.att(again, by="region"))
    assert set(table["region"]) == {"coastal", "inland"}
    population = nqp.group_time_effects(again, target="population")
    assert population.attrs["target"] == "population"
    draws = nqp.posterior_predictive(again, draws=20, seed=1)
    assert draws["outcome"].shape == (1, 20, fit.panel.n_rows)


@pytest.mark.slow
def test_clusters_are_asked_of_an_exposure(fit):
    found = nqp.check(fit, "error_model", progress=False)
    assert found.verdict in ("passed", "caution")
    assert found.figure.startswith("cluster-robust standard error over model SD")
    assert "richer error structure" in found.figure
    assert found.kind == "specifications"
    evidence = found.evidence
    assert evidence["quantity"].to_numpy().tolist()[0] == "att"
    assert np.isfinite(evidence["ratio"]).all()
    # Every unit is exposed: there are no controls to judge by themselves.
    assert np.isnan(evidence["ratio_controls"]).all()


@pytest.mark.slow
def test_a_richer_structure_that_widens_intervals_still_leaves_doubt():
    # Exposure that grows steadily meets errors that last.
    frame = exposed_frame(1, rho=0.9)
    pace = np.random.default_rng(2).normal(size=31)[frame["province"].astype("category").cat.codes]
    steady = pace * (frame["year"] - 2010) / 3
    frame["y"] += frame["slope"] * (steady - frame["trade"])
    panel = exposed_panel(frame.assign(trade=steady))
    independent = DESIGN.replace(errors=nqp.IID())
    serial = nqp.fit(independent, panel, nqp.Importance(draws=500, seed=1), progress=False)
    found = nqp.check(serial, "error_model", progress=False)
    assert found.verdict in ("caution", "failed")
    assert "errors=nqp.AR1" in found.sentence
