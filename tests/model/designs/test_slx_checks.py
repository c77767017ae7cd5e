"""Checks that look at units, rows and periods where linked units' treatment is in the model."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from reached_cities import (
    COHORT,
    IDS,
    PANEL,
    PERIODS,
    TREATED,
    UNITS,
    WEIGHTS,
    W,
    design_of,
    fit_of,
    panel_of,
)
from tests.doors import (
    apart,
    effect_sums,
    group_rows,
    left_out,
    moved_back,
    reached_rows,
    refitted_averages,
    row_effects,
)

import bayes_nqp as nqp

EVENT = np.where(TREATED > 0, np.arange(PERIODS) - (np.nan_to_num(COHORT)[:, None] - 2000), -1)


@pytest.fixture(scope="module")
def fit() -> nqp.Fit:
    """Units deviate."""
    return fit_of(effect=nqp.CompletePooling(varying="unit"))


@pytest.fixture(scope="module")
def plain() -> nqp.Fit:
    """One curve of effects."""
    return fit_of()


def linked(table: np.ndarray) -> np.ndarray:
    """``W x`` in rows of the panel."""
    return (W @ table)[PANEL.unit_codes, PANEL.time_codes]


def covariate() -> np.ndarray:
    """The covariate (unit, period)."""
    table = np.zeros((UNITS, PERIODS))
    table[PANEL.unit_codes, PANEL.time_codes] = PANEL.covariates[:, 0]
    return table


def thetas(fit: nqp.Fit) -> np.ndarray:
    """Posterior means of the coefficients of linked units' treatment, by event time."""
    mean = fit.posterior.mean(["chain", "draw"])
    level, drift = (mean[f"outcome__linked_{x}"].item() for x in ("level", "drift"))
    steps = np.concatenate([[0.0], mean["outcome__linked_walk"].to_numpy().cumsum()])
    return level + drift * np.arange(steps.size) + steps


def saturated() -> tuple[float, np.ndarray]:
    """Least squares with a coefficient for every cell and event time of others, and influences."""
    unit, time = PANEL.unit_codes, PANEL.time_codes
    event = EVENT[unit, time]
    cell = np.where(event >= 0, PANEL.cohort_codes[unit] * 100 + time, -1)
    names, rows = np.unique(cell[cell >= 0], return_counts=True)
    near = np.stack([linked(EVENT == e) for e in range(int(EVENT.max()) + 1)], axis=1)
    x = np.column_stack([
        np.eye(UNITS)[unit], np.eye(PERIODS)[time], covariate()[unit, time], linked(covariate()),
        np.equal.outer(cell, names), near,
    ])  # fmt: skip
    w = np.zeros(x.shape[1])
    w[UNITS + PERIODS + 2 :] = np.concatenate([rows / rows.sum(), near[cell >= 0].mean(axis=0)])
    y = np.asarray(PANEL.outcome)
    a = x @ (np.linalg.pinv(x.T @ x, hermitian=True) @ w)
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    return float(w @ b), np.bincount(unit, a * (y - x @ b))


def test_standard_errors_are_those_of_least_squares_with_what_is_received(plain: nqp.Fit) -> None:
    estimate, psi = saturated()
    evidence = nqp.check(plain, "error_model", progress=False).evidence
    assert isinstance(evidence, xr.Dataset)
    assert evidence["saturated"][0].item() == pytest.approx(estimate, rel=1e-9)
    by_unit = np.sqrt(psi @ psi * UNITS / (UNITS - 1))
    assert evidence["robust_se"][0].item() == pytest.approx(by_unit, rel=1e-9)
    assert evidence["superpopulation_sd"].isnull().all()
    table = nqp.check(plain, "spatial_errors", km=400, progress=False).evidence
    assert isinstance(table, pd.DataFrame)
    assert table["by"].tolist() == ["unit", "Conley, 400 km", "province"]
    assert table["se"][0] == pytest.approx(by_unit, rel=1e-9)
    province = np.bincount(np.arange(UNITS) % 10, psi)
    assert table["se"][2] == pytest.approx(np.sqrt(province @ province * 10 / 9), rel=1e-9)


@pytest.mark.slow
def test_model_errors_are_clear_where_the_model_is_true(fit: nqp.Fit) -> None:
    for name in ("error_model", "spatial_errors"):
        assert nqp.check(fit, name, progress=False).verdict == "passed"


