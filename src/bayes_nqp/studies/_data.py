"""From [data] to a panel: read, merge, clean, derive columns, assign roles, stratify."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest, shown
from bayes_nqp._core.i18n import Message, languages
from bayes_nqp._core.labels import UNLABELLED, Labels, labels_of
from bayes_nqp.data.column_inference import cleaned, with_numbers
from bayes_nqp.data.panel import Panel, declared, notes_of_numbers
from bayes_nqp.data.reading import as_years, encode, is_text
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._derive import columns_of, derive
from bayes_nqp.studies._plugins import values_of
from bayes_nqp.studies._roles import LISTS, ROLES, check_columns, completed, numeric_columns
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._source import rows_of
from bayes_nqp.studies._source_table import table_panel
from bayes_nqp.studies._study_table import Values
from bayes_nqp.studies._words import at_file, in_toml

if TYPE_CHECKING:
    from bayes_nqp.data.index import Index, ProductivityIndex
    from bayes_nqp.data.simulation import Simulated


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Panel of a study, and the by-products of making it.

    Parameters
    ----------
    simulated : Simulated, optional
        Simulation with its true effects, if the study simulates its rows.
    index : Index, optional
        Index, if the study makes one.
    unmatched : DataFrame, optional
        Values that are not prefectures, if the study merges the pilot zones.
    values : mapping of str to mapping
        Values that designs and checks may name, such as spatial weights: by the key that names
        them, then by name.
    """

    panel: Panel
    simulated: Simulated | None = None
    index: Index | None = None
    unmatched: pd.DataFrame | None = None
    values: Values = field(default_factory=dict)


def prepared(settings: Settings, folder: Path) -> Prepared:
    """Make the panel that a study describes.

    Parameters
    ----------
    settings : Settings
        Settings of the study; the mediators are those of [data] and of [channels].
    folder : Path
        Folder of the study.

    Raises
    ------
    PanelError
        If the file cannot be read, or its data are malformed.
    StudyError
        If a key of the study does not match the data.
    """
    if settings.data.source is not None:
        return _kept(settings, folder)
    recipe = _recipe(settings, folder)
    with at_file():
        frame, notes, simulated = rows_of(settings, folder)
    data = completed(settings, simulated)
    unmatched = None
    if data.zones is not None:
        from bayes_nqp.studies._zones import with_zones

        frame, unmatched = with_zones(data.zones, frame, notes, str(data.unit))
    brought = _words(settings, recipe) | labels_of(frame)
    check_columns(data, frame, notes, settings)
    indicators = [] if recipe is None else [part.data for part in recipe.system.indicators]
    frame = cleaned(
        frame, [*numeric_columns(data, frame, settings), *indicators], notes,
        missing=data.read.get("missing", ()), thousands=data.read.get("thousands"),
        place=(str(data.unit), str(data.time)),
    )  # fmt: skip
    if is_text(frame[data.time]) and (data.freq is None or isinstance(data.freq, int)):
        frame[data.time] = as_years(frame[data.time], notes, once=True)
    if data.cohort in frame.columns and pd.api.types.is_numeric_dtype(frame[data.time].dtype):
        # In a text file one cell with "never" turns the whole column of years into text.
        frame = with_numbers(frame, str(data.cohort), declared(data.never))
    frame, index = with_columns(settings, data, frame, notes, recipe, folder)
    roles: dict[str, Any] = {name: getattr(data, name) for name in (*ROLES, *LISTS)}
    names_made = {stratum.name or f"{stratum.column}_group" for stratum in data.stratify}
    roles["strata"] = [name for name in data.strata or () if name not in names_made]
    panel, values = _panel(settings, frame, roles, folder)
    with in_toml("data.stratify"):
        for stratum in data.stratify:
            panel = panel.stratify(**stratum.model_dump())
    panel = _labelled(settings, replace(panel, labels=brought), frame)
    notes += [*(index.notes if index is not None else ()), *notes_of_numbers(panel)]
    return Prepared(_noted(panel, notes), simulated, index, unmatched, values)


def _kept(settings: Settings, folder: Path) -> Prepared:
    """Make the panel of a table that stays in its database engine, and the values for it."""
    panel = table_panel(settings, completed(settings, None), folder)
    panel = _labelled(settings, panel, panel.frame)
    return Prepared(panel, values=values_of(settings.plugins, panel, folder))


