"""The checklist of a fit: done with a result, to do, not for this design, elsewhere."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp.checks import CHECKS
from bayes_nqp.output.exhibits import EXHIBITS
from bayes_nqp.output.reports import SECTIONS, Context, Heading

STATUSES = {"done", "to do", "not for this design", "elsewhere"}
SAMPLER = nqp.Importance(draws=200, chains=2, seed=1)


@pytest.fixture(scope="module")
def panel() -> nqp.Panel:
    return nqp.simulation.staggered(units=30, periods=7, cohorts=(4, 5), seed=1).panel


@pytest.fixture(scope="module")
def fit(panel: nqp.Panel) -> nqp.Fit:
    design = nqp.StaggeredDiD(nqp.PartialPooling(["region"]))
    return nqp.fit(design, panel, SAMPLER, progress=False)


@pytest.fixture(scope="module")
def anticipation(fit: nqp.Fit) -> Any:
    return nqp.check(fit, "anticipation", progress=False)


def listed(table: nqp.Table) -> pd.DataFrame:
    """Return the rows of a checklist by exhibit."""
    frame = table.to_frame()
    assert set(frame["Status"]) <= STATUSES
    titles = {str(each.title): name for name, each in EXHIBITS.items()}
    return frame.assign(name=frame["label"].map(titles)).set_index("name")


def test_every_exhibit_is_listed_with_its_call(fit: nqp.Fit) -> None:
    rows = listed(nqp.referee(fit))
    assert set(rows.index) == set(EXHIBITS)
    for name, each in EXHIBITS.items():
        assert rows.loc[name, "Call or recipe"] == each.code
        assert (rows.loc[name, "Status"] == "elsewhere") == bool(each.because)
    empty = rows["Result or reason"] == ""
    assert set(rows["Status"][empty]) == {"to do"}
    assert set(rows["Status"][~empty]) == STATUSES - {"to do"}


def test_results_are_those_of_the_fit(fit: nqp.Fit, panel: nqp.Panel) -> None:
    rows = listed(nqp.referee(fit))["Result or reason"]
    draws = nqp.att(fit).to_numpy().ravel()
    low, high = np.quantile(draws, [0.025, 0.975])
    numbers = f"{draws.mean():.3g} [{low:.3g}, {high:.3g}]".replace("-", "−")
    assert rows["journal_table"] == f"average effect {numbers}"
    ever = panel.frame.groupby("unit")["cohort"].first().notna()
    assert rows["descriptives"] == f"210 observations of 30 units, {ever.sum()} treated"
    assert rows["adoption_dates"] == "2 adoption dates, from 4 to 5"
    effects = nqp.att(fit, by="region")
    inland, coastal = (effects.sel(region=x).to_numpy() for x in ("inland", "coastal"))
    share = (inland > coastal).mean()
    credible = int(min(share, 1 - share) <= 0.025)
    assert rows["heterogeneity"] == f"{credible} of 1 differences between groups are credible"
    named = int(nqp.simultaneous_signs(effects)["named"].sum())
    assert rows["multiple_testing"] == f"{named} of 2 group effects jointly differ from zero"
    last = float(nqp.att(fit, "event_time").sel(event_time=3).mean())
    assert f"{last:.3g} [" in rows["delayed_effects"]


@pytest.mark.slow
def test_checks_are_listed_with_their_key_figure(fit: nqp.Fit, anticipation: Any) -> None:
    before = listed(nqp.referee(fit))
    assert before.loc["anticipation", "Status"] == "to do"
    trends = replace(anticipation, name="pretrends", figure="P(parallel trends) 0.31; power 0.5")
    table = nqp.check(fit, ["anticipation"], progress=False)
    for checks in ([anticipation, trends], iter([anticipation]), table, anticipation):
        rows = listed(nqp.referee(fit, checks))
        status, text = rows.loc["anticipation", ["Status", "Result or reason"]]
        assert status == "done"
        verdict, _, figure = text.partition(": ")
        assert verdict == anticipation.verdict
        assert re.search(r"\d", figure)
        assert anticipation.figure.startswith(figure)
    assert rows.loc["pretrends", "Status"] == "to do"
    rows = listed(nqp.referee(fit, [anticipation, trends]))
    printed = f"{anticipation.verdict}: P(parallel trends) 0.31"
    assert rows.loc["pretrends", "Result or reason"] == printed


def test_rows_of_one_check_are_told_apart_by_their_change(fit: nqp.Fit) -> None:
    result = nqp.check(fit, "referee", progress=False)
    rows = listed(nqp.referee(fit, result))
    of = np.isin(result.evidence["change"], ["winsorised outcome", "truncated outcome"])
    draws = result.evidence["att"].stack(s=["chain", "draw"]).to_numpy()[of]
    means, sds = draws.mean(axis=1), draws.std(axis=1)
    ends = [f"from {x.min():.3g} to {x.max():.3g}" for x in (means, sds)]
    numbers = f"average effect {ends[0]}, posterior SD {ends[1]}, number of specifications: 4"
    assert rows.loc["winsorised", "Result or reason"] == numbers
    assert rows.loc["unit_trends", "Status"] == "done"
    assert rows.loc["special_cities", "Status"] == "not for this design"
    assert rows.loc["other_outcomes", "Status"] == "to do"
    table = nqp.referee(fit, replace(result, evidence=None))
    assert listed(table).loc["winsorised", "Status"] == "to do"


@pytest.mark.slow
def test_what_does_not_suit_has_the_reason_of_the_check(
    fit: nqp.Fit, panel: nqp.Panel, tmp_path: Path
) -> None:
    rows = listed(nqp.referee(fit))
    assert rows.loc["conley", "Result or reason"] == "The panel has no coordinates of its units."
    frame = panel.frame.assign(dose=panel.frame["time"] * (panel.frame["region"] == "inland"))
    roles = {"unit": "unit", "time": "time", "outcome": "outcome", "exposures": ["dose"]}
    exposed = nqp.Panel.from_frame(frame.drop(columns="cohort"), **roles)
    dose = nqp.fit(nqp.ContinuousExposure("dose"), exposed, SAMPLER, progress=False)
    rows = listed(nqp.referee(dose))
    need = CHECKS["pretrends"].needs[0]
    assert rows.loc["pretrends", "Result or reason"] == need.reason(dose.facts)
    assert rows.loc["intensity", "Status"] == "done"
    assert rows.loc["heterogeneity", "Status"] == "not for this design"
    outcome = nqp.check(fit, "placebo_outcome", progress=False)
    rows = listed(nqp.referee(fit, outcome))
    assert rows.loc["placebo_outcome", "Status"] == "not for this design"


@pytest.mark.slow
def test_failures_are_printed_above_the_list(fit: nqp.Fit, anticipation: Any) -> None:
    table = nqp.referee(fit, replace(anticipation, verdict="failed"))
    assert len(table.stamps) == 1
    assert "Check failed" in str(table).splitlines()[1]


def test_console_shows_every_part_of_an_exhibit(fit: nqp.Fit) -> None:
    lines = str(nqp.referee(fit)).splitlines()
    text = "\n".join(lines)
    assert lines[0] == "Referee's checklist"
    assert [x for x in lines if x != x.rstrip()] == []
    for each in EXHIBITS.values():
        assert all(line.strip() in text for line in each.code.splitlines())
        assert str(each.title).split(":")[0] in " ".join(text.split())
    done = sum(re.match(r"  done  ", x) is not None for x in lines)
    assert f"done {done};" in text
    assert "rows = panel.frame;" in text


def test_chinese_checklist_is_in_chinese(fit: nqp.Fit, anticipation: Any, tmp_path: Path) -> None:
    table = nqp.referee(fit, anticipation, language="zh")
    frame = table.to_frame()
    assert table.title == "审稿人清单"
    texts = [*frame["section"], *frame["label"], *frame[table.columns[1].label], *table.notes]
    assert [x for x in texts if x and not re.search("[\u4e00-\u9fff]", x)] == []
    for name in ("list.docx", "list.xlsx", "list.html", "list.md"):
        assert table.save(tmp_path / name).stat().st_size > 3_000
    assert "随机抽取处理组" in (tmp_path / "list.html").read_text("utf-8")


def test_checks_of_the_list_run_on_request(
    fit: nqp.Fit, anticipation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Checks that exhibits name run, without those at hand and those that do not apply."""
    named = {"event_study", "anticipation", "pretrends", "moran"}
    kept = {name: each for name, each in EXHIBITS.items() if name in named}
    monkeypatch.setattr("bayes_nqp.output.exhibits._referee.EXHIBITS", kept)
    trends = replace(anticipation, name="pretrends", figure="at hand 7")
    rows = listed(nqp.referee(fit, trends, run=True, progress=False))
    assert rows.loc["moran", "Status"] == "not for this design"
    assert (rows["Status"].drop("moran") == "done").all()
    assert "at hand 7" in rows.loc["pretrends", "Result or reason"]
    assert rows.loc["anticipation", "Result or reason"].startswith(f"{anticipation.verdict}: ")


