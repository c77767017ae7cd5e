"""Clean the rows and cells of a file with the steps that a study declares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Any

import pandas as pd

from bayes_nqp._core.exceptions import PanelError, Spoken, shown
from bayes_nqp._core.fields import GROUPS
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading import EDGES, SourceRows, counted, grouped, quoted, refuse_broken

_MARKS = 4
"""Maximum number of different words for missing values."""


def cleaned(
    frame: pd.DataFrame,
    numeric: Iterable[str],
    notes: list[str],
    *,
    missing: Sequence[str],
    thousands: str | None,
    place: tuple[str, str],
) -> pd.DataFrame:
    """Read numbers that are stored as text.

    Parameters
    ----------
    frame : DataFrame
        Data; modified in place.
    numeric : iterable of str
        Columns that must be numeric; columns missing from the frame are ignored.
    notes : list of str
        Receives a message for each change.
    missing : sequence of str
        Texts that mark missing values.
    thousands : str or None
        Thousands separator.
    place : tuple of str
        Columns of the unit and the time, used to identify rows in messages.

    Raises
    ------
    PanelError
        If a cell contains text that no declared step converts.
    """
    for name in dict.fromkeys(numeric):
        if name in frame.columns and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame[name] = _numbers(frame, name, notes, missing, thousands, place)
    return frame


def with_numbers(frame: pd.DataFrame, name: str, codes: list[Any]) -> pd.DataFrame:
    """Convert the cells of a column that are integers stored as text to numbers.

    Parameters
    ----------
    frame : DataFrame
        Data; modified in place.
    codes : list
        Declared codes, which are kept unchanged.
    """
    column = frame[name]
    if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
        numbers = pd.to_numeric(column, errors="coerce")
        integral = (numbers % 1 == 0) & ~column.isin(codes)
        if integral.any():
            frame[name] = column.astype(object).mask(integral, numbers.astype(object))
    return frame


def _numbers(
    frame: pd.DataFrame,
    name: str,
    notes: list[str],
    missing: Sequence[str],
    thousands: str | None,
    place: tuple[str, str],
) -> pd.Series[Any]:
    """Read text as numbers; raise an error that names the cells that are not numbers."""
    column = frame[name]
    declared = Message("missing = [{}] in [data.read], if these texts mean missing values", "…")
    refuse_broken(column, "column", SourceRows(frame, *place), missing, declared)
    text = column.map(lambda x: x.strip(EDGES) if isinstance(x, str) else x)
    gone = text.isin([*missing, ""]) | text.isna()
    bare = text
    if thousands:
        bare = text.map(lambda x: grouped(x, thousands) if isinstance(x, str) else x)
    numbers = pd.to_numeric(bare.where(~gone), errors="coerce").astype("float64")
    wrong = (numbers.isna() & ~gone).to_numpy()
    if wrong.any():
        texts = [str(x) for x in column[wrong]]
        raise PanelError(
            Message(
                "{!r} must be numeric, but contains text in {}: {}",
                name,
                counted(wrong.sum(), "row"),
                shown(map(quoted, column[wrong].unique()), 4),
            ),
            where=SourceRows(frame, *place).shown(wrong, name),
            hint=_no_numbers(name, texts, int((~gone).sum()))
            or _cleaning(name, texts, missing, thousands),
        )
    count = int(gone.sum()) - int(column.isna().sum())
    if count:
        notes.append(Message("{}: {} read as missing values", name, counted(count, "cell")))
    if text[~gone].map(lambda x: isinstance(x, str)).any():
        notes.append(Message("{}: numbers stored as text were read as numbers", name))
    return numbers


def _no_numbers(name: str, texts: list[str], cells: int) -> str:
    """Return advice for a column with mostly words; "" if most cells are numbers."""
    words = [x.strip(EDGES) for x in texts if not any(c.isdigit() for c in x)]
    if len(words) < cells and (len(words) <= 0.5 * cells or len(set(words)) <= _MARKS):
        return ""
    return Spoken(
        Message(
            "the column is text: omit it, or, if it groups units, use it as a stratum: "
            'strata = ["{}"] in [data]',
            name,
        ),
        Message(
            "the column is text: omit it, or, if it groups units, choose it under “{}”", GROUPS
        ),
    )


def _cleaning(name: str, texts: list[str], missing: Sequence[str], thousands: str | None) -> str:
    """Return the keys of [data] that would convert these texts to numbers."""
    steps: list[Message] = []
    marked = [x for x in texts if "," in x and any(c.isdigit() for c in x)]
    if any(grouped(x, ",") is None for x in marked):
        return Message('if the comma is a decimal comma, decimals = ["{}"] in [data.read]', name)
    if thousands is None and marked:
        steps.append(Message('thousands = "," reads "1,234" as a number'))
    words = sorted({x.strip(EDGES) for x in texts if not any(c.isdigit() for c in x)})
    if words:
        listed = ", ".join(f'"{x}"' for x in [*missing, *words[:4]])
        steps.append(Message("missing = [{}] reads such cells as missing values", listed))
    if not steps:
        return "correct these cells in the file"
    return Message("in [data.read], {}", reduce(lambda a, b: Message("{}, and {}", a, b), steps))
