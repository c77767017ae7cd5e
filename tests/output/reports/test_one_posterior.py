"""The pages, tables and figures of one report have the numbers of one posterior: the average."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest
import xarray as xr
from mediated import channels_fit
from printed import NUMBER, Page, agrees, figures_in, rows_of_markdown, rows_of_word

import bayes_nqp as nqp
from bayes_nqp import studies

CASTLE = """\
[data]
dataset = "castle_doctrine"
unit = "state"
time = "year"
cohort = "cohort"
outcome = "l_homicide"
strata = ["region"]
"""
CHANNELS = """\
[data]
file = "cities.csv"
unit = "unit"
time = "time"
cohort = "cohort"
outcome = "outcome"
strata = ["region"]

[channels]
mediators = ["digital", "finance"]
"""
EVERY = """
[design]
effect = { type = "PartialPooling", varying = "unit" }

[sampler]
type = "Importance"
draws = 250
chains = 2
seed = 3

[report]
outcome = "exports"
outcome_scale = "log"
formats = ["html", "docx", "xlsx", "md"]

[checks]
run = ["convergence", "pretrends"]
"""
NAMES = ("mean", "sd", "lower", "upper", "p_positive")


@dataclass(frozen=True)
class Made:
    """A folder of a study, and its fit and model average, made anew."""

    folder: Path

    @cached_property
    def fit(self) -> nqp.Fit:
        return nqp.load(self.folder / "posterior.nc")

    @cached_property
    def average(self) -> nqp.ModelAverage:
        return nqp.model_average(self.fit)

    @cached_property
    def answer(self) -> dict[str, Any]:
        text = (self.folder / "report" / "answer.json").read_text(encoding="utf-8")
        return json.loads(text)  # type: ignore[no-any-return]

    @cached_property
    def page(self) -> Page:
        return Page(self.folder / "report" / "report.html")

    def csv(self, name: str) -> pd.DataFrame:
        return pd.read_csv(self.folder / name, encoding="utf-8-sig")

    @property
    def channels(self) -> bool:
        return self.fit.facts.channels is not None


@pytest.fixture(scope="module", params=["castle doctrine", "channels"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    here = tmp_path_factory.mktemp("one posterior")
    channels = request.param == "channels"
    if channels:
        channels_fit().panel.frame.to_csv(here / "cities.csv", index=False)
    head = CHANNELS if channels else CASTLE
    (here / "study.toml").write_text(f'title = "{request.param}"\n\n{head}{EVERY}', "utf-8")
    return Made(studies.run(here / "study.toml", here / "out", progress=False).folder)


def numbers(draws: xr.DataArray) -> dict[str, float]:
    (row,) = nqp.summary(draws).to_dict("records")
    return {name: float(row[name]) for name in NAMES}


def groups(source: object) -> dict[str, dict[str, float]]:
    """By region, and differences between any two."""
    by = nqp.att(source, "region")
    levels = by["region"].to_numpy().tolist()
    draws = {level: by.sel(region=level) for level in levels}
    draws |= {f"{a} − {b}": draws[a] - draws[b] for a, b in combinations(levels, 2)}
    return {name: numbers(x) for name, x in draws.items()}


def assert_equal(
    found: Mapping[str, Any], expected: Mapping[str, float], ending: str = "", rel: float = 1e-5
) -> None:
    for name, value in expected.items():
        if name + ending in found:
            assert float(found[name + ending]) == pytest.approx(value, rel=rel, abs=1e-9), name


@pytest.mark.slow
def test_the_answer_for_machines(made: Made) -> None:
    answer = made.answer
    assert answer["posterior"] == "model average"
    assert set(NAMES) < set(answer["average"])
    assert_equal(answer["average"], numbers(nqp.att(made.average)))
    assert_equal(answer["average_as_fitted"], numbers(nqp.att(made.fit)))
    share = xr.apply_ufunc(np.expm1, nqp.att(made.average))
    assert_equal(answer["share_of_untreated_level"], numbers(share))
    for key, source in (("groups", made.average), ("groups_as_fitted", made.fit)):
        expected = groups(source)
        for level, found in answer[key]["region"].items():
            assert_equal(found, expected[level])
    families = made.average.families
    for name, found in answer["families"].items():
        assert found == pytest.approx(families.loc[name].to_dict())
    if made.channels:
        for name, found in answer["mediators"].items():
            assert_equal(found, numbers(nqp.nie(made.average, mediators=name)))
    else:
        assert answer["mediators"] is None


@pytest.mark.slow
def test_tables_on_the_disk(made: Made) -> None:
    sources = (("", made.average), ("_as_fitted", made.fit))
    summary = made.csv("summary.csv").set_index("level")
    contrasts = made.csv("contrasts.csv")
    contrasts.index = contrasts["level"] + " − " + contrasts["minus"]
    for ending, source in sources:
        assert f"mean{ending}" in summary
        assert_equal(summary.loc["overall"], numbers(nqp.att(source)), ending)
        for name, expected in groups(source).items():
            found = contrasts if name in contrasts.index else summary
            assert_equal(found.loc[name], expected, ending)
    average = made.csv("model_average.csv").set_index("design")
    assert average["weight"].to_dict() == pytest.approx(made.average.weights.to_dict(), rel=1e-5)
    if made.channels:
        table = made.csv("channels.csv").query("by == 'overall'").set_index("path")
        for name in ("digital", "finance"):
            assert_equal(table.loc[name], numbers(nqp.nie(made.average, mediators=name)))
        assert_equal(table.loc["direct"], numbers(nqp.nde(made.average)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["event_study.csv", "figures/event_study.csv"])
def test_effects_over_event_time(made: Made, name: str) -> None:
    table = made.csv(name)
    table = table[table["by"] == "overall"] if "by" in table else table
    found = table[table["baseline"] == "model average"].set_index("event_time")
    draws = nqp.att(made.average, "event_time")
    assert found.index.tolist() == draws["event_time"].to_numpy().tolist()
    for time in found.index:
        assert_equal(found.loc[time], numbers(draws.sel(event_time=time)))
    fitted = table[table["baseline"] == "all periods before"].set_index("event_time")
    assert fitted["mean"].to_numpy() == pytest.approx(
        nqp.att(made.fit, "event_time").mean(("chain", "draw")).to_numpy(), rel=1e-5
    )


@pytest.mark.slow
def test_numbers_behind_figures(made: Made) -> None:
    expected = groups(made.average) | {"overall": numbers(nqp.att(made.average))}
    forest = made.csv("figures/forest.csv").set_index("region")
    for level in forest.index.intersection(list(expected)):
        assert_equal(forest.loc[level], expected[level])
    assert len(forest.index.intersection(list(expected))) >= 2
    league, units = (
        made.csv("figures/caterpillar.csv").set_index("unit"),
        nqp.att(made.average, "unit"),
    )
    for unit in league.index:
        assert_equal(league.loc[unit], numbers(units.sel(unit=unit)))
    drawn = made.csv("figures/model_average.csv").set_index("prior").loc[0.3]
    families, sd = made.average.families, expected["overall"]["sd"]
    assert drawn["posterior"] == pytest.approx(families["posterior"]["parallel"], rel=1e-5)
    # The figure weighs all draws, the average takes as many as the fit has: Monte-Carlo error.
    assert drawn["att"] == pytest.approx(expected["overall"]["mean"], abs=0.2 * sd)
    if made.channels:
        paths = made.csv("figures/paths.csv").set_index("path")
        for name in ("digital", "finance"):
            assert_equal(paths.loc[name], numbers(nqp.nie(made.average, mediators=name)))
        later = made.csv("figures/decomposition.csv").set_index(["path", "event_time"])
        draws = nqp.nie(made.average, "event_time", mediators="digital")
        for time in draws["event_time"].to_numpy():
            assert_equal(later.loc["digital", time], numbers(draws.sel(event_time=time)))


@pytest.mark.slow
def test_every_format_prints_the_same_rows(made: Made) -> None:
    page = figures_in([row for table in made.page.tables for row in table])
    assert len(page) > 30
    assert figures_in(rows_of_word(made.folder / "report" / "report.docx")) == page
    assert figures_in(rows_of_markdown(made.folder / "report" / "tables.md")) == page
    book = openpyxl.load_workbook(made.folder / "report" / "tables.xlsx")
    cells = [c.value for s in book for row in s.iter_rows() for c in row]
    exact = np.array([x for x in cells if isinstance(x, float)])
    for source in (made.average, made.fit):
        for expected in (numbers(nqp.att(source)), *groups(source).values()):
            assert np.isclose(exact, expected["mean"], rtol=1e-9).any()


@pytest.mark.slow
def test_printed_rows_are_those_of_the_posterior(made: Made) -> None:
    rows = {row[0]: row[1:] for table in made.page.tables[:2] for row in table if len(row) > 6}
    average, fitted = (
        groups(x) | {"Overall": numbers(nqp.att(x))} for x in (made.average, made.fit)
    )
    assert len(average) >= 4
    for label, expected in average.items():
        mean, sd, interval, p, other, beside = rows[label][:6]
        ends = (*interval.split(", "), *beside.split(", "))
        values = [expected[x] for x in ("lower", "upper")]
        values += [fitted[label][x] for x in ("lower", "upper")]
        for cell, value in zip(
            (mean, sd, p, other, *ends),
            (expected["mean"], expected["sd"], expected["p_positive"], fitted[label]["mean"],
             *values),
            strict=True,
        ):  # fmt: skip
            assert agrees(cell, value), (label, cell, value)


@pytest.mark.slow
def test_sentences_of_the_first_page(made: Made) -> None:
    """Every average effect with its interval is that of one posterior, or of one as fitted."""
    first = made.page.text[: made.page.text.index("Descriptive statistics")]
    effects = re.findall(
        rf"the average effect is ({NUMBER}) \(95 % interval ({NUMBER}) to ({NUMBER})\)",
        first, re.IGNORECASE,
    )  # fmt: skip
    averaged, fitted = numbers(nqp.att(made.average)), numbers(nqp.att(made.fit))
    assert len(effects) == 2
    for printed, expected in zip(effects, (averaged, fitted), strict=True):
        for cell, name in zip(printed, ("mean", "lower", "upper"), strict=True):
            assert agrees(cell, expected[name]), (cell, name, expected)
    families = made.average.families
    for name, words in (("parallel", "parallel trends"), ("differential", "differential trends")):
        stated = re.findall(rf"{words} ({NUMBER}) → ({NUMBER})", made.page.text)
        assert len(stated) >= 2
        assert len(set(stated)) == 1
        assert agrees(stated[0][0], families["prior"][name])
        assert agrees(stated[0][1], families["posterior"][name])
    p = families["posterior"]["parallel"]
    sentence = made.csv("checks.csv").set_index("check")["figure"]["pretrends"]
    assert agrees(re.findall(rf"P\(parallel trends\) ({NUMBER})", sentence)[0], p)
    if made.channels:
        (through,) = re.findall(rf"indirect effect through digital is ({NUMBER}) \(", first)
        assert agrees(through, float(nqp.nie(made.average, mediators="digital").mean()))


@pytest.mark.slow
def test_the_grade_stands_once_on_the_first_page(made: Made) -> None:
    first = made.page.text[: made.page.text.index("Descriptive statistics")]
    words = re.findall(r"(?:very low|low|medium|high) confidence|confidence not assessed", first)
    assert 1 <= len(words) <= 2
    assert len(set(words)) == 1
    grade = made.answer["confidence"]["grade"]
    assert words[0] in (f"{grade} confidence", f"confidence {grade}")