def test_reports_have_the_list_in_the_appendix(fit: nqp.Fit, anticipation: Any) -> None:
    names = list(SECTIONS)
    assert names.index("appendix") < names.index("exhibits") < names.index("provenance")
    context = Context(fit, (anticipation,), "zh")
    heading, table = SECTIONS["exhibits"](context)
    assert heading == Heading("审稿人清单", 2)
    assert len(table.table.columns) == 2
    assert len([row for row in table.table.rows if row.cells]) == len(EXHIBITS)
    assert "nqp.check(" not in table.table.to_html()


def test_a_report_counts_the_exhibits_of_its_own_sections(fit: nqp.Fit) -> None:
    names = ("baseline", "estimators", "exhibits")
    context = Context(fit, (), "en", sections=names, baseline={})
    heading, table = SECTIONS["exhibits"](context)
    assert heading == Heading("Referee's checklist", 1)
    rows = table.table.to_frame().set_index("label")
    baseline, twfe, matching = (
        rows.loc[EXHIBITS[x].title] for x in ("baseline_steps", "two_way_fixed_effects", "matching")
    )
    assert baseline["Status"] == twfe["Status"] == "done"
    assert baseline["Result or reason"] == "in this report"
    assert matching["Status"] == "to do"
    without = SECTIONS["exhibits"](replace(context, baseline=None))
    rows = list(without)[1].table.to_frame().set_index("label")
    assert rows.loc[EXHIBITS["baseline_steps"].title, "Status"] == "to do"


@pytest.mark.parametrize("checks", [["pretrends"], 3, pd.DataFrame({"a": [1]})])
def test_other_values_are_refused(fit: nqp.Fit, checks: object) -> None:
    with pytest.raises(nqp.errors.NQPError, match="checks"):
        nqp.referee(fit, checks)  # type: ignore[arg-type]
