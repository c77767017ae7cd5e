"""Tables on the disk and the page of one run: the same numbers, to the digit that is printed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from printed import Page, agrees
from small_study import STUDY, write_study

from bayes_nqp import studies

ASKED = 'run = ["convergence", "identification", "pretrends"]'
COLUMNS = ("mean", "sd", "lower", "upper", "p_positive", "rows")


@pytest.fixture(scope="module", params=["en", "zh"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    report = f'formats = ["html"]\nlanguage = "{request.param}"\noutcome = '
    text = STUDY.replace("outcome = ", report).replace(
        'run = ["convergence", "identification"]', ASKED
    )
    text = text.replace(f'{report}"ln_nqp"', 'outcome = "ln_nqp"') + "[figures]\ndraw = []\n"
    here = tmp_path_factory.mktemp("numbers")
    return studies.run(write_study(here, text), here / "out", progress=False).folder


def page_of(folder: Path) -> Page:
    return Page(folder / "report" / "report.html")


def csv(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / name, encoding="utf-8-sig", dtype={"level": str})


def same(page: Page, table: pd.DataFrame, column: str) -> int:
    """See that the page has a table with these rows in their order; how many cells it compared."""
    labels = [str(label).replace("-", "−") for label in table[column]]
    for found in page.tables:
        rows = [row for row in found if row[0] in labels and len(row) > 6 and row[2]]
        if [row[0] for row in rows] == labels:
            break
    else:
        raise AssertionError(f"no table has {labels}")
    columns, fitted = list(COLUMNS), [f"{name}_as_fitted" for name in ("mean", "lower", "upper")]
    columns[-1:] = [*(fitted if fitted[0] in table else ()), "rows"]
    for printed, (_, row) in zip(rows, table.iterrows(), strict=True):
        cells = [end for cell in printed[1:] for end in re.split("[,，] *", cell)]
        for name, cell in zip(columns, cells, strict=False):
            assert agrees(cell, row[name]), (printed[0], name, cell, row[name])
    return len(rows) * len(columns)


@pytest.mark.slow
@pytest.mark.parametrize("by", ["overall", "地区"])
def test_the_table_of_effects_is_the_summary(folder: Path, by: str) -> None:
    table = csv(folder, "summary.csv").query("by == @by")
    words = {"en": "Overall", "zh": "总体"}
    table = table.replace({"level": {"overall": words[language_of(folder)]}})
    assert same(page_of(folder), table, "level") == (len(COLUMNS) + 3) * len(table)


@pytest.mark.slow
def test_the_event_study_is_the_one_on_the_disk(folder: Path) -> None:
    table = csv(folder, "event_study.csv").query("by == 'overall' and sd > 0")
    table = table.sort_values("baseline", key=lambda x: x != "model average", kind="stable")
    assert table["baseline"].iloc[0] == "model average"
    assert same(page_of(folder), table, "event_time") == len(COLUMNS) * len(table)


@pytest.mark.slow
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
