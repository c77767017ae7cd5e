"""Every road that reads a file: a panel, a study, a proposal. Used by tests of what files hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from small_study import city_rows

from bayes_nqp._core.exceptions import PanelError, StudyError
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies import new, validate

ROLES: dict[str, Any] = {
    "unit": "城市", "time": "年份", "cohort": "zone_year", "outcome": "nqp", "strata": ["地区"],
}  # fmt: skip
LETTERS = dict(zip(city_rows().columns, "ABCDE", strict=True))
"""Where the columns of `city_rows` stand in a workbook."""


def workbook(
    path: Path, edit: Callable[[Worksheet], object] | None = None, df: pd.DataFrame | None = None
) -> Path:
    """Write the rows cell by cell, and change the sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    df = city_rows() if df is None else df
    cells = df.astype(object).where(df.notna(), None)
    for row in (list(df.columns), *cells.itertuples(index=False)):
        sheet.append(list(row))
    if edit is not None:
        edit(sheet)
    book.save(path)
    return path


def written(column: str, value: Callable[[int, Any], Any]) -> Callable[[Worksheet], None]:
    """Write into each cell of a column what a function says of its row and what is there."""

    def edit(sheet: Worksheet) -> None:
        for row in range(2, sheet.max_row + 1):
            cell = sheet[f"{LETTERS[column]}{row}"]
            cell.value = value(row, cell.value)

    return edit


def study_of(path: Path, keys: str = "") -> Path:
    """Write a study of a file beside it."""
    roles = "\n".join(f"{key} = {value!r}" for key, value in ROLES.items())
    text = (
        f"title = 'x'\n[data]\nfile = {path.name!r}\n{roles}\n{keys}\n"
        '[design]\neffect = { type = "PartialPooling", varying = "unit" }\n'
    )
    study = path.with_suffix(".study.toml")
    study.write_text(text, encoding="utf-8")
    return study


def roads(path: Path, **how: Any) -> Iterator[Callable[[], Panel]]:
    """Panel, study and proposal of a file; a proposal that does not run raises its problem."""

    def proposed() -> Panel:
        out = path.with_suffix(".new.toml")
        out.unlink(missing_ok=True)
        made = new(path, out, **how)
        if made.study is None:
            raise PanelError(made.problem, hint="see there")
        return made.study.panel

    yield lambda: Panel.from_file(path, **ROLES)
    yield lambda: validate(study_of(path)).panel
    yield proposed


def refused(path: Path, words: str) -> list[PanelError | StudyError]:
    """See every road refuse a file with the same reason and with something to try."""
    errors = []
    for road in roads(path):
        with pytest.raises((PanelError, StudyError), match=f"(?s){words}") as caught:
            road()
        assert caught.value.hint
        errors.append(caught.value)
    return errors


def taken(path: Path, note: str = "") -> None:
    """See every road read the panel that the rows are, and say what was done."""
    wanted = Panel.from_frame(city_rows(), **ROLES)
    for road in roads(path):
        panel = road()
        assert panel.digest == wanted.digest
        assert not note or any(note in said for said in panel.notes), panel.notes