@pytest.mark.slow
def test_sums_over_units_are_the_average_effect(fit: nqp.Fit, plain: nqp.Fit) -> None:
    for each in (fit, plain):
        groups = left_out(each)
        rows = group_rows(each, groups)
        sums = effect_sums(each, groups, rows, each.posterior["draw"])
        average = nqp.att(each).to_numpy().ravel()
        assert sums.sum(axis=1) / rows.sum() == pytest.approx(average, abs=1e-12)
        k = int(np.flatnonzero(COHORT == 2005.0)[3])
        of_unit = nqp.att(each, by="unit").sel(unit=IDS[k]).to_numpy().ravel()
        place = groups.labels.tolist().index(IDS[k])
        assert sums[:, place] / rows[place].sum() == pytest.approx(of_unit, abs=1e-12)


@pytest.mark.slow
def test_units_are_left_out_as_refits_leave_them_out(fit: nqp.Fit) -> None:
    """Their rows go, but one that says nothing; W D and W x are those of before."""
    frame = PANEL.frame.assign(**{"near x": linked(covariate())})
    wider = nqp.Panel.from_frame(
        frame, unit="city", time="year", cohort="cohort", outcome="y", covariates=["x", "near x"]
    )
    design = design_of(
        effect=nqp.CompletePooling(varying="unit"),
        spillovers=nqp.SpatialLag(WEIGHTS, lag=False, durbin=["treatment"]),
    )
    table = nqp.check(fit, "influence", progress=False).evidence
    assert isinstance(table, pd.DataFrame)
    weighted = table[~table["refitted"]]
    some = [weighted.iloc[0], weighted.iloc[1], weighted[weighted["treated_rows"] == 0].iloc[0]]
    for row in some:
        k = IDS.index(row["unit"])
        rest = wider.where((wider.unit_codes != k) | (wider.time_codes == 0))
        draws = nqp.att(nqp.fit(design, rest, nqp.Importance(seed=2, draws=500), progress=False))
        sd = float(draws.std())
        assert row["att_without"] == pytest.approx(float(draws.mean()), abs=0.12 * sd)
        assert row["sd_without"] == pytest.approx(sd, rel=0.12)


@pytest.mark.slow
def test_refits_of_influence_are_of_the_same_model(fit: nqp.Fit) -> None:
    design, panel = apart(fit)
    again = nqp.fit(design, panel, nqp.Importance(seed=1, draws=500), progress=False)
    ours, theirs = nqp.att(fit), nqp.att(again)
    assert float(ours.mean()) == pytest.approx(float(theirs.mean()), abs=0.05 * float(ours.std()))
    assert float(ours.std()) == pytest.approx(float(theirs.std()), rel=0.05)


@pytest.mark.slow
def test_an_earlier_adoption_shows_nothing_but_what_came_before(plain: nqp.Fit) -> None:
    result = nqp.check(plain, "placebo_time", progress=False)
    assert result.verdict == "passed"
    assert isinstance(result.evidence, xr.Dataset)
    effect = result.evidence["effect"]
    assert (np.abs(effect.mean(["chain", "draw"])) < 2.5 * effect.std(["chain", "draw"])).all()
    early = nqp.check(fit_of(panel_of(lead=0.5)), "placebo_time", progress=False)
    assert early.verdict == "failed"
    assert isinstance(early.evidence, xr.Dataset)
    found = early.evidence["effect"].sel(shift=1)
    assert float(found.mean()) == pytest.approx(0.5, abs=2.5 * float(found.std()))


def test_rows_that_others_reach_are_left_out_of_placebos(plain: nqp.Fit) -> None:
    reached = reached_rows(plain)
    assert (reached == (linked(TREATED) > 0)).all()
    early = moved_back(PANEL, 1, 0, reached)
    assert early.n_rows == int(((TREATED == 0) & (W @ TREATED == 0)).sum())


def test_refits_leave_out_rows_and_not_dates() -> None:
    """A unit that weights cannot leave out; units linked to it still receive of its treatment."""
    k = int(np.flatnonzero((COHORT == 2005.0) & (W.sum(axis=0) > 1.0))[0])
    odd = 8.0 * ((PANEL.unit_codes == k) & (TREATED[PANEL.unit_codes, PANEL.time_codes] > 0))
    fit = fit_of(
        PANEL.with_outcome(PANEL.outcome + odd), effect=nqp.CompletePooling(varying="unit")
    )
    table = nqp.check(fit, "influence", progress=False).evidence
    assert isinstance(table, pd.DataFrame)
    row = table[table["unit"] == IDS[k]].iloc[0]
    assert row["refitted"]
    design, panel = apart(fit)
    rest = panel.where((panel.unit_codes != k) | (panel.time_codes == 0))
    assert rest.n_units == UNITS
    (numbers,) = refitted_averages(fit, [(design, rest)], "")
    assert row["att_without"] == pytest.approx(float(np.mean(numbers["att"])), abs=1e-12)


