"""Adoption after a bad period: the column, the errors' law it rests on, and what it repairs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from doors import BareRows, bare_rows, dip_covariance, dip_likelihood, dip_loads, dip_sums

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import IdentificationError, StudyError
from bayes_nqp.inference.model_frame import model_frame_of

SAMPLER = nqp.Importance(draws=500, seed=1)
COHORTS = (5, 7, 9)
PERIODS = 11


def dipping(
    units: int, seed: int, *, rho: float = 0.5, periods: int = 1
) -> tuple[nqp.Panel, float]:
    """Of those who have not adopted, the sixth with the lowest errors before each date do."""
    rng = np.random.default_rng([77, seed])
    errors = rng.normal(size=(units, PERIODS))
    errors[:, 0] /= np.sqrt(1.0 - rho**2)
    for t in range(1, PERIODS):
        errors[:, t] += rho * errors[:, t - 1]
    start, free = np.full(units, PERIODS), np.ones(units, dtype=bool)
    for cohort in COHORTS:
        past = errors[:, cohort - periods : cohort].mean(axis=1)
        chosen = np.argsort(np.where(free, past, np.inf))[: units // 6]
        start[chosen], free[chosen] = cohort, False
    time = np.arange(PERIODS)
    treated = time >= start[:, None]
    level = rng.normal(0.0, 3.0, (units, 1)) + np.cumsum(rng.normal(0.0, 0.4, PERIODS))
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(units), PERIODS), "time": np.tile(time, units),
        "cohort": np.repeat(np.where(start < PERIODS, start, np.nan), PERIODS),
        "y": (level + errors + treated).ravel(),
    })  # fmt: skip
    panel = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
    return panel, 1.0


def untreated(panel: nqp.Panel) -> tuple[BareRows, np.ndarray]:
    """Untreated rows, and when units adopt."""
    design = nqp.StaggeredDiD()
    spec = design.spec(panel)
    rows = bare_rows(spec.equations[0].outcome, design.facts, spec.timing, panel)
    return rows, spec.timing.start[spec.timing.key]


def column_of(design: nqp.StaggeredDiD, panel: nqp.Panel) -> np.ndarray:
    """Of the outcome's equation, by unit and period."""
    (values,) = design.spec(panel).equations[0].columns.values()
    return np.asarray(values).reshape(panel.n_units, panel.periods)


def test_the_column_is_the_mean_of_errors_given_who_adopts() -> None:
    """Beside errors drawn from their law and selected: regression on the period of selection."""
    rho, units = 0.6, 200_000
    rng = np.random.default_rng(5)
    covariance = nqp.AR1().covariance(6, np.array([[rho]]))[0]
    errors = rng.multivariate_normal(np.zeros(6), covariance, size=units)
    adopts = errors[:, 3] < np.quantile(errors[:, 3], 0.3)
    level, seen = np.zeros(units, dtype=np.int64), np.ones((units, 6), dtype=bool)
    rows = BareRows(np.zeros((units, 6)), seen, level, adopts, np.ones(units))
    loads = dip_loads(rows, np.where(adopts, 4, -1), 1, at_once=False)
    shape = loads @ (covariance / np.diagonal(covariance)[:, None])
    size = errors[adopts, 3].mean()
    for who in (adopts, ~adopts):
        np.testing.assert_allclose(errors[who].mean(axis=0), size * shape[who][0], atol=0.02)


def test_the_likelihood_of_errors_is_dense() -> None:
    panel, _ = dipping(18, 3)
    frame = panel.frame.drop(index=[3, 17, 40, 95])
    frame["region"] = np.where(frame["unit"] % 2 == 0, "a", "b")
    panel = nqp.Panel.from_frame(
        frame, unit="unit", time="time", cohort="cohort", outcome="y", strata=["region"]
    )
    rows, start = untreated(panel)
    loads = dip_loads(rows, start, 2, at_once=False)
    sums = dip_sums(rows, loads).groups
    unit, time = np.nonzero(rows.seen)
    y, level = rows.y[unit, time], rows.level[unit]
    dummies = [(unit == k).astype(float) for k in np.unique(unit)]
    dummies += [((time == t) & (level == k)).astype(float) for k in (0, 1) for t in range(PERIODS)]

    def dense(rho: float) -> float:
        small = nqp.AR1().covariance(PERIODS, np.array([[rho]]))[0]
        dip = (loads @ (small / np.diagonal(small)[:, None]))[unit, time]
        x = np.column_stack([*dummies, dip])
        v = small[np.ix_(time, time)] * (unit[:, None] == unit)
        q = np.linalg.inv(v)
        values, vectors = np.linalg.eigh(x.T @ q @ x)
        kept = values > 1e-9 * values[-1]
        right = vectors[:, kept].T @ (x.T @ q @ y)
        energy = y @ q @ y - (right**2 / values[kept]).sum()
        log_det = np.linalg.slogdet(v)[1] + np.log(values[kept]).sum()
        return float(-0.5 * ((y.size - kept.sum()) * np.log(energy) + log_det))

    def ours(rho: float) -> float:
        return dip_likelihood(sums, nqp.AR1().covariance(PERIODS, np.array([[rho]]))[0])

    assert np.isclose(dense(0.3) - dense(0.7), ours(0.3) - ours(0.7), atol=1e-6)


