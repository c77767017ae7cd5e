"""Rows that stand twice are found whatever order rows have: quick looks must not miss any."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from bayes_nqp.data.reading import reading_of

ROLES = {"unit": "unit", "time": "time"}


def _panel(order: str) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    units, periods = [f"u{k}" for k in range(30)], range(2010, 2016)
    frame = pd.DataFrame(
        [(u, t, *rng.normal(size=2)) for u in units for t in periods],
        columns=["unit", "time", "y", "x"],
    )
    return {
        "by unit": frame,
        "by period": frame.sort_values("time", kind="stable"),
        "backwards": frame.iloc[::-1],
        "shuffled": frame.sample(frac=1.0, random_state=1),
        "a unit in two runs": pd.concat([frame[3:], frame[:3]]),
    }[order].reset_index(drop=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    "order", ["by unit", "by period", "backwards", "shuffled", "a unit in two runs"]
)
@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_every_second_row_is_found(order: str, ending: str, tmp_path: Path) -> None:
    frame, path = _panel(order), tmp_path / f"rows.{ending}"
    last = frame.iloc[[-1]].assign(y=0.0)  # of the same unit and period, and another row
    for name, more, twice in (
        ("none", frame, 0),
        ("beside", pd.concat([frame[:5], frame[4:]]), 1),
        ("far", pd.concat([frame, frame[:2]]), 2),
        ("another", pd.concat([frame, last]), 0),
    ):
        if ending == "csv":
            more.to_csv(path, index=False)
        else:
            more.reset_index(drop=True).to_parquet(path)
        reading = reading_of(path, None, roles=ROLES)
        found = reading.taken.get("repeats")
        assert (0 if found is None else found.count) == twice, name
        assert len(reading.frame) == len(more) - twice


def test_an_empty_name_or_a_long_calendar_hides_no_repeat(tmp_path: Path) -> None:
    frame = _panel("by period")
    frame.loc[0, "time"] = 2_000_000_000  # a table of units by periods would be too large
    frame = pd.concat([frame, frame[:1]], ignore_index=True)
    frame.to_parquet(tmp_path / "far.parquet")
    assert reading_of(tmp_path / "far.parquet", None, roles=ROLES).taken["repeats"].count == 1
    frame.loc[3, "unit"] = None
    frame.to_parquet(tmp_path / "gap.parquet")
    assert reading_of(tmp_path / "gap.parquet", None, roles=ROLES).taken["repeats"].count == 1
