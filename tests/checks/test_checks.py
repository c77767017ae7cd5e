"""Each check in a case in which it holds, and in one in which it must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import cautious
from fit_at import cut

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.checks import CHECKS, alternative_contrasts_of, check_table, run_checks
from bayes_nqp.inference.fitting import LAGGED, LINKED

COHORTS = (6.0, 7.0, np.nan, np.nan)
SAMPLER = nqp.Importance(draws=1000, chains=2, seed=4)


def frame(*, trend: float = 0.0, drift: float = 0.0, units: int = 48) -> pd.DataFrame:
    """Ten periods with an effect of one; treated units trend, and coastal ones drift."""
    rng = np.random.default_rng(11)
    rows = []
    for i in range(units):
        cohort, region = COHORTS[i % 4], ("inland", "coastal")[i // 4 % 2]
        own = rng.normal()
        for t in range(10):
            treated = t >= cohort
            y = own + 0.1 * t + trend * t * (cohort == cohort) + drift * t * (region == "coastal")
            rows.append((i, t, cohort, region, y + 1.0 * treated + 0.2 * rng.normal()))
    return pd.DataFrame(rows, columns=["unit_id", "year", "start", "region", "y"])


def panel_of(df: pd.DataFrame, strata: tuple[str, ...] = ("region",)) -> nqp.Panel:
    return nqp.Panel.from_frame(
        df, unit="unit_id", time="year", cohort="start", outcome="y", strata=strata
    )


@pytest.fixture(scope="session")
def calm() -> nqp.Fit:
    """A fit whose assumptions are true."""
    return nqp.fit(nqp.StaggeredDiD(), panel_of(frame()), SAMPLER, progress=False)


@pytest.fixture(scope="session")
def trending() -> nqp.Fit:
    """A fit of treated units that trend before they are treated."""
    return nqp.fit(nqp.StaggeredDiD(), panel_of(frame(trend=0.3)), SAMPLER, progress=False)


WITH_PLACES = {
    name
    for name, each in CHECKS.items()
    if each.suits is not None or {LAGGED, LINKED} & set(each.needs)
}


@pytest.mark.slow
def test_the_table_has_a_row_for_every_check(calm: nqp.Fit) -> None:
    table = nqp.check(calm)
    assert list(table.columns) == ["question", "check", "verdict", "figure", "sentence"]
    # Asked of continuous exposures, of outcomes that are an index or follow those of the period
    # before, of panels that tell where units are, alone; or by name alone.
    special = {"future_exposure", "indicators", "dynamics", "assumptions", "placebo_mixed"}
    special |= {"past_exposure", "dose_response", "exposure_heterogeneity", *WITH_PLACES}
    asked = [n for n, c in CHECKS.items() if c.of != "channels" and n not in special]
    assert table["check"].tolist() == asked
    asked = table[table["check"] != "placebo_outcome"]
    verdicts = asked.set_index("check")["verdict"]
    assert verdicts.pop("trend_sensitivity") == "reported"
    assert verdicts.pop("displacement") in ("passed", "reported")  # ends at half the effect
    assert verdicts.pop("pretrends") == "inconclusive"  # so few units earn no parallel trends
    assert set(verdicts) == {"passed"}, asked[asked["verdict"] != "passed"]
    assert (asked["figure"] != "").all()


def test_a_check_is_named_as_its_function_is() -> None:
    assert all(name == one.name == one.find.__name__ for name, one in CHECKS.items())
    assert all(one.question.endswith("?") for one in CHECKS.values())


def test_results_are_what_they_were(calm: nqp.Fit) -> None:
    one, again = nqp.check(calm, "time_effects"), nqp.check(calm, "time_effects")
    assert one.digest == again.digest
    assert one.digest != nqp.check(calm, "identification").digest
    assert one.verdict in repr(one)
    assert one.question in one._repr_html_()


def test_an_unknown_check_suggests_the_nearest(calm: nqp.Fit) -> None:
    with pytest.raises(StudyError, match=r"no check 'pretrend'.*\n.*did you mean 'pretrends'"):
        nqp.check(calm, "pretrend")


def test_only_a_fit_can_be_checked() -> None:
    with pytest.raises(StudyError, match=r"'fit' is 'fit.nc'"):
        nqp.check("fit.nc")  # type: ignore[call-overload]


def test_progress_is_told_before_each_check(calm: nqp.Fit) -> None:
    seen: list[str] = []
    results = run_checks(
        calm, ["identification", "convergence"], after=lambda one: seen.append(one.name)
    )
    assert seen == ["identification", "convergence"] == check_table(results)["check"].tolist()


def test_convergence_of_weights_has_a_line_for_every_equation(calm: nqp.Fit) -> None:
    result = nqp.check(calm, "convergence")
    assert isinstance(result.evidence, pd.DataFrame)
    (line,) = result.evidence.to_dict("records")
    assert line["quantity"] == "outcome"
    assert line["khat"] == calm.gate.khat < line["khat_limit"]
    assert line["importance_ess"] == calm.gate.importance_ess


def test_convergence_repeats_what_the_gate_found(calm: nqp.Fit) -> None:
    gate = replace(calm.gate, divergences=3, failures=("3 divergences",))
    result = nqp.check(replace(calm, gate=gate), "convergence")
    assert result.verdict == "failed"
    assert "3 divergences" in result.sentence


def test_support_counts_units_and_controls(calm: nqp.Fit) -> None:
    evidence = nqp.check(calm, "identification").evidence
    assert isinstance(evidence, pd.DataFrame)
    first = evidence[(evidence["region"] == "coastal") & (evidence["time"] == 6)].iloc[0]
    assert first["rows"] == 6
    # 12 coastal units never treated, and 6 that are treated from period 7 on.
    assert first["controls"] == 18


def test_support_doubts_cells_that_were_dropped(calm: nqp.Fit) -> None:
    df = frame()
    df = df[(df["region"] == "inland") | df["start"].notna()]
    dropping = replace(calm, panel=panel_of(df), design=calm.design.replace(unidentified="drop"))
    result = nqp.check(dropping, "identification")
    assert result.verdict == "caution"
    assert "left out (no untreated unit in that period)" in result.sentence


def test_support_names_the_levels_without_treated_units(calm: nqp.Fit) -> None:
    df = frame()
    df.loc[df["region"] == "coastal", "start"] = np.nan
    result = nqp.check(replace(calm, panel=panel_of(df)), "identification")
    assert "No unit is treated in region = coastal" in result.details


@pytest.mark.slow
def test_pretrends_are_not_earned_by_few_units(calm: nqp.Fit) -> None:
    result = nqp.check(calm, "pretrends")
    assert result.verdict == "inconclusive"
    assert isinstance(result.evidence, xr.Dataset)
    assert result.kind == "event_study"
    lead = result.evidence["lead"]
    assert lead["event_time"].to_numpy().tolist() == [-7, -6, -5, -4, -3, -2]
    assert set(result.evidence["lead_region"]["region"].to_numpy()) == {"inland", "coastal"}
    assert "may go undetected (power below 80 %)" in result.sentence


@pytest.mark.slow
def test_pretrends_fail_where_treated_units_trend(trending: nqp.Fit) -> None:
    result = nqp.check(trending, "pretrends")
    assert result.verdict == "failed"
    assert isinstance(result.evidence, xr.Dataset)
    assert result.evidence.attrs["slope"] == pytest.approx(0.3, abs=0.05)


def test_pretrends_need_never_treated_units_at_every_level(calm: nqp.Fit) -> None:
    df = frame()
    df = df[(df["region"] == "inland") | df["start"].notna()]
    design = calm.design.replace(unidentified="drop")
    result = nqp.check(replace(calm, panel=panel_of(df), design=design), "pretrends")
    assert result.verdict == "not applicable"
    assert "never-treated" in result.sentence
    assert "coastal" in result.sentence
    assert result.evidence is None


def test_checks_that_refit_need_the_rows(calm: nqp.Fit) -> None:
    result = nqp.check(replace(calm, panel=None), "pretrends")
    assert result.verdict == "not applicable"
    assert "saved without its observations" in result.sentence


def test_time_effects_report_contrasts_both_ways(calm: nqp.Fit) -> None:
    result = nqp.check(calm, "time_effects")
    assert result.verdict == "passed"
    assert isinstance(result.evidence, xr.Dataset)
    assert result.evidence["contrast"].dims == ("chain", "draw", "specification", "pair")
    assert result.evidence["specification"].to_numpy().tolist() == ["by region", "common to all"]


@pytest.mark.slow
def test_time_effects_doubt_a_contrast_that_is_a_trend(calm: nqp.Fit) -> None:
    drifting = nqp.fit(calm.design, panel_of(frame(drift=0.15)), SAMPLER, progress=False)
    result = nqp.check(drifting, "time_effects")
    assert result.verdict == "passed"
    assert "reject time effects common to all" in result.sentence
    assert isinstance(result.evidence, xr.Dataset)
    by_region, common = (
        float(result.evidence["contrast"].isel(specification=k).mean()) for k in (0, 1)
    )
    assert abs(by_region) < 0.15 < abs(common)
    assert not alternative_contrasts_of([result], "region", "coastal", "inland")
    taken = nqp.fit(
        nqp.StaggeredDiD(time=nqp.TimeEffects()), drifting.panel, SAMPLER, progress=False
    )
    result = nqp.check(taken, "time_effects")
    assert result.verdict in ("caution", "failed")
    assert isinstance(result.evidence, xr.Dataset)
    assert not result.evidence["refuted"]
    assert float(result.evidence["log_bayes_factor"].sel(column="region")) > 20


def test_common_time_effects_are_no_rival_to_those_by_level(calm: nqp.Fit) -> None:
    """A drift too small to refute them moves their contrast, and not the fit's."""
    apart = nqp.fit(calm.design, panel_of(frame(drift=0.03)), SAMPLER, progress=False)
    result = nqp.check(apart, "time_effects")
    assert isinstance(result.evidence, xr.Dataset)
    assert not result.evidence["refuted"]
    assert result.verdict == "passed"
    assert "The time effects of the fit, by region, allow for such trends" in result.sentence
    common = nqp.StaggeredDiD(time=nqp.TimeEffects())
    taken = nqp.fit(common, apart.panel, SAMPLER, progress=False)
    assert nqp.check(taken, "time_effects").verdict in ("caution", "failed")


