"""Units that drift, or respond, otherwise as their own exposure grows, or varies, more."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks.trends import _exposure_heterogeneity as of

UNITS, PERIODS = 60, 10


def rows(world: str, seed: int = 2) -> pd.DataFrame:
    """A slope of .4 on average over rows; exposure grows at a pace of each unit's own."""
    rng = np.random.default_rng(seed)
    t, gain = np.arange(PERIODS), rng.standard_normal((UNITS, 1))
    growth = 0.1 + 0.04 * gain
    dose = np.exp(0.4 * gain + growth * t + 0.3 * rng.standard_normal((UNITS, PERIODS)))
    slope = 0.4 + 0.15 * gain * (world == "gains")
    y = 3.0 * rng.standard_normal((UNITS, 1)) + 0.3 * t + slope * dose
    y = y + 2.0 * growth * t * (world == "drift") + 0.5 * rng.standard_normal(dose.shape)
    unit, time = np.divmod(np.arange(dose.size), PERIODS)
    columns = {"y": y.ravel(), "dose": dose.ravel(), "truth": (slope + 0.0 * dose).ravel()}
    return pd.DataFrame({"unit": unit, "time": time, **columns})


def asked(frame: pd.DataFrame, design: nqp.ContinuousExposure | None = None) -> nqp.CheckResult:
    roles = {"unit": "unit", "time": "time", "outcome": "y", "exposures": ["dose"]}
    panel = nqp.Panel.from_frame(frame, **roles)
    sampler = nqp.Importance(draws=500, seed=1)
    fit = nqp.fit(design or nqp.ContinuousExposure("dose"), panel, sampler, progress=False)
    return nqp.check(fit, "exposure_heterogeneity", progress=False)


@pytest.mark.slow
def test_one_slope_holds() -> None:
    result = asked(rows("calm"))
    assert result.verdict == "passed"
    assert (result.evidence["lower"] < 0.4).all()
    assert (result.evidence["upper"] > 0.4).all()


def test_a_drift_of_units_whose_exposure_grows_is_told_and_taken_off() -> None:
    result = asked(rows("drift"))
    assert result.verdict == "failed"
    assert "faster growing exposure" in result.sentence
    fit, lines = result.evidence.iloc[0], result.evidence.iloc[1]
    assert fit["lower"] > 0.4
    assert lines["lower"] < 0.4 < lines["upper"]


@pytest.mark.slow
def test_units_that_gain_more_and_take_more_are_told() -> None:
    frame = rows("gains")
    result = asked(frame)
    assert result.verdict == "failed"
    assert "respond differently" in result.sentence
    fit, over_rows = result.evidence.iloc[0], result.evidence.iloc[2]
    truth = float(frame["truth"].mean())
    assert fit["lower"] > truth
    assert over_rows["lower"] < truth < over_rows["upper"]


@pytest.mark.slow
def test_lines_are_those_of_a_line_for_every_unit() -> None:
    """Least squares with the column, and with a dummy times time for each unit (balanced)."""
    frame = rows("drift")
    flat = nqp.ContinuousExposure("dose", nqp.NoPooling(varying=None), nqp.IID())
    result = asked(frame, flat)
    dummies = [pd.get_dummies(frame[x]).to_numpy(float) for x in ("unit", "time")]
    lines = dummies[0] * frame["time"].to_numpy()[:, None]
    x = np.hstack([frame[["dose"]].to_numpy(), *dummies, lines])
    slope = np.linalg.lstsq(x, frame["y"].to_numpy())[0][0]
    row = result.evidence.iloc[1]
    assert row["mean"] == pytest.approx(slope, abs=0.2 * row["sd"])


def test_exposure_that_grows_alike_is_asked_of_its_gains_alone() -> None:
    frame = rows("calm")
    rng = np.random.default_rng(4)
    about = rng.standard_normal((UNITS, PERIODS))
    t = np.arange(PERIODS) - (PERIODS - 1) / 2.0
    about -= (about @ t / (t @ t))[:, None] * t
    dose = 3.0 + 0.2 * np.arange(PERIODS) + rng.uniform(0.3, 1.0, (UNITS, 1)) * about
    result = asked(frame.assign(dose=dose.ravel()))
    quantities = ["the fit's", str(of._GAINS), str(of._MOVES)]
    assert result.evidence["quantity"].tolist() == quantities


def test_few_units_are_not_asked() -> None:
    frame = rows("calm")
    few = asked(frame[frame["unit"] < 8], nqp.ContinuousExposure("dose", nqp.CompletePooling()))
    assert few.verdict == "not applicable"


def shares(world: str, seed: int = 5) -> pd.DataFrame:
    """Exposure is a share of each unit's own times a course of all; a slope of .4."""
    rng = np.random.default_rng(seed)
    share, t = rng.gamma(2.0, 0.5, (UNITS, 1)), np.arange(PERIODS)
    course = np.cumsum(rng.uniform(0.1, 0.6, PERIODS))
    dose = share * course + 0.15 * rng.standard_normal((UNITS, PERIODS))
    wave = 0.6 * np.sin(1.3 * t) * (world == "wave")
    y = rng.standard_normal((UNITS, 1)) + 0.4 * dose + share * wave
    y = y + 0.3 * rng.standard_normal(dose.shape)
    unit, time = np.divmod(np.arange(dose.size), PERIODS)
    return pd.DataFrame({"unit": unit, "time": time, "y": y.ravel(), "dose": dose.ravel()})


def test_a_slope_that_rests_on_a_course_of_all_could_not_tell() -> None:
    result = asked(shares("calm"))
    assert result.verdict == "inconclusive"
    assert "common to all units" in result.sentence
    fit, periods = result.evidence.iloc[0], result.evidence.iloc[-1]
    assert periods["sd"] > 2.0 * fit["sd"]
    assert periods["lower"] < 0.4 < periods["upper"]


@pytest.mark.slow
def test_what_else_moves_units_of_high_shares_is_told() -> None:
    result = asked(shares("wave"))
    assert result.verdict in ("caution", "failed")
    assert "diverge" in result.sentence + result.details
    periods = result.evidence.iloc[-1]
    assert periods["lower"] < 0.4 < periods["upper"]


def test_columns_of_levels_are_the_course_and_what_is_orthogonal_to_it() -> None:
    frame = shares("calm")
    unit, time, dose = (frame[x].to_numpy() for x in ("unit", "time", "dose"))
    columns = of._levels(unit, time, dose, PERIODS)
    assert columns is not None
    assert columns.shape == (dose.size, 1 + PERIODS - 2)
    course = np.bincount(time, dose) / UNITS
    first = columns[unit == 0] / columns[unit == 0][:, :1].max()
    line = np.polyfit(course, first[:, 0], 1)
    assert np.polyval(line, course) == pytest.approx(first[:, 0], abs=1e-9)
    assert columns[unit == 0][:, 1:].T @ np.column_stack(
        [np.ones(PERIODS), course]
    ) == pytest.approx(0.0, abs=1e-9)


def test_exposure_of_like_levels_has_no_columns_of_levels() -> None:
    unit, time = np.divmod(np.arange(40), 10)
    assert of._levels(unit, time, time.astype(float), 10) is None
