"""Quarters and dates that are text, and prices with their currency before them."""

from __future__ import annotations

from pathlib import Path

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp import Panel
from bayes_nqp.studies import new


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}Q{}", "{}-q{}", "{}年第{}季度", "{}年{}季度"])
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_quarters_and_prices_are_read(tmp_path: Path, form: str, ending: str) -> None:
    rng, rows = np.random.default_rng(1), []
    numbers = "一二三四" if "第" in form else "1234"
    for unit in range(8):
        for period in range(16):
            year, quarter = 2012 + period // 4, period % 4
            price = float(rng.uniform(1000, 2000))
            rows.append((f"shop {unit}", form.format(year, numbers[quarter]),
                         "Yes" if unit < 3 and period >= 8 else "No", price))  # fmt: skip
    frame = pd.DataFrame(rows, columns=["shop", "quarter", "loyalty", "basket"])
    path = tmp_path / f"a.{ending}"
    told = frame.assign(basket=[f"${x:,.2f}" for x in frame["basket"]])
    told.to_csv(path, index=False) if ending == "csv" else told.to_excel(path, index=False)
    roles = {"unit": "shop", "time": "quarter", "outcome": "basket", "treated": "loyalty"}
    panel = Panel.from_file(path, **roles)
    assert panel.time_labels[[0, -1]].tolist() == ["2012Q1", "2015Q4"]
    assert np.allclose(np.sort(panel.outcome), np.sort(frame["basket"].round(2)))
    made = new(path)
    assert made.study is not None, made.problem
    assert {k: made.guess.roles[k] for k in roles} == roles
    assert made.study.panel.n_rows == panel.n_rows


def test_periods_that_say_nothing_are_named(tmp_path: Path) -> None:
    frame = pd.DataFrame({"shop": list("aabbcc"), "period": ["wave one", "wave two"] * 3,
                          "y": [1.0, 2, 3, 4, 5, 7]})  # fmt: skip
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(ValueError, match="period does not contain periods: wave one, wave two"):
        new(tmp_path / "a.csv")


def test_quarters_without_a_policy_have_one_problem(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    turns = (frame["年份"] - 2011).tolist()
    frame["年份"] = [f"{2011 + t // 4}年第{'一二三四'[t % 4]}季度" for t in turns]
    path = tmp_path / "a.xlsx"
    frame.drop(columns="批复年份").to_excel(path, index=False)
    made = new(path)
    assert len(made.problems) == 1, made.problem
    assert "没有列写明处理组单位及其处理时期" in made.problem


def _monthly(cells: list[object], since: object, never: object = None) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    rows = [(f"shop {unit}", cell, since if unit < 3 else never, float(rng.normal(50, 1)))
            for unit in range(8) for cell in cells]  # fmt: skip
    return pd.DataFrame(rows, columns=["shop", "month", "start_month", "sales"])


MONTHS = {
    "year first": "{:%Y-%b}",
    "year last": "{:%b-%y}",
    "long": "{:%B %Y}",
    "digits": "{:%Y%m}",
    "days": "{:%Y%m%d}",
}


@pytest.mark.sample(4)
@pytest.mark.parametrize("form", MONTHS.values(), ids=MONTHS)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
@pytest.mark.parametrize("never", [None, "never"])
def test_months_are_read(tmp_path: Path, form: str, ending: str, never: str | None) -> None:
    days = pd.date_range("2015-03-01", periods=18, freq="MS")
    cells = [int(text) if (text := form.format(day)).isdigit() else text for day in days]
    if never and isinstance(cells[0], int):
        pytest.skip("words beside numbers are text")
    frame = _monthly(cells, cells[10], never)
    path = tmp_path / f"a.{ending}"
    frame.to_csv(path, index=False) if ending == "csv" else frame.to_excel(path, index=False)
    made = new(path)
    assert made.study is not None, made.problem
    panel = made.study.panel
    assert panel.time_labels[[0, -1]].tolist() == ["2015-03", "2016-08"]
    assert panel.cohort_codes.tolist() == [10] * 3 + [-1] * 5


@pytest.mark.parametrize(
    ("names", "form", "label"),
    [
        (("年", "季"), "{}", "2014Q3"),
        (("年份", "季度"), "{}季度", "2014Q3"),
        (("year", "quarter"), "Q{}", "2014Q3"),
        (("年", "月份"), "{}月", "2014-03"),
    ],
)
def test_a_year_and_a_part_of_it_are_one_period(
    tmp_path: Path, names: tuple[str, str], form: str, label: str
) -> None:
    size = 4 if label[4] == "Q" else 12
    rng = np.random.default_rng(1)
    rows = [(f"店{unit}", year, form.format(part), int(unit < 3 and year > 2014),
             float(rng.normal(50, 1)))
            for unit in range(8)
            for year in (2014, 2015, 2016)
            for part in range(1, size + 1)]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["店铺", *names, "是否试点", "销售额"])
    frame.to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.study is not None, made.problem
    assert made.guess.roles["time"] == " ".join(names)
    assert made.study.panel.time_labels[2] == label
    assert made.study.panel.cohort_codes.max() == size


def test_a_month_of_listing_is_no_part_of_a_period(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    frame["上市月份"] = frame["城市"].map({x: k + 1 for k, x in enumerate(frame["城市"].unique())})
    frame.to_csv(tmp_path / "a.csv", index=False)
    assert "period" not in new(tmp_path / "a.csv").guess.steps


@pytest.mark.slow
@pytest.mark.parametrize("form", ["{}-{:02d}", "{}/{}", "{}-{}学年", "FY{}"])
def test_years_over_two_calendar_years_are_the_first(tmp_path: Path, form: str) -> None:
    frame = messy_books.truth(1)

    def told(year: float) -> object:
        after = int(year) + 1
        after = after % 100 if "02d" in form else after
        return None if pd.isna(year) else form.format(int(year), after)

    written = {
        name: [told(x) if x == x else None for x in frame[name]] for name in ("年份", "批复年份")
    }
    frame.assign(**written).to_csv(tmp_path / "a.csv", index=False)
    made = new(tmp_path / "a.csv")
    assert made.study is not None, made.problem
    assert [*made.study.panel.time_labels] == [*messy_books.YEARS]
    assert np.bincount(made.study.panel.cohort_codes + 1).tolist() == [6, 0, 0, 0, 2, 0, 2]
