"""From [data] to a panel: read, clean, derive, give roles, stratify."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pandas as pd

from bayes_nqp import datasets
from bayes_nqp.errors import PanelError, StudyError, nearest, shown
from bayes_nqp.panel import Panel
from bayes_nqp.panel._read import read
from bayes_nqp.panel._values import Rows
from bayes_nqp.studies._derive import columns_of, derive
from bayes_nqp.studies._schema import Data, Settings
from bayes_nqp.studies._words import in_toml

__all__ = ["panel_of", "source_of"]

_BOOKS = (".xlsx", ".xlsm", ".xls")
_ROLES = ("unit", "time", "outcome", "cohort", "treated", "weights")
_LISTS = ("strata", "covariates", "mediators", "moderators")
_EDGES = " \t\r\n\u3000\xa0"
_LOOK = 12
"""Rows in which a header further down is looked for."""


def source_of(data: Data, folder: Path) -> Path | None:
    """Find the file of a study.

    Parameters
    ----------
    data : Data
    folder : Path
        Of the study; relative paths start there.

    Returns
    -------
    Path or None
        None for a dataset that the library brings.

    Raises
    ------
    StudyError
        If the study names both, or neither.
    """
    if (data.dataset is None) == (data.file is None):
        raise StudyError(
            "[data] needs exactly one of 'dataset' and 'file'",
            hint='file = "cities.xlsx" (beside the study), or dataset = "castle_doctrine"',
        )
    return None if data.file is None else folder / data.file


def panel_of(settings: Settings, folder: Path) -> Panel:
    """Make the panel that a study asks for.

    Parameters
    ----------
    settings : Settings
        Its mediators are those of [data] and those of [channels].
    folder : Path
        Of the study.

    Returns
    -------
    Panel

    Raises
    ------
    PanelError
        If the file cannot be read, or its data are malformed.
    StudyError
        If a key of the study does not fit the data.
    """
    data = _with_channels(settings)
    frame, notes = _frame(data, folder)
    _known(data, frame, notes, settings.data.mediators)
    frame = _cleaned(data, frame, notes)
    for name, expression in data.derive.items():
        if name in frame.columns:
            raise StudyError(
                f"'data.derive.{name}' is a column of the data already", hint="take a new name"
            )
        frame[name] = derive(frame, name, expression)
    roles: dict[str, Any] = {name: getattr(data, name) for name in (*_ROLES, *_LISTS)}
    made = {one.name or f"{one.column}_group" for one in data.stratify}
    roles["strata"] = [name for name in data.strata if name not in made]
    with in_toml("data"):
        panel = Panel.from_frame(frame, **roles, never=data.never, freq=data.freq)
    with in_toml("data.stratify"):
        for one in data.stratify:
            panel = panel.stratify(**one.model_dump())
    return _noted(panel, notes)


def _with_channels(settings: Settings) -> Data:
    """Let the mediators of [channels] be mediators of the data."""
    data, channels = settings.data, settings.channels
    if channels is None:
        return data
    names = list(dict.fromkeys([*data.mediators, *channels.mediators]))
    if not names:
        raise StudyError(
            "[channels] has no mediators", hint='mediators = ["…"], columns of the data'
        )
    return data.model_copy(update={"mediators": names})


def _frame(data: Data, folder: Path) -> tuple[pd.DataFrame, list[str]]:
    source = source_of(data, folder)
    if source is None:
        for key in ("sheet", "encoding"):
            if getattr(data, key) is not None:
                raise StudyError(f"'data.{key}' is for a file, and this is a dataset")
        if data.dataset not in datasets.__all__:
            raise StudyError(
                f"'data.dataset' is {data.dataset!r}, which the library does not bring",
                hint=nearest(str(data.dataset), datasets.__all__),
            )
        frame: pd.DataFrame = getattr(datasets, data.dataset)(as_frame=True)
        return frame.copy(), []
    try:
        frame, notes = read(source, sheet=data.sheet, encoding=data.encoding)
    except PanelError as error:
        raise _other_sheets(error, source, data) from error
    if data.header > 1:
        frame = _header(frame, data.header, source)
    return frame.copy(), notes


def _header(frame: pd.DataFrame, row: int, source: Path) -> pd.DataFrame:
    """Take the column names from a later row of a worksheet."""
    if source.suffix.lower() not in _BOOKS:
        raise StudyError(
            f"'data.header' is {row}, and {source.name} is no workbook",
            hint="delete the lines above the header, or save the data as .xlsx",
        )
    if row not in frame.index:
        raise StudyError(
            f"'data.header' is {row}, and that row is empty or not there",
            where=f"rows {frame.index[0]} to {frame.index[-1]}",
            hint="the number that Excel shows beside the row with the column names",
        )
    names = [
        str(x).strip(_EDGES) if pd.notna(x) else f"Unnamed: {k}"
        for k, x in enumerate(frame.loc[row])
    ]
    frame = frame.loc[frame.index > row].infer_objects()
    frame.columns = pd.Index(names)
    return frame


def _other_sheets(error: PanelError, source: Path, data: Data) -> PanelError:
    """Say which sheets a workbook has, where the first one holds no rows."""
    if "no rows" not in error.what or data.sheet is not None or source.suffix not in _BOOKS:
        return error
    fast = find_spec("python_calamine") is not None
    with pd.ExcelFile(source, engine="calamine" if fast else None) as book:
        names = [str(name) for name in book.sheet_names]
    if len(names) < 2:
        return error
    return PanelError(
        f"{error.what.rstrip('.')}: it was read from {names[0]!r}, the first sheet",
        where=f"its sheets are {shown(map(repr, names), 12)}",
        hint='sheet = "…" in [data]',
    )


def _known(data: Data, frame: pd.DataFrame, notes: list[str], own: list[str]) -> None:
    """Refuse roles that name no column; look whether the header is further down."""
    made = {*data.derive, *(one.name or f"{one.column}_group" for one in data.stratify)}
    wanted = [(name, getattr(data, name)) for name in _ROLES if getattr(data, name) is not None]
    wanted += [(name, column) for name in (*_LISTS, "fill_down") for column in getattr(data, name)]
    wanted += [("stratify", one.column) for one in data.stratify]
    for key, column in wanted:
        if column in frame.columns or column in made:
            continue
        row = _further_down(column, frame)
        table = "channels" if key == "mediators" and column not in own else "data"
        if row is not None:
            raise StudyError(
                f"'{table}.{key}' is {column!r}, which is no column: it stands in row {row}",
                where=f"row 1 reads {shown(frame.columns, 4)}",
                hint=f"header = {row} in [data], if the column names are in that row",
            )
        raise StudyError(
            f"'{table}.{key}' is {column!r}, which is no column of the data",
            where="; ".join(note for note in notes if "sheets" in note),
            hint=nearest(column, frame.columns),
        )


def _further_down(column: str, frame: pd.DataFrame) -> int | None:
    for label, values in frame.head(_LOOK).iterrows():
        if any(isinstance(x, str) and x.strip(_EDGES) == column for x in values):
            return int(str(label))
    return None


def _cleaned(data: Data, frame: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Fill merged cells down, and read numbers that are written as text."""
    for name in data.fill_down:
        notes.append(f"{name}: {int(frame[name].isna().sum())} empty cells filled from above")
        frame[name] = frame[name].ffill()
    numeric = [data.outcome, *data.covariates, *data.mediators, *data.moderators]
    numeric += [data.weights] if data.weights else []
    numeric += [one.column for one in data.stratify]
    for name, expression in data.derive.items():
        try:
            numeric += columns_of(expression)
        except SyntaxError:
            derive(frame, name, expression)
    for name in dict.fromkeys(numeric):
        if name in frame.columns and not pd.api.types.is_numeric_dtype(frame[name].dtype):
            frame[name] = _numbers(frame, name, data, notes)
    return frame


def _numbers(frame: pd.DataFrame, name: str, data: Data, notes: list[str]) -> pd.Series[Any]:
    """Read text as numbers; name the cells that are none."""
    column = frame[name]
    text = column.map(lambda x: x.strip(_EDGES) if isinstance(x, str) else x)
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
            where=Rows(frame, data.unit, data.time).shown(wrong, name),
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
    words = sorted({x.strip(_EDGES) for x in texts if not any(c.isdigit() for c in x)})
    if words:
        listed = ", ".join(f'"{x}"' for x in [*data.missing, *words[:4]])
        said.append(f"missing = [{listed}] reads such cells as missing")
    return "in [data], " + ", and ".join(said) if said else "correct these cells in the file"


def _noted(panel: Panel, notes: list[str]) -> Panel:
    from dataclasses import replace

    return replace(panel, notes=tuple(dict.fromkeys([*notes, *panel.notes]))) if notes else panel