def test_effects_are_taken_off_those_who_receive_as_well(fit: nqp.Fit, plain: nqp.Fit) -> None:
    for each in (fit, plain):
        own = np.zeros((UNITS, PERIODS))
        mean = each.posterior["outcome__cell_mean"].mean(["chain", "draw"]).to_numpy()
        cells = each.effects.isel(cell=each.effects["role"].to_numpy() == "treated")
        for value, cohort, time in zip(
            mean, cells["cohort"].values, cells["time"].values, strict=True
        ):
            own[COHORT == cohort, int(time) - 2000] = value
        if "outcome__deviation" in each.posterior:
            member = each.posterior["outcome__deviation"].mean(["chain", "draw"])
            for label, value in zip(member["member"].to_numpy(), member.to_numpy(), strict=True):
                own[IDS.index(str(label))] += value * TREATED[IDS.index(str(label))]
        near = sum(x * linked(EVENT == e) for e, x in enumerate(thetas(each)))
        expected = own[PANEL.unit_codes, PANEL.time_codes] + near
        assert row_effects(each) == pytest.approx(expected, abs=1e-10)


@pytest.mark.slow
def test_adoption_dealt_at_random_shows_less(plain: nqp.Fit) -> None:
    result = nqp.check(plain, "placebo_space", repetitions=60, progress=False)
    assert result.verdict == "passed"
    assert isinstance(result.evidence, xr.Dataset)
    actual = nqp.att(plain)
    at_mode = result.evidence["actual"].item()
    assert at_mode == pytest.approx(float(actual.mean()), abs=0.1 * float(actual.std()))
    assert result.evidence["actual_sd"].item() == pytest.approx(float(actual.std()), rel=0.1)


@pytest.mark.slow
def test_assumptions_stand_side_by_side(fit: nqp.Fit) -> None:
    result = nqp.check(fit, "assumptions", progress=False)
    assert result.verdict == "passed"
    assert isinstance(result.evidence, xr.Dataset)
    assert result.evidence.sizes["assumption"] == 3


@pytest.mark.slow
def test_units_with_gaps_may_be_left_out_of_the_panel_first() -> None:
    gaps = PANEL.where(~((PANEL.unit_codes == 1) & (PANEL.time_codes == 4)))
    whole = fit_of(gaps, 200, spillovers=nqp.SpatialLag(WEIGHTS, lag=False, complete="units"))
    design, panel = apart(whole)
    assert panel.n_units == UNITS - 1
    assert design.spillovers.complete is None
    for name in ("influence", "placebo_time", "error_model"):
        assert nqp.check(whole, name, progress=False).verdict != "not applicable"


def test_an_exposure_of_linked_units_is_not_known_without_their_rows() -> None:
    frame = PANEL.frame.assign(trade=np.random.default_rng(2).random(PANEL.n_rows))
    panel = nqp.Panel.from_frame(frame, unit="city", time="year", outcome="y", exposures=["trade"])
    term = nqp.SpatialLag(WEIGHTS, lag=False)
    design = nqp.ContinuousExposure("trade", nqp.CompletePooling(varying=None), spillovers=term)
    fit = nqp.fit(design, panel, nqp.Importance(seed=1, draws=200), progress=False)
    result = nqp.check(fit, "influence", progress=False)
    assert result.verdict == "not applicable"
    assert "exposure of spatial neighbours" in result.sentence
    assert nqp.check(fit, "error_model", progress=False).verdict != "not applicable"


@pytest.mark.slow
def test_a_lag_of_outcomes_says_why_not() -> None:
    fit = fit_of(
        draws=100,
        spillovers=nqp.SpatialLag(
            nqp.spatial_weights.matrix(
                pd.DataFrame(
                    W + (W.sum(axis=1) == 0)[:, None] * np.roll(np.eye(UNITS), 1, 1), IDS, IDS
                )
            )
        ),
    )
    for name in ("assumptions", "spatial_errors"):
        result = nqp.check(fit, name, progress=False)
        assert result.verdict == "not applicable"
        assert "With a spatial lag" in result.sentence
    for name in ("influence", "error_model", "placebo_time", "placebo_space"):
        result = nqp.check(fit, name, progress=False)
        assert "conditional on the spatial coefficient" in result.details