def test_the_errors_law_is_found() -> None:
    """A little below its truth: of those who adopt, errors vary less where adoption looks."""
    found = []
    for seed in range(4):
        rows, start = untreated(dipping(150, seed, rho=0.6)[0])
        loads = dip_loads(rows, start, 1, at_once=False)
        covariance = dip_covariance(rows, loads, nqp.AR1(), nqp.Priors())
        found.append(covariance[0, 1] / covariance[0, 0])
    assert 0.48 < np.mean(found) < 0.64


@pytest.mark.parametrize("periods", [1, 3])
def test_it_repairs_what_parallel_trends_do_not(periods: int) -> None:
    errors: dict[str, list[float]] = {"parallel": [], "dip": []}
    for seed in range(4):
        panel, truth = dipping(160, seed, periods=periods)
        for name, design in {
            "parallel": nqp.StaggeredDiD(nqp.CompletePooling()),
            "dip": nqp.StaggeredDiD(nqp.CompletePooling(), trends=nqp.AshenfelterDip(periods)),
        }.items():
            draws = nqp.att(nqp.fit(design, panel, SAMPLER, progress=False))
            errors[name].append(float((draws.mean() - truth) / draws.std()))
    mean = {name: np.mean(z) for name, z in errors.items()}
    assert mean["parallel"] > 2.5
    assert abs(mean["dip"]) < 1.2


def test_where_nothing_dips_it_costs_little() -> None:
    panel = nqp.simulation.staggered(units=150, periods=10, cohorts=(5, 7), strata={}, seed=2).panel
    plain, dip = (
        nqp.att(nqp.fit(nqp.StaggeredDiD(trends=x), panel, SAMPLER, progress=False))
        for x in (None, nqp.AshenfelterDip())
    )
    assert float(dip.std() / plain.std()) < 1.25
    assert abs(float(dip.mean() - plain.mean())) < 1.5 * float(plain.std())


def test_what_it_needs_and_says() -> None:
    panel, _ = dipping(30, 1)
    with pytest.raises(StudyError, match="'periods' is 0"):
        nqp.AshenfelterDip(0)
    with pytest.raises(IdentificationError, match="flat leads"):
        nqp.StaggeredDiD(trends=nqp.AshenfelterDip(), controls="never").spec(panel)
    frame = panel.frame.assign(cohort=panel.frame["cohort"].where(panel.frame["cohort"].isna(), 0))
    early = nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")
    with pytest.raises(IdentificationError, match="after the first period"):
        model_frame_of(nqp.StaggeredDiD(trends=nqp.AshenfelterDip(), unidentified="drop"), early)
    words = nqp.AshenfelterDip(2).words({})
    assert "2 periods before adoption" in words


def test_two_periods_load_the_mean_of_both() -> None:
    panel, _ = dipping(60, 2)
    one, two = (column_of(nqp.StaggeredDiD(trends=nqp.AshenfelterDip(k)), panel) for k in (1, 2))
    ever = panel.cohort_codes >= 0
    first = panel.cohort_codes[ever]
    at = one[ever, first - 1]
    assert (at > 0.9).all()
    assert (two[ever, first - 2] > 0.5).all()
    assert one[~ever].min() < 0.0


@pytest.mark.parametrize("periods", [1, 2])
def test_checks_judge_it_by_its_own_leads(periods: int) -> None:
    panel, _ = dipping(150, 1, periods=periods)
    fit = nqp.fit(
        nqp.StaggeredDiD(trends=nqp.AshenfelterDip(periods)), panel, SAMPLER, progress=False
    )
    found = nqp.check(fit, "pretrends", progress=False)
    assert found.verdict == "reported"
    assert "Net of the dip" in found.sentence
    said = ("the 1 period before.", "the 2 periods before.")[periods - 1]
    assert f"may depend on its outcomes in {said}" in found.sentence
    assert f"取决于其此前 {periods} 期的结果" in found.sentence.in_("zh")
    assert "series" not in found.sentence
    for name in ("placebo_time", "placebo_mixed", "anticipation"):
        assert nqp.check(fit, name, progress=False).verdict == "not applicable"


