"""A response to exposure that is a line and at once: silent; bent, or of the past: loud."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from exposed import exposed_frame, exposed_panel

import bayes_nqp as nqp
from bayes_nqp.checks.trends._dose_response import Curve

DESIGN = nqp.ContinuousExposure("trade", nqp.Partial(["region"], varying=None))


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
    assert asked(frame("line"), "dose_response").verdict == "holds"
    bent = asked(frame("logarithm"), "dose_response")
    assert bent.verdict == "fails"
    assert "no line" in bent.sentence
    slope, derivative = bent.evidence.iloc[0], bent.evidence.iloc[1]
    truth = float((3.0 / (1.0 + frame("logarithm")["trade"])).mean())
    assert derivative["lower"] < truth < derivative["upper"]
    assert slope["upper"] < truth


def test_the_past_is_seen_where_it_acts() -> None:
    assert asked(frame("line"), "past_exposure").verdict == "holds"
    late = asked(frame("past"), "past_exposure")
    assert late.verdict == "fails"
    past = late.evidence.iloc[3]
    assert past["lower"] < 0.4 < past["upper"]
    assert "acts beside today's" in late.sentence


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
