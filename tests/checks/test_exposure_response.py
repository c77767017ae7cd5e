"""A response to exposure that is a line and at once: silent; bent, or of the past: loud."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.checks.trends._dose_response import Curve
from bayes_nqp.checks.trends._other_period import last_exposure

DESIGN = nqp.ContinuousExposure("trade", nqp.PartialPooling(["region"], varying=None))


def asked(frame: pd.DataFrame, name: str) -> nqp.CheckResult:
    fit = nqp.fit(DESIGN, exposed_panel(frame), nqp.Importance(draws=500, seed=1), progress=False)
    return nqp.check(fit, name, progress=False)


def frame(response: str) -> pd.DataFrame:
    """Rows whose outcome responds to skewed exposure otherwise than along its line."""
    made = exposed_frame(2)
    base = made["y"] - made["slope"] * made["trade"]
    trade = np.exp(made["trade"] - 1.0)
    before = trade.groupby(made["province"]).shift(1).fillna(trade.mean())
    effect = {
        "line": 0.5 * trade,
        "logarithm": 3.0 * np.log1p(trade),
        "past": 0.4 * trade + 0.4 * before,
    }[response]
    return made.assign(trade=trade, y=base + effect)


def test_a_line_holds_and_a_logarithm_fails() -> None:
    assert asked(frame("line"), "dose_response").verdict == "passed"
    bent = asked(frame("logarithm"), "dose_response")
    assert bent.verdict == "failed"
    assert "not linear" in bent.sentence
    slope, derivative = bent.evidence.iloc[0], bent.evidence.iloc[1]
    truth = float((3.0 / (1.0 + frame("logarithm")["trade"])).mean())
    assert derivative["lower"] < truth < derivative["upper"]
    assert slope["upper"] < truth


def test_the_past_is_seen_where_it_acts() -> None:
    assert asked(frame("line"), "past_exposure").verdict == "passed"
    late = asked(frame("past"), "past_exposure")
    assert late.verdict == "failed"
    past = late.evidence.iloc[3]
    assert past["lower"] < 0.4 < past["upper"]
    assert "in addition to current exposure" in late.sentence


def switched(left: float) -> pd.DataFrame:
    """Zeros and ones that end; of an effect of one a share is left, and falls by half a period."""
    rng, shape = np.random.default_rng(7), (80, 10)
    on, effect = np.zeros(shape), np.zeros(shape)
    for t in range(1, 10):
        begins, ends = rng.random(80) < 0.25, rng.random(80) < 0.3
        on[:, t] = np.where(on[:, t - 1] > 0.0, ~ends, begins)
        rest = np.where(on[:, t - 1] > 0.0, left, 0.5 * effect[:, t - 1])
        effect[:, t] = np.where(on[:, t] > 0.0, 1.0, rest)
    y = rng.standard_normal((80, 1)) + effect + 0.5 * rng.standard_normal(shape)
    unit, time = np.divmod(np.arange(800), 10)
    return pd.DataFrame({"unit": unit, "time": time, "y": y.ravel(), "on": on.ravel()})


def of_switched(left: float) -> nqp.CheckResult:
    roles = {"unit": "unit", "time": "time", "outcome": "y", "exposures": ["on"]}
    panel = nqp.Panel.from_frame(switched(left), **roles)
    sampler = nqp.Importance(draws=500, seed=1)
    fit = nqp.fit(nqp.ContinuousExposure("on"), panel, sampler, progress=False)
    return nqp.check(fit, "past_exposure", progress=False)


def test_what_is_left_of_an_exposure_after_its_end_is_seen() -> None:
    assert of_switched(0.0).verdict == "passed"
    lasting = of_switched(0.7)
    assert lasting.verdict == "failed"
    assert "Past exposure affects" in lasting.sentence
    fit, beside, after = lasting.evidence.iloc[[0, 4, 5]].to_dict("records")
    assert fit["upper"] < 1.0
    assert beside["lower"] < 1.0 < beside["upper"]
    assert 0.3 < after["mean"] < 0.8


def test_the_last_exposure_and_how_long_ago() -> None:
    unit = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2])
    time = np.array([0, 1, 2, 4, 0, 1, 2, 1, 2])
    dose = np.array([0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 3.0, 5.0, 0.0])
    last, ago = last_exposure(unit, time, dose)
    assert last.tolist() == [0, 0, 2, 2, 0, 0, 0, 0, 5]
    assert ago.tolist() == [0, 0, 1, 3, 0, 0, 0, 0, 1]


def test_two_values_are_a_line() -> None:
    made = frame("line")
    two = asked(made.assign(trade=(made["trade"] > 3.0).astype(float)), "dose_response")
    assert two.verdict == "not applicable"


def test_the_curve_is_a_line_beyond_its_knots_and_knows_its_derivative() -> None:
    curve = Curve.of(np.random.default_rng(1).gamma(2.0, size=500))
    far = np.array([50.0, 60.0, 70.0])
    assert np.diff(curve.at(far), n=2, axis=0) == pytest.approx(0.0, abs=1e-6)
    x, h = np.linspace(0.1, 6.0, 40), 1e-6
    numeric = (curve.at(x + h) - curve.at(x - h)) / (2.0 * h)
    assert curve.slope(x) == pytest.approx(numeric, abs=1e-6)
