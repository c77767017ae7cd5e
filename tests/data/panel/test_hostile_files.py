"""Files that wait for ever, unfold without end, or are none: refused at once, in words."""

from __future__ import annotations

import io
import os
import socket
import zipfile
from pathlib import Path

import pyarrow as pa
import pytest
from panels import ARGUMENTS, city_frame
from pyarrow import parquet

from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import new, validate

ROLES = 'unit = "城市"\ntime = "年份"\ncohort = "zone_year"\noutcome = "nqp"\n'


def refuse(path: Path, words: str, **more: object) -> None:
    """Refuse a file through every road that reads it."""
    with pytest.raises(PanelError, match=f"(?s){words}") as caught:
        Panel.from_file(path, **{**ARGUMENTS, **more})
    assert caught.value.hint
    if more:
        return
    folder = path.parent
    study = folder / "study.toml"
    study.write_text(f"title = 'Cities'\n[data]\nfile = '{path.name}'\n{ROLES}", encoding="utf-8")
    with pytest.raises((PanelError, StudyError), match=f"(?s){words}"):
        validate(study)
    with pytest.raises((PanelError, StudyError), match=f"(?s){words}"):
        new(path, folder / "new.toml")
    assert sorted(x.name for x in folder.glob("*.toml")) == ["study.toml"]


posix = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")


@posix
def test_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "cities.csv")
    refuse(tmp_path / "cities.csv", r"cities\.csv' is a pipe")


@posix
def test_a_link_to_a_pipe(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "cities.dta").symlink_to("pipe")
    refuse(tmp_path / "cities.dta", "is a link to 'pipe', and the target is a pipe")


@posix
@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".dta", ".parquet"])
def test_a_device(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"cities{suffix}"
    path.symlink_to("/dev/zero")
    refuse(path, "is a link to '/dev/zero', and the target is a device")


@posix
def test_a_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as end:
        end.bind("cities.csv")
        refuse(tmp_path / "cities.csv", "is a socket")


@posix
def test_links_that_lead_nowhere(tmp_path: Path) -> None:
    (tmp_path / "gone.csv").symlink_to("nowhere.csv")
    refuse(tmp_path / "gone.csv", "is a link to 'nowhere.csv', and the target does not exist")
    (tmp_path / "a.csv").symlink_to("b.csv")
    (tmp_path / "b.csv").symlink_to("a.csv")
    refuse(tmp_path / "a.csv", "cannot be followed")


def test_paths_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(PanelError, match=r"cannot be followed|does not exist"):
        Panel.from_file(tmp_path / ("x" * 5000 + ".csv"), **ARGUMENTS)
    with pytest.raises(PanelError, match="NUL"):
        Panel.from_file(f"{tmp_path}/a\0b.csv", **ARGUMENTS)


def rewritten(path: Path, part: str, change: object) -> None:
    """Rewrite one part of a workbook."""
    whole = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as fresh:
        for name in old.namelist():
            data = old.read(name)
            fresh.writestr(name, change(data) if name == part else data)  # type: ignore[operator]
    path.write_bytes(whole.getvalue())


SHEET = "xl/worksheets/sheet1.xml"


def far(cell: str) -> object:
    """Put a cell into the last row of a sheet."""
    row = "".join(c for c in cell if c.isdigit())
    text = f'<row r="{row}">{{}}</row></sheetData>'
    return lambda value: (
        lambda data: data.replace(b"</sheetData>", text.format(value.format(cell)).encode())
    )


def test_a_formatted_cell_far_away_is_nothing(tmp_path: Path) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)
    rewritten(path, SHEET, far("XFD1048576")('<c r="{}" s="1"/>'))
    assert Panel.from_file(path, **ARGUMENTS).n_rows == 42


@pytest.mark.parametrize("cell", ["XFD1048576", "ZZ900000"])
def test_a_filled_cell_far_away(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)
    rewritten(path, SHEET, far(cell)('<c r="{}"><v>1</v></c>'))
    refuse(path, f"a sheet that extends to cell {cell}.*are filled.*sheet1.*Ctrl")


