"""Files to columns, columns to arrays: cells that can be names, times or numbers; years."""

from bayes_nqp.columns._book import opened, seen_sheets, sheet_frame
from bayes_nqp.columns._broken import UNCOMPUTED, broken_cell, refuse_broken
from bayes_nqp.columns._carried import admitted_frame, checked_names
from bayes_nqp.columns._cells import admitted
from bayes_nqp.columns._gaps import FEW, refuse_gaps
from bayes_nqp.columns._marks import Marks, marks_of, unsaid
from bayes_nqp.columns._names import apart
from bayes_nqp.columns._read import SUFFIXES, broken, cells_of, read, source_of
from bayes_nqp.columns._values import (
    Bools,
    Floats,
    Ints,
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
from bayes_nqp.columns._worksheet import letters
from bayes_nqp.columns._years import as_years, days_since_1900, year_of

__all__ = [
    "FEW",
    "SUFFIXES",
    "UNCOMPUTED",
    "Bools",
    "Floats",
    "Ints",
    "Marks",
    "SourceRows",
    "Strings",
    "admitted",
    "admitted_frame",
    "apart",
    "as_years",
    "broken",
    "broken_cell",
    "cells_of",
    "checked_names",
    "counted",
    "days_since_1900",
    "encode",
    "frozen",
    "grouped",
    "is_text",
    "joined_rows",
    "letters",
    "marks_of",
    "missing",
    "numbers",
    "opened",
    "plain",
    "quoted",
    "read",
    "refuse_broken",
    "refuse_gaps",
    "seen_sheets",
    "sheet_frame",
    "source_of",
    "unsaid",
    "unwrapped",
    "year_of",
]
