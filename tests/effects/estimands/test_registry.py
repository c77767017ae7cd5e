"""An estimand is one file: computed draw by draw, and named by studies, tables and reports."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from doors import KINDS
from effects_dataset import random_effects

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.checks import reported_posterior
from bayes_nqp.effects.estimands import ESTIMANDS, EVENT_TIMES, MEDIATORS, estimand
from bayes_nqp.studies import json_schema, run, validate

PATHS = ("total", "direct", "digital", "finance")


def spilled() -> xr.Dataset:
    """Effects of treated cells, and what their neighbours receive."""
    rng = np.random.default_rng(1)
    return schema.build(
        rng.normal(1.0, 0.3, (4, 50, 2, 4)), strata={"region": ["inland", "coastal"] * 2},
        cohort=[2015] * 4, time=[2015] * 4, event_time=[0] * 4, rows=[3, 1, 4, 2],
        units=[3, 1, 4, 2], paths=["total", "received"],
        role=["treated", "treated", "neighbour", "neighbour"],
    )  # fmt: skip


def moderated() -> xr.Dataset:
    """Effects, and what a moderator does to them."""
    effects = random_effects()
    rng = np.random.default_rng(2)
    draws = rng.normal(size=(*effects["effect"].shape, 3))
    facts = {"moderator": "credit", "moderator_centre": 1.0, "moderator_size": 0.5}
    return effects.assign(moderation=((*effects["effect"].dims, "power"), draws)).assign_attrs(
        {**facts, "moderator_range": [0.0, 2.0]}
    )


def ended() -> xr.Dataset:
    """Effects of treated cells, and of cells after exit."""
    rng = np.random.default_rng(3)
    return schema.build(
        rng.normal(1.0, 0.3, (4, 50, 1, 4)), strata={"region": ["inland", "coastal"] * 2},
        cohort=[2015, 2015, 2016, 2016], time=[2015, 2015, 2016, 2016], event_time=[0] * 4,
        rows=[3, 1, 4, 2], units=[3, 1, 4, 2], role=["treated", "treated", "after", "after"],
        labels={"spell": [1] * 4, "first_switch": [0, 0, 1, 1]},
    )  # fmt: skip


EFFECTS_DATASETS = (
    random_effects(unidentified=[3, 7]),
    random_effects(paths=PATHS),
    spilled(),
    moderated(),
    ended(),
)
"""Effects, of which some offer what an estimand needs: one with a new need brings its own."""


def one(draws: xr.Dataset | xr.DataArray, draw: int) -> xr.Dataset | xr.DataArray:
    return draws.isel(chain=[1], draw=[draw])


@pytest.mark.parametrize("by", [None, "region"])
# Effects on persons need the observations of a fit; tests/data/panel/test_micro.py has them.
@pytest.mark.parametrize("name", [x for x in ESTIMANDS if x != "att_persons"])
def test_every_estimand_is_computed_draw_by_draw(name: str, by: str | None) -> None:
    compute = ESTIMANDS[name]
    effects = next(effects for effects in EFFECTS_DATASETS if not compute.lack(effects))
    every = compute(effects, by)
    assert every.dims[:2] == ("chain", "draw")
    assert np.isfinite(every).any()
    assert float(every.std("draw").max()) > 0
    for draw in (0, 7):
        xr.testing.assert_identical(one(every, draw), compute(one(effects, draw), by))


@pytest.mark.parametrize("name", ESTIMANDS)
def test_every_estimand_has_a_title_in_both_languages(name: str) -> None:
    each = ESTIMANDS[name]
    for words in filter(None, (each.title, each.unit, *(need.reason for need in each.needs))):
        assert words.in_("zh") != words.in_("en") != ""


def test_what_effects_lack_is_the_reason() -> None:
    plain, _, spills, *_ = EFFECTS_DATASETS
    lacking = {name for name, each in ESTIMANDS.items() if each.lack(plain)}
    assert lacking == {
        "nde", "nie", "total", "proportion_mediated", "spillover_effects", "moderated_difference",
        "after_exit", "first_switch", "att_persons",
    }  # fmt: skip
    assert not ESTIMANDS["spillover_effects"].lack(spills)
    with pytest.raises(StudyError, match="the fitted model has no mediators"):
        ESTIMANDS["nie"](plain)


# Tables


def test_a_table_has_mean_sd_interval_and_gate() -> None:
    effects = EFFECTS_DATASETS[0]
    frame = nqp.table(effects, "estimands", estimands=["relative_effects", "att"]).to_frame()
    relative, att = (nqp.summary(x) for x in (nqp.relative_effects(effects), nqp.att(effects)))
    for number, column in (
        ("mean", "Mean"), ("sd", "SD"), ("lower", "95 % interval Lower"),
        ("upper", "95 % interval Upper"), ("gate", "gate"),
    ):  # fmt: skip
        assert frame[column].tolist() == [relative[number][0], att[number][0]]
    assert frame["label"].tolist() == [
        "Relative effect (share of the untreated outcome)", "Average effect"
    ]  # fmt: skip


def test_a_table_has_all_that_the_effects_have_and_the_gate_that_failed() -> None:
    failed = random_effects(paths=PATHS, gate="failed: k-hat")
    table = nqp.table(failed, "estimands", by="region", language="zh")
    frame = table.to_frame()
    assert set(frame["gate"]) == {"failed: k-hat"}
    assert any("k-hat" in stamp for stamp in table.stamps)
    indirect = frame[frame["section"] == "间接效应"]
    draws = nqp.summary(nqp.nie(failed, by="region"))
    assert indirect["label"].tolist() == [
        f"{line['mediator']} × {line['region']}" for _, line in draws.iterrows()
    ]
    np.testing.assert_allclose(indirect["均值"], draws["mean"])
    assert "来自其他单位的溢出效应" not in set(frame["section"])


def test_what_is_asked_for_and_cannot_be_has_its_reason() -> None:
    table = nqp.table(EFFECTS_DATASETS[0], "estimands", estimands=["nie", "att"])
    assert "Indirect effect: the fitted model has no mediators." in table.notes
    assert [row.label for row in table.rows] == ["Indirect effect", "Average effect"]
    unsure = random_effects(paths=PATHS, sd=50.0)
    withheld = nqp.table(unsure, "estimands", estimands=["proportion_mediated"])
    assert "Proportion mediated: the interval of the total effect includes zero." in withheld.notes


def test_what_keeps_no_groups_apart_stands_in_the_table_of_all_alone() -> None:
    ask = {"estimands": ["change", "att"]}
    every, apart = (
        nqp.table(EFFECTS_DATASETS[0], "estimands", by=by, **ask) for by in (None, "region")
    )
    name = "Change of the effect since adoption, for the same units"
    assert len(next(row for row in every.rows if row.label == name).cells) > 1
    assert (
        f"{name}: this estimand is not available by group; see the table of the whole sample."
        in apart.notes
    )
    label, mean = apart.to_frame()[["label", "Mean"]].to_numpy().T
    assert name not in set(label[pd.notna(mean)])


def test_a_wrong_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(StudyError, match="'relativ', which is not an estimand") as refused:
        nqp.table(EFFECTS_DATASETS[0], "estimands", estimands=["relativ"])
    assert "did you mean 'relative_effects'?" in str(refused.value)
    with pytest.raises(StudyError, match="by='regoin'"):
        nqp.table(EFFECTS_DATASETS[0], "estimands", by="regoin")


# Studies and reports

TITLE = Message("Effect at adoption")
STUDY = """
title = "Toy"
[data]
simulation = "staggered"
options = {{ units = 24, periods = 6, cohorts = [3, 4], seed = 1 }}
[design]
effect = "CompletePooling"
[sampler]
draws = 100
chains = 2
proposals = 400
seed = 1
[report]
language = "{language}"
formats = ["html"]
estimands = ["at_adoption", "change", "indirect_ratio"]
[figures]
draw = []
[checks]
run = []
"""


@pytest.fixture
def toy() -> Iterator[str]:
    """What a file of the room would define."""

    @estimand(TITLE, place=15, needs=(EVENT_TIMES,))
    def at_adoption(effects: object, by: object = None, weights: str = "rows") -> xr.DataArray:
        names = [by, "event_time"] if by else "event_time"
        return nqp.att(effects, names, weights).sel(event_time=0, drop=True)

    @estimand(Message("Ratio"), unit=Message("share of the total effect"), needs=(MEDIATORS,))
    def indirect_ratio(effects: object) -> xr.DataArray:
        raise AssertionError("no channels")

    yield "at_adoption"
    del ESTIMANDS["at_adoption"], ESTIMANDS["indirect_ratio"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "heading", "change", "note"),
    [
        ("en", "Estimands by region: outcome", "Change of the effect since adoption",
         "the fitted model has no mediators"),
        ("zh", "按 region 分组的估计目标", "同一批单位的效应自实施以来的变化",
         "拟合的模型没有中介变量"),
    ],
)  # fmt: skip
def test_a_toy_goes_from_a_study_to_its_report(
    toy: str, language: str, heading: str, change: str, note: str, tmp_path: Path
) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(language=language), encoding="utf-8")
    outcome = run(path, tmp_path / "out", progress=False)
    page = (outcome.folder / "report" / "report.html").read_text(encoding="utf-8")
    for words in (heading, TITLE, change, note):
        assert words in page
    table = pd.read_csv(outcome.folder / "estimands.csv").set_index(["estimand", "by", "level"])
    effects = reported_posterior(outcome.fit).effects
    expected = nqp.att(effects, "event_time").sel(event_time=0)
    line = table.loc[(toy, "overall", "overall")]
    assert line["mean"] == pytest.approx(float(expected.mean()), rel=1e-5)
    assert line["gate"] == str(outcome.fit.gate)
    assert line["interval"] == "95 % equal-tailed"
    assert set(table.loc[toy].loc["region"].index) == {"inland", "coastal"}
    assert "indirect_ratio" not in table.index.get_level_values("estimand")
    again = validate(outcome.folder / "study.toml").settings.report
    assert again.estimands == ["at_adoption", "change", "indirect_ratio"]


def test_studies_know_estimands(toy: str, tmp_path: Path) -> None:
    names = json_schema()["definitions"]["Report"]["properties"]["estimands"]
    assert toy in json.dumps(names)
    path = tmp_path / "study.toml"
    path.write_text(STUDY.format(language="en").replace(toy, "at_adoptoin"), encoding="utf-8")
    with pytest.raises(StudyError, match=r"'report\.estimands' contains 'at_adoptoin'") as refused:
        validate(path)
    assert "did you mean 'at_adoption'?" in str(refused.value)
    assert KINDS["estimands"].section == ""


@pytest.mark.slow
def test_without_a_name_a_study_has_none(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    text = "\n".join(x for x in STUDY.splitlines() if not x.startswith("estimands"))
    path.write_text(text.format(language="en"), encoding="utf-8")
    outcome = run(path, tmp_path / "out", progress=False)
    assert not (outcome.folder / "estimands.csv").exists()
    page = (outcome.folder / "report" / "report.html").read_text(encoding="utf-8")
    assert "Estimands" not in page
