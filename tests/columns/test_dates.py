"""Quarters and dates that are text, and prices with their currency before them."""

from __future__ import annotations

from pathlib import Path

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp import Panel
from bayes_nqp.studies import new


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
    with pytest.raises(ValueError, match="period says no periods: wave one, wave two"):
        new(tmp_path / "a.csv")


def test_quarters_without_a_policy_have_one_problem(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    turns = (frame["年份"] - 2011).tolist()
    frame["年份"] = [f"{2011 + t // 4}年第{'一二三四'[t % 4]}季度" for t in turns]
    path = tmp_path / "a.xlsx"
    frame.drop(columns="批复年份").to_excel(path, index=False)
    made = new(path)
    assert len(made.problems) == 1, made.problem
    assert "没有列说明谁在何时受处理" in made.problem
