"""What every kind of table holds, and what it says of failures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import Cell, Form, decimals_for
from effects_dataset import random_effects
from mediated import channels_fit, random_paths

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.checks import CHECKS, CheckResult, check_table
from bayes_nqp.output.tables import table
from bayes_nqp.robustness import event_study_of

pytestmark = pytest.mark.xdist_group("mediation_pictures")

EFFECTS = random_effects()
PATHS = random_paths()
FAILED = "failed: R-hat 1.020 (mu)"


def result(name: str, verdict: str, **more: object) -> CheckResult:
    return CheckResult(name, f"Is {name} fine?", verdict, "p = 0.01", "It is so.", **more)  # type: ignore[arg-type]


@pytest.fixture(scope="session")
def fit():
    return channels_fit()


def lines(made: nqp.Table) -> dict[str, tuple[Cell, ...]]:
    return {row.label: row.cells for row in made.rows if not row.heading}


def test_effects_by_group_and_contrasts_are_those_of_the_draws():
    rows = lines(table(EFFECTS))
    draws = nqp.att(EFFECTS, "region")
    for level in ("inland", "coastal"):
        one = draws.sel(region=level)
        mean, sd, interval, chance, counted, units = rows[level]
        assert mean.values == (pytest.approx(float(one.mean())),)
        assert sd.values == (pytest.approx(float(one.std(ddof=1))),)
        np.testing.assert_allclose(interval.values, np.quantile(one, [0.025, 0.975]), rtol=1e-6)
        assert chance.values == (pytest.approx(float((one > 0).mean())),)
        assert counted.values == (int(one["rows"]),)
        # Three units a cohort, one more in every second stratum; three cohorts, two strata.
        assert units.values == (2 * 3 * 3 + 3,)
    gap = nqp.contrast(draws, region="inland", minus="coastal")
    assert rows["inland − coastal"][0].values == (pytest.approx(float(gap.mean())),)
    assert rows["inland − coastal"][4].text == ""


def test_units_with_a_panel_are_counted_row_by_row(fit):
    made = lines(table(fit, "effects"))
    frame = fit.panel.frame
    treated = frame[frame["time"] >= frame["cohort"]]
    assert made["Overall"][-1].values == (treated["unit"].nunique(),)
    for level, group in treated.groupby("region"):
        assert made[str(level)][-1].values == (group["unit"].nunique(),)
        assert made[str(level)][-2].values == (len(group),)


def test_slopes_of_an_exposure_have_units_but_no_cohorts():
    rng = np.random.default_rng(5)
    effects = schema.build(
        rng.normal(1, 0.2, (4, 50, 1, 4)),
        strata={"region": ["inland", "inland", "coastal", "coastal"]},
        cohort=None, time=[2015, 2016, 2015, 2016], event_time=None,
        rows=[5, 6, 3, 3], units=[5, 6, 3, 3],
        attrs={"outcome": "nqp", "exposure": "trade", "per": "1 sd"},
    )  # fmt: skip
    made = table(effects)
    assert made.title == "Effect of trade: nqp"
    rows = lines(made)
    assert [rows[name][5].values for name in ("Overall", "inland", "coastal")] == [(9,), (6,), (3,)]
    assert "Effects per 1 sd, averaged over exposed rows" in made.note


def test_levels_of_many_are_not_contrasted_and_the_notes_say_so():
    many = random_effects(strata={"province": [f"p{i}" for i in range(5)]}, deviations=False)
    made = table(many)
    assert not any("−" in row.label for row in made.rows)
    assert "more than 4 levels" in made.note


def test_a_failed_gate_and_a_failed_check_stand_in_the_table_itself():
    bad = random_effects(gate=FAILED)
    made = table(bad, checks=[result("identification", "failed"), result("timing", "caution")])
    assert made.stamps[0] == "Convergence gate failed: R-hat 1.020 (mu)"
    assert "Is identification fine? (p = 0.01)" in made.stamps[1]
    assert "Caution: timing of mediators." in made.note
    assert made.text.iloc[0, 0] == made.stamps[0]
    assert set(made.numbers["gate"]) == {FAILED}
    for form in (made.to_html(), made.to_markdown(), made.to_latex()):
        assert "R-hat 1.020" in form
    assert not table(EFFECTS).stamps
    assert "unverified" in table(EFFECTS.drop_vars("gate")).note


def test_chinese_tables_are_chinese():
    made = table(
        random_effects(gate=FAILED), language="zh", checks=[result("identification", "failed")]
    )
    assert made.columns[0].label == "均值"
    assert made.stamps[0].startswith("未通过收敛检验")
    assert made.stamps[1].startswith("未通过的检验：")
    assert made.note.count("。") >= 4
    assert ". " not in made.note


def test_an_event_study_stands_side_by_side_up_to_three_groups():
    beside = table(EFFECTS, "event_study", by="region")
    assert [c.group for c in beside.columns] == ["inland"] * 3 + ["coastal"] * 3
    draws = nqp.att(EFFECTS, ["region", "event_time"]).sel(region="coastal", event_time=2)
    cell = lines(beside)["2"][3]
    assert cell.text.split("\n")[0] == f"{float(draws.mean()):.3f}"
    np.testing.assert_allclose(cell.values[1:], np.quantile(draws, [0.025, 0.975]), rtol=1e-6)
    under = table(EFFECTS, "event_study", by="stratum")
    assert sum(row.heading for row in under.rows) == 4
    # Both count the units of every group, and say that they change.
    assert [row.cells[2].values[0] for row in beside.rows] == [21, 20, 14, 14, 7]
    assert [row.cells[-1].values[0] for row in under.rows[1:6]] == [9, 8, 6, 6, 3]
    for made in (beside, under):
        assert "Points do not all rest on the same units." in made.note


def test_leads_come_before_effects_with_their_reference():
    fit = channels_fit()
    made = table(fit, "event_study")
    at = [row.label for row in made.rows].index("−1")
    assert [row.label for row in made.rows][at - 1 : at + 2] == ["−2", "−1", "0"]
    assert made.rows[at].cells[0].text == "reference"
    study = event_study_of(fit)
    for row, part in ((made.rows[at - 1], study.leads), (made.rows[at + 1], study.effects)):
        mean = float(
            nqp.att(part, "event_time").sel(event_time=int(row.label.replace("−", "-"))).mean()
        )
        assert row.cells[0].values[0] == pytest.approx(mean)
    headings = {row.label: k for k, row in enumerate(made.rows) if row.heading}
    assert list(headings) == [
        "Model average", "Parallel trends, as fitted", "Measured from all periods before",
    ]  # fmt: skip
    average = nqp.model_average(fit)
    alone = table(fit, "event_study", leads=False)
    for label, source in (("Model average", average), ("Measured from all periods before", fit)):
        first = nqp.att(source, "event_time").isel(event_time=0)
        at = headings[label] + 1
        assert made.rows[at].cells[0].values[0] == pytest.approx(float(first.mean()))
        assert made.rows[at].cells in [row.cells for row in alone.rows]
    assert not any(row.label.startswith("−") for row in alone.rows)


def test_paths_shares_and_comparisons_of_channels():
    made = lines(table(PATHS))
    assert list(made)[:5] == ["Direct", "digital", "finance", "All mediators", "Total"]
    assert made["digital"][0].values == (
        pytest.approx(float(nqp.nie(PATHS).sel(mediator="digital").mean())),
    )
    share = nqp.proportion_mediated(PATHS).sel(mediator="digital")
    assert made["digital"][4].values[0] == pytest.approx(float(share.median()))
    assert made["Direct"][4].text == ""
    assert "digital − finance" in made


def test_a_share_without_a_clear_total_is_withheld():
    effects = PATHS.copy(deep=True)
    effects["effect"][:, :, 0] = np.random.default_rng(3).normal(
        size=effects["effect"][:, :, 0].shape
    )
    assert lines(table(effects))["digital"][4].text == "–"


def test_several_fits_stand_side_by_side_and_say_what_they_are(fit):
    made = table({"as is": fit, "other": random_effects(gate=FAILED)}, by="region")
    assert [c.label for c in made.columns] == ["(1)\nas is", "(2)\nother"]
    rows = lines(made)
    assert rows["Average effect"][0].values[0] == pytest.approx(float(nqp.att(fit).mean()))
    assert rows["Errors"][0].text == "AR(1)"
    assert rows["Pooling"][0].text == "partial"
    assert rows["Effects by"][0].text == "region"
    assert rows["Mediators"][0].text == "digital, finance"
    assert rows["Convergence gate"][1].text == "failed"
    assert any(stamp.startswith("(2)") for stamp in made.stamps)
    with_sd = lines(table([fit], "robustness", spread="sd"))["Average effect"][0]
    assert with_sd.values[1] == pytest.approx(float(nqp.att(fit).std(ddof=1)))
    assert with_sd.text.endswith(")")


def test_steps_have_an_equation_a_column(fit):
    made = table(fit, "steps")
    assert [c.label for c in made.columns] == [
        "(1)\noutcome", "(2)\ndigital", "(3)\nfinance", "(4)\noutcome",
    ]  # fmt: skip
    rows = lines(made)
    assert rows["Treatment"][0].values[0] == pytest.approx(float(nqp.total(fit).mean()))
    assert rows["Treatment"][3].values[0] == pytest.approx(float(nqp.nde(fit).mean()))
    assert rows["digital"][0].text == ""
    assert rows["digital"][3].text


def test_descriptives_are_those_of_the_frame(fit):
    frame = fit.panel.frame
    made = lines(table(fit.panel))
    outcome = frame["outcome"]
    n, mean, sd, within, low, middle, high = (cell.values[0] for cell in made["outcome"])
    assert n == outcome.count()
    np.testing.assert_allclose(
        (mean, sd, low, middle, high),
        (outcome.mean(), outcome.std(), outcome.min(), outcome.median(), outcome.max()),
    )
    groups = frame.groupby("unit")["outcome"]
    left = outcome - groups.transform("mean")
    assert within == pytest.approx(np.sqrt((left**2).sum() / (len(frame) - groups.ngroups)))
    assert list(made) == ["outcome", "digital", "finance"]
    halves = table(fit.panel, by="treated")
    assert [row.label for row in halves.rows if row.heading] == [
        "All",
        "Ever treated",
        "Never treated",
    ]
    with pytest.raises(StudyError, match="no stratum"):
        table(fit.panel, by="nowhere")


def test_checks_are_listed_with_the_worst_first():
    results = [
        result("identification", "passed"), result("timing", "not applicable"),
        result("pretrends", "failed"), result("anticipation", "caution"),
    ]  # fmt: skip
    made = table(results)
    assert [row.cells[0].text for row in made.rows] == [
        "failed", "caution", "passed", "not applicable",
    ]  # fmt: skip
    assert made.stamps == ("Check failed: Is pretrends fine?",)
    same = table(check_table(results))
    pd.testing.assert_frame_equal(made.text, same.text)
    asked = CHECKS["pretrends"].question
    results[2] = CheckResult("pretrends", asked, "failed", "", "")
    zh = table(results, language="zh")
    assert zh.rows[0].label == asked.in_("zh") != asked
    assert zh.rows[0].cells[0].text == "未通过"


def test_specifications_have_a_row_each():
    rng = np.random.default_rng(2)
    evidence = xr.Dataset(
        {
            "att": (("chain", "draw", "specification"), rng.normal(1, 0.2, (4, 50, 2))),
            "reference": ("specification", [1.0, 1.0]),
        },
        coords={
            "specification": ["as fitted", "independent errors"],
            "change": ("specification", ["", "errors"]),
            "counts": ("specification", [True, False]),
            "gate_of": ("specification", ["passed", FAILED]),
            "gate": FAILED,
        },
    )
    one = result("specifications", "failed", evidence=evidence, kind="specifications")
    made = table(one, "robustness")
    rows = lines(made)
    cells = rows["errors: independent errors"]
    assert cells[0].values == (pytest.approx(float(evidence["att"][..., 1].mean())),)
    assert [cells[4].text, cells[5].text] == ["no", "failed"]
    assert made.stamps


@pytest.mark.parametrize(
    ("what", "how", "message"),
    [
        (EFFECTS, {"kind": "effekts"}, "did you mean 'effects'"),
        (EFFECTS, {"kind": "descriptives"}, "no table of a Dataset"),
        (EFFECTS, {"language": "xx"}, "'language' is 'xx'"),
        (EFFECTS, {"spread": "stars"}, "'spread' is 'stars'"),
        (EFFECTS, {"digits": -1}, "'digits' is -1"),
        (EFFECTS, {"checks": ["pretrends"]}, r"'checks' is \['pretrends'\]"),
        ([], {}, "is empty"),
        ([1], {}, "holds a int"),
        (3, {}, "'values' is a int"),
        (pd.DataFrame({"a": [1]}), {}, "not that of nqp.check"),
    ],
)
def test_what_cannot_be_tabulated_is_named(what, how, message):
    with pytest.raises(StudyError, match=message):
        table(what, **how)


def test_numbers_are_written_as_readers_expect():
    number = Form("{}", ("number",))
    assert Cell((-0.0004,), number).text == "0.000"
    assert Cell((-1.2345,), number).text == "−1.234"
    assert Cell((float("nan"),), number).text == "–"
    assert Cell((None, None), Form("[{}, {}]", ("number",) * 2, ("", ""))).text == "–"
    chance = Form("{}", ("chance",))
    assert [Cell((p,), chance).text for p in (0.0, 0.0004, 0.5, 0.9996, 1.0)] == [
        "<0.001", "<0.001", "0.500", ">0.999", ">0.999",
    ]  # fmt: skip
    assert Cell((12345,), Form("{}", ("count",))).text == "12,345"
    assert Cell((12345.678,), number, 0).text == "12,346"


@pytest.mark.parametrize(
    ("sd", "decimals"), [(0.2, 3), (3.0, 3), (0.0004, 5), (25.0, 1), (400.0, 0)]
)
def test_decimals_follow_the_posterior_sd(sd, decimals):
    assert decimals_for([sd, sd], None) == decimals
    assert decimals_for([sd], 2) == 2


def test_what_is_reported_counts_neither_for_nor_against():
    checks = [
        result("identification", "passed"),
        result("trend_sensitivity", "reported"),
        result("pretrends", "caution"),
        result("timing", "failed"),
        result("placebo_outcome", "not applicable"),
    ]
    listing = table(checks, "diagnostics")
    verdicts = [row.cells[0] for row in listing.rows]
    assert [cell.text for cell in verdicts] == [
        "failed", "caution", "reported", "passed", "not applicable",
    ]  # fmt: skip
    assert [cell.tone for cell in verdicts] == ["bad", "doubt", "", "good", "faint"]
    assert len(listing.stamps) == 1
    assert "Failed 1; caution 1; reported 1; passed 1; not applicable 1." in listing.note
    assert "without a verdict" in listing.note
    assert "without a verdict" not in table(checks[:1], "diagnostics").note
    beneath = table(EFFECTS, checks=checks)
    assert not any("sensitivity" in stamp for stamp in beneath.stamps)
    noted = [note for note in beneath.notes if "sensitivity" in note]
    assert len(noted) == 1
    assert noted[0].startswith("Reported without a verdict: ")
    chinese = table(checks, "diagnostics", language="zh")
    assert "仅报告" in [row.cells[0].text for row in chinese.rows]


@pytest.mark.parametrize(
    "key",
    [
        "k-hat ≤ 0.37", "exposure 1 ahead 0.0003 [−0.0047, 0.0054]", "550 rows",
        "farthest out: partial autocorrelation, lag 2 −0.207",
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_cell_of_checks_says_one_number_and_the_note_all_of_it(language, key):
    figure = f"{key} (limit 0.70), least 2; effective weights ≥ 1532"
    found = CheckResult("convergence", "Can they be used?", "passed", figure, "They can.")
    silent = CheckResult("data", "Is it so?", "not applicable", "", "Nobody named one.")
    alike = dataclasses.replace(silent, name="identification")
    listing = table([found, silent, alike], "diagnostics", language=language)
    assert [row.cells[1].text for row in listing.rows] == [key, "", ""]
    for text in (figure, "Nobody named one"):
        assert sum(text in note for note in listing.notes) == 1
