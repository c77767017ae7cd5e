"""Messy workbooks read as the panels that they were made of, by every reader alike."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import messy_books
import numpy as np
import pandas as pd
import pytest

from bayes_nqp import Panel
from bayes_nqp.data.column_inference import Guess, guess, look, placed
from bayes_nqp.data.reading import reading_of, year_of

SEEDS = (1, 2, 3)
LISTED = ("dates_in_a_list", "batches_in_a_list", "batches_of_several_names", "a_sheet_a_variable",
          "variables_as_rows")  # fmt: skip
"""Books whose policy stands in another sheet."""
JOINED = {"units_of_two_columns": "城市 区县"}
"""What the unit is called where several columns name it."""


def guessed(path: Path) -> tuple[pd.DataFrame, Guess]:
    overview = look(path, placed=placed({}))
    frame = pd.DataFrame({name: column.values for name, column in overview.columns.items()})
    return frame, guess(overview, {})


def rows_of(frame: pd.DataFrame, unit: str, time: str, columns: list[str]) -> pd.DataFrame:
    since = [x if not isinstance(x, str) else year_of(x) for x in frame["批复年份"]]
    frame = frame.assign(批复年份=since)
    keys = frame.set_index([unit, time])[columns].astype("float64").sort_index()
    keys.index = pd.MultiIndex.from_tuples([(x, year_of(y)) for x, y in keys.index])
    return keys


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", messy_books.BOOKS)
def test_a_messy_book_is_read_as_what_it_was_made_of(tmp_path: Path, name: str, seed: int) -> None:
    path, known = messy_books.write(name, tmp_path, seed)
    frame, proposal = guessed(path)
    unit, time = proposal.roles["unit"], proposal.roles["time"]
    assert proposal.problem is None, proposal.problem
    assert (unit, time) == (JOINED.get(name, "城市"), "年份")
    cohort = "首次处理年份" if name in LISTED else "批复年份"
    assert proposal.roles["cohort"] == cohort
    frame = frame.rename(columns={cohort: "批复年份"})
    counted = 20 if name in JOINED else 10
    assert proposal.reasons["unit"].startswith(f"{counted} different values")
    outcome = proposal.roles["outcome"]
    if name in JOINED:
        frame = frame[frame["区县"] != "新区"].assign(**{unit: lambda df: df["城市"]})
    if outcome not in known:
        assert name in ("years_as_columns_of_one", "header_over_three_rows")
        renamed = {x: x.split(" (")[0] for x in frame.columns} | {outcome: messy_books.OUTCOME}
        frame = frame.rename(columns=renamed)
    columns = [x for x in known.columns[3:] if x in frame.columns]
    assert {"批复年份", messy_books.OUTCOME} <= {*columns}
    read, want = rows_of(frame, unit, time, columns), rows_of(known, "城市", "年份", columns)
    if name == "thousands_and_dashes":
        assert int(read["财政支出比重"].isna().sum()) == 4
        want = want.where(read.notna())
    pd.testing.assert_frame_equal(read, want, rtol=1e-9)
    pairs = ((frame, unit), (known, "城市"))
    first, other = (x.groupby(y)["省份"].first().to_dict() for x, y in pairs)
    assert first == other


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", messy_books.BOOKS)
def test_readers_read_alike(tmp_path: Path, name: str, seed: int) -> None:
    path, _ = messy_books.write(name, tmp_path, seed)
    frame, proposal = guessed(path)
    roles: dict[str, Any] = {"unit": proposal.parts, "time": proposal.roles["time"]}
    given = {key: x.value for key, x in proposal.steps.items() if not x.offered}
    study = reading_of(path, given, roles=roles).frame
    kept = [x for x in study.columns if x in frame.columns]
    pd.testing.assert_frame_equal(study[kept], frame[kept], check_dtype=False)
    outcome = proposal.roles["outcome"]
    panel = Panel.from_file(path, **roles, outcome=outcome, cohort=proposal.roles["cohort"])
    order = frame.sort_values([proposal.roles["unit"], roles["time"]])
    assert np.allclose(np.sort(panel.outcome), np.sort(order[outcome].to_numpy(float)))
    assert panel.n_rows == len(frame)
