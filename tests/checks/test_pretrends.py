"""Pre-trends: in which panels they hold, are in doubt and fail, and what that rests on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import (
    Judgement,
    Trend,
    _draws,
    apart_of,
    freedom,
    joint_of,
    lead_design,
    precision_of,
    sentence_of,
    trend_design,
)
from doors import leads_tail_of as tail_of
from doors import parallel_holm as holm
from doors import parallel_Judged as Judged
from matplotlib.lines import Line2D

import bayes_nqp as nqp
from bayes_nqp._core.i18n import Message, chance
from bayes_nqp.data.simulation import staggered
from bayes_nqp.effects.effects import lead_effects
from bayes_nqp.inference.model_frame import model_frame_of

SAMPLER = nqp.Importance(draws=1000, chains=2, seed=4)
Shape = Callable[[pd.DataFrame], "pd.Series[float]"]


def shifted(panel: nqp.Panel, shift: Shape) -> nqp.Panel:
    """Add something to the outcome."""
    return panel.with_outcome(panel.outcome + shift(panel.frame).to_numpy(dtype=float))


def checked(panel: nqp.Panel, **changes: object) -> nqp.CheckResult:
    fit = nqp.fit(nqp.StaggeredDiD().replace(**changes), panel, SAMPLER, progress=False)
    result = nqp.check(fit, "pretrends", progress=False)
    assert isinstance(result.evidence, xr.Dataset)
    return result


def panel_of(**how: object) -> nqp.Panel:
    layout: dict[str, object] = {"units": 90, "periods": 10, "cohorts": (6, 8), "seed": 3, **how}
    return staggered(**layout).panel  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def parallel() -> nqp.CheckResult:
    return checked(panel_of(units=285, periods=13, cohorts=(9, 10, 12), strata={}, seed=1))


@pytest.fixture(scope="session")
def opposite() -> nqp.CheckResult:
    """Coastal treated units drift up, inland ones down: on average they do not drift."""

    def drift(frame: pd.DataFrame) -> pd.Series[float]:
        side = frame["region"].map({"coastal": 0.4, "inland": -0.4}).astype(float)
        return side * frame["time"] * frame["cohort"].notna()

    return checked(shifted(panel_of(), drift))


@pytest.mark.slow
def test_parallel_trends_gain_probability_where_there_is_no_trend(
    parallel: nqp.CheckResult,
) -> None:
    facts = parallel.evidence.attrs
    p = facts["probability_parallel"]
    assert p > 0.5
    assert parallel.verdict == ("passed" if p >= 0.7 else "inconclusive")
    assert facts["detectable"] == pytest.approx(2.8 * facts["slope_sd"])
    assert abs(facts["slope"]) < facts["detectable"]
    assert f"detectable {facts['detectable']:.2g};" in parallel.figure
    assert f"posterior probability {chance(p, 2)}" in parallel.sentence


@pytest.mark.slow
def test_they_fail_on_a_trend_and_say_what_is_left_of_the_effect() -> None:
    result = checked(panel_of(trend=0.4, strata={}))
    facts = result.evidence.attrs
    assert result.verdict == "failed"
    assert max(facts["tail_probability"], facts["slope_tail_probability"]) < 0.01
    assert facts["slope"] == pytest.approx(0.4, abs=3 * facts["slope_sd"])
    assert facts["att"] > 1.5
    assert facts["probability_parallel"] < 0.05
    assert re.search(r"slope 0\.2\d* ± 0\.\d+ a period", result.figure)
    assert facts["att_adjusted"] == pytest.approx(1.0, abs=2 * facts["att_adjusted_sd"])
    assert "stratum_level" not in result.evidence


@pytest.mark.slow
def test_they_fail_where_single_strata_move_apart(opposite: nqp.CheckResult) -> None:
    """Leads and slope are zero on average; lines of strata explain the periods before."""
    found = opposite.evidence
    assert opposite.verdict == "failed"
    assert "region = coastal" in opposite.sentence
    slope = found["slope_by_level"].mean("slope_draw")
    for level, true in (("coastal", 0.4), ("inland", -0.4)):
        assert float(slope.sel(stratum_level=f"region = {level}")) == pytest.approx(true, abs=0.15)
    assert abs(found.attrs["slope"]) < 0.1


def test_they_cannot_tell_where_a_trend_as_large_as_the_effect_is_hard_to_detect() -> None:
    panel = panel_of(units=60, cohorts=(3,), periods=12, strata={}, rho=0.0, seed=8)
    result = checked(panel)
    assert result.evidence.attrs["within"] < 0.7
    assert result.verdict == "inconclusive"
    assert "may go undetected (power below 80 %)" in result.sentence


@pytest.mark.slow
def test_leads_are_measured_from_the_period_before_anticipation() -> None:
    def early(frame: pd.DataFrame) -> pd.Series[float]:
        return 3.0 * (frame["time"] == frame["cohort"] - 1)

    panel = shifted(panel_of(strata={}, sigma=0.3), early)
    design = lead_design(nqp.StaggeredDiD(anticipation=1), panel)
    leads = lead_effects(nqp.fit(design, panel, SAMPLER, progress=False))
    assert int(leads["event_time"].max()) == -3
    average = nqp.att(leads, "event_time")
    steep = average * 0 + 0.5 * (average["event_time"] + 2) + 1e-3 * average
    steep = steep.assign_coords(rows=average["rows"])
    assert joint_of(steep, 1.0, 100, reference=-2).slope.mean() == pytest.approx(0.5, abs=0.01)
    assert joint_of(steep, 1.0, 100, reference=-1).slope.mean() < 0.45


def test_the_slope_is_that_of_least_squares() -> None:
    panel = panel_of(units=24, periods=7, cohorts=(4, 6), never=0.4)
    design = lead_design(nqp.StaggeredDiD(errors=nqp.IID()), panel)
    leads = xr.Dataset({}, attrs={"factors": "region"}).assign_coords(
        region=("cell", np.array(["coastal", "inland"]))
    )
    sloped, wider, names, strata = trend_design(design, panel, leads)
    model_frame = model_frame_of(sloped, wider)
    equation = model_frame.equations[0]
    zero = np.zeros((1, len(equation.problem.parameter_names)))
    ours = _draws.recovered(model_frame, equation, zero, None).coefficients["slope"][0]

    frame = panel.frame.assign(ever=panel.frame["cohort"].notna())
    cell = frame["region"] + frame["cohort"].astype(str) + frame["time"].astype(str)
    dummies = [
        pd.get_dummies(frame["unit"]),
        pd.get_dummies(frame["region"] + frame["time"].astype(str)),
        pd.get_dummies(cell.where(frame["time"] >= frame["cohort"])),
    ]
    trends = [
        frame["time"] * frame["ever"] * (frame["region"] == level)
        for level in ("coastal", "inland")
    ]
    table = np.column_stack([*trends, *(d.to_numpy(dtype=float) for d in dummies)]).astype(float)
    theirs = np.linalg.lstsq(table, panel.outcome, rcond=None)[0][:2]
    np.testing.assert_allclose(ours, theirs, atol=1e-8)

    assert names == wider.roles.covariates
    trend = Trend(leads, ours[None, None], strata)
    assert trend.of("region", "inland") == pytest.approx(theirs[1])
    assert trend.of("market", "more") is None


def test_a_panel_keeps_what_it_is() -> None:
    frame = panel_of(units=24, periods=7, cohorts=(4, 6)).frame.rename(
        columns={"unit": "城市", "time": "年份", "outcome": "新质生产力", "region": "地区"}
    )
    frame["differential trend 1"] = np.arange(len(frame)) % 5
    frame["w"] = 1.0 + np.arange(len(frame)) % 3
    panel = nqp.Panel.from_frame(
        frame, unit="城市", time="年份", cohort="cohort", outcome="新质生产力", strata=["地区"],
        covariates=["differential trend 1"], weights="w",
    )  # fmt: skip
    panel = panel.where(panel.frame["年份"] > 1)
    design = lead_design(
        nqp.StaggeredDiD(errors=nqp.IID(), covariates=["differential trend 1"]), panel
    )
    leads = xr.Dataset({}, attrs={"factors": "地区"}).assign_coords(
        {"地区": ("cell", panel.levels["地区"])}
    )
    sloped, wider, *_ = trend_design(design, panel, leads)
    again = nqp.Panel.from_frame(wider.frame, **wider.arguments)
    assert again.digest == wider.digest != panel.digest
    assert wider.notes == panel.notes
    np.testing.assert_array_equal(wider.weights, panel.weights)
    np.testing.assert_array_equal(wider.covariates[:, 0], panel.covariates[:, 0])
    assert sloped.facts.covariates is not None
    assert len(sloped.facts.covariates) == 3
    assert model_frame_of(sloped, wider).equations
    assert not np.ptp(wider.covariates[:, 1:][np.isnan(panel.frame["cohort"])])


@pytest.mark.slow
def test_tails_are_right_with_many_leads_and_few_draws() -> None:
    rng = np.random.default_rng(2)
    root = np.tril(rng.normal(size=(40, 40))) + 4 * np.eye(40)
    tails = []
    for _ in range(300):
        mean = root @ rng.standard_normal(40)
        draws = mean + rng.standard_normal((400, 40)) @ root.T
        tails.append(tail_of(draws, 1e9))
    assert np.mean(np.asarray(tails) < 0.05) == pytest.approx(0.05, abs=0.035)
    assert np.mean(tails) == pytest.approx(0.5, abs=0.05)


def test_the_precision_is_unbiased() -> None:
    rng = np.random.default_rng(5)
    found = [precision_of(rng.standard_normal((60, 10))) for _ in range(400)]
    np.testing.assert_allclose(np.mean(found, axis=0), np.eye(10), atol=0.05)


def test_few_units_make_tails_thick() -> None:
    assert freedom(50, 50) == pytest.approx(98)
    assert freedom(5, 10_000) == pytest.approx(4.0, abs=0.01)
    draws = 2.5 + np.random.default_rng(1).standard_normal((4000, 1))
    assert tail_of(draws, 1e9) < 0.02 < 0.05 < tail_of(draws, freedom(5, 500))


def test_the_picture_has_a_panel_for_every_level(opposite: nqp.CheckResult) -> None:
    figure = nqp.plots.check(opposite)
    shown = [ax for ax in figure.axes if ax.axison]
    assert [ax.get_title(loc="left") for ax in shown] == [
        "Overall", "region = coastal", "region = inland",
    ]  # fmt: skip
    slope = opposite.evidence["slope_by_level"].mean("slope_draw").to_numpy()
    for ax, mean in zip(shown[1:], slope, strict=True):
        (prolonged,) = (
            line for line in ax.get_lines() if dashed(line) and len(set(line.get_xdata())) > 1
        )
        x, y = prolonged.get_data()
        assert (x[0], y[0]) == (-1, 0)
        assert np.diff(y)[0] / np.diff(x)[0] == pytest.approx(mean)


def dashed(line: Line2D) -> bool:
    return line.get_linestyle() == "--"


@pytest.mark.slow
def test_the_picture_speaks_chinese_and_takes_an_ax(parallel: nqp.CheckResult) -> None:
    figure = nqp.plots.check(parallel, language="zh")
    assert "差异趋势" in figure.get_supxlabel().replace("\n", "")
    ax = figure.axes[0].figure.add_subplot()
    assert nqp.plots.check(parallel, ax=ax) is figure
    assert ax.get_title(loc="left") == ""


@pytest.mark.slow
def test_the_picture_says_that_a_refit_has_failed(parallel: nqp.CheckResult) -> None:
    failed = parallel.evidence.assign_coords(gate="failed: R-hat 1.2 (rho)")
    figure = nqp.plots.check(replace(parallel, evidence=failed))
    assert "R-hat 1.2" in figure.get_suptitle()


# Several outcomes asked the same


def test_holm_adjusts_the_smallest_most() -> None:
    """By hand: .01 × 4, .02 × 3, .03 × 2 is lower than that before it, and none beyond one."""
    found = holm([0.03, 0.01, 0.9, 0.02])
    np.testing.assert_allclose(found, [0.06, 0.04, 0.9, 0.06])
    assert holm([0.3]) == [0.3]
    assert max(holm([0.8, 0.9])) == 1.0


def test_holm_keeps_false_alarms_to_their_share() -> None:
    rng = np.random.default_rng(3)
    alarms = [min(holm(rng.uniform(size=5))) < 0.05 for _ in range(4000)]
    assert np.mean(alarms) == pytest.approx(0.05, abs=0.012)
    plain = [min(rng.uniform(size=5)) < 0.05 for _ in range(4000)]
    assert np.mean(plain) > 0.2


@pytest.mark.parametrize(("adjusted", "same"), [(0.0632, True), (0.0628, True), (0.081, False)])
def test_equal_numbers_are_no_change(adjusted: float, same: bool) -> None:
    """What a straight trend would leave of the effect, where both round to 0.063 and where not."""
    draws = np.random.default_rng(1).normal(0, 0.01, (2, 200))
    draws -= draws.mean()
    effect, rest = (
        xr.DataArray(mean + draws, dims=("chain", "draw")) for mean in (0.0631, adjusted)
    )
    total = Judged(SimpleNamespace(tail=0.5, alone=(), together=()), draws, 0.9)
    judged = Judgement(total, {}, [], effect, rest, 1.0)
    said = sentence_of(judged, Message("as fitted"))
    chinese = said.in_("zh")
    assert ("is the same as fitted: 0.063" in str(said)) == same
    assert ("平均效应与拟合值相同：0.063" in chinese) == same
    assert ("it is 0.063" in str(said)) == ("拟合值为 0.063" in chinese) == (not same)


def test_levels_share_their_false_alarms_with_other_outcomes() -> None:
    slope = np.random.default_rng(1).normal(size=200)
    joint = SimpleNamespace(tail=0.007)
    levels = {name: Judged(joint, slope, 0.9) for name in ("one", "other")}
    assert [round(one.tail, 3) for one in levels.values()] == [0.014, 0.014]
    assert apart_of(levels) == []
    levels = {"one": levels["one"]}
    assert apart_of(levels) == ["one"]
    assert apart_of(levels, 2) == []