FAR = {
    "four letters": '<row r="60"><c r="ZZZZ1"><v>1</v></c></row>',
    "many letters": '<row r="60"><c r="ZZZZZZZZZZZZZ1"><v>1</v></c></row>',
    "single quotes": "<row r='60'><c r='ZZZZ1'><v>1</v></c></row>",
    "spaces": '<row r="60"><c r = "ZZZZ1" ><v>1</v></c></row>',
    "small letters": '<row r="60"><c r="zzzz1"><v>1</v></c></row>',
    "after a sign": '<row r="60"><c x=">" r="ZZZZ1"><v>1</v></c></row>',
    "many digits": '<row r="60"><c r="A99999999999"><v>1</v></c></row>',
    "a row without places": '<row r="4294967290"><c><v>1</v></c></row>',
    "an error in a row without places": '<row r="4294967290"><c t="e"><v>#REF!</v></c></row>',
    "an empty error": '<row r="60"><c r="ZZZZZ60" t="e"/></row>',
}


@pytest.mark.slow
@pytest.mark.parametrize("case", FAR)
def test_a_cell_that_no_spreadsheet_has(case: str, tmp_path: Path) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)
    rewritten(
        path, SHEET, lambda data: data.replace(b"</sheetData>", f"{FAR[case]}</sheetData>".encode())
    )
    with pytest.raises(PanelError, match="a sheet that extends to cell"):
        Panel.from_file(path, **ARGUMENTS)


def test_a_sheet_of_another_name_is_looked_into(tmp_path: Path) -> None:
    path, whole = tmp_path / "cities.xlsx", io.BytesIO()
    city_frame().to_excel(path, index=False)
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(whole, "w") as fresh:
        for name in old.namelist():
            data = old.read(name).replace(b"worksheets/sheet1.xml", b"rows.part")
            data = data.replace(b"</sheetData>", f"{FAR['four letters']}</sheetData>".encode())
            fresh.writestr("xl/rows.part" if name == SHEET else name, data)
    path.write_bytes(whole.getvalue())
    with pytest.raises(PanelError, match="extends to cell ZZZZ1"):
        Panel.from_file(path, **ARGUMENTS)


def test_an_error_stands_where_its_cell_says(tmp_path: Path) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)
    row = '<row r="40000"><c r="D5" t="e"><v>#REF!</v></c></row>'
    rewritten(
        path, SHEET, lambda data: data.replace(b"</sheetData>", f"{row}</sheetData>".encode())
    )
    with pytest.raises(PanelError, match=r"contains spreadsheet errors in 1 row(?s:.*)row 5"):
        Panel.from_file(path, **ARGUMENTS)


def test_a_workbook_that_unfolds_without_end(tmp_path: Path) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)
    rewritten(path, SHEET, lambda data: data + b" " * 200_000_000)
    refuse(
        path, "decompresses from .* to 2.*implausible for a spreadsheet.*BAYES_NQP_LIMITS .*memory:"
    )


def test_a_workbook_with_entities(tmp_path: Path) -> None:
    path = tmp_path / "cities.xlsx"
    city_frame().to_excel(path, index=False)
    entities = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    rewritten(path, SHEET, lambda data: entities + data)
    refuse(path, "declares XML entities in xl/worksheets/sheet1.xml")


def test_a_parquet_that_unfolds_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "cities.parquet"
    column = pa.array([None] * 1_000_000, pa.float64())
    parquet.write_table(pa.table({f"c{k}": column for k in range(4)}), path)
    assert path.stat().st_size < 100_000
    monkeypatch.setenv("BAYES_NQP_LIMITS", "memory:3e7")
    refuse(path, r"needs about 0\.03\d* GB of memory.*BAYES_NQP_LIMITS .*memory:3[23]000000")


def test_a_limit_is_raised_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    monkeypatch.setenv("BAYES_NQP_LIMITS", "columns:3")
    refuse(
        path,
        "has 7 columns in its first row, and at most 3 are allowed.*BAYES_NQP_LIMITS .*columns:7",
    )
    monkeypatch.setenv("BAYES_NQP_LIMITS", "columns:7")
    assert Panel.from_file(path, **ARGUMENTS).n_rows == 42
    monkeypatch.setenv("BAYES_NQP_LIMITS", "colu_mns:7")
    with pytest.raises(
        StudyError,
        match=r"(?s)'colu_mns', which is not the name of a limit.*did you mean 'columns'",
    ):
        Panel.from_file(path, **ARGUMENTS)
    monkeypatch.setenv("BAYES_NQP_LIMITS", "memory:much")
    with pytest.raises(StudyError, match="sets 'memory' to 'much'"):
        Panel.from_file(path, **ARGUMENTS)


