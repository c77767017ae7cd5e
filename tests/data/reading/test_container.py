"""Files that are called workbooks, and are protected or something else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from readers import refused
from small_study import city_rows

COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 504
BEGIN = b"\x09\x08\x10\x00\x00\x06\x05\x00" + b"\0" * 12


@pytest.mark.parametrize("suffix", [".xlsx", ".xlsm", ".xls"])
@pytest.mark.parametrize("inside", ["EncryptedPackage".encode("utf-16-le"), BEGIN + b"\x2f\x00"])
def test_a_password_is_told(tmp_path: Path, suffix: str, inside: bytes) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(COMPOUND + inside + b"\0" * 600)
    errors = refused(path, f"path='a{suffix}' is protected with a password")
    assert all("pip" not in error.hint and "Excel" in error.hint for error in errors)


def test_an_old_workbook_asks_for_its_own_reader(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(COMPOUND + BEGIN + b"\xe1\x00" + b"\0" * 600)
    refused(path, r"pip install python-calamine|cannot be read")


@pytest.mark.parametrize("suffix", [".xlsx", ".xls"])
def test_pages_and_text_are_no_workbooks(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_text(city_rows().to_html(), encoding="utf-8")
    refused(path, "is an HTML or XML page with the suffix")
    path.write_text(city_rows().to_csv(sep="\t"), encoding="gb18030")
    refused(path, r"is a text file with the suffix.*\.csv")


def test_a_zip_of_something_else_is_no_workbook(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as file:
        file.writestr("a.txt", "x")
    refused(tmp_path / "a.xlsx", "cannot be read")
