"""What rows show by themselves: clean panels hold, and each fault is said in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

import bayes_nqp as nqp

Array = npt.NDArray[np.float64]

UNITS, PERIODS = 40, 12
COHORTS = (5.0, 8.0, np.nan)
SAMPLER = nqp.Importance(draws=200, chains=2, seed=4)
DESIGN = nqp.StaggeredDiD(nqp.CompletePooling(varying=None))


def errors(rng: np.random.Generator, units: int = UNITS, rho: float = 0.5) -> Array:
    """AR(1) errors of sd 1.15."""
    out = rng.normal(size=(units, PERIODS))
    for t in range(1, PERIODS):
        out[:, t] += rho * out[:, t - 1]
    return out


def outcomes(seed: int, units: int = UNITS) -> Array:
    """An effect of one, unit effects, and shocks that all share (unit, period)."""
    rng = np.random.default_rng(seed)
    out = errors(rng, units) + 2.0 * rng.normal(size=(units, 1)) + rng.normal(size=PERIODS)
    return out + treated(units)


def treated(units: int = UNITS) -> Array:
    start = np.array(COHORTS)[np.arange(units) % 3]
    return (np.arange(1, PERIODS + 1) >= start[:, None]).astype(np.float64)


def panel_of(values: Array, **columns: Array) -> nqp.Panel:
    """Lay outcomes out as rows; those that are missing have none. Columns are covariates."""
    units = len(values)
    unit, time = np.repeat(np.arange(units), PERIODS), np.tile(np.arange(1, PERIODS + 1), units)
    frame = pd.DataFrame(
        {
            "unit": np.char.add("u", np.char.zfill(unit.astype(str), 3)),
            "time": time,
            "cohort": np.array(COHORTS)[unit % 3],
            "y": values.ravel(),
            **{name: table.ravel() for name, table in columns.items()},
        }
    )
    return nqp.Panel.from_frame(
        frame[np.isfinite(frame["y"])], unit="unit", time="time", cohort="cohort", outcome="y",
        covariates=list(columns),
    )  # fmt: skip


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    return nqp.fit(DESIGN, panel_of(outcomes(1)), SAMPLER, progress=False)


def ask(fit: nqp.Fit, panel: nqp.Panel) -> nqp.checks.CheckResult:
    """Ask of a fit's draws beside other rows: the check looks at rows alone, and an effect's sd."""
    return nqp.check(replace(fit, panel=panel), "data", progress=False)


CLEAN: dict[str, Callable[[Array, np.random.Generator], Array]] = {
    "as it is": lambda y, rng: y,
    "two decimals": lambda y, rng: y.round(2),
    "whole numbers": lambda y, rng: y.round(),
    "tens": lambda y, rng: (10.0 * y).round(),
    "gaps": lambda y, rng: np.where(rng.random(y.shape) < 0.15, np.nan, y),
    "levels": lambda y, rng: np.exp(y),
    "counts": lambda y, rng: rng.poisson(np.exp(0.5 * y.clip(-4, 4))).astype(np.float64),
    "bounds": lambda y, rng: np.maximum(y, 0.0),
    "heavy tails": lambda y, rng: y + rng.standard_t(3, size=y.shape),
    "unequal variances": lambda y, rng: y * np.exp(0.8 * rng.normal(size=(len(y), 1))),
    "walks": lambda y, rng: y + rng.normal(size=y.shape).cumsum(axis=1),
}


@pytest.mark.parametrize("world", CLEAN)
def test_clean_rows_hold(fit: nqp.Fit, world: str) -> None:
    for seed in range(3):
        rng = np.random.default_rng((7, seed))
        x = errors(rng, rho=0.8) + rng.normal(size=PERIODS).cumsum()
        found = ask(fit, panel_of(CLEAN[world](outcomes(seed), rng), x=x))
        assert found.verdict == "passed", found
        assert found.evidence is not None
        assert found.evidence.empty


def copied(y: Array, change: Callable[[Array], Array] = lambda x: x, n: int = 3) -> Array:
    """The last units have what others have."""
    return np.vstack([y[:-n], change(y[:n])])


def others(y: Array, n: int) -> Array:
    """The first units have one another's outcomes."""
    return np.vstack([np.roll(y[:n], 1, axis=0), y[n:]])