def _labelled(settings: Settings, panel: Panel, frame: pd.DataFrame) -> Panel:
    with in_toml("labels"):
        words = settings.model_dump(include={"labels"}, exclude_none=True)
        _check_labels(Labels.of(words["labels"]), panel, frame)
        return panel.with_labels(words["labels"])


def _check_labels(labels: Labels, panel: Panel, frame: pd.DataFrame) -> None:
    """Refuse labels of columns and levels that occur neither in the panel nor in excluded rows."""
    levels: dict[str, set[str]] = {}
    for language, column, level, _ in labels.entries:
        if language not in languages():
            raise StudyError(
                Message("'labels' contains {!r}, which is not a supported language", language),
                hint=nearest(language, languages()),
            )
        if column not in panel.frame.columns:
            raise StudyError(
                Message(
                    "'labels.{}' contains {!r}, which is not a column of the data", language, column
                ),
                hint=nearest(column, panel.frame.columns),
            )
        if column not in levels:
            of_time = panel.time_labels if column in (panel.roles.time, panel.roles.cohort) else ()
            parts = [x[column].dropna() for x in (panel.frame, frame) if column in x.columns]
            levels[column] = {*map(str, of_time), *(x for part in parts for x in encode(part)[1])}
        if level is not None and level not in levels[column]:
            raise StudyError(
                Message(
                    "'labels.{}.{}.levels' contains {!r}, which is not a value of that column",
                    language,
                    column,
                    level,
                ),
                hint=nearest(level, sorted(levels[column])),
            )


def _panel(
    settings: Settings, frame: pd.DataFrame, roles: dict[str, Any], folder: Path
) -> tuple[Panel, Values]:
    """Make the panel and its values; columns that require both are added afterwards."""
    data, tables = settings.data, settings.plugins
    late = {name for table in tables.values() for name in table.panel_columns}
    if data.persons:
        panel = _of_persons(data, frame, roles, late)
        return panel, values_of(tables, panel, folder)
    first: dict[str, Any] = {
        role: [name for name in names if name not in late] if role in LISTS else names
        for role, names in roles.items()
    }
    with in_toml("data"):
        panel = Panel.from_frame(frame, **first, **_handling(data))
    values = values_of(tables, panel, folder)
    if late:
        rows = panel.frame
        for name, table in tables.items():
            check_new(name, table.panel_columns, rows)
            rows = rows.assign(**table.columns_for(panel, values))
        notes = list(panel.notes)
        with in_toml("data"):
            panel = Panel.from_frame(rows, **roles, **_handling(data))
        panel = _noted(panel, notes)
    return panel, values


def _of_persons(
    data: Data, frame: pd.DataFrame, roles: dict[str, Any], late: Collection[str]
) -> Panel:
    """Make the panel of clusters of persons; other roles are refused."""
    taken = ("time", "outcome", "cohort", "treated", "strata", "covariates", "weights")
    odd = [role for role, names in roles.items() if names and role not in (*taken, "unit")]
    if odd or late:
        raise StudyError(
            Message("[data] persons = true cannot be combined with {}", shown([*odd, *late])),
            hint="remove these keys; columns of persons are covariates",
        )
    given = {role: roles[role] for role in taken if role in roles}
    with in_toml("data"):
        return Panel.from_micro(
            frame, cluster=roles["unit"], **given, never=data.never, freq=data.freq
        )


def _handling(data: Data) -> dict[str, Any]:
    """Return the arguments of a panel that are not columns."""
    return {"never": data.never, "freq": data.freq, "entry_unknown": data.entry_unknown}


def _recipe(settings: Settings, folder: Path) -> ProductivityIndex | None:
    if settings.index is None:
        return None
    from bayes_nqp.studies._index import recipe_of

    return recipe_of(settings.index, folder)


def _words(settings: Settings, recipe: ProductivityIndex | None) -> Labels:
    """Return the labels of the index and of its indicators that are columns of the panel."""
    if recipe is None or settings.index is None:
        return UNLABELLED
    system = recipe.system
    names = [(settings.index.name, system.name, system.name_zh)]
    names += [(x.data, x.name, x.name_zh) for x in system.indicators]
    return Labels(
        tuple(
            (language, key, None, words)
            for key, english, chinese in names
            for language, words in (("en", english), ("zh", chinese))
            if words not in ("", key)
        )
    )


def _noted(panel: Panel, notes: list[str]) -> Panel:
    return replace(panel, notes=tuple(dict.fromkeys([*notes, *panel.notes]))) if notes else panel


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
