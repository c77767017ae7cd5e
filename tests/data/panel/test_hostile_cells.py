"""Cells that are no values and names that no report can carry: refused, or cleaned with a note."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import numpy as np
import pandas as pd
import pytest
from doors import cross_section
from panels import ARGUMENTS, city_frame

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp.data.index import IndexSystem, ProductivityIndex
from bayes_nqp.data.panel import Panel

COLUMNS = {
    "unit": "城市", "time": "年份", "cohort": "zone_year", "strata": "region", "outcome": "nqp",
    "covariates": "ln_gdp", "mediators": "digital",
}  # fmt: skip


class Thing:
    def __str__(self) -> str:
        raise AssertionError("nobody may ask a strange object for its text")

    __repr__ = __str__


CELLS: dict[str, object] = {
    "bytes": b"x", "bytearray": bytearray(b"x"), "list": [1], "dict": {"a": 1}, "set": {1},
    "complex": 1 + 2j, "Thing": Thing(), "type": Thing, "Timedelta": pd.Timedelta("1D"),
    "timedelta": dt.timedelta(1), "timedelta64": np.timedelta64(1, "D"), "ndarray": np.arange(2),
    "DataFrame": pd.DataFrame({"a": [1]}), "ValueError": ValueError("x"),
}  # fmt: skip


def put(df: pd.DataFrame, column: str, cell: object, rows: slice = slice(4, 5)) -> pd.DataFrame:
    cells = np.array([*df[column]], dtype=object)
    for row in range(*rows.indices(len(df))):
        cells[row] = cell
    return df.assign(**{column: pd.Series(cells, df.index, dtype=object)})


def refused(df: pd.DataFrame, words: str, **more: object) -> None:
    with pytest.raises(PanelError, match=f"(?s){words}") as caught:
        Panel.from_frame(df, **{**ARGUMENTS, **more})
    assert caught.value.hint
    assert len(str(caught.value)) < 2_000
    str(caught.value).encode()


@pytest.mark.slow
@pytest.mark.parametrize("argument", COLUMNS)
@pytest.mark.parametrize("cell", CELLS)
def test_cells_that_are_no_values(argument: str, cell: str) -> None:
    column = COLUMNS[argument]
    refused(
        put(city_frame(), column, CELLS[cell]),
        rf"{argument}='{column}' contains {cell} in 1 row, which is not a \w+.*row 4 \(",
    )


@pytest.mark.parametrize("argument", ["outcome", "covariates", "mediators"])
@pytest.mark.parametrize("number", [10**400, 10**200, 1e200, Decimal("1e400")], ids="abcd")
def test_numbers_beyond_numbers(argument: str, number: object) -> None:
    words = rf"{argument}='{COLUMNS[argument]}' has 1 (infinite value|value larger than).*row 4"
    refused(put(city_frame(), COLUMNS[argument], number), words)


@pytest.mark.parametrize("argument", ["time", "cohort"])
@pytest.mark.parametrize("number", [10**30, 10**400, 2**62, 1e300], ids="abcd")
def test_times_beyond_times(argument: str, number: object) -> None:
    refused(put(city_frame(), COLUMNS[argument], number, slice(0, 7)), "row 0 .*correct|neither")


@pytest.mark.parametrize("freq", [1, "Y"])
@pytest.mark.parametrize("year", [10**6, 10**9, 10**12])
def test_a_wrong_year_with_a_fixed_frequency(freq: object, year: int) -> None:
    words = rf"time='年份' spans [\d,]+ periods.*row 41 \(遵义市, {year}\).*BAYES_NQP_LIMITS"
    refused(put(city_frame(), "年份", year, slice(41, 42)).infer_objects(), words, freq=freq)


@pytest.mark.parametrize("year", [10**9, 10**12])
def test_a_wrong_year_without_a_frequency(year: int) -> None:
    words = f"irregular periods.*2018 is followed by {year}"
    refused(put(city_frame(), "年份", year, slice(41, 42)).infer_objects(), words)


def test_dates_that_no_calendar_writes() -> None:
    df = city_frame()
    dates = [f"{year}-01-01" for year in df["年份"]]
    dates[3] = "290000000-01-01"
    refused(
        df.assign(年份=np.array(dates, dtype="datetime64[s]")).drop(columns="zone_year"),
        "time='年份' contains dates outside the years 1 to 9999.*row 3",
        cohort=None,
    )


@pytest.mark.parametrize("argument", ["unit", "strata"])
@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#NAME?", "Err:502"])
def test_errors_of_spreadsheets_are_no_names(argument: str, error: str) -> None:
    column = COLUMNS[argument]
    words = rf"{argument}='{column}' contains spreadsheet errors.*'{re.escape(error)}'.*row 0"
    refused(put(city_frame(), column, error, slice(0, 7)), words)


@pytest.mark.parametrize("argument", COLUMNS)
def test_lone_surrogates(argument: str) -> None:
    words = rf"{argument}='{COLUMNS[argument]}' contains text decoded with the wrong.*'.ud800x'"
    refused(put(city_frame(), COLUMNS[argument], "\ud800x", slice(0, 7)), words)
    refused(put(city_frame(), COLUMNS[argument], "\ud800x", slice(0, 42)), words)


@pytest.mark.parametrize("argument", ["unit", "strata"])
def test_names_without_end(argument: str) -> None:
    words = "contains names of more than 1,000 characters in 7 rows.*BAYES_NQP_LIMITS .*name:"
    refused(put(city_frame(), COLUMNS[argument], "长" * 5_000, slice(0, 7)), words)


@pytest.mark.slow
@pytest.mark.parametrize(
    "character", ["\x00", "\x08", "\x1b", "\x85", "\u200b", "\u202e", "\ufffe"]
)
@pytest.mark.parametrize("argument", ["unit", "strata"])
def test_characters_that_no_report_carries_are_taken_out_of_names(
    argument: str, character: str
) -> None:
    column = COLUMNS[argument]
    df = city_frame()
    wanted = Panel.from_frame(df, **ARGUMENTS)
    spoilt = df.assign(**{column: df[column].str[:2] + character + df[column].str[2:]})
    panel = Panel.from_frame(spoilt, **ARGUMENTS)
    note = [x for x in panel.notes if f"{column}: removed control and invisible" in x]
    if character == "\x85":  # an end of a line
        assert all(" " in x for x in panel.frame[column])
    else:
        assert panel.digest == wanted.digest
    assert len(note) == 1
    assert Panel.from_frame(panel.frame, **ARGUMENTS).notes == ()


def test_lines_within_names_become_blanks() -> None:
    df = city_frame()
    panel = Panel.from_frame(df.assign(region=df["region"] + "\n 地区"), **ARGUMENTS)
    assert panel.levels["region"].tolist() == ["coastal  地区", "inland  地区"]
    assert any("control and invisible" in note for note in panel.notes)


@pytest.mark.parametrize("argument", ["outcome", "strata", "unit"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is blank"),
        (" 　", "is blank"),
        ("a\x00b", "contains the character"),
        ("a\x1b[31m", "contains the character"),
        ("x" * 2000, "has 2,000 characters"),
    ],
)
def test_names_of_columns_that_no_report_carries(argument: str, name: str, words: str) -> None:
    more: dict[str, object] = {argument: [name] if argument == "strata" else name}
    refused(city_frame().rename(columns={COLUMNS[argument]: name}), f"{argument}=.*{words}", **more)


def test_missing_things_that_became_text_are_told() -> None:
    df = put(city_frame(), "城市", "nan", slice(0, 7))
    assert (
        "城市: 'nan' was read as a name, not as a missing value"
        in Panel.from_frame(df, **ARGUMENTS).notes
    )


def test_what_can_be_a_name() -> None:
    df = city_frame()
    names = dict(zip(df["城市"].unique(), range(6), strict=True))
    for make in (
        lambda k: UUID(int=k),
        lambda k: pd.Interval(k, k + 1),
        lambda k: pd.Period(year=2000 + k, freq="Y"),
        lambda k: dt.date(2000, 1, 1 + k),
        Decimal,
        lambda k: f"{k}%",
        lambda k: f"a/{k}",
    ):
        column = df["城市"].map({name: make(k) for name, k in names.items()}).astype(object)
        panel = Panel.from_frame(df.assign(城市=column), **ARGUMENTS)
        assert panel.n_units == 6
        assert Panel.from_frame(panel.frame, **ARGUMENTS).digest == panel.digest


@pytest.mark.parametrize("cell", [*CELLS, "surrogate", "huge"])
def test_columns_without_a_part_that_no_file_carries_are_left_out(cell: str) -> None:
    value = CELLS.get(cell, "\ud800" if cell == "surrogate" else 10**40)
    panel = Panel.from_frame(put(city_frame().assign(other=1), "other", value), **ARGUMENTS)
    if "delta" in cell:
        assert "other" in panel.frame
    else:
        assert "other" not in panel.frame
        assert any("columns not read: 'other'" in x for x in panel.notes)


def test_columns_of_several_levels() -> None:
    df = city_frame()
    df.columns = pd.MultiIndex.from_product([df.columns, ["x"]])
    refused(df, "columns of df have 2 levels.*join")


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    df = city_frame().assign(region=pd.cut(city_frame()["城市"].map(len) * 0 + 1, [0, 2]))
    panel = Panel.from_frame(df, **ARGUMENTS)
    panel.frame.to_parquet(tmp_path / "rows.parquet")
    again = Panel.from_file(tmp_path / "rows.parquet", **ARGUMENTS)
    assert again.digest == panel.digest


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["chain", "draw", "cell", "member", "path", "unit", "time", "cohort", "event_time", "total",
     "direct", "ring", "received", "effect", "deviation", "rows", "units", "weight", "gate"],
)  # fmt: skip
def test_strata_that_would_clash_with_labels(name: str) -> None:
    df = city_frame().rename(columns={"region": name})
    refused(df, f"{name} conflicts with a reserved label.*{name}_group", strata=[name])


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("argument", ["outcome", "treatment", "mediators", "covariates", "strata"])
def test_cells_of_cross_sections(argument: str, cell: str) -> None:
    rng = np.random.default_rng(3)
    df = pd.DataFrame(rng.normal(size=(20, 4)), columns=["y", "d", "m", "x"]).assign(
        g=["a", "b"] * 10
    )
    roles = {"outcome": "y", "treatment": "d", "mediators": "m", "covariates": "x", "strata": "g"}
    assert len(cross_section(df, **roles).outcome) == 20
    words = rf"{argument}='{roles[argument]}' contains {cell} in 1 row, which is not a \w+.*row 4"
    with pytest.raises(PanelError, match=f"(?s){words}"):
        cross_section(put(df, roles[argument], CELLS[cell]), **roles)


@pytest.mark.slow
@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("column", ["城市", "年份", "digital"])
def test_cells_of_indices(column: str, cell: str) -> None:
    system = IndexSystem.of(["digital", "ln_gdp"])
    recipe = ProductivityIndex(system)
    assert len(recipe.build(city_frame(), unit="城市", time="年份").values) == 42
    with pytest.raises(PanelError, match=rf"(?s){column}' contains {cell} in 1 row.*row 4"):
        recipe.build(put(city_frame(), column, CELLS[cell]), unit="城市", time="年份")
