"""What keeps a file from running is said at once: after one correction it runs."""

from __future__ import annotations

from pathlib import Path

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp.studies import new


def faulty(seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """A panel with a word in its outcome, a row that is there twice, and a cohort that changes."""
    frame = messy_books.truth(seed).astype({"贷款余额": object})
    rng = np.random.default_rng(seed)
    word, twice = (int(x) for x in rng.choice(np.arange(0, 30), 2, replace=False))
    changing = int(frame.index[frame["批复年份"].notna()][3])
    frame.loc[word, "贷款余额"] = "约40.5"
    frame.loc[changing, "批复年份"] = 2017
    frame = pd.concat([frame, frame.iloc[[twice]]], ignore_index=True)
    return frame, {
        "outcome": f"第 {word + 2} 行",
        "repeated": f"第 {twice + 2} 行",
        "cohort": "cohort='批复年份' 在 1 个单位内有变动",
    }


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_all_problems_are_in_one_list(tmp_path: Path, seed: int) -> None:
    frame, wanted = faulty(seed)
    path = tmp_path / "a.xlsx"
    frame.to_excel(path, index=False)
    made = new(path)
    assert made.study is None
    for words in wanted.values():
        assert words in made.problem
    assert "\n3. " in made.problem
    known = messy_books.truth(seed)
    known.to_excel(tmp_path / "b.xlsx", index=False)
    assert new(tmp_path / "b.xlsx").study is not None


def test_what_else_is_wrong_is_told_where_nobody_is_treated(tmp_path: Path) -> None:
    frame = messy_books.truth(1).drop(columns="批复年份")
    frame = pd.concat([frame, frame.iloc[[4]]], ignore_index=True)
    path = tmp_path / "a.xlsx"
    frame.to_excel(path, index=False)
    problem = new(path).problem
    assert problem.startswith("1. 没有列说明谁在何时受处理")
    assert "第 6 行" in problem
    assert "第 82 行" in problem


def test_a_batch_is_no_stratum(tmp_path: Path) -> None:
    frame = messy_books.truth(1)
    frame["批次"] = frame["批复年份"].map({2014: "第一批", 2016: "第二批"}).fillna("未试点")
    path = tmp_path / "a.xlsx"
    frame.to_excel(path, index=False)
    made = new(path)
    assert made.guess.roles["strata"] == ["省份"]
    assert made.study is not None