def begun_in_turn(seed: int, units: int = 200) -> nqp.Panel:
    """The two thirds with the lowest errors before period 5 are chosen, and dates are dealt."""
    rng = np.random.default_rng([78, seed])
    errors = rng.normal(0.0, 0.6, (units, PERIODS))
    errors[:, 0] /= 0.6
    for t in range(1, PERIODS):
        errors[:, t] += 0.8 * errors[:, t - 1]
    past = errors[:, COHORTS[0] - 3 : COHORTS[0]].mean(axis=1)
    chosen = past < np.quantile(past, 2 / 3)
    start = np.where(chosen, rng.choice(COHORTS, units), PERIODS)
    y = errors + rng.normal(0.0, 2.0, (units, 1)) + (np.arange(PERIODS) >= start[:, None])
    frame = pd.DataFrame({
        "unit": np.repeat(np.arange(units), PERIODS),
        "time": np.tile(np.arange(PERIODS), units),
        "cohort": np.repeat(np.where(chosen, start, np.nan), PERIODS), "y": y.ravel(),
    })  # fmt: skip
    return nqp.Panel.from_frame(frame, unit="unit", time="time", cohort="cohort", outcome="y")


def test_all_chosen_at_once_by_the_years_before_the_first() -> None:
    panel = begun_in_turn(1)
    dip = nqp.AshenfelterDip(3, at_once=True)
    column, ever = column_of(nqp.StaggeredDiD(trends=dip), panel), panel.cohort_codes >= 0
    # One shape for all who are chosen, whenever they begin, and its opposite for the others.
    assert np.ptp(column[ever], axis=0).max() == np.ptp(column[~ever], axis=0).max() == 0.0
    np.testing.assert_allclose(ever.sum() * column[ever][0], -(~ever).sum() * column[~ever][0])
    z = {"parallel": [], "dip": []}
    for seed in range(4):
        for name, trends in (("parallel", None), ("dip", dip)):
            design = nqp.StaggeredDiD(nqp.CompletePooling(), trends=trends)
            draws = nqp.att(nqp.fit(design, begun_in_turn(seed), SAMPLER, progress=False))
            z[name].append(float((draws.mean() - 1.0) / draws.std()))
    assert np.mean(z["parallel"]) > 1.5
    assert abs(np.mean(z["dip"])) < 1.0
    assert "first adoption in their stratum" in dip.words({})
    one, _ = dipping(60, 1)
    one = one.where(np.isin(one.cohort_codes, [-1, COHORTS[0]])[one.unit_codes])
    with pytest.raises(IdentificationError, match="adopt at one date"):
        nqp.StaggeredDiD(trends=nqp.AshenfelterDip(at_once=True)).spec(one)


@pytest.mark.parametrize(("periods", "after"), [(1, "1 period"), (3, "3 periods")])
def test_a_choice_at_once_is_said_as_such(periods: int, after: str) -> None:
    design = nqp.StaggeredDiD(
        nqp.CompletePooling(), trends=nqp.AshenfelterDip(periods, at_once=True)
    )
    fit = nqp.fit(design, begun_in_turn(1), SAMPLER, progress=False)
    said = nqp.check(fit, "pretrends", progress=False).sentence
    assert f"selected by their outcomes in the {after} before the first adoption." in said
    assert "adoption of a unit may depend" not in said
    assert f"首次实施前 {periods} 期的结果被选中" in said.in_("zh")


def test_pretrends_says_where_untreated_periods_speak_for_a_choice_at_once() -> None:
    fit = nqp.fit(nqp.StaggeredDiD(), begun_in_turn(3), SAMPLER, progress=False)
    found = nqp.check(fit, "pretrends", progress=False)
    assert found.verdict == "failed"
    assert "favour selection of all treated units after three unusual" in found.details
    assert "at_once=True); a business cycle of the treated units would look" in found.details
    clean = nqp.simulation.staggered(units=150, periods=10, cohorts=(5, 7), strata={}, seed=2).panel
    told = nqp.check(nqp.fit(nqp.StaggeredDiD(), clean, SAMPLER, progress=False), "pretrends")
    assert "selection of all" not in told.sentence + told.details
