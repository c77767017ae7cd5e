"""Which cause the check of the error model sees, and that what it says to fit fits and helps."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp

SAMPLER = nqp.Importance(draws=500, chains=2, seed=4)
ROLES = {"unit": "unit", "time": "time", "outcome": "outcome"}
PROVINCES, EACH, PERIODS = 20, 4, 8


def rows(seed: int, *, shocks: float = 0.0, spread: float = 0.0, rho: float = 0.5) -> pd.DataFrame:
    """Provinces that adopt as a whole, with shocks of their own; effects of 1 that may differ.

    The outcome "graded" answers to a dose instead, that provinces share in good part.
    """
    rng = np.random.default_rng(seed)
    units = PROVINCES * EACH
    panel = nqp.simulation.staggered(
        units=units, periods=PERIODS, cohorts=(4, 6), strata={}, deviation_sd=0.0, level=0.0,
        rho=rho, seed=seed,
    ).panel  # fmt: skip
    frame = panel.frame.drop(columns="cohort")
    unit, time = panel.unit_codes, panel.time_codes
    province = np.arange(units) % PROVINCES
    frame["cohort"] = np.array([4.0, 6.0, np.nan, np.nan])[province % 4][unit]
    frame["province"] = np.char.add("p", province.astype(str))[unit]
    frame["half"] = np.where(province % 2, "a", "b")[unit]
    frame["size"] = rng.integers(1, 50, units)[unit] / 10
    frame["outcome"] += shocks * rng.normal(size=(PROVINCES, PERIODS))[province[unit], time]
    dose = rng.normal(size=(PROVINCES, PERIODS)).cumsum(axis=1)[province[unit], time]
    frame["dose"] = dose + 0.3 * rng.normal(size=len(frame))
    effect = 1.0 + spread * rng.normal(size=units)[unit]
    frame["graded"] = frame["outcome"] + effect * frame["dose"]
    frame["outcome"] += effect * (frame["time"] >= frame["cohort"])
    return frame


def fitted(frame: pd.DataFrame, design: object) -> nqp.Fit:
    exposed = isinstance(design, nqp.ContinuousExposure)
    kind = {"exposures": ["dose"]} if exposed else {"cohort": "cohort"}
    outcome = {"outcome": "graded"} if exposed else {}
    panel = nqp.Panel.from_frame(frame, **{**ROLES, **kind, **outcome})
    return nqp.fit(design, panel, SAMPLER, progress=False)


def pasted(sentence: str, argument: str) -> dict[str, object]:
    """Arguments of the design that a reader pastes from the next step."""
    text = re.search(rf"({argument}=nqp\..*?\))(?:,|\.| and | in the design)", sentence)
    assert text is not None, sentence
    return eval(f"dict({text.group(1)})", {"nqp": nqp})


DESIGNS = {
    "treatment": nqp.StaggeredDiD(nqp.CompletePooling()),
    "exposure": nqp.ContinuousExposure("dose", nqp.CompletePooling()),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_shared_shocks_are_seen_and_the_hint_cures_them(name: str) -> None:
    fit = fitted(rows(2, shocks=1.0), DESIGNS[name])
    result = nqp.check(fit, "error_model")
    assert result.verdict in ("caution", "failed")
    assert "Errors are correlated within a province" in result.details
    ratio = result.evidence["cluster_ratio"].sel(quantity="att")
    # A column of measurements, and one with two levels, are no clusters.
    assert ratio["cluster"].to_numpy().tolist() == ["unit", "province"]
    assert float(ratio.sel(cluster="province")) > 1.2
    again = nqp.fit(
        fit.variant(**pasted(result.sentence, "shocks")), fit.panel, SAMPLER, progress=False
    )
    cured = nqp.check(again, "error_model")
    assert "correlated within" not in cured.details
    after = float(cured.evidence["cluster_ratio"].sel(quantity="att", cluster="province"))
    assert after < 1.2
    assert float(nqp.att(again).std()) > 1.2 * float(nqp.att(fit).std())


def test_effects_that_differ_are_another_target() -> None:
    fit = fitted(rows(3, spread=2.0), DESIGNS["treatment"])
    result = nqp.check(fit, "error_model")
    assert result.verdict == "passed"
    assert "target='superpopulation'" in result.details
    evidence = result.evidence.sel(quantity="att")
    clustered, everyone = float(evidence["robust_se"]), float(evidence["superpopulation_sd"])
    assert clustered > 1.2 * float(evidence["posterior_sd"])
    assert everyone == pytest.approx(clustered, rel=0.25)


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_effects_that_differ_want_deviations(name: str) -> None:
    design = DESIGNS[name].replace(effect=nqp.CompletePooling(varying=None))
    fit = fitted(rows(3, spread=1.5), design)
    result = nqp.check(fit, "error_model")
    assert result.verdict in ("caution", "failed")
    change = pasted(result.sentence, "effect")
    assert change == {"effect": nqp.CompletePooling(varying="unit")}
    again = nqp.fit(fit.variant(**change), fit.panel, SAMPLER, progress=False)
    assert nqp.check(again, "error_model").verdict == "passed"


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_correlation_in_time_wants_other_errors(name: str) -> None:
    design = DESIGNS[name].replace(errors=nqp.IID())
    fit = fitted(rows(4, rho=0.8), design)
    result = nqp.check(fit, "error_model")
    assert result.verdict in ("caution", "failed")
    change = pasted(result.sentence, "errors")
    again = nqp.fit(fit.variant(**change), fit.panel, SAMPLER, progress=False)
    assert nqp.check(again, "error_model").verdict == "passed"


@pytest.mark.slow
@pytest.mark.parametrize("name", DESIGNS)
def test_it_holds_where_the_model_is_true(name: str) -> None:
    result = nqp.check(fitted(rows(5), DESIGNS[name]), "error_model")
    assert result.verdict == "passed"
    assert "Clustered by unit or province" in result.sentence
