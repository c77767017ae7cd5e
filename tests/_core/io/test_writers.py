"""Every writer of the library words what the system refuses, and spoils no file that is there."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from doors import Cell, Column, Row, Table, new_figure

import bayes_nqp as nqp
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.io import write, write_csv, write_parquet, write_workbook
from bayes_nqp.data.index import new_quality_productivity
from bayes_nqp.studies import json_text, write_beside

FRAME = pd.DataFrame({"城市": ["杭州", "=x"], "n": [1.5, np.nan]})
TABLE = Table("effects", "效应", "", (Column("mean"),), (Row("a", (Cell(("x",)),)),))

WRITERS: dict[str, Callable[[Path], object]] = {
    "csv": lambda path: write_csv(FRAME, path),
    "parquet": lambda path: write_parquet(FRAME, path),
    "xlsx of rows": lambda path: write_workbook(FRAME, path),
    "markdown": TABLE.to_markdown,
    "html": TABLE.to_html,
    "latex": TABLE.to_latex,
    "docx": TABLE.to_docx,
    "xlsx": TABLE.to_excel,
    "several docx": lambda path: nqp.write_docx([TABLE], path),
    "several xlsx": lambda path: nqp.write_excel([TABLE], path),
    "png": lambda path: new_figure((1, 1)).savefig(path, format="png"),
    "svg": lambda path: new_figure((1, 1)).savefig(path, format="svg"),
    "pdf": lambda path: new_figure((1, 1)).savefig(path, format="pdf"),
}
NEW: dict[str, Callable[[Path], object]] = {
    "schema": lambda path: write_beside(path, json_text()),
    "system": lambda path: new_quality_productivity().to_toml(path),
}
"""Writers that never replace a file."""


@contextmanager
def no_room() -> Iterator[None]:
    """No file may grow, as on a full disk."""
    resource = pytest.importorskip("resource", reason="no limit on the size of files")
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, former[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)


@pytest.mark.parametrize("name", {**WRITERS, **NEW})
def test_what_the_system_refuses_is_worded(tmp_path: Path, name: str) -> None:
    write = {**WRITERS, **NEW}[name]
    (tmp_path / "file").touch()
    long = tmp_path / ("n" * 300)
    with pytest.raises(StudyError, match="a part of its path is a file"):
        write(tmp_path / "file" / "a.txt")
    with pytest.raises(StudyError, match="its name is too long"):
        write(long)
    with pytest.raises(StudyError, match=r"it is a folder|already exists"):
        write(tmp_path)
    with (
        no_room(),
        pytest.raises(StudyError, match=r"a\.txt.*exceed the maximal file size") as full,
    ):
        write(tmp_path / "new" / "a.txt")
    assert full.value.hint
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("name", WRITERS)
def test_a_good_file_survives_a_failed_write_and_keeps_its_permissions(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good", encoding="utf-8")
    path.chmod(0o600)
    with no_room(), pytest.raises(StudyError):
        WRITERS[name](path)
    assert path.read_text(encoding="utf-8") == "good"
    WRITERS[name](path)
    assert path.read_bytes() != b"good"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]
    if os.name == "posix":
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", NEW)
def test_a_file_that_is_there_is_refused(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.txt"
    path.write_text("good", encoding="utf-8")
    with pytest.raises(StudyError, match="already exists"):
        NEW[name](path)
    assert path.read_text(encoding="utf-8") == "good"


def test_a_figure_takes_the_ending_that_matplotlib_gives(tmp_path: Path) -> None:
    figure = new_figure((1, 1))
    figure.savefig(tmp_path / "plain")
    figure.savefig(str(tmp_path / "new" / "drawing.svg"))
    with (tmp_path / "opened.png").open("wb") as file:
        figure.savefig(file)
    assert (tmp_path / "plain.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "new" / "drawing.svg").read_bytes()
    assert (tmp_path / "opened.png").read_bytes().startswith(b"\x89PNG")


def test_a_picture_that_holds_the_mark_of_an_archive_is_written_as_it_is(tmp_path: Path) -> None:
    content = b"\x89PNG" + bytes(40) + b"PK\x05\x06" + bytes(8) + b"\x07\x00\x00\x00" * 3
    assert write(tmp_path / "a.png", lambda file: file.write(content)).read_bytes() == content
