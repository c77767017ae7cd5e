"""Units that move alike whatever their level, and units that do not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks.model import _scale_dependence as of
from bayes_nqp.checks.model._level_slopes import slopes_of
from bayes_nqp.checks.model._untreated import Untreated

UNITS, PERIODS = 80, 10


def rows(scale: str) -> pd.DataFrame:
    """Adopters begin higher; everybody grows from the fifth period on, alike or in proportion."""
    rng = np.random.default_rng(7)
    t, cohort = np.arange(PERIODS), rng.choice([4.0, 6.0, 8.0, np.nan], UNITS)
    force = t >= np.where(np.isnan(cohort), np.inf, cohort)[:, None]
    level = rng.normal(0.0, 0.6, UNITS) + 0.6 * ~np.isnan(cohort)
    late = np.maximum(t - 3, 0)
    mean = {
        "proportion": 3.0 * np.exp(level[:, None] + 0.12 * late),
        "levels": 3.0 * np.exp(level)[:, None] + 0.3 * late,
    }[scale]
    y = rng.poisson(mean + 1.0 * force)
    names = np.repeat([f"u{k:02d}" for k in range(UNITS)], PERIODS)
    columns = {"cohort": np.repeat(cohort, PERIODS), "y": y.ravel().astype(float)}
    return pd.DataFrame({"unit": names, "time": np.tile(t, UNITS), **columns})


def fitted(frame: pd.DataFrame, design: nqp.StaggeredDiD | None = None) -> nqp.Fit:
    roles = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "y"}
    panel = nqp.Panel.from_frame(frame, **roles)
    return nqp.fit(design or nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)


@pytest.fixture(scope="module")
def flat() -> nqp.Fit:
    return fitted(rows("proportion"), nqp.StaggeredDiD(nqp.NoPooling(varying=None), nqp.IID()))


@pytest.fixture(scope="module")
def proportion() -> nqp.Fit:
    return fitted(rows("proportion"))


def test_growth_in_proportion_is_told_and_taken_off(proportion: nqp.Fit) -> None:
    result = nqp.check(proportion, "scale_dependence", progress=False)
    assert result.verdict == "failed"
    effect, off, less = (result.evidence.iloc[k] for k in range(3))
    assert effect["lower"] > 1.0
    assert less["lower"] < 1.0 < less["upper"]
    assert off["mean"] == pytest.approx(effect["mean"] - less["mean"])


@pytest.mark.slow
def test_growth_that_all_levels_share_holds() -> None:
    result = nqp.check(fitted(rows("levels")), "scale_dependence", progress=False)
    assert result.verdict == "passed", result.sentence


@pytest.mark.slow
def test_where_time_effects_are_known_badly_a_line_tells_more() -> None:
    """Growth of 2 % a period is little beside errors of 2: slopes of movement are too small."""
    off, t, units = [], np.arange(PERIODS), 60
    names = np.repeat([f"u{k:02d}" for k in range(units)], PERIODS)
    for seed in range(100, 112):
        rng = np.random.default_rng(seed)
        cohort = rng.choice([4.0, 6.0, 8.0, np.nan], units)
        level = 5.0 + 3.0 * ~np.isnan(cohort) + rng.normal(0.0, 3.0, units)
        growth = 0.02 * level[:, None] * t
        y = level[:, None] + growth + rng.normal(0.0, 2.0, (units, PERIODS))
        frame = pd.DataFrame({"unit": names, "time": np.tile(t, units), "y": y.ravel()})
        fit = fitted(frame.assign(cohort=np.repeat(cohort, PERIODS)))
        untreated, outcome = Untreated(fit.model_frame), fit.panel.outcome
        found = [growth.reshape(1, -1), *(x for x, _ in of.interactions(fit, untreated, outcome))]
        taken = [of._taken(fit, columns) for columns in found]
        slopes = [np.ones(1)] + [
            slopes_of(untreated, outcome, columns, own).values
            for columns, own in of.interactions(fit, untreated, outcome)
        ]
        off.append([float(a @ b) for a, b in zip(slopes, taken, strict=True)])
    truth, movement, line = np.mean(off, axis=0)
    assert truth > 0.15
    assert line == pytest.approx(truth, abs=0.1)
    assert movement < 0.5 * truth


@pytest.mark.slow
def test_units_of_the_outcome_do_not_matter(proportion: nqp.Fit) -> None:
    frame = rows("proportion")
    other = fitted(frame.assign(y=1000.0 * frame["y"]))
    before, after = (
        nqp.check(x, "scale_dependence", progress=False).evidence["mean"]
        for x in (proportion, other)
    )
    assert after.to_numpy() == pytest.approx(1000.0 * before.to_numpy(), rel=0.02)


def test_slopes_are_those_of_least_squares_and_leave_units_out(flat: nqp.Fit) -> None:
    untreated, outcome = Untreated(flat.model_frame), flat.panel.outcome
    columns, own = of.interactions(flat, untreated, outcome)[0]
    found = slopes_of(untreated, outcome, columns, 0.0 * own)
    free, unit = untreated.rows, untreated.unit
    dummies = [pd.get_dummies(x).to_numpy(float) for x in (unit, untreated.time)]
    x = np.hstack([columns[:, free].T, *dummies])
    assert found.values == pytest.approx(np.linalg.lstsq(x, outcome[free])[0][:2], rel=1e-8)
    rest, _, _ = untreated.residuals(np.concatenate([outcome[None], columns]))
    moves = []
    for i in range(untreated.count.size):
        left = unit != i
        without = np.linalg.lstsq(rest[1:, left].T, rest[0, left])[0]
        moves.append(found.values - without)
    assert found.covariance == pytest.approx(np.transpose(moves) @ np.array(moves), rel=1e-6)


def test_a_unit_s_own_part_is_that_of_time_effects(flat: nqp.Fit) -> None:
    """``Σ_t D_ii r_it (H r)_it`` where all but one unit's residuals are zero."""
    untreated, outcome = Untreated(flat.model_frame), flat.panel.outcome
    columns, own = of.interactions(flat, untreated, outcome)[0]
    free = untreated.rows
    level = np.zeros(outcome.size)
    moves = np.abs(columns[0]) > 1e-12
    _, coefficients, _ = untreated.residuals(outcome[None])
    movement = untreated.columns @ coefficients[0]
    nodes = movement - np.unique(np.round(movement, 9)).mean()
    level[moves] = columns[0, moves] / nodes[moves]
    time = untreated.time
    for k in np.flatnonzero(moves[free])[:50]:
        same = time == time[k]
        expected = (level[free][k] - level[free][same].mean()) / same.sum()
        assert own[0, k] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_spread_that_goes_with_size_is_no_movement(flat: nqp.Fit) -> None:
    """Over draws in which nothing moves slopes are as often above zero as below."""
    untreated, rng = Untreated(flat.model_frame), np.random.default_rng(3)
    size = np.exp(rng.normal(0.0, 0.9, UNITS))[flat.panel.unit_codes]
    ratios, plain = [], []
    for _ in range(150):
        y = 6.0 * size * (1.0 + 0.5 * rng.standard_normal(size.size))
        columns, own = of.interactions(flat, untreated, y)[0]
        found = slopes_of(untreated, y, columns[:1], own[:1])
        kept = slopes_of(untreated, y, columns[:1], 0.0 * own[:1])
        ratios.append(found.values[0] / np.sqrt(found.covariance[0, 0]))
        plain.append(kept.values[0] / np.sqrt(kept.covariance[0, 0]))
    assert np.mean(np.sign(plain)) > 0.5
    assert abs(np.mean(np.sign(ratios))) < 0.4
    assert np.mean(np.abs(ratios) > 2.0) < 0.12


def test_what_the_average_takes_is_that_of_imputation(flat: nqp.Fit) -> None:
    untreated = Untreated(flat.model_frame)
    (columns, _), _ = of.interactions(flat, untreated, flat.panel.outcome)
    taken = of._taken(flat, columns)
    expected = untreated.differences(columns).mean(axis=1)
    assert taken == pytest.approx(expected, rel=1e-5)


def test_few_units_are_not_asked() -> None:
    few = rows("levels")
    few = few[few["unit"].isin([f"u{k:02d}" for k in range(9)])]
    fit = fitted(few, nqp.StaggeredDiD(nqp.CompletePooling(varying=None), unidentified="drop"))
    assert nqp.check(fit, "scale_dependence", progress=False).verdict == "not applicable"
