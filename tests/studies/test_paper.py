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
mediators = ["digital"]
[design]
effect = "CompletePooling"
time = "TimeEffects"
[channels]
mediators = ["digital"]
[sampler]
draws = 50
chains = 2
proposals = 128
seed = 1
[paper]
[figures]
draw = []
[checks]
run = ["convergence", "placebo_time", "other_policies", "omitted_variables"]
[report]
formats = ["docx"]
[report.translations.zh]
title = "试点"
"""
HEADINGS = {
    "report": [
        "Data and sample", "Correlations and collinearity", "Baseline regressions",
        "Dynamic effects (event study)", "Placebo tests",
        "Other estimators", "Sensitivity to omitted variables",
        "Matched sample", "Other policies", "Baseline results", "Mechanisms",
    ],
    "report_zh": [
        "数据与样本", "相关性与多重共线性", "基准回归", "动态效应（事件研究）",
        "安慰剂检验", "其他估计量", "遗漏变量的敏感性分析", "匹配样本（PSM-DID）",
        "排除其他政策干扰",         "基准结果", "机制检验（中介效应）",
    ],
}  # fmt: skip
PICTURES = 4
"""Place of the exhibit with figures alone, which this study does not draw."""
QUOTED = (1, 2)
"""Places of the exhibits whose numbers are all cells of a table."""
type Parts = dict[str, list[Paragraph | Table]]


def write_paper(folder: Path, text: str = STUDY) -> Path:
    """Write a study of 40 units in 6 periods, with two controls and another policy."""
    panel = nqp.simulation.channels(units=40, periods=6, cohorts=(4, 5), seed=3).panel
    rows = panel.frame.drop(columns=["idle", "region", "finance"])
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


def test_every_exhibit_has_a_paragraph_and_a_table_or_a_figure(report: tuple[str, Parts]) -> None:
    name, parts = report
    for heading in HEADINGS[name]:
        first = next(x for x in parts[heading] if isinstance(x, Table) or x.text.strip())
        assert isinstance(first, Paragraph), heading
        chinese = re.search(r"[\u4e00-\u9fff]", first.text) is not None
        assert chinese == (name == "report_zh"), first.text
        shown = [x for x in parts[heading] if isinstance(x, Table) or "w:drawing" in x._p.xml]
        assert shown or heading == HEADINGS[name][PICTURES], heading


def test_numbers_of_paragraphs_are_those_of_the_tables(report: tuple[str, Parts]) -> None:
    """The paragraphs on correlations and on the baseline quote cells of their tables."""
    name, parts = report
    for place in QUOTED:
        blocks = parts[HEADINGS[name][place]]
        words = next(x.text for x in blocks if isinstance(x, Paragraph) and x.text.strip())
        cells = " ".join(y.text for x in blocks if isinstance(x, Table) for y in x._cells)
        numbers = {x.replace("−", "-") for x in re.findall(r"[−-]?\d+\.\d+", words)}
        known = {x.replace("−", "-") for x in re.findall(r"[−-]?\d+\.\d+", cells)}
        assert numbers, words
        assert numbers <= known, (words, numbers - known)


def test_the_baseline_numbers_are_those_of_the_file(outcome: Outcome) -> None:
    line = pd.read_csv(outcome.folder / "baseline.csv", encoding="utf-8-sig").iloc[0]
    document = docx.Document(str(outcome.folder / "report" / "report.docx"))
    words = parts_of(document)["Baseline regressions"][0].text
    mean = float(re.findall(r"effect is ([−\d.]+)", words)[0].replace("−", "-"))
    column = next(x for x in line.index if x.startswith("(1)") and "Mean" in x)
    assert mean == pytest.approx(float(line[column]), abs=0.01)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("[paper]", '[paper]\nexhibits = ["placebos"]', "not a section of the report"),
        ("[paper]", '[paper]\nexhibit = ["placebo"]', "exhibits"),
        ('formats = ["docx"]', 'sections = ["data"]', "both choose the sections"),
        ("translations.zh", "translations.en", "the language of the report"),
        ("translations.zh", "translations.xx", "translations"),
        ('title = "试点"', 'titel = "试点"', "title"),
        ('title = "试点"', "outcome = 3", "outcome"),
    ],
)
def test_a_wrong_key_gives_a_sentence(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in STUDY
    with pytest.raises(StudyError, match=message):
        validate(write_paper(tmp_path, STUDY.replace(old, new)))


def test_a_paper_runs_the_checks_of_its_exhibits(tmp_path: Path) -> None:
    text = re.sub(r"run = .*", "", STUDY).replace("[paper]", '[paper]\nexhibits = ["placebo"]')
    checks = validate(write_paper(tmp_path, text)).checks
    assert set(checks) == {"convergence", "identification", *SECTIONS["placebo"].checks}
    assert exhibits()[2:6] == ["data", "correlations", "baseline", "model_average"]
