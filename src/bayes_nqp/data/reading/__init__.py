"""Read files into columns, and columns into arrays of names, times, numbers and years.

The other parts of `data` and all higher packages may import it.
"""

from bayes_nqp.data.reading._cells import admitted
from bayes_nqp.data.reading._date_remarks import (
    CODES,
    date_in,
    never_marks,
    says_end,
    says_never,
    unclear,
)
from bayes_nqp.data.reading._error_cells import UNCOMPUTED, broken_cell, refuse_broken
from bayes_nqp.data.reading._gaps import FEW, refuse_gaps
from bayes_nqp.data.reading._kept_columns import admitted_frame, checked_names
from bayes_nqp.data.reading._marks import Marks, marks_of, unsaid
from bayes_nqp.data.reading._names import apart
from bayes_nqp.data.reading._number_words import EDGES
from bayes_nqp.data.reading._read import SUFFIXES, broken, cells_of, first_row, read, source_of
from bayes_nqp.data.reading._reading import further_down, joined_unit, reading_of, with_unit
from bayes_nqp.data.reading._rows import left_out, panel_rows, stripped, without_place
from bayes_nqp.data.reading._values import (
    SourceRows,
    Strings,
    counted,
    encode,
    frozen,
    grouped,
    is_text,
    joined_rows,
    missing,
    numbers,
    plain,
    quoted,
    unwrapped,
)
from bayes_nqp.data.reading._vocabulary import Role, channel_of, role_of, sounds_like
from bayes_nqp.data.reading._words import WORDS as WORDS
from bayes_nqp.data.reading._workbook import opened, seen_sheets, sheet_frame
from bayes_nqp.data.reading._worksheet import letters
from bayes_nqp.data.reading._year_parts import as_days, bare_quarters, dotted_hint
from bayes_nqp.data.reading._years import as_years, days_since_1900, month_of, year_of
from bayes_nqp.data.reading.steps import STEPS, Found, Reading, filled_periods

__all__ = [
    "CODES",
    "EDGES",
    "FEW",
    "STEPS",
    "SUFFIXES",
    "UNCOMPUTED",
    "Found",
    "Marks",
    "Reading",
    "Role",
    "SourceRows",
    "Strings",
    "admitted",
    "admitted_frame",
    "apart",
    "as_days",
    "as_years",
    "bare_quarters",
    "broken",
    "broken_cell",
    "cells_of",
    "channel_of",
    "checked_names",
    "counted",
    "date_in",
    "days_since_1900",
    "dotted_hint",
    "encode",
    "filled_periods",
    "first_row",
    "frozen",
    "further_down",
    "grouped",
    "is_text",
    "joined_rows",
    "joined_unit",
    "left_out",
    "letters",
    "marks_of",
    "missing",
    "month_of",
    "never_marks",
    "numbers",
    "opened",
    "panel_rows",
    "plain",
    "quoted",
    "read",
    "reading_of",
    "refuse_broken",
    "refuse_gaps",
    "role_of",
    "says_end",
    "says_never",
    "seen_sheets",
    "sheet_frame",
    "sounds_like",
    "source_of",
    "stripped",
    "unclear",
    "unsaid",
    "unwrapped",
    "with_unit",
    "without_place",
    "year_of",
]