def filled(y: Array, periods: range) -> Array:
    """Values of some periods on the line between their neighbours."""
    out = y.copy()
    for t in periods:
        out[:, t] = (out[:, t - 1] + out[:, t + 1]) / 2.0
    return out


def put(y: Array, at: Any, value: object) -> Array:
    out = y.copy()
    out[at] = value
    return out


def times(y: Array, factor: float, unit: int, since: int = 0) -> Array:
    """Positive outcomes, those of a unit from some period on in other units of measurement."""
    out = np.exp(0.3 * y + 3.0)
    out[unit, since:] *= factor
    return out


def left(y: Array) -> Array:
    """Half of those who adopt leave two periods after it."""
    out, start = y.copy(), np.array(COHORTS)[np.arange(len(y)) % 3]
    for i in range(0, len(y), 2):
        if np.isfinite(start[i]):
            out[i, int(start[i]) + 1 :] = np.nan
    return out


def lost(y: Array) -> Array:
    """Rows of those in force are missing every third period."""
    gone = (treated(len(y)) > 0) & (np.add.outer(np.arange(len(y)), np.arange(PERIODS)) % 3 == 0)
    gone[:, -1] = False
    return np.where(gone, np.nan, y)


def exchanged(y: Array) -> Array:
    """In one period units hold one another's values."""
    out = 5.0 * y.mean(axis=1, keepdims=True) + y
    out[:, 6] = np.roll(out[:, 6], 7)
    return out


