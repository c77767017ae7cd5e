"""Steps that a study names are held to the file: they refuse rows, names and cells not meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import ArgumentError, NQPError, PanelError
from bayes_nqp.data.reading import STEPS, reading_of

ROLES = {"unit": "unit", "time": "year", "outcome": "y"}


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "unit": np.repeat(["a", "b", "c"], 4), "year": np.tile(range(2010, 2014), 3),
            "cohort": np.repeat([2012.0, None, None], 4), "y": np.arange(12) * 1.25,
        }
    )  # fmt: skip


def written(path: Path, rows: pd.DataFrame) -> Path:
    rows.to_excel(path, index=False)
    return path


def with_units(rows: pd.DataFrame) -> pd.DataFrame:
    """Put a row of units of measurement below the names."""
    top = pd.DataFrame([{"unit": None, "year": "年", "cohort": "年", "y": "万元"}])
    return pd.concat([top, rows.astype(object)], ignore_index=True)


def found(path: Path) -> dict[str, Any]:
    """Return the steps that a new study of a file states."""
    return {key: x.value for key, x in reading_of(path, None, roles=ROLES).taken.items()}


@pytest.fixture
def captioned(tmp_path: Path) -> tuple[Path, dict[str, Any]]:
    path = written(tmp_path / "a.xlsx", with_units(frame()))
    return path, found(path)


def test_rows_by_number_are_those_that_were_named(
    captioned: tuple[Path, dict[str, Any]],
) -> None:
    path, steps = captioned
    assert steps["captions"] == {"2": "年 · 年 · 万元"}
    assert len(reading_of(path, steps, roles=ROLES).frame) == 12
    written(path, frame())
    with pytest.raises(PanelError, match=r"captions: row 2 contains 'a · 2010"):
        reading_of(path, steps, roles=ROLES)
    written(path, with_units(frame()).replace("万元", "亿元"))
    with pytest.raises(PanelError, match="'年 · 年 · 亿元', but '年 · 年 · 万元' was expected"):
        reading_of(path, steps, roles=ROLES)


def test_a_long_row_is_held_by_its_digest(tmp_path: Path) -> None:
    rows = frame().assign(**{f"long name of a column {k}": "x" * 9 + str(k) for k in range(9)})
    path = written(tmp_path / "a.xlsx", pd.concat([rows, rows.iloc[[5]]]))
    steps = found(path)
    (content,) = steps["repeats"].values()
    assert len(content) < 60
    assert len(reading_of(path, steps, roles=ROLES).frame) == 12
    later = rows.iloc[[5]].assign(**{"long name of a column 8": "changed"})
    written(path, pd.concat([rows, later]))
    with pytest.raises(PanelError, match="repeats: row 14 contains"):
        reading_of(path, steps, roles=ROLES)


@pytest.mark.parametrize(
    ("read", "words"),
    [
        ({"captions": [3]}, "captions: row 3 is not a row that this step removes"),
        ({"repeats": [3]}, "repeats: row 3 is not a row that this step removes"),
        ({"captions": [99]}, "the table has no row 99"),
        ({"repeats": {"99": "a"}}, "the table has no row 99"),
        ({"totals": ["合计"]}, "totals: no cell contains '合计'"),
        ({"one_name": {"保定": "保定市"}}, "one_name: no cell contains '保定'"),
        ({"years": ["y"]}, "years: some numbers of 'y' are not years, such as 1.25"),
        ({"next_year": ["unit"]}, "next_year: some cells of 'unit' are not dates"),
        ({"period": ["year"]}, "gives 1 columns"),
        ({"period": ["year", "y"]}, "are not a year and its quarter or month"),
        ({"percent": ["share"]}, "percent='share' is not a column"),
        ({"sheet": {"year": []}}, "does not give a sheet"),
    ],
)
def test_what_is_not_there_is_refused(tmp_path: Path, read: dict[str, Any], words: str) -> None:
    path = written(tmp_path / "a.xlsx", frame())
    with pytest.raises(PanelError, match=words) as caught:
        reading_of(path, read, roles=ROLES)
    assert caught.value.hint


def test_an_outcome_that_looks_like_dates_is_not_cut(tmp_path: Path) -> None:
    rows = frame().assign(y=2010.5)
    with pytest.raises(PanelError, match=r"numbers of 'y' are not years, such as 2010\.5"):
        reading_of(written(tmp_path / "a.xlsx", rows), {"years": ["y"]}, roles=ROLES)


WRONG = (None, 5, -1, 1.5, True, "", "no such", [], ["no such"], [None], [[1]], {}, {"x": None},
         {"x": 5}, {"x": []}, {"x": {}}, {"x": ["no such"]}, {"x": {"y": [1]}}, {1: 2},
         {"y": {}}, {"y": "no such"}, ["y"], ["year", "y", "y"], [0], [10**30], np.array([1.0]),
         float("nan"), {"x": {"sheet": "no", "unit": "unit"}})  # fmt: skip


@pytest.mark.filterwarnings("ignore")
def test_any_value_of_any_step(tmp_path: Path) -> None:
    """Each ends in a panel or in an error of the library with a hint."""
    path = written(tmp_path / "a.xlsx", frame())
    refused: list[NQPError] = []
    for key in STEPS:
        for value in WRONG:
            try:
                nqp.Panel.from_file(path, cohort="cohort", **ROLES, read={key: value})
            except NQPError as error:
                refused.append(error)
            except Exception as error:
                raise AssertionError((key, value)) from error
    assert len(refused) > len(STEPS) * len(WRONG) // 3
    assert all(error.hint for error in refused)


@pytest.mark.parametrize("read", [5, "percent", ["percent"], {5: 5}])
def test_read_itself_is_held_to_its_kind(tmp_path: Path, read: Any) -> None:
    with pytest.raises(ArgumentError, match="'read' is"):
        nqp.Panel.from_file(written(tmp_path / "a.xlsx", frame()), **ROLES, read=read)


def test_a_value_of_another_kind_names_its_step(tmp_path: Path) -> None:
    path = written(tmp_path / "a.xlsx", frame())
    with pytest.raises(ArgumentError, match=r"'read\.percent' is 5"):
        nqp.Panel.from_file(path, **ROLES, read={"percent": 5})
    assert nqp.Panel.from_file(path, **ROLES, read={"names": "unit"}).n_units == 3
