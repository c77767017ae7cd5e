"""Any bytes of any kind of file are a panel or are refused in words; a whole file never is."""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from fuzzing import Tally, assert_worded
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.utils.exceptions import IllegalCharacterError
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import NQPError, PanelError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import new

KINDS = ("csv", "tsv", "txt", "xlsx", "xlsm", "dta", "parquet")
SUFFIXES = (*KINDS, "xls")
ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-32")


@cache
def whole(kind: str, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Write a panel to the bytes of a file."""
    df = city_frame()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cities.{kind}"
        if kind.startswith("xls"):
            df.to_excel(path, index=False, engine="openpyxl")
        elif kind == "dta":
            df.to_stata(path, write_index=False, version=118)
        elif kind == "parquet":
            df.to_parquet(path)
        else:
            df.to_csv(path, index=False, encoding=encoding, sep=delimiter)
        return path.read_bytes()


def read(data: bytes, suffix: str) -> Panel:
    """Read bytes as a file with some suffix."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"cities.{suffix}"
        path.write_bytes(data)
        return Panel.from_file(path, **ARGUMENTS)


@st.composite
def spoilt(draw: st.DrawFn, data: bytes) -> bytes:
    """Spoil bytes: cut, flip, repeat, take out, put in."""
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        to = min(at + draw(st.integers(1, 200)), len(data))
        way = draw(st.sampled_from(["cut", "flip", "flip", "take", "repeat", "put", "zero"]))
        if way == "cut":
            data = data[:at]
        elif way == "flip":
            data = (
                data[:at] + bytes([data[at] ^ (1 << draw(st.integers(0, 7)))]) + data[at + 1 :]
                if data
                else data
            )
        elif way == "take":
            data = data[:at] + data[to:]
        elif way == "repeat":
            data = data[:to] + data[at:]
        elif way == "put":
            data = data[:at] + draw(st.binary(min_size=1, max_size=20)) + data[at:]
        else:
            data = data[:at] + b"\0" * (to - at) + data[to:]
    return data


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_whole_files_are_never_refused(kind: str) -> None:
    tally = Tally(f"whole .{kind}")
    wanted = Panel.from_frame(city_frame(), **ARGUMENTS).digest

    @settings(max_examples=10)
    @given(st.sampled_from(ENCODINGS), st.sampled_from(",;\t|"))
    def taken(encoding: str, delimiter: str) -> None:
        assert read(whole(kind, encoding, delimiter), kind).digest == wanted
        tally.count("valid and accepted")

    taken()
    tally.require("valid and accepted", 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_spoilt_files_are_refused_in_words(kind: str) -> None:
    tally = Tally(f"spoilt .{kind}")

    @settings(max_examples=25)
    @given(st.data(), st.sampled_from(ENCODINGS))
    def worded(data: st.DataObject, encoding: str) -> None:
        content = data.draw(spoilt(whole(kind, encoding)))
        suffix = kind if data.draw(st.integers(0, 5)) else data.draw(st.sampled_from(SUFFIXES))
        try:
            read(content, suffix)
        except PanelError as error:
            assert_worded(error, f"cities.{suffix}", *ARGUMENTS)
            tally.count("refused")
        else:
            tally.count("still a panel")

    worded()


@st.composite
def sheets(draw: st.DrawFn) -> pd.DataFrame:
    """Draw a table as somebody might type it."""
    cell = st.one_of(
        st.none(), st.integers(-3000, 3000), st.floats(-1e9, 1e9), st.text(max_size=6),
        st.sampled_from(["2015", "2015年", "1,234", "—", "#N/A", "杭州市", "北京市", "nqp", " "]),
    )  # fmt: skip
    width = draw(st.integers(1, 6))
    rows = draw(st.lists(st.lists(cell, min_size=width, max_size=width), min_size=1, max_size=8))
    return pd.DataFrame(rows, dtype=object)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_tables_as_somebody_types_them_get_a_study_or_words(kind: str) -> None:
    tally = Tally(f"typed .{kind}")

    @settings(max_examples=25)
    @given(sheets())
    def worded(table: pd.DataFrame) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"cities.{kind}"
            try:
                if kind == "csv":
                    table.to_csv(path, index=False, header=False)
                else:
                    table.to_excel(path, index=False, header=False)
            except (UnicodeError, ValueError, TypeError, IllegalCharacterError):
                return  # no file can hold it
            try:
                new(path)
                tally.count("a study")
            except NQPError as error:
                assert_worded(error)
                tally.count("refused")

    worded()
