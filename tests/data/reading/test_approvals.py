"""A year inside a remark is read where it is the only one, and otherwise asked for."""

from __future__ import annotations

from pathlib import Path

import messy_books
import pandas as pd
import pytest

from bayes_nqp import Panel
from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.reading import date_in, reading_of
from bayes_nqp.studies import new, validate

REMARKS = {
    "赤水市": "2016年1月获批（第二批）", "白河市": "2015.3 国函〔2015〕44号", "黑山市": "未获批",
    "青川市": "2017年（第三批）", "紫阳市": None, "黄陵市": None,
}  # fmt: skip


def _book(path: Path, remarks: dict[str, str | None]) -> Path:
    rows = [
        (city, year, 10.0 + place + (year - 2012) * 0.3 + place * year % 7, text)
        for place, (city, text) in enumerate(remarks.items())
        for year in range(2012, 2021)
    ]
    pd.DataFrame(rows, columns=["城市", "年份", "产出", "试点获批情况"]).to_excel(path, index=False)
    return path


@pytest.mark.parametrize(
    ("cell", "date"),
    [
        ("2016年1月获批（第二批）", (2016, 1)),
        ("2015.3 国函〔2015〕44号", (2015, 3)),
        ("国函〔2015〕44号", (2015, None)),
        ("２０１６年获批①", (2016, None)),
        ("2015年12月 商务部公告〔2016〕第3号", (2015, 12)),
        ("2015年申报，2016年获批", None),
        ("2013-2015年第一批", None),
        ("2018年退出试点", None),
        ("未在2015年获批", None),
        ("第二批", None),
        ("16年获批", None),
    ],
)
def test_one_year_or_none(cell: str, date: tuple[int, int | None] | None) -> None:
    assert date_in(cell) == date


@pytest.mark.slow
def test_remarks_date_the_policy_with_a_line_that_says_so(tmp_path: Path) -> None:
    made = new(_book(tmp_path / "cities.xlsx", REMARKS))
    assert made.study is not None, made.problem
    panel = made.study.panel
    since = {
        str(city): int(panel.time_labels[code]) if code >= 0 else None
        for city, code in zip(panel.unit_labels, panel.cohort_codes, strict=True)
    }
    assert since == {
        "赤水市": 2016, "白河市": 2015, "青川市": 2017,
        "黑山市": None, "紫阳市": None, "黄陵市": None,
    }  # fmt: skip
    text = (tmp_path / "cities.toml").read_text(encoding="utf-8")
    assert 'approvals = ["试点获批情况"]' in text
    assert "2016年1月获批（第二批）" in text
    (tmp_path / "cities.toml").write_text(
        text.replace('approvals = ["试点获批情况"]', ""), encoding="utf-8"
    )
    with pytest.raises(PanelError):  # undone by its key alone
        validate(tmp_path / "cities.toml")


def test_panels_read_remarks_as_studies_do(tmp_path: Path) -> None:
    path = _book(tmp_path / "cities.xlsx", REMARKS)
    roles = {"unit": "城市", "time": "年份", "outcome": "产出"}
    panel = Panel.from_file(path, cohort="试点获批情况", never="未获批", **roles)
    assert any("试点获批情况" in str(note) for note in panel.notes)
    assert int((panel.cohort_codes >= 0).sum()) == 3


@pytest.mark.slow
def test_two_years_in_a_cell_are_a_problem_that_one_correction_solves(tmp_path: Path) -> None:
    odd = "2014年申报，2016年获批（第二批）"
    path = _book(tmp_path / "cities.xlsx", REMARKS | {"赤水市": odd})
    reading = reading_of(path, None, roles={"unit": "城市", "time": "年份"})
    assert "approvals" not in reading.taken
    made = new(path)
    assert made.study is None
    assert odd in str(made.problem)
    assert "未获批" in str(made.problem)
    text = (tmp_path / "cities.toml").read_text(encoding="utf-8")
    text = text.replace('# cohort = "…"', 'never = ["未获批"]\ncohort = "试点获批情况"\n#', 1)
    read = f'values = {{ "试点获批情况" = {{ "{odd}" = 2016 }} }}\napprovals = ["试点获批情况"]\n'
    text = text.replace("\n[design]", f"\n[data.read]\n{read}\n[design]", 1)
    (tmp_path / "cities.toml").write_text(text, encoding="utf-8")
    assert int((validate(tmp_path / "cities.toml").panel.cohort_codes >= 0).sum()) == 3


@pytest.mark.slow
@pytest.mark.parametrize("cell", ["2018（拟）", "2018[计划]"])
def test_a_plan_is_no_year_with_a_remark(tmp_path: Path, cell: str) -> None:
    frame = messy_books.truth(1).astype({"批复年份": object})
    frame["批复年份"] = [None if pd.isna(x) else f"{x:.0f}" for x in frame["批复年份"]]
    frame.loc[frame["城市"] == "昭通市", "批复年份"] = cell
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.study is None
    assert cell in made.problem
