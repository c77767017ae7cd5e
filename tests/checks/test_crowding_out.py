"""Units without the policy that lose as more of their group adopt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.integrate import quad

import bayes_nqp as nqp
from bayes_nqp.checks.trends._displacement import Shares, _share

COLUMNS = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}


def rows(lost: float, **changes: object) -> pd.DataFrame:
    """Units that lose as much of the share of their region in force, until they adopt."""
    arguments = {
        "units": 200, "periods": 12, "cohorts": (4, 6, 8, 10), "seed": 3, "sigma": 0.3, **changes,
    }  # fmt: skip
    frame = nqp.simulation.staggered(**arguments).panel.frame
    force = frame["time"] >= frame["cohort"].fillna(np.inf)
    share = force.groupby([frame["region"], frame["time"]]).transform("mean")
    return frame.assign(outcome=frame["outcome"] - lost * share.where(~force, 0.0), share=share)


def asked(frame: pd.DataFrame, **roles: object) -> nqp.CheckResult:
    panel = nqp.Panel.from_frame(frame, **COLUMNS, **{"strata": ["region"], **roles})
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    return nqp.check(fit, "displacement", progress=False)


def staggered_cohorts(number: int) -> pd.DataFrame:
    """Effects that differ by cohort as in base_stagg of fixest: event time + 1 - cohort.

    95 units, 10 periods, five units in each of the cohorts 2 to 10, the others never treated.
    """
    rng = np.random.default_rng([100, number])
    time = np.arange(1, 11)
    cohort = np.append(np.repeat(np.arange(2.0, 11.0), 5), np.full(50, np.nan))[:, None]
    effect = np.where(time >= cohort, time - 2.0 * cohort + 1.0, 0.0)
    level = rng.normal(0.0, 2.0, (95, 1)) + np.cumsum(rng.normal(0.0, 0.5, 10))
    outcome = level + effect + rng.normal(0.0, 2.0, (95, 10))
    return pd.DataFrame({
        "unit": np.repeat([f"u{k}" for k in range(95)], 10), "time": np.tile(time, 95),
        "cohort": np.repeat(cohort, 10), "outcome": outcome.ravel(),
    })  # fmt: skip


def some_cells() -> Shares:
    rng = np.random.default_rng(0)
    cohort = np.repeat([0, 1, 2, 3], 4)
    return Shares(
        rng.normal(0.0, 0.3, (1000, 16)) @ (np.eye(16) + 0.1) + rng.normal(0.0, 0.5, 16),
        rng.random(16), np.tile([0, 1, 2, 3], 4), cohort, cohort // 2,
    )  # fmt: skip


def test_the_slope_is_that_of_the_dense_density() -> None:
    cells = some_cells()
    cohort = cells.cohort
    x, y = cells.regressors, cells.draws.mean(axis=0)
    c = np.cov(cells.draws, rowvar=False) * 999 / (1000 - 16 - 2)

    def density(tau: float) -> tuple[float, float, float]:
        inverse = np.linalg.inv(c + tau**2 * (cohort[:, None] == cohort))
        a = np.linalg.inv(x.T @ inverse @ x)
        b = a @ x.T @ inverse @ y
        off = y - x @ b
        size = np.linalg.det(inverse) ** 0.5 * np.linalg.det(a) ** 0.5
        at = size * np.exp(-0.5 * off @ inverse @ off) * stats.halfnorm.pdf(tau, scale=0.7)
        return at, b[-1], a[-1, -1]

    def integral(power: int, moment: int) -> float:
        def value(tau: float) -> float:
            at, b, variance = density(tau)
            return at * (1.0, b, b * b + variance)[moment] ** power

        return quad(value, 0.0, 2.1, epsabs=1e-12)[0]

    whole = integral(1, 0)
    mean = integral(1, 1) / whole
    slope = cells.slope(0.7)
    assert slope.mean == pytest.approx(mean, rel=2e-3)
    assert slope.sd == pytest.approx(np.sqrt(integral(1, 2) / whole - mean**2), rel=2e-3)
    assert slope.below(slope.quantile(0.3)) == pytest.approx(0.3, abs=1e-9)


def test_the_separate_slope_is_that_of_generalised_least_squares() -> None:
    cells = some_cells()
    ages = [cells.age == k for k in range(4)]
    cohorts = [cells.cohort == k for k in range(3)]
    lines = [(cells.cohort == k) * cells.age for k in range(3)]
    x = np.column_stack([*ages, *cohorts, *lines, cells.share]).astype(float)
    inverse = np.linalg.inv(np.cov(cells.draws, rowvar=False) * 999 / (1000 - 16 - 2))
    variance = np.linalg.inv(x.T @ inverse @ x)
    mean = variance @ x.T @ inverse @ cells.draws.mean(axis=0)
    slope = cells.separate_slope()
    assert slope is not None
    assert slope.mean == pytest.approx(mean[-1])
    assert slope.sd == pytest.approx(np.sqrt(variance[-1, -1]))


def test_effects_and_growth_of_cohorts_leave_the_separate_slope() -> None:
    cells = some_cells()
    added = np.array([3.0, -1.0, 2.0, 5.0])[cells.cohort] * (1.0 + 0.5 * cells.age)
    other = replace(cells, draws=cells.draws + added)
    slope, again = cells.separate_slope(), other.separate_slope()
    assert slope is not None
    assert again is not None
    assert again.mean == pytest.approx(slope.mean)
    assert other.slope(0.7).mean != pytest.approx(cells.slope(0.7).mean, abs=0.1)


def test_a_share_that_grows_evenly_has_no_separate_slope() -> None:
    cells = some_cells()
    assert replace(cells, share=0.1 * (cells.age + cells.cohort)).separate_slope() is None


def test_effects_that_differ_by_cohort_are_not_taken_for_displacement() -> None:
    result = asked(staggered_cohorts(0), strata=[])
    assert result.verdict == "inconclusive"
    assert "cannot separate" in result.sentence
    assert "effects that differ by cohort" in result.sentence
    assert "is not identified" in result.figure
    assert len(result.evidence) == 2


def test_the_share_is_that_of_a_unit_s_own_group() -> None:
    frame = rows(0.0, contrast=0.0)
    panel = nqp.Panel.from_frame(frame, **COLUMNS, strata=["region"])
    there = frame.set_index(["unit", "time"])["share"]
    places = zip(
        panel.unit_labels[panel.unit_codes], panel.time_labels[panel.time_codes], strict=True
    )
    assert _share(panel, ("region",)) == pytest.approx(there.loc[list(places)].to_numpy())


@pytest.mark.slow
def test_units_outside_that_lose() -> None:
    frame = rows(1.5)
    result = asked(frame)
    assert result.verdict == "caution"
    assert "units of the same region" in result.sentence
    assert "Next: fit again with trends=nqp.DifferentialTrends() in" in result.sentence
    slope, part = result.evidence.iloc[0], result.evidence.iloc[1]
    assert abs(slope["mean"] - 1.5) < 3.0 * slope["sd"]
    force = frame["time"] >= frame["cohort"]
    lost = 1.5 * frame.loc[force, "share"].mean()
    assert abs(part["mean"] - lost) < 3.0 * part["sd"]


def test_a_negative_effect_is_drawn_away_from_zero() -> None:
    frame = rows(1.5)
    turned = asked(frame.assign(outcome=-frame["outcome"]))
    assert turned.verdict == "caution"
    assert "farther from zero" in turned.sentence
    assert "opposite direction" in turned.sentence
    assert turned.evidence["mean"][0] < 0.0


def test_units_outside_that_gain() -> None:
    result = asked(rows(-1.5, level=3.0))
    assert result.verdict == "inconclusive"
    assert "the same direction" in result.sentence


@pytest.mark.slow
def test_nobody_loses() -> None:
    result = asked(rows(0.0))
    assert result.verdict == "passed"
    assert result.evidence["lower"][0] < 0.0 < result.evidence["upper"][0]


@pytest.mark.slow
def test_few_units_hardly_tell() -> None:
    assert asked(rows(0.0, units=40, sigma=1.0)).verdict == "reported"


def test_all_units_are_a_group_without_strata() -> None:
    assert "all units" in asked(rows(0.0), strata=[]).sentence


def test_one_cohort_cannot_be_asked() -> None:
    result = asked(rows(0.0, cohorts=(6,)), strata=[])
    assert result.verdict == "not applicable"
    assert "does not differ between cohorts" in result.sentence


@pytest.mark.slow
def test_what_neighbours_receive_does_not_rise_with_the_share() -> None:
    """Of cells with spillovers the own effect is asked about; those of untreated rows are none."""
    frame = rows(0.0, units=120)
    units = sorted(frame["unit"].unique())
    near = np.eye(len(units), k=1) + np.eye(len(units), k=-1)
    weights = nqp.spatial_weights.matrix(pd.DataFrame(near, index=units, columns=units))
    treated = (frame["time"] >= frame["cohort"]).astype(float)
    table = frame.assign(treated=treated).pivot(index="unit", columns="time", values="treated")
    received = table.copy()
    received.loc[:] = weights.aligned(table.index.to_numpy()).matrix @ table.to_numpy()
    place = list(zip(frame["unit"], frame["time"], strict=True))
    frame["outcome"] += 2.0 * received.stack().loc[place].to_numpy()
    panel = nqp.Panel.from_frame(frame, **COLUMNS, strata=["region"])
    design = nqp.StaggeredDiD(spillovers=nqp.SpatialLag(weights, lag=False))
    fit = nqp.fit(design, panel, nqp.Importance(seed=1), progress=False)
    result = nqp.check(fit, "displacement", progress=False)
    assert result.verdict in ("passed", "reported"), result.figure
    assert result.evidence["lower"][0] < 0.0 < result.evidence["upper"][0]
