"""Dates of approval as cohorts, by either rule."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.datasets import pilot_zones
from bayes_nqp.studies import new

SHARED = Path(__file__).parents[4] / "shared" / "data" / "china" / "pilot_zones_165.csv"


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2018-06-30", 2018),
        ("2018-07-01", 2019),
        ("2019-12-31", 2020),
        ("2020-01-01", 2020),
        ("2018/7/24", 2019),
        (datetime.date(2018, 7, 24), 2019),
        (pd.Timestamp("2018-07-24 12:30"), 2019),
        (np.datetime64("2018-03-01"), 2018),
    ],
)
def test_after_june_the_next_year(date: object, expected: int) -> None:
    found = nqp.cohorts_from_dates([date], rule="next_year_after_june")
    assert found.tolist() == [expected]


def test_index_and_missing_dates_are_kept() -> None:
    dates = pd.Series(["2018-07-24", None, "2015-03-07"], index=list("abc"))
    found = nqp.cohorts_from_dates(dates)
    expected = pd.Series([2018.0, np.nan, 2015.0], index=list("abc"), name="cohort")
    pd.testing.assert_series_equal(found, expected)
    none = nqp.cohorts_from_dates([None, None])
    assert none.dtype == np.float64
    assert none.isna().all()


def test_the_zones_by_year() -> None:
    approved = pilot_zones()["approved"]
    by_year = nqp.cohorts_from_dates(approved).value_counts().sort_index()
    assert by_year.to_dict() == {2015: 1, 2016: 12, 2018: 22, 2019: 24, 2020: 46, 2022: 60}
    later = nqp.cohorts_from_dates(approved, rule="next_year_after_june").value_counts()
    assert later.sort_index().to_dict() == {
        2015: 1,
        2016: 12,
        2019: 22,
        2020: 70,
        2022: 27,
        2023: 33,
    }


def test_both_rules_against_an_independent_list() -> None:
    if not SHARED.exists():
        pytest.skip("the list in ../shared/data is not here")
    other = pd.read_csv(SHARED, encoding="utf-8-sig")
    for rule, column in nqp_rules().items():
        found = nqp.cohorts_from_dates(other["approval_date"], rule=rule)  # type: ignore[arg-type]
        assert found.tolist() == other[column].tolist()


def nqp_rules() -> dict[str, str]:
    return {"approval_year": "approval_year", "next_year_after_june": "first_year_mid"}


def test_bad_input() -> None:
    with pytest.raises(PanelError, match=r"(?s)not dates.*row 1: 'soon'.*never-treated"):
        nqp.cohorts_from_dates(["2018-07-24", "soon"])
    with pytest.raises(PanelError, match=r"(?s)numbers.*row 0: 2018.*cohort="):
        nqp.cohorts_from_dates([2018, 2019])
    with pytest.raises(StudyError, match="'approval_year' or 'next_year"):
        nqp.cohorts_from_dates(["2018-07-24"], rule="aproval_year")  # type: ignore[arg-type]


def test_months_without_zeros_stand_in_their_order(tmp_path: Path) -> None:
    """2015年10月 comes after 2015年9月, though not as text."""
    months = [f"{year}年{month}月" for year in (2015, 2016) for month in range(1, 13)]
    rows = [(f"企业{u}", word, "是" if u < 3 and k >= 8 + u else "否", (7 * u + 5 * k) % 11)
            for u in range(9) for k, word in enumerate(months)]  # fmt: skip
    path = tmp_path / "months.xlsx"
    pd.DataFrame(rows, columns=["企业", "月份", "是否试点", "产出"]).to_excel(path, index=False)
    made = new(path, tmp_path / "months.toml")
    assert made.study is not None
    assert {x for x in made.study.panel.cohort_codes if x >= 0} == {8, 9, 10}
    text = (tmp_path / "months.toml").read_text(encoding="utf-8")
    assert "2015年1月" in text
    assert "2016年12月" in text
    assert 'treated = "是否试点"' in text
