"""Cells of a file to numbers, by the steps that a study declares."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pandas as pd

from bayes_nqp.errors import PanelError, shown
from bayes_nqp.panel._values import Rows
from bayes_nqp.studies._schema import Data
from bayes_nqp.studies._source import EDGES

__all__ = ["cleaned", "filled", "with_numbers"]


def filled(data: Data, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Fill merged cells down.

    Parameters
    ----------
    data : Data
        Columns that are not there are passed over.
    frame : DataFrame
        Is changed.
    notes : list of str
        What was done is added.

    Returns
    -------
    DataFrame
    """
    for name in data.fill_down:
        if name not in frame.columns:
            continue
        notes.append(f"{name}: {int(frame[name].isna().sum())} empty cells filled from above")
        frame[name] = frame[name].ffill()
    return frame


def cleaned(
    data: Data, frame: pd.DataFrame, numeric: Iterable[str], notes: list[str]
) -> pd.DataFrame:
    """Read numbers that are written as text.

    Parameters
    ----------
    data : Data
    frame : DataFrame
        Is changed.
    numeric : iterable of str
        Columns that must be numbers; those that the frame does not have are left alone.
    notes : list of str
        What was done is added.

    Returns
    -------
    DataFrame

    Raises
    ------
    PanelError
        If a cell holds text that no declared step explains.
    """
    for name in dict.fromkeys(numeric):
        if name in frame.columns and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame[name] = _numbers(frame, name, data, notes)
    return frame


def with_numbers(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Read those cells of a column as numbers that are numbers stored as text.

    Parameters
    ----------
    frame : DataFrame
        Is changed.
    name : str

    Returns
    -------
    DataFrame
    """
    column = frame[name]
    if pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
        numbers = pd.to_numeric(column, errors="coerce")
        if numbers.notna().any():
            frame[name] = column.astype(object).mask(numbers.notna(), numbers.astype(object))
    return frame


def _numbers(frame: pd.DataFrame, name: str, data: Data, notes: list[str]) -> pd.Series[Any]:
    """Read text as numbers; name the cells that are none."""
    column = frame[name]
    text = column.map(lambda x: x.strip(EDGES) if isinstance(x, str) else x)
    gone = text.isin([*data.missing, ""]) | text.isna()
    bare = text
    if data.thousands:
        mark = data.thousands
        bare = text.map(lambda x: x.replace(mark, "") if isinstance(x, str) else x)
    numbers = pd.to_numeric(bare.where(~gone), errors="coerce").astype("float64")
    wrong = (numbers.isna() & ~gone).to_numpy()
    if wrong.any():
        raise PanelError(
            f"{name!r} must be numbers, and holds text in {int(wrong.sum())} rows: "
            f"{shown((repr(x) for x in column[wrong].unique()), 4)}",
            where=Rows(frame, str(data.unit), str(data.time)).shown(wrong, name),
            hint=_cleaning([str(x) for x in column[wrong]], data),
        )
    if int(gone.sum()) > int(column.isna().sum()):
        count = int(gone.sum()) - int(column.isna().sum())
        notes.append(f"{column.name}: {count} cells read as missing")
    notes.append(f"{column.name}: numbers stored as text were read as numbers")
    return numbers


def _cleaning(texts: list[str], data: Data) -> str:
    """Say what in [data] would make numbers of some texts."""
    said = []
    if data.thousands is None and any("," in x and x.replace(",", "").strip() for x in texts):
        said.append('thousands = "," reads "1,234" as a number')
    words = sorted({x.strip(EDGES) for x in texts if not any(c.isdigit() for c in x)})
    if words:
        listed = ", ".join(f'"{x}"' for x in [*data.missing, *words[:4]])
        said.append(f"missing = [{listed}] reads such cells as missing")
    return "in [data], " + ", and ".join(said) if said else "correct these cells in the file"