SERIES: dict[str, tuple[Callable[[Array], Array], str, str]] = {
    "copies": (copied, "failed", "3 units have the same values as other units (u037 = u000"),
    "a copy": (lambda y: copied(y, n=1), "failed",
    "1 unit has the same values as another unit (u039 = u000)"),
    "a third": (
        lambda y: np.vstack([y[:27], y[:13]]), "failed", "13 units have the same values",
    ),
    "plus a constant": (
        lambda y: copied(y, lambda x: x + 4.2), "failed", "the same values, up to a constant",
    ),
    "times a factor": (
        lambda y: copied(np.exp(y), lambda x: 1.7 * x), "failed", "the same values, up to a factor",
    ),
    "a line": (
        lambda y: copied(y, lambda x: 3.0 - 2.0 * x), "failed",
        "a linear function of the values of",
    ),
    "rounded copies": (
        lambda y: copied((10.0 * y + 90.0).round()), "failed", "the same values as other units",
    ),
    "short copies": (
        lambda y: np.hstack([y[:, :4], copied(y)[:, 4:8], y[:, 8:]]), "caution",
        "3 units have, in some periods, the same values as other units",
    ),
    "noisy copies": (
        lambda y: copied(y, lambda x: x + 0.01 * np.sin(50.0 * x)), "caution", "the same changes",
    ),
    "moved copies": (
        lambda y: put(y, (slice(0, 3), slice(6, 10)), y[5:8, 1:5]), "caution", "in other periods",
    ),
    "a period twice": (
        lambda y: put(y, (slice(None), 5), y[:, 2]), "failed", "values of another period: 6 = 3",
    ),
    "another order": (exchanged, "failed", "observations of 7 do not fit the series"),
    "carried forward": (
        lambda y: put(y, (slice(0, 8), 9), y[:8, 8]), "caution", "8 values equal those of the",
    ),
    "every second period": (
        lambda y: filled(y, range(1, PERIODS - 1, 2)), "caution",
        "every second period (2, 4, 6, 8, 10)",
    ),
    "every second period, rounded": (
        lambda y: filled(y, range(2, PERIODS - 1, 2)).round(2), "caution", "every second period",
    ),
    "logarithms of lines": (
        lambda y: np.log(filled(np.exp(0.3 * y), range(1, PERIODS - 1, 2))), "caution",
        "are linearly interpolated",
    ),
    "lines and noise": (
        lambda y: filled(y, range(1, PERIODS - 1, 2)) + 0.05 * np.sin(1e3 * y), "caution",
        "every second period is smooth (2, 4, 6, 8, 10)",
    ),
    "other units": (lambda y: times(y, 1e4, 5), "failed", "another unit of measurement (u005)"),
    "other units since": (
        lambda y: times(y, 1e4, 5, 7), "failed", "factor of ten to the power of 4",
    ),
    "a slip": (
        lambda y: put(y, (5, 5), 4e3), "caution", "hundreds of times more than usual (u005 (6))",
    ),
    "codes": (
        lambda y: put(y + 10.0, ([2, 9, 17, 30], [3, 5, 7, 2]), 99.0), "failed",
        "4 observations have the value 99",
    ),
    "coarse periods": (
        lambda y: put(y, (slice(None), slice(8, None)), y[:, 8:].round()), "caution",
        "4 periods are rounded more coarsely",
    ),
    "heaps": (
        lambda y: np.where(np.sin(1e4 * y) > 0.4, (1e3 * y).round(-1), (1e3 * y).round()),
        "caution", "multiples of 10",
    ),
    "those who leave": (left, "caution", "leave the panel after adoption"),
    "rows that are lost": (lost, "caution", "adoption changes the share of missing observations"),
    "other dates": (
        lambda y: others(y + 9.0 * treated(), 12), "caution", "jump at the adoption date of others",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", SERIES)
def test_a_fault_of_series_is_seen(fit: nqp.Fit, fault: str) -> None:
    change, verdict, words = SERIES[fault]
    found = ask(fit, panel_of(change(outcomes(11))))
    assert (found.verdict, words in found.sentence + found.details) == (verdict, True), found
    assert found.evidence is not None
    assert verdict in set(found.evidence["verdict"])


@pytest.mark.parametrize("periods", [2, 3])
def test_preliminary_periods_are_no_exchange(fit: nqp.Fit, periods: int) -> None:
    """Rows of last periods with four times the errors fit one another by chance."""
    rng = np.random.default_rng(4)
    for seed in range(4):
        y = outcomes(seed, 200)
        y[:, -periods:] += rng.normal(0.0, 4.0, (200, periods))
        assert "one another" not in ask(fit, panel_of(y)).sentence


def moved(y: Array, lead: int) -> Array:
    """Outcomes of another period; noise where there are none."""
    out = np.random.default_rng(3).normal(size=y.shape)
    if lead > 0:
        out[:, :-lead] = y[:, lead:]
    else:
        out[:, -lead:] = y[:, :lead]
    return out


BESIDE: dict[str, tuple[Callable[[Array, Array], Array], str, str]] = {
    "the next outcome": (
        lambda y, e: 7.0 - 2.0 * moved(y, 1), "failed", "outcome of the next period",
    ),
    "two ahead": (lambda y, e: moved(y, 2), "failed", "outcome of two periods later"),
    "the next outcome, noisy": (
        lambda y, e: moved(y, 1) + 0.3 * e, "caution", "outcome of the next period",
    ),
    "a function of the next outcome": (
        lambda y, e: np.tanh(moved(y, 1)), "failed", "function of the outcome of the next period",
    ),
    "the last outcome": (lambda y, e: moved(y, -1), "caution", "outcome of the previous period"),
    "nearly the outcome": (lambda y, e: y + 0.05 * e, "caution", "nearly the outcome itself"),
    "a function of the outcome": (
        lambda y, e: np.arctan(y), "failed", "monotone function of the outcome",
    ),
    "growth": (
        lambda y, e: np.column_stack([e[:, :1], np.diff(y, axis=1)]) , "failed",
        "outcomes of this and the previous period",
    ),
    "growth to come": (
        lambda y, e: np.column_stack([np.diff(y, axis=1), e[:, :1]]), "failed",
        "including that of the next period",
    ),
    "moved by treatment": (
        lambda y, e: 0.7 * y + e + 3.0 * treated(), "caution", "the treatment changes it by",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", BESIDE)
def test_a_fault_of_a_column_is_seen(fit: nqp.Fit, fault: str) -> None:
    change, verdict, words = BESIDE[fault]
    y = outcomes(12)
    found = ask(fit, panel_of(y, x=change(y, errors(np.random.default_rng(5), rho=0.0))))
    assert (found.verdict, words in found.sentence + found.details) == (verdict, True), found
    assert set(found.evidence["column"]) == {"x"}  # type: ignore[index]


def test_a_drift_is_no_answer_to_adoption(fit: nqp.Fit) -> None:
    y, rng = outcomes(13), np.random.default_rng(5)
    adopts = np.isfinite(np.array(COHORTS)[np.arange(UNITS) % 3])[:, None]
    x = 0.7 * (y - treated()) + errors(rng) + 0.5 * adopts * np.arange(PERIODS)
    assert ask(fit, panel_of(y, x=x)).verdict == "passed"


def test_an_index_of_others_shows_beside_its_indicators(fit: nqp.Fit) -> None:
    rng = np.random.default_rng(6)
    parts = {f"part {k}": errors(rng) for k in range(4)}
    index = sum(parts.values()) / 4.0
    for values, verdict in ((index, "passed"), (others(index, 12), "failed")):
        panel = panel_of(values, **parts)
        found = ask(
            fit, nqp.Panel.from_frame(panel.frame, **(panel.arguments | {"covariates": []}))
        )
        assert found.verdict == verdict, found
    assert (
        "12 units have the outcomes that other columns imply for other units (u000 = "
        in found.sentence
    )


def test_units_that_move_with_another_stratum_are_named(fit: nqp.Fit) -> None:
    y, region = outcomes(14), np.arange(UNITS) // 2 % 2
    paths = 6.0 * np.random.default_rng(8).normal(size=(2, PERIODS))
    for strange, verdict in (([], "passed"), ([2, 5, 8, 11], "caution")):
        path = region.copy()
        path[strange] = 1 - path[strange]
        panel = panel_of(y + paths[path])
        frame = panel.frame.assign(region=np.char.add("r", region[panel.unit_codes].astype(str)))
        found = ask(fit, nqp.Panel.from_frame(frame, **(panel.arguments | {"strata": ["region"]})))
        assert found.verdict == verdict, found
    assert "4 units follow the time path of another stratum" in found.sentence
    assert "u002, u005, u008, u011" in found.sentence


def test_every_design_with_rows_is_asked() -> None:
    """Mediators are looked at as outcomes are, and exposures beside the outcome."""
    y, rng = outcomes(15), np.random.default_rng(9)
    m = errors(rng) + treated()
    clean = panel_of(y, m=m, d=errors(rng))
    roles = clean.arguments | {"covariates": [], "mediators": ["m"], "exposures": ["d"]}
    panel = nqp.Panel.from_frame(clean.frame, **roles)
    spoilt = nqp.Panel.from_frame(
        clean.frame.assign(m=filled(m, range(1, PERIODS - 1, 2)).ravel(), d=moved(y, 1).ravel()),
        **roles,
    )
    exposed = nqp.ContinuousExposure("d", nqp.CompletePooling(varying=None))
    for design, column, verdict in (
        (nqp.Mediation(DESIGN, ["m"]), "m", "caution"), (exposed, "d", "failed"),
    ):  # fmt: skip
        fit = nqp.fit(design, panel, SAMPLER, progress=False)
        assert nqp.check(fit, "data", progress=False).verdict == "passed"
        found = ask(fit, spoilt)
        assert (found.verdict, set(found.evidence["column"])) == (verdict, {column}), found  # type: ignore[index]


def test_it_is_said_in_chinese_with_the_names_of_units(fit: nqp.Fit) -> None:
    found = ask(fit, panel_of(copied(outcomes(11))))
    assert "u037 = u000" in found.said("zh")
    assert "个单位" in found.said("zh")
    assert found.asked("zh") != found.question
    assert found.figure_in("zh") != found.figure


def test_a_policy_that_ends_by_a_column_of_the_file_is_named(fit: nqp.Fit) -> None:
    y, on = outcomes(18), treated()
    panel = panel_of(y)
    since = on.cumsum(axis=1)
    ends = on * ((since <= 3) | (np.arange(UNITS)[:, None] % 6 > 2))
    other = (np.random.default_rng(6).random(y.shape) < 0.4) * 1.0
    columns = {"lasts": on, "ends": ends, "other": other}
    frame = panel.frame.assign(**{name: x.ravel() for name, x in columns.items()})
    found = ask(fit, nqp.Panel.from_frame(frame, **panel.arguments))
    assert found.verdict == "caution"
    assert set(found.evidence["column"]) == {"ends"}
    share = (on - ends).sum() / on.sum()
    assert f"returns to zero in {100 * share:.0f} %" in found.sentence
    assert "u000" in found.sentence
