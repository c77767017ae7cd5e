"""Read a file by steps: locate the table, then convert its cells."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, nearest, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.validation import held
from bayes_nqp.data.reading._codes import zeros
from bayes_nqp.data.reading._names import apart
from bayes_nqp.data.reading._number_words import EDGES
from bayes_nqp.data.reading._read import TEXTS, checked_file, read
from bayes_nqp.data.reading._rows import BETWEEN, joined, panel_rows
from bayes_nqp.data.reading._text import no_header, text_grid
from bayes_nqp.data.reading._texts import remembered
from bayes_nqp.data.reading._unit_name_variants import twins
from bayes_nqp.data.reading._values import is_text, missing
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading.steps import BOOKS, STEPS, Reading, joined_names

type Roles = Mapping[str, Any]
_SEEN: Final = 12
"""Number of rows searched for a header."""


def reading_of(
    path: Path,
    stated: Mapping[str, Any] | None,
    *,
    fixed: Mapping[str, Any] | None = None,
    roles: Roles | Callable[[Reading], Roles] | None = None,
    encoding: str | None = None,
    names: Collection[str] = (),
    doubts: list[PanelError] | None = None,
) -> Reading:
    """Read a file by steps.

    Parameters
    ----------
    stated : mapping or None
        Steps by their keys; None for all steps that apply to the file.
    fixed : mapping, optional
        Steps that are always applied as given here.
    roles : mapping or callable, optional
        Known columns: ``unit`` (one or several), ``time`` and other roles; or a function that
        returns them for the file after the other steps. Without roles, no rows are excluded.
    encoding : str, optional
        Encoding of a text file.
    names : collection of str, default ()
        Columns that contain names, including cells that look like missing values.
    doubts : list of PanelError, optional
        Receives questions that the user has to decide; by default these are raised.

    Returns
    -------
    Reading
        Reading; its frame contains the rows with a unit and a time.

    Raises
    ------
    PanelError
        If the file cannot be read, or a step is unknown or does not apply to the file.
    """
    held(stated, Mapping[str, Any] | None, "read")
    for key, value in {**(stated or {}), **(fixed or {})}.items():
        if key not in STEPS:
            raise PanelError(
                Message("read={!r} is not a reading step", key), hint=nearest(key, STEPS)
            )
        kind = STEPS[key].kind
        kind = (str | kind if kind == list[str] else kind) | None
        held(_known(value) if isinstance(value, Mapping) else value, kind, f"read.{key}")
    checked_file(path)
    with remembered():
        reading = _read_by_steps(path, stated, fixed, roles, encoding, names)
    if doubts is not None:
        doubts += reading.doubts
    elif reading.doubts:
        raise reading.doubts[0]
    return reading


def _read_by_steps(
    path: Path,
    stated: Mapping[str, Any] | None,
    fixed: Mapping[str, Any] | None,
    roles: Roles | Callable[[Reading], Roles] | None,
    encoding: str | None,
    names: Collection[str],
) -> Reading:
    parts = {} if roles is None or callable(roles) else {**roles}
    reading = Reading(path, partial(_loaded, path, encoding, names), parts, encoding)
    choices = {**(fixed or {})}
    _take(reading, stated, choices, placed=False)
    if roles is None:
        return reading
    if callable(roles):
        reading.roles = {**roles(reading)}
    _take(reading, stated, choices, placed=True)
    place(reading)
    return reading


def _take(
    reading: Reading, stated: Mapping[str, Any] | None, fixed: Mapping[str, Any], *, placed: bool
) -> None:
    """Apply the steps that are given, or all steps that apply to the file."""
    for key, each in STEPS.items():
        if each.placed != placed:
            continue
        if key in fixed:
            value = fixed[key]
        elif stated is None:
            finding = each.found(reading)
            if finding is None:
                continue
            reading.taken[key] = finding
            if finding.offered:
                reading.notes.append(finding.reason)
                continue
            value = finding.value
        elif key in stated and stated[key] is not None:
            value = stated[key]
        else:
            continue
        if value in ([], {}):
            continue
        if isinstance(value, str) and each.kind == list[str]:
            value = [value]
        if each.by_column and not isinstance(value, str | int):
            _check(key, value, reading)
        count = each.applied(reading, value)
        if count and each.of in ("cell", "row") and key != "header":
            names = [*value] if isinstance(value, list | dict) else []
            label = Message("{} ({})", each.label, shown(names, 4)) if names else each.label
            reading.said.append(Message("{}: {}", label, each.size(count)))
        elif key in reading.taken:
            reading.said.append(Message("{}: {}", each.label, reading.taken[key].reason))


def _check(key: str, value: Any, reading: Reading) -> None:
    """Reject a column of a step that does not exist."""
    for name in value:
        if name not in reading.frame.columns:
            row = further_down(name, reading.frame)
            raise PanelError(
                Message("{}={!r} is not a column of the file", key, name),
                hint=Message(
                    "if the column names are in that row, write header = {} in [data.read]", row
                )
                if row is not None
                else nearest(name, reading.frame.columns),
            )


def place(reading: Reading) -> None:
    """Exclude rows without a unit or a time; combine several unit columns."""
    unit, time = reading.roles.get("unit"), reading.roles.get("time")
    if not isinstance(unit, str | None):
        reading.frame = with_unit(reading.frame, list(unit))
        unit = joined_unit(unit)
        reading.roles |= {"unit": unit, "parts": reading.roles["unit"]}
    rows = panel_rows(reading.frame, unit, time, False, reading.notes)
    complete = len(rows) == len(reading.frame)
    reading.aside = rows[:0] if complete else reading.frame[~reading.frame.index.isin(rows.index)]
    if reading.path.suffix.lower() in TEXTS and len(reading.aside):
        rows = _numeric(rows, reading.aside)
    reading.frame = rows
    if unit in rows and time in rows and (note := twins(rows[unit], rows[time])) is not None:
        reading.notes.append(note)


def _numeric(rows: pd.DataFrame, aside: pd.DataFrame) -> pd.DataFrame:
    """Convert text columns to numbers after removal of the rows below the table."""
    out = rows.copy(deep=False)
    for name in [x for x in aside if is_text(aside[x]) and is_text(rows[x])]:
        if sounds_like("unit", str(name)) and zeros(rows[name].map(str)):
            continue
        with suppress(ValueError, TypeError):
            out[name] = pd.to_numeric(rows[name])
    return out


def _known(value: Any) -> Any:
    """Replace NaN, the code of missing cells, by 0 in a value, to check its type."""
    if isinstance(value, Mapping):
        return {name: _known(x) for name, x in value.items()}
    return 0 if isinstance(value, float) and np.isnan(value) else value


def joined_unit(unit: str | Collection[str]) -> str:
    """Return the name of the unit column, if several columns together identify the unit."""
    return unit if isinstance(unit, str) else BETWEEN.join(unit)


def with_unit(frame: pd.DataFrame, names: Collection[str]) -> pd.DataFrame:
    """Add the column that identifies the unit, from its parts.

    Raises
    ------
    PanelError
        If a part is not a column.
    """
    if not names:
        raise PanelError("'unit' does not give a column", hint=nearest("", frame.columns))
    for name in names:
        if name not in frame.columns:
            raise PanelError(
                Message("unit={!r} is not a column of the file", name),
                hint=nearest(name, frame.columns),
            )
    parts = [frame[name].mask(missing(frame[name])) for name in names]
    return frame.assign(**{joined_unit(names): joined(parts)})


def _loaded(
    path: Path,
    encoding: str | None,
    names: Collection[str],
    sheet: str | int | None,
    header: tuple[int, ...],
    notes: list[str],
) -> pd.DataFrame:
    text = path.suffix.lower() in TEXTS
    row = header[-1] if text else 1
    frame, more = read(path, sheet=sheet, encoding=encoding, names=names, header=row)
    notes += more
    if header == (row,):
        return frame
    if not text:
        return _below(frame, header, path, notes)
    joined = joined_names(text_grid(path, encoding, row), header)
    return apart(frame.set_axis(_whole(joined), axis=1), path.name, notes)


def _below(
    frame: pd.DataFrame, rows: tuple[int, ...], path: Path, notes: list[str]
) -> pd.DataFrame:
    """Read the column names from later rows of a worksheet, or from several rows."""
    if path.suffix.lower() not in BOOKS:
        raise PanelError(
            Message("header={}: {} is neither a workbook nor text", rows[0], path.name),
            hint="omit header",
        )
    last = rows[-1]
    if last not in frame.index and last != 1:
        raise no_header(last, Message("rows {} to {}", frame.index[0], frame.index[-1]))
    upper = [*frame.columns] if rows[0] == 1 else [*frame.loc[rows[0]]]
    upper = [None if str(x).startswith("Unnamed: ") else _unlettered(x) for x in upper]
    heads = pd.DataFrame([upper, *(list(frame.loc[row]) for row in rows[1:])])
    texts = joined_names(heads, tuple(range(1, len(heads) + 1)))
    frame = frame.loc[frame.index > last].infer_objects()
    return apart(frame.set_axis(_whole(texts), axis=1), path.name, notes)


def _whole(names: Sequence[str]) -> list[str]:
    """Return the column names; columns without a name get their number."""
    return [x or f"Unnamed: {k}" for k, x in enumerate(names)]


def _unlettered(name: Any) -> Any:
    """Remove the letters that make a name of the first row unique."""
    return name[: name.rindex(" [")] if isinstance(name, str) and name.endswith("]") and (
        " [" in name) else name  # fmt: skip


def further_down(column: str, frame: pd.DataFrame) -> int | None:
    """Find the row of a frame that contains a column's name."""
    for label, values in frame.head(_SEEN).iterrows():
        if any(isinstance(x, str) and x.strip(EDGES) == column for x in values):
            return int(str(label))
    return None
