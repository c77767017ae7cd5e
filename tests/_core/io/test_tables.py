"""Tables as text: no word becomes a formula, no number becomes text, and all comes back."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import read
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import (
    file_name,
    guarded,
    unguarded,
    write_csv,
    write_parquet,
    write_workbook,
)

TEXTS = st.text(alphabet="=+-@\t\r\n'＝－0123.,eE% ax城", max_size=8)


@pytest.mark.slow
@given(TEXTS)
def test_the_mark_can_be_taken_away_again(text: str) -> None:
    assert unguarded(guarded(text)) == text
    first = guarded(text)[:1]
    if first and first in "=+-@\t\r\n＝＋－＠":
        assert np.isfinite(float(text.strip().rstrip("%").replace(",", "")))


@pytest.mark.parametrize("text", ["=1+1", "+86 138", "-", "@SUM(A1)", "\tx", "\rx", "－", "-1+2"])
def test_a_word_is_no_formula(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["-3.2", "+5", "-1,234.5", "-.5", "-1e-3", "-5%", "x=1", "'a", ""])
def test_numbers_and_harmless_text_stay(text: str) -> None:
    assert guarded(text) == text


def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "=unit": ["=cmd|' /C calc'!A0", "-", "'=x", "杭州", None],
            "level": pd.Categorical(["@a", "b", "@a", "b", None]),
            "mixed": ["+x", -3, "-7", 1.5, None],
            "number": [-1.5, np.nan, 2e-9, 1e300, -0.25],
            "count": pd.array([-1, None, 3, 4, 5], dtype="Int64"),
        }
    )


def test_numbers_are_written_as_pandas_writes_them(tmp_path: Path) -> None:
    path = write_csv(frame(), tmp_path / "a.csv", digits=6)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8-sig"))))
    plain = list(csv.reader(io.StringIO(frame().to_csv(index=False, float_format="%.6g"))))
    assert [row[3:] for row in rows] == [row[3:] for row in plain]
    assert [row[0] for row in rows] == ["'=unit", "'=cmd|' /C calc'!A0", "'-", "''=x", "杭州", ""]
    assert [row[1] for row in rows[1:]] == ["'@a", "b", "'@a", "b", ""]
    assert [row[2] for row in rows[1:]] == ["'+x", "-3", "-7", "1.5", ""]


def test_our_own_reader_gives_back_what_was_written(tmp_path: Path) -> None:
    table = frame()
    back, _ = read(write_csv(table, tmp_path / "a.csv"))
    assert list(back.columns) == list(table.columns)
    for name in ("=unit", "level"):
        expected = table[name].astype(object).where(table[name].notna(), None).tolist()
        assert back[name].astype(object).where(back[name].notna(), None).tolist() == expected
    np.testing.assert_array_equal(back["number"], table["number"])


def test_a_workbook_holds_text_as_text(tmp_path: Path) -> None:
    sheet = load_workbook(write_workbook(frame(), tmp_path / "a.xlsx")).active
    assert sheet["A1"].value == "=unit"
    assert {cell.data_type for column in "ABC" for cell in sheet[column]} <= {"s", "n", "inlineStr"}
    assert sheet["A2"].value == "=cmd|' /C calc'!A0"
    assert sheet["D2"].value == -1.5


def test_what_no_workbook_holds(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match="no control characters") as refused:
        write_workbook(pd.DataFrame({"a": ["x", "\x01"]}), tmp_path / "a.xlsx")
    assert refused.value.where == "column 'a', row 2"
    long = pd.DataFrame({"a": np.zeros(1_048_576, dtype=np.int8)})
    with pytest.raises(StudyError, match="more than a sheet holds"):
        write_workbook(long, tmp_path / "a.xlsx")
    assert not list(tmp_path.iterdir())


def test_parquet_comes_back(tmp_path: Path) -> None:
    table = frame()[["=unit", "number"]]
    pd.testing.assert_frame_equal(pd.read_parquet(write_parquet(table, tmp_path / "a")), table)


@pytest.mark.parametrize("text", ["a/b\\c:d", "城" * 200, "\x00\x1b", "a%20b"])
def test_names_of_files(tmp_path: Path, text: str) -> None:
    name = file_name(f"event_study_{text}")
    (tmp_path / f"01_{name}.png").touch()
    assert len(list(tmp_path.iterdir())) == 1
    assert file_name(f"event_study_{text}") != file_name(f"event_study_{text}x")
