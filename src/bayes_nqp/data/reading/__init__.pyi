from ._cells import admitted as admitted
from ._date_remarks import CODES as CODES
from ._date_remarks import date_in as date_in
from ._date_remarks import never_marks as never_marks
from ._date_remarks import says_end as says_end
from ._date_remarks import says_never as says_never
from ._date_remarks import unclear as unclear
from ._error_cells import UNCOMPUTED as UNCOMPUTED
from ._error_cells import broken_cell as broken_cell
from ._error_cells import refuse_broken as refuse_broken
from ._gaps import FEW as FEW
from ._gaps import refuse_gaps as refuse_gaps
from ._kept_columns import admitted_frame as admitted_frame
from ._kept_columns import checked_names as checked_names
from ._marks import Marks as Marks
from ._marks import marks_of as marks_of
from ._marks import unsaid as unsaid
from ._names import apart as apart
from ._number_words import EDGES as EDGES
from ._read import SUFFIXES as SUFFIXES
from ._read import broken as broken
from ._read import cells_of as cells_of
from ._read import first_row as first_row
from ._read import read as read
from ._read import source_of as source_of
from ._reading import further_down as further_down
from ._reading import joined_unit as joined_unit
from ._reading import reading_of as reading_of
from ._reading import with_unit as with_unit
from ._rows import left_out as left_out
from ._rows import panel_rows as panel_rows
from ._rows import stripped as stripped
from ._rows import without_place as without_place
from ._values import SourceRows as SourceRows
from ._values import Strings as Strings
from ._values import counted as counted
from ._values import encode as encode
from ._values import frozen as frozen
from ._values import grouped as grouped
from ._values import is_text as is_text
from ._values import joined_rows as joined_rows
from ._values import missing as missing
from ._values import numbers as numbers
from ._values import plain as plain
from ._values import quoted as quoted
from ._values import unwrapped as unwrapped
from ._vocabulary import Role as Role
from ._vocabulary import channel_of as channel_of
from ._vocabulary import role_of as role_of
from ._vocabulary import sounds_like as sounds_like
from ._words import WORDS as WORDS
from ._workbook import opened as opened
from ._workbook import seen_sheets as seen_sheets
from ._workbook import sheet_frame as sheet_frame
from ._worksheet import letters as letters
from ._year_parts import as_days as as_days
from ._year_parts import bare_quarters as bare_quarters
from ._year_parts import dotted_hint as dotted_hint
from ._years import as_years as as_years
from ._years import days_since_1900 as days_since_1900
from ._years import month_of as month_of
from ._years import year_of as year_of
from .steps import STEPS as STEPS
from .steps import Found as Found
from .steps import Reading as Reading
from .steps import filled_periods as filled_periods

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
