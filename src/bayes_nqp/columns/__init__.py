"""Files to columns, columns to arrays: cells that can be names, times or numbers; years."""

from bayes_nqp.columns._book import opened
from bayes_nqp.columns._carried import admitted_frame, checked_names
from bayes_nqp.columns._cells import admitted
from bayes_nqp.columns._marks import Marks, marks_of, unsaid
from bayes_nqp.columns._read import SUFFIXES, broken, cells_of, read
from bayes_nqp.columns._values import (
    Bools,
    Floats,
    Ints,
    SourceRows,
    Strings,
    counted,
    encode,
    frozen,
    is_text,
    joined_rows,
    missing,
    numbers,
    plain,
    quoted,
    unwrapped,
)
from bayes_nqp.columns._years import as_years, year_of

__all__ = [
    "SUFFIXES",
    "Bools",
    "Floats",
    "Ints",
    "Marks",
    "SourceRows",
    "Strings",
    "admitted",
    "admitted_frame",
    "as_years",
    "broken",
    "cells_of",
    "checked_names",
    "counted",
    "encode",
    "frozen",
    "is_text",
    "joined_rows",
    "marks_of",
    "missing",
    "numbers",
    "opened",
    "plain",
    "quoted",
    "read",
    "unsaid",
    "unwrapped",
    "year_of",
]
