"""Tables in a workbook: one a sheet, numbers as numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import typography
from bayes_nqp._core.io import write
from bayes_nqp._core.texts import one_line, shortened, size_of
from bayes_nqp._core.validation import door
from bayes_nqp.output.tables._formats import table_format
from bayes_nqp.output.tables._model import CHANCE_DECIMALS, MINUS, Cell, Table, Value, written
from bayes_nqp.output.tables._widths import slanted

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_LONGEST = {"sheet": 31, "cell": 32_767}
"""Characters that it holds."""
_RESERVED = "history"
"""What Excel calls a sheet of its own."""
_NUMBERS, _SENTENCES = 13, 70
"""Widths of columns, in characters."""
_TONES = {"good": "1A7F37", "doubt": "9A6700", "bad": "B42318", "faint": "6E7781"}


@door
def write_excel(tables: Iterable[Table], path: str | Path) -> Path:
    """Write tables into one workbook, a sheet each, with typed numbers.

    Parameters
    ----------
    tables : iterable of Table
        A cell of several numbers takes a column for each.
    path : str or Path
        An existing file is replaced.

    Raises
    ------
    StudyError
        If there is no table.

    Examples
    --------
    >>> import bayes_nqp as nqp
    >>> from tempfile import mkdtemp
    >>> folder = mkdtemp()
    >>> panel = nqp.datasets.castle_doctrine()
    >>> fit = nqp.fit(nqp.StaggeredDiD(), panel, nqp.Importance(seed=1), progress=False)
    >>> nqp.write_excel([nqp.table(fit), nqp.table(panel)], f"{folder}/tables.xlsx").name
    'tables.xlsx'
    """
    from openpyxl import Workbook

    book, names = Workbook(), set[str]()
    book.remove(book.active)
    for table in tables:
        sheet = book.create_sheet(_sheet_name(table, names))
        _SheetWriter(sheet, table).fill()
    if not names:
        raise StudyError("'tables' is empty", hint="nqp.write_excel([nqp.table(fit)], path)")
    return write(path, book.save)


@table_format("xlsx", file="tables.xlsx", place=30, write=write_excel, longest=_LONGEST)
def to_excel(self: Table, path: str | Path) -> Path:
    """Write a workbook with the table, its numbers as numbers.

    Parameters
    ----------
    path : str or Path
        An existing file is replaced.
    """
    return write_excel([self], path)


def _format(kind: str, decimals: int, value: Value) -> str:
    """Return the number format of a cell; probabilities are never shown as 0 or 1."""
    if kind == "count":
        return "#,##0"
    if kind != "chance":
        return f"#,##{_places(decimals)}"
    shown = written(value, "chance", CHANCE_DECIMALS)
    if shown[0].isdigit() and shown != f"{value:.{CHANCE_DECIMALS}f}":
        return f'"{shown}"'  # Excel itself would round across a limit of words.
    edge = 10.0**-CHANCE_DECIMALS
    least, most = (written(end, "chance", CHANCE_DECIMALS) for end in (0.0, 1.0))
    low, high = (f"{x:.{CHANCE_DECIMALS}f}" for x in (edge, 1 - edge))
    return f'[<{low}]"{least}";[>{high}]"{most}";{_places(CHANCE_DECIMALS)}'


def _places(decimals: int) -> str:
    return "0." + "0" * decimals if decimals else "0"


def _period(label: str) -> str | int:
    """An event time as the number that it is."""
    plain = label.replace(MINUS, "-")
    return int(plain) if plain.lstrip("-").isdecimal() else label


def _sheet_name(table: Table, taken: set[str]) -> str:
    wanted = one_line(_FORBIDDEN.sub(" ", table.title)).strip("' ") or "table"
    name, number = shortened(wanted, _LONGEST["sheet"]), 1
    while name.casefold() in (_RESERVED, *taken):
        number += 1
        suffix = f" ({number})"
        name = shortened(wanted, _LONGEST["sheet"] - len(suffix)) + suffix
    taken.add(name.casefold())
    return name


class _SheetWriter:
    """One sheet in the making."""

    def __init__(self, sheet: Any, table: Table) -> None:
        self.sheet, self.table = sheet, table
        self.forms = [table.form(k) for k in range(len(table.columns))]
        self.widths = [len(form.kinds) for form in self.forms]
        self.wide = 1 + sum(self.widths)
        self.font = {"name": typography(table.language).font, "size": 11}
        self.at = 1

    def fill(self) -> None:
        self._words(self.table.title, bold=True)
        top = self.at
        self._heads()
        bottom = self.at - 1
        for stamp in self.table.stamps:
            self._words(stamp, bold=True, color=_TONES["bad"], wrap=True)
        beneath = False
        for row in self.table.rows:
            if row.rule:
                self._line(self.at, top="thin")
            beneath = row.heading or (beneath and not row.rule)
            if row.heading:
                self._words(row.label, italic=slanted(row.label), merge=False)
                continue
            label = _period(row.label) if self.table.kind == "event_study" else row.label
            self._put(self.at, 1, label, left=True, indent=int(beneath))
            column = 2
            for cell, width, head in zip(row.cells, self.widths, self.table.columns, strict=True):
                self._cell(column, cell, words_=head.words)
                column += width
            self.at += 1
        self._line(top, top="medium")
        self._line(bottom, bottom="thin")
        self._line(self.at - 1, bottom="medium")
        if self.table.notes:
            note = self.table.footnote
            self._words(note, size=9, wrap=True)
        self._settle(bottom)

    def _heads(self) -> None:
        columns = self.table.columns
        if any(column.group for column in columns):
            at = 2
            pairs = zip(columns, self.widths, strict=True)
            for group, members in groupby(pairs, key=lambda pair: pair[0].group):
                size = sum(width for _, width in members)
                self._spanned(at, size, group)
                at += size
            self.at += 1
        split = any(width > 1 for width in self.widths)
        at = 2
        self._put(self.at, 1, self.table.stub, bold=True, left=True)
        for column, form, width in zip(columns, self.forms, self.widths, strict=True):
            self._spanned(at, width, column.label.replace("\n", " "))
            if width > 1:
                for k, name in enumerate(form.names):
                    self._put(self.at + 1, at + k, name, bold=True)
            at += width
        self.at += 1 + split

    def _spanned(self, at: int, size: int, text: str) -> None:
        self._put(self.at, at, text, bold=True)
        if size > 1:
            self.sheet.merge_cells(
                start_row=self.at, end_row=self.at, start_column=at, end_column=at + size - 1
            )

    def _cell(self, column: int, cell: Cell, *, words_: bool) -> None:
        for k, (value, kind) in enumerate(zip(cell.values, cell.form.kinds, strict=False)):
            if value is None or value != value:
                continue
            target = self._put(
                self.at,
                column + k,
                value,
                bold=cell.tone == "bad",
                color=_TONES.get(cell.tone),
                left=words_,
                wrap=words_,
            )
            if words_:
                self._tall(cell.text, _SENTENCES)
            if kind != "text":
                target.number_format = _format(kind, cell.decimals, value)

    def _put(self, row: int, column: int, value: object, **how: Any) -> Any:
        from openpyxl.styles import Alignment, Font

        cell = self.sheet.cell(row, column)
        if isinstance(value, str):
            # A label that begins with an equals sign is no formula.
            cell.value, cell.data_type = shortened(value, _LONGEST["cell"]), "s"
        else:
            cell.value = value
        left, indent = how.pop("left", False), how.pop("indent", 0)
        wrap = how.pop("wrap", False)
        settings = {name: x for name, x in how.items() if x is not None}
        cell.font = Font(**{**self.font, **settings})
        cell.alignment = Alignment(
            horizontal="left" if left else "center",
            vertical="top" if wrap else "center",
            indent=indent,
            wrap_text=wrap,
        )
        return cell

    def _words(self, text: str, *, merge: bool = True, wrap: bool = False, **how: Any) -> None:
        self._put(self.at, 1, text, left=True, wrap=wrap, **how)
        if merge:
            self.sheet.merge_cells(
                start_row=self.at, end_row=self.at, start_column=1, end_column=self.wide
            )
        if wrap:
            sentences = sum(_SENTENCES - _NUMBERS for c in self.table.columns if c.words)
            self._tall(text, _NUMBERS * self.wide + sentences)
        self.at += 1

    def _tall(self, text: str, wide: float) -> None:
        """Make a row as tall as a text that is broken into lines."""
        lines = -(-size_of(text) // max(40, int(0.95 * wide)))
        self.sheet.row_dimensions[self.at].height = 15.0 * lines + 2

    def _line(self, row: int, **edges: str) -> None:
        from openpyxl.styles import Border, Side

        for column in range(1, self.wide + 1):
            cell = self.sheet.cell(row, column)
            sides = {"top": cell.border.top, "bottom": cell.border.bottom}
            sides |= {edge: Side(style=style) for edge, style in edges.items()}
            cell.border = Border(**sides)

    def _settle(self, heads: int) -> None:
        from openpyxl.utils import get_column_letter

        labels = [row.label for row in self.table.rows] + [self.table.stub]
        longest = max(map(size_of, labels), default=8)
        self.sheet.column_dimensions["A"].width = min(max(12, longest + 3), 52)
        at = 2
        for column, width in zip(self.table.columns, self.widths, strict=True):
            for k in range(width):
                wide = _SENTENCES if column.words else _NUMBERS
                self.sheet.column_dimensions[get_column_letter(at + k)].width = wide
            at += width
        self.sheet.freeze_panes = f"B{heads + 1}"
        self.sheet.sheet_view.showGridLines = False
        self.sheet.page_setup.fitToWidth = 1
        self.sheet.page_setup.fitToHeight = 0
        self.sheet.sheet_properties.pageSetUpPr.fitToPage = True
