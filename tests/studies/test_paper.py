"""One run writes the exhibits of a paper, in order and in two languages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import docx
import pandas as pd
import pytest
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp.output.reports import SECTIONS, exhibits
from bayes_nqp.studies import run, validate

if TYPE_CHECKING:
    from bayes_nqp.studies import Outcome

pytestmark = pytest.mark.xdist_group("paper")
STUDY = """
title = "Pilot zones"
[data]
file = "rows.csv"
unit = "unit"
time = "time"
cohort = "cohort"
outcome = "outcome"
covariates = ["size", "trade"]
mediators = ["digital", "finance"]
[design]
effect = "CompletePooling"
time = "TimeEffects"
[channels]
mediators = ["digital", "finance"]
[sampler]
draws = 50
chains = 2
proposals = 300
seed = 1
[paper]
[figures]
draw = []
[checks]
run = ["convergence", "pretrends", "placebo_time", "other_policies", "omitted_variables", "referee"]
[report]
formats = ["docx"]
[report.translations.zh]
title = "试点"
"""
HEADINGS = {
    "report": [
        "Data and sample", "Correlations and collinearity", "Baseline regressions",
        "Dynamic effects (event study)", "Tests of parallel trends", "Placebo tests",
        "Other estimators", "Robustness checks", "Sensitivity to omitted variables",
        "Matched sample", "Other policies", "Baseline results", "Mechanisms",
    ],
    "report_zh": [
        "数据与样本", "相关性与多重共线性", "基准回归", "动态效应（事件研究）", "平行趋势检验",
        "安慰剂检验", "其他估计量", "稳健性检验", "遗漏变量的敏感性分析", "匹配样本（PSM-DID）",
        "排除其他政策干扰",         "基准结果", "机制检验",
    ],
}  # fmt: skip
type Parts = dict[str, list[Paragraph | Table]]


def write_paper(folder: Path, text: str = STUDY) -> Path:
    """Write a study of 48 units in 7 periods, with two controls and another policy."""
    panel = nqp.simulation.channels(units=48, periods=7, cohorts=(4, 6), seed=3).panel
    rows = panel.frame.drop(columns=["idle", "region"])
    number = rows["unit"].str[1:].astype(int)
    rows["size"] = (number * 7 + rows["time"] ** 2) % 11
    rows["trade"] = (number * 5 + rows["time"] * 3) % 7
    rows["other"] = (rows["time"] >= 3 + number % 3).astype(int) * (number % 2)
    rows.to_csv(folder / "rows.csv", index=False)
    path = folder / "paper.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    folder = tmp_path_factory.mktemp("paper")
    write_paper(folder)
    return run(folder / "paper.toml", folder / "out", progress=False)


def parts_of(document: Document) -> Parts:
    """Return the paragraphs and tables below each heading."""
    parts: Parts = {}
    heading = ""
    for block in document.iter_inner_content():
        if isinstance(block, Paragraph) and block.style.name.startswith("Heading 1"):
            heading = block.text
            parts[heading] = []
        elif heading:
            parts[heading].append(block)
    return parts


@pytest.fixture(scope="module", params=HEADINGS)
def report(request: pytest.FixtureRequest, outcome: Outcome) -> tuple[str, Parts]:
    document = docx.Document(str(outcome.folder / request.param / "report.docx"))
    return request.param, parts_of(document)


def test_exhibits_are_in_the_order_of_a_paper(report: tuple[str, Parts]) -> None:
    name, parts = report
    assert [x for x in parts if x in HEADINGS[name]] == HEADINGS[name]


def test_every_exhibit_has_a_paragraph_before_its_table(report: tuple[str, Parts]) -> None:
    name, parts = report
    for heading in HEADINGS[name]:
        first = next(x for x in parts[heading] if isinstance(x, Table) or x.text.strip())
        assert isinstance(first, Paragraph), heading
        assert len(first.text) > 15, heading
        chinese = re.search(r"[\u4e00-\u9fff]", first.text) is not None
        assert chinese == (name == "report_zh"), first.text
    tables = {heading for heading, x in parts.items() if any(isinstance(y, Table) for y in x)}
    without = {1: HEADINGS[name][4], 2: HEADINGS[name][5]}
    assert {*HEADINGS[name]} - tables <= {*without.values()}