@pytest.mark.slow
def test_time_effects_thin_a_longer_refit(calm: nqp.Fit) -> None:
    short = cut(calm, slice(0, 400))
    result = nqp.check(short, "time_effects")
    assert isinstance(result.evidence, xr.Dataset)
    assert result.evidence.sizes["draw"] == 400
    assert not result.evidence["contrast"].isnull().any()


def test_time_effects_ask_nothing_without_strata(calm: nqp.Fit) -> None:
    result = nqp.check(replace(calm, panel=panel_of(frame(), strata=())), "time_effects")
    assert result.verdict == "passed"
    assert "no separate time effects by region" in result.sentence
    bare = panel_of(frame().drop(columns="region"), strata=())
    result = nqp.check(replace(calm, panel=bare), "time_effects")
    assert result.verdict == "not applicable"
    assert "neither strata nor a column that groups units" in result.sentence


def test_a_refit_that_has_not_converged_lowers_a_verdict(calm: nqp.Fit) -> None:
    failed = replace(calm, gate=replace(calm.gate, failures=("R-hat 1.2 (rho)",)))
    verdict, sentence = cautious("passed", "All agree.", failed)
    assert verdict == "caution"
    assert "R-hat 1.2" in sentence
    assert cautious("failed", "x", failed)[0] == "failed"
    assert cautious("passed", "x", calm) == ("passed", "x")
