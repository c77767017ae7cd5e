"""Tables on the disk and the page of one run: the same numbers, to the digit that is printed."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from small_study import STUDY, write_study

from bayes_nqp import studies

ASKED = 'run = ["convergence", "support", "pretrends"]'
COLUMNS = ("mean", "sd", "lower", "upper", "p_positive", "rows")


class Page(HTMLParser):
    """The rows of a page's tables, as lists of cells."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_data(self, data: str) -> None:
        if self.lasttag in ("td", "th") and self.tables[-1][-1]:
            self.tables[-1][-1][-1] += data.strip()


@pytest.fixture(scope="module", params=["en", "zh"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = f'formats = ["html"]\nlanguage = "{request.param}"\noutcome = '
    text = STUDY.replace("outcome = ", report).replace('run = ["convergence", "support"]', ASKED)
    text = text.replace(f'{report}"ln_nqp"', 'outcome = "ln_nqp"') + "[figures]\ndraw = []\n"
    here = tmp_path_factory.mktemp("numbers")
    return studies.run(write_study(here, text), here / "out", progress=False).folder


def page_of(folder: Path) -> Page:
    return Page((folder / "report" / "report.html").read_text(encoding="utf-8"))


def csv(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, encoding="utf-8-sig", dtype={"level": str})


def agrees(printed: str, value: float) -> bool:
    """Whether what is printed is a value, rounded to its decimals, or the bound that it says."""
    number = printed.strip("<> []").replace("−", "-").replace(",", "")
    if printed[0] in "<>":
        return value > float(number) if printed[0] == ">" else value < float(number)
    return abs(float(number) - value) <= 0.5000001 * 10.0 ** -len(number.partition(".")[2])


def same(page: Page, table: pd.DataFrame, column: str) -> int:
    """See that the page has a table with these rows in their order; how many cells it compared."""
    labels = [str(label).replace("-", "−") for label in table[column]]
    for found in page.tables:
        rows = [row for row in found if row[0] in labels and len(row) > len(COLUMNS) - 1 and row[2]]
        if [row[0] for row in rows] == labels:
            break
    else:
        raise AssertionError(f"no table has {labels}")
    for (label, mean, sd, interval, *others), (_, row) in zip(rows, table.iterrows(), strict=True):
        cells = (mean, sd, *re.split("[,，] *", interval), *others[:2])
        for name, cell in zip(COLUMNS, cells, strict=True):
            assert agrees(cell, row[name]), (label, name, cell, row[name])
    return len(rows) * len(COLUMNS)


@pytest.mark.parametrize("by", ["overall", "地区"])
def test_the_table_of_effects_is_the_summary(folder: Path, by: str) -> None:
    table = csv(folder, "summary.csv").query("by == @by")
    words = {"en": "Overall", "zh": "总体"}
    table = table.replace({"level": {"overall": words[language_of(folder)]}})
    assert same(page_of(folder), table, "level") == len(COLUMNS) * len(table)


def test_the_event_study_is_the_one_on_the_disk(folder: Path) -> None:
    table = csv(folder, "event_study.csv").query("by == 'overall' and sd > 0")
    assert same(page_of(folder), table, "event_time") == len(COLUMNS) * len(table)


def test_the_answer_for_machines_is_the_summary(folder: Path) -> None:
    answer = json.loads((folder / "report" / "answer.json").read_text(encoding="utf-8"))
    table = csv(folder, "summary.csv").set_index("level")
    found = {"overall": answer["average"], **answer["groups"]["地区"]}
    assert list(found) == ["overall", "内陆", "沿海"]
    for level, posterior in found.items():
        for name in COLUMNS[:5]:
            assert posterior[name] == pytest.approx(table[name][level], rel=1e-5)


def language_of(folder: Path) -> str:
    text = (folder / "study.toml").read_text(encoding="utf-8")
    return "zh" if 'language = "zh"' in text else "en"
