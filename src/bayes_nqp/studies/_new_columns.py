"""New columns of a study: expressions, columns of its tables, and its index."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._derive import columns_of, derive
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._words import in_toml

if TYPE_CHECKING:
    from bayes_nqp.data.index import Index, ProductivityIndex


def check_new(table: str, columns: Iterable[str], frame: pd.DataFrame) -> None:
    """Refuse columns of a table that already exist in the data."""
    for column in columns:
        if column in frame.columns:
            raise StudyError(
                Message(
                    "[{}] adds the column {!r}, but the data already contain it", table, column
                ),
                hint=Message("choose another name in [{}], or delete this entry", table),
            )


def with_columns(
    settings: Settings,
    data: Data,
    frame: pd.DataFrame,
    notes: list[str],
    recipe: ProductivityIndex | None,
    folder: Path,
) -> tuple[pd.DataFrame, Index | None]:
    """Add expressions, columns of tables and the index, each after the columns that it uses."""
    index, name_of_index = None, settings.index.name if settings.index is not None else ""
    pending = {name_of_index}
    for name, table in settings.plugins.items():
        check_new(name, table.row_columns, frame)
        pending |= {*table.row_columns}
    for name in data.derive:
        if name in {*frame.columns, *pending}:
            raise StudyError(
                Message("'data.derive.{}' is already a column of the data", name),
                hint="choose another name",
            )
    for name, table in settings.plugins.items():
        frame = _derived(data, frame, pending)
        _check_there(name, table.number_columns, frame)
        frame = table.rows_from(frame, data, notes, folder)
        pending -= {*table.row_columns}
    frame = _derived(data, frame, pending)
    if recipe is not None:
        with in_toml("index"):
            index = recipe.build(frame, unit=str(data.unit), time=str(data.time))
            frame = index.frame(name_of_index)
    return _derived(data, frame, set()), index


def _check_there(table: str, keys: Iterable[tuple[str, str]], frame: pd.DataFrame) -> None:
    """Refuse columns that a table requires, but that are created only by or after this table."""
    for key, column in keys:
        if column not in frame.columns:
            raise StudyError(
                Message(
                    "'{}.{}' is {!r}, a column that is created only in a later step",
                    table,
                    key,
                    column,
                ),
                hint=nearest(column, frame.columns),
            )


def _derived(data: Data, frame: pd.DataFrame, pending: set[str]) -> pd.DataFrame:
    """Compute the expressions whose columns all exist already."""
    pending = {*pending}
    for name, expression in data.derive.items():
        if pending & {*columns_of(expression)}:
            pending.add(name)
        elif name not in frame.columns:
            frame[name] = derive(frame, name, expression, data.read.get("missing", []))
    return frame
