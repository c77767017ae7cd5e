"""Workbooks as people keep them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from small_study import STUDY, city_rows

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import validate

KEYS = (
    'read.sheet = "面板"\nread.header = 2\nread.thousands = ","\nread.missing = ["—"]\n'
    'never = "无"\n'
)


def workbook(folder: Path) -> None:
    """A title above the header, merged cells, text numbers, and stray spaces."""
    book = openpyxl.Workbook()
    book.active.title = "说明"
    book.active["A1"] = "数据来源"
    sheet = book.create_sheet("面板")
    sheet.merge_cells("A1:E1")
    sheet["A1"] = "各城市数据"
    sheet.append([" 城市", "年份", "zone_year", "地区", "nqp"])
    previous = None
    for row in city_rows().itertuples(index=False):
        city, year, cohort, region, value = row
        name = None if city == previous else f"{city}\u3000"
        previous = city
        number = "—" if (city, year) == ("城市03", 2014) else f"{1000 * value:,.2f}"
        sheet.append([name, year, "无" if np.isnan(cohort) else int(cohort), region, number])
    book.save(folder / "城市.xlsx")


def written(folder: Path, keys: str) -> Path:
    workbook(folder)
    text = STUDY.replace('file = "cities.csv"', f'file = "城市.xlsx"\n{keys}')
    path = folder / "study.toml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_messy_workbook_becomes_a_panel(tmp_path: Path) -> None:
    panel = validate(written(tmp_path, KEYS + 'read.fill_down = "城市"\n')).panel
    assert panel.n_units == 20
    assert panel.unit_labels[3] == "城市03"
    assert panel.n_rows == 159
    assert (panel.cohort_codes >= 0).sum() == 10
    assert any("Merged cells (城市)" in note for note in panel.notes)
    assert any("Missing values (—): 1 cell" in note for note in panel.notes)


@pytest.mark.parametrize(
    ("left_out", "error", "words"),
    [
        ('read.sheet = "面板"\n', PanelError, 'in [data.read]: sheet = "面板"'),
        ("read.header = 2\n", PanelError, "header = 2 in [data.read]"),
        ('read.thousands = ","\n', PanelError, 'thousands = "," reads "1,234"'),
        ('read.missing = ["—"]\n', PanelError, 'missing = ["—"] reads such cells'),
        ('never = "无"\n', PanelError, 'never = "无"'),
    ],
)
def test_each_step_is_suggested(
    tmp_path: Path, left_out: str, error: type[Exception], words: str
) -> None:
    assert left_out in KEYS
    keys = KEYS.replace(left_out, "") + 'read.fill_down = ["城市"]\n'
    with pytest.raises(error) as caught:
        validate(written(tmp_path, keys))
    assert words in str(caught.value)


def test_the_sheets_are_listed_where_the_first_is_empty(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match="the other sheets are '面板'"):
        validate(written(tmp_path, ""))


def test_names_of_a_text_file_stand_below_its_titles(tmp_path: Path, study: Path) -> None:
    file = study.with_name("cities.csv")
    file.write_text("Cities\n\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(PanelError) as caught:
        validate(study)
    assert "header = 3 in [data.read]" in caught.value.hint
    text = study.read_text(encoding="utf-8").replace("[data]", "[data]\nread.header = 3")
    study.write_text(text, encoding="utf-8")
    validate(study)
    study.write_text(text.replace("header = 3", "header = 999"), encoding="utf-8")
    with pytest.raises(PanelError, match="header=999"):
        validate(study)


def test_a_header_is_of_a_workbook_or_of_text(tmp_path: Path, study: Path) -> None:
    pd.read_csv(study.with_name("cities.csv")).to_parquet(study.with_name("cities.parquet"))
    text = study.read_text(encoding="utf-8").replace("[data]", "[data]\nread.header = 3")
    study.write_text(text.replace("cities.csv", "cities.parquet"), encoding="utf-8")
    with pytest.raises(PanelError, match="neither a workbook nor text"):
        validate(study)


def test_a_study_stratifies(tmp_path: Path, study: Path) -> None:
    text = study.read_text(encoding="utf-8").replace(
        "[design]",
        '[[data.stratify]]\ncolumn = "nqp"\nat = 2012\nlabels = ["低", "高"]\nname = "起点"\n\n'
        "[design]\nunidentified = 'drop'",
    )
    study.write_text(text, encoding="utf-8")
    panel: Panel = validate(study).panel
    assert panel.roles.strata == ("地区", "起点")
    assert panel.levels["起点"].tolist() == ["低", "高"] or set(panel.levels["起点"]) == {
        "低",
        "高",
    }
