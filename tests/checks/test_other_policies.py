"""Policies that the file dates beside its own: which columns are taken for one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.arrays import Index
from bayes_nqp.checks import CHECKS
from bayes_nqp.checks.sample._policy_columns import policies_of

ROLES = {"unit": "unit", "time": "time", "cohort": "cohort", "outcome": "outcome"}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """Adopters take another policy up, most of them a period or two later."""
    frame = nqp.simulation.staggered(units=60, periods=12, cohorts=(5, 7, 9), seed=1).panel.frame
    rng = np.random.default_rng(1)
    units = frame.groupby("unit")["cohort"].first()
    start = units + rng.choice([0, 1, 2], len(units)) + 2000
    start = start.where(rng.random(len(units)) < 0.8)
    start[units.isna() & (rng.random(len(units)) < 0.3)] = 2007
    frame["year"] = frame["time"] + 2000
    frame["dated"] = frame["unit"].map(start)
    frame["other"] = (frame["year"] >= frame["dated"]).astype(int)
    frame["cohort"] += 2000
    frame["treated"] = (frame["year"] >= frame["cohort"]).astype(int)
    frame["late"] = (frame["year"] >= 2007).astype(int)
    frame["port"] = (frame["unit"].astype("category").cat.codes % 2).astype(int)
    return frame


def panel_of(rows: pd.DataFrame, **changes: object) -> nqp.Panel:
    return nqp.Panel.from_frame(rows, **{**ROLES, "time": "year", **changes})


def asked(panel: nqp.Panel) -> nqp.CheckResult:
    fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    return nqp.check(fit, "other_policies", progress=False)


def starts(panel: nqp.Panel) -> dict[str, Index]:
    return {policy.name: policy.start for policy in policies_of(panel)}


def test_what_looks_like_another_policy(rows: pd.DataFrame) -> None:
    found = starts(panel_of(rows))
    assert set(found) == {"dated", "other"}
    both = found["dated"] >= 0
    assert (found["other"][both] == found["dated"][both]).all()


def test_a_year_of_founding_is_no_policy(rows: pd.DataFrame) -> None:
    units = rows["unit"].astype("category").cat.codes.astype(int)
    founded = (2001 + units % 4).where(units % 3 > 0)
    firms = rows.assign(founded=founded)[rows["year"] >= founded.fillna(0.0)]
    assert set(starts(panel_of(firms))) == {"dated", "other"}


def test_dates_are_read_however_they_are_written(rows: pd.DataFrame) -> None:
    year = rows["dated"].astype("Int64").astype("string")
    written = {
        "text": year.fillna("none"),
        "days": pd.to_datetime(year + "-07-01"),
        "chinese": (year + "年7月").fillna("无"),
        "before": rows["dated"].where(rows["dated"] != 2007, 1990),
    }
    found = starts(panel_of(rows.assign(**written).drop(columns="other")))
    assert set(found) == {"dated", *written}
    for name in ("text", "days", "chinese"):
        assert (found[name] == found["dated"]).all()
    assert set(found["before"]) == set(found["dated"]) - {2007 - 2001}


def test_dates_are_read_on_a_grid_of_quarters(rows: pd.DataFrame) -> None:
    quarter = pd.PeriodIndex.from_ordinals(rows["year"] - 1850, freq="Q")
    of = dict(zip(rows["year"], quarter.to_timestamp(), strict=True))
    frame = rows.assign(
        quarter=quarter.to_timestamp(),
        cohort=rows["cohort"].map(of),
        days=rows["dated"].map(of) + pd.Timedelta(days=40),
        text=rows["dated"].map(of).dt.strftime("%Y-%m").fillna("none"),
        years=rows["dated"],
    )
    found = starts(panel_of(frame.drop(columns=["dated", "year"]), time="quarter"))
    assert set(found) == {"days", "text", "other"}
    assert (found["days"] == found["text"]).all()


def test_policies_that_end_and_spells_are_policies(rows: pd.DataFrame) -> None:
    late = rows["year"] >= rows["dated"]
    frame = rows.assign(
        ended=np.where(late, "否", "是"),
        spell=(late & (rows["year"] < rows["dated"] + 2)).astype(int),
        twice=(late & (rows["year"] != rows["dated"] + 2)).astype(int),
    )
    found = starts(panel_of(frame))
    assert set(found) == {"dated", "other", "ended", "spell"}
    assert (found["ended"] == found["other"]).all()


def test_amounts_are_policies_where_some_have_them_before_they_adopt(rows: pd.DataFrame) -> None:
    late = (rows["year"] >= rows["dated"]).to_numpy()
    brought = rows["treated"] * (1.0 + rows["unit"].astype("category").cat.codes % 3)
    lagged = (rows["year"] > rows["cohort"] + rows["unit"].str.len() % 2) * 2.5
    frame = rows.assign(subsidy=np.where(late, 1.5 + rows["year"] % 2, 0.0))
    frame = frame.assign(brought=brought, lagged=lagged, size=rows["year"] * 1.0)
    assert set(starts(panel_of(frame))) == {"dated", "other", "subsidy"}


def test_the_date_on_which_it_was_announced_is_no_other_policy(rows: pd.DataFrame) -> None:
    early = rows["unit"].astype("category").cat.codes % 2
    frame = rows.assign(announced=rows["cohort"] - early)
    assert set(starts(panel_of(frame))) == {"dated", "other"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ended", "subsidy"])
def test_another_policy_of_any_form_is_named(rows: pd.DataFrame, kind: str) -> None:
    late = (rows["year"] >= rows["dated"]).astype(float)
    column = 1.0 - late if kind == "ended" else late * (1.0 + rows["year"] % 2)
    moved = rows.assign(outcome=rows["outcome"] + 1.5 * late, **{kind: column})
    result = asked(panel_of(moved.drop(columns=["dated", "other"])))
    assert result.verdict == "caution"
    assert kind in result.sentence


def test_one_that_carries_the_effect_is_named(rows: pd.DataFrame) -> None:
    moved = rows.assign(outcome=rows["outcome"] + 1.5 * rows["other"]).drop(columns="dated")
    result = asked(panel_of(moved))
    assert result.verdict == "caution"
    assert "other" in result.sentence
    here, there = (float(result.evidence["att"].isel(specification=k).mean()) for k in (0, 1))
    assert there < here - 0.3


@pytest.mark.slow
def test_one_without_an_effect_holds(rows: pd.DataFrame) -> None:
    result = asked(panel_of(rows))
    assert result.verdict == "passed"
    assert "not tested" in result.details


@pytest.mark.slow
def test_a_covariate_is_asked_for_growth(rows: pd.DataFrame) -> None:
    since = np.maximum(rows["year"] - rows["dated"] + 1.0, 0.0).fillna(0.0)
    grown = rows.assign(outcome=rows["outcome"] + 1.5 * since).drop(columns="dated")
    assert asked(panel_of(grown, covariates=["other"])).verdict == "caution"


def test_it_is_listed_only_where_there_is_one(rows: pd.DataFrame) -> None:
    listed = CHECKS["other_policies"].listed
    assert listed(nqp.StaggeredDiD(), panel_of(rows))
    assert not listed(nqp.StaggeredDiD(), panel_of(rows.drop(columns=["dated", "other"])))
