"""Outcomes that vary in proportion to their level, and outcomes that do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS
from bayes_nqp.checks.model._functional_form import preference
from bayes_nqp.checks.model._untreated import Untreated

COLUMNS = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}
UNITS, PERIODS = 80, 10


def rows(scale: str) -> pd.DataFrame:
    """Adopters begin higher, everybody grows; in logarithms, or in levels."""
    rng = np.random.default_rng(5)
    t, cohort = np.arange(PERIODS), rng.choice([4.0, 6.0, 8.0, np.nan], UNITS)
    ever = ~np.isnan(cohort)
    force = t >= np.where(ever, cohort, np.inf)[:, None]
    level = rng.normal(0.0, 0.6, UNITS) + 0.6 * ever
    errors = rng.standard_normal((UNITS, PERIODS))
    y = {
        "logarithms": np.exp(level[:, None] + 0.15 * t + 0.15 * force + 0.1 * errors),
        "levels": 8.0 + np.exp(level + 1.0)[:, None] + 0.3 * t + 1.0 * force + 0.5 * errors,
    }[scale]
    names = np.repeat([f"u{k:02d}" for k in range(UNITS)], PERIODS)
    columns = {"cohort": np.repeat(cohort, PERIODS), "outcome": y.ravel()}
    return pd.DataFrame({"unit": names, "time": np.tile(t, UNITS), **columns})


def fitted(frame: pd.DataFrame) -> nqp.Fit:
    panel = nqp.Panel.from_frame(frame, **COLUMNS)
    return nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)


@pytest.fixture(scope="module", params=["logarithms", "levels"])
def case(request: pytest.FixtureRequest) -> tuple[str, nqp.Fit]:
    return request.param, fitted(rows(request.param))


def test_the_statistic_is_that_of_least_squares_with_dummies(case: tuple[str, nqp.Fit]) -> None:
    fit = case[1]
    frame = rows(case[0])
    free = frame[~(frame["time"] >= frame["cohort"])].reset_index(drop=True)
    dummies = [pd.get_dummies(free[name]).to_numpy(float) for name in ("unit", "time")]
    x = np.hstack(dummies)

    def density(y: np.ndarray) -> np.ndarray:
        rest = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
        return -0.5 * (np.log((rest**2).mean()) + rest**2 / (rest**2).mean())

    y = free["outcome"].to_numpy()
    by_row = density(np.log(y)) - np.log(y) - density(y)
    by_unit = pd.Series(by_row).groupby(free["unit"]).sum()
    expected = by_unit.sum() / (by_unit.std() * np.sqrt(len(by_unit)))
    panel = fit.panel
    assert panel is not None
    found = preference(Untreated(fit.model_frame), panel.outcome, np.log(panel.outcome))
    assert found == pytest.approx(expected, rel=1e-6)
    assert (found > 2.33) == (case[0] == "logarithms")
    assert abs(found) > 2.33


def test_outcomes_that_vary_in_proportion_are_told(case: tuple[str, nqp.Fit]) -> None:
    result = nqp.check(case[1], "functional_form", progress=False)
    if case[0] == "levels":
        assert result.verdict == "passed"
        return
    assert result.verdict == "caution"
    assert "np.log(panel.outcome)" in result.said("en")
    logs = result.evidence.iloc[1]
    assert abs(logs["mean"] - np.expm1(0.15)) < 3.0 * logs["sd"]
    assert result.evidence["mean"][0] > logs["mean"] + logs["sd"]


@pytest.mark.slow
def test_units_of_the_outcome_do_not_matter() -> None:
    one, other = (
        nqp.check(fitted(rows("logarithms").assign(outcome=y)), "functional_form", progress=False)
        for y in (rows("logarithms")["outcome"], 1e4 * rows("logarithms")["outcome"])
    )
    assert one.figure.rpartition(": ")[2] == other.figure.rpartition(": ")[2]
    assert other.verdict == one.verdict


@pytest.mark.slow
def test_outcomes_of_zero_have_no_logarithms() -> None:
    frame = rows("levels")
    frame.loc[3, "outcome"] = 0.0
    fit = fitted(frame)
    assert not CHECKS["functional_form"].listed(fit.design, fit.panel)
    result = nqp.check(fit, "functional_form", progress=False)
    assert result.verdict == "not applicable"
    assert "logarithm" in result.sentence