@pytest.mark.parametrize("offset", [1, 2, 4, 7])
def test_stata_with_absurd_counts(tmp_path: Path, offset: int) -> None:
    path = tmp_path / "cities.dta"
    city_frame().to_stata(path, write_index=False, version=118)
    data = bytearray(path.read_bytes())
    place = data.index(b"<N>") + 3
    data[place + offset] = 0x7F
    path.write_bytes(bytes(data))
    refuse(path, r"cities\.dta' (cannot be read as \.dta|needs)")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_chinese_utf16_without_a_mark(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "panel.csv"
    city_frame().rename(columns={"region": "省级行政区域"}).to_csv(
        path, index=False, encoding=encoding, columns=["省级行政区域", *ARGUMENTS_USED]
    )
    panel = Panel.from_file(path, **{**ARGUMENTS, "strata": ["省级行政区域"]})
    assert panel.levels["省级行政区域"].tolist() == ["coastal", "inland"]


ARGUMENTS_USED = ["城市", "年份", "zone_year", "nqp", "ln_gdp", "digital"]


def test_nul_in_text(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    data = path.read_bytes().splitlines(keepends=True)
    data[4] = data[4].replace(b"coastal", b"coas\0tal")
    path.write_bytes(b"".join(data))
    refuse(path, "contains the character NUL.*line 5")


@pytest.mark.parametrize("encoding", ["rot13", "zlib", "base64", "idna", "undefined", "nonsense"])
def test_encodings_of_no_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    refuse(path, f"encoding='{encoding}' is unknown|is not {encoding} text", encoding=encoding)


def test_rows_that_end_with_a_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "cities.csv"
    city_frame().to_csv(path, index=False)
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([header, *(row + "," for row in rows)]), encoding="utf-8")
    wanted = Panel.from_frame(city_frame(), **ARGUMENTS).digest
    assert Panel.from_file(path, **ARGUMENTS).digest == wanted
    path.write_text("\n".join([header, *(row + ",7" for row in rows)]), encoding="utf-8")
    refuse(path, "has 8 cells in a row, but 7 names in its header")


def test_codes_keep_their_zeros_where_rows_end_with_a_delimiter(tmp_path: Path) -> None:
    rows = [f"{k:06d},{year},{k + year}," for k in range(1, 5) for year in (2019, 2020)]
    path = tmp_path / "firms.csv"
    path.write_text("\n".join(["证券代码,年份,y", *rows]), encoding="utf-8")
    panel = Panel.from_file(path, unit="证券代码", time="年份", outcome="y")
    assert panel.unit_labels.tolist() == ["000001", "000002", "000003", "000004"]
    assert panel.outcome.tolist() == [k + year for k in range(1, 5) for year in (2019, 2020)]


def test_many_cells_beyond_the_header_are_counted_without_a_warning(tmp_path: Path) -> None:
    header, *rows = city_frame().to_csv(index=False).splitlines()
    path = tmp_path / "wide.csv"
    path.write_text("\n".join([header, *(row + ",1" * 150 for row in rows)]), encoding="utf-8")
    refuse(path, "has 157 cells in a row, but 7 names in its header")


def test_lists_in_parquet_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "cities.parquet"
    df = city_frame()
    table = pa.table(df).append_column("tags", pa.array([["a"]] * len(df)))
    parquet.write_table(table, path)
    panel = Panel.from_file(path, **ARGUMENTS)
    assert "'tags' (its cells have the type" in " ".join(panel.notes)
    assert "tags" not in panel.frame


def test_links_to_files_are_files(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    city_frame().to_csv(tmp_path / "data" / "cities.csv", index=False)
    (tmp_path / "cities.csv").symlink_to("data/cities.csv")
    assert Panel.from_file(tmp_path / "cities.csv", **ARGUMENTS).n_rows == 42
