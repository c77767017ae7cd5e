"""From [data] to a panel: read, merge, clean, derive columns, assign roles, stratify."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest, shown
from bayes_nqp._core.i18n import Message, languages
from bayes_nqp._core.labels import UNLABELLED, Labels, labels_of
from bayes_nqp.data.column_inference import cleaned, with_numbers
from bayes_nqp.data.panel import Panel, declared, notes_of_numbers
from bayes_nqp.data.reading import as_years, encode, further_down, is_text, joined_unit
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._derive import derive, numbers_of
from bayes_nqp.studies._new_columns import check_new, with_columns
from bayes_nqp.studies._plugins import values_of
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._source import rows_of
from bayes_nqp.studies._source_table import table_panel
from bayes_nqp.studies._study_table import Values
from bayes_nqp.studies._words import at_file, in_toml

if TYPE_CHECKING:
    from bayes_nqp.data.index import Index, ProductivityIndex
    from bayes_nqp.data.simulation import Simulated


_ROLES = ("unit", "time", "outcome", "cohort", "treated", "weights", "outcome_se", "exposure")
_LISTS = ("strata", "covariates", "mediators", "moderators", "exposures")
_NEEDED = ("unit", "time", "outcome")


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
    data = _completed(settings, simulated)
    unmatched = None
    if data.zones is not None:
        from bayes_nqp.studies._zones import with_zones

        frame, unmatched = with_zones(data.zones, frame, notes, str(data.unit))
    brought = _words(settings, recipe) | labels_of(frame)
    _known(data, frame, notes, settings)
    indicators = [] if recipe is None else [part.data for part in recipe.system.indicators]
    frame = cleaned(
        frame, [*_numeric(data, frame, settings), *indicators], notes,
        missing=data.read.get("missing", ()), thousands=data.read.get("thousands"),
        place=(str(data.unit), str(data.time)),
    )  # fmt: skip
    if is_text(frame[data.time]) and (data.freq is None or isinstance(data.freq, int)):
        frame[data.time] = as_years(frame[data.time], notes, once=True)
    if data.cohort in frame.columns and pd.api.types.is_numeric_dtype(frame[data.time].dtype):
        # In a text file one cell with "never" turns the whole column of years into text.
        frame = with_numbers(frame, str(data.cohort), declared(data.never))
    frame, index = with_columns(settings, data, frame, notes, recipe, folder)
    roles: dict[str, Any] = {name: getattr(data, name) for name in (*_ROLES, *_LISTS)}
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
    panel = table_panel(settings, _completed(settings, None), folder)
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
    first: dict[str, Any] = {
        role: [name for name in names if name not in late] if role in _LISTS else names
        for role, names in roles.items()
    }
    with in_toml("data"):
        panel = Panel.from_frame(frame, **first, never=data.never, freq=data.freq)
    values = values_of(tables, panel, folder)
    if late:
        rows = panel.frame
        for name, table in tables.items():
            check_new(name, table.panel_columns, rows)
            rows = rows.assign(**table.columns_for(panel, values))
        notes = list(panel.notes)
        with in_toml("data"):
            panel = Panel.from_frame(rows, **roles, never=data.never, freq=data.freq)
        panel = _noted(panel, notes)
    return panel, values


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


def _completed(settings: Settings, simulated: Simulated | None) -> Data:
    """Add the roles that other tables and a simulation imply."""
    data, channels = settings.data, settings.channels
    added = _simulated_roles(data, simulated) if simulated is not None else {}
    if settings.index is not None and data.outcome is None:
        # A simulation may contain an index; the index of the study takes precedence.
        added["outcome"] = settings.index.name
    if data.zones is not None and data.cohort is None and data.treated is None:
        added["cohort"] = data.zones.cohort
    if channels is not None:
        names = list(dict.fromkeys([*data.mediators, *channels.mediators]))
        if not names and simulated is not None:
            names = list(simulated.panel.roles.mediators)
        if not names:
            raise StudyError(
                "[channels] has no mediators",
                hint='add mediators = ["…"], with columns of the data',
            )
        added["mediators"] = names
    for key, role in (("exposure", "exposures"), ("moderator", "moderators")):
        name = settings.design.get(key)
        if isinstance(name, str) and name not in getattr(data, role):
            added[role] = [*getattr(data, role), name]
    if data.unit is not None:
        added["unit"] = joined_unit(data.unit)
    data = data.model_copy(update=added)
    for name in _NEEDED:
        if getattr(data, name) is None:
            raise StudyError(
                Message("[data] lacks the key {!r}", name), hint=Message('add {} = "…"', name)
            )
    return data


def _simulated_roles(data: Data, simulated: Simulated) -> dict[str, Any]:
    """Take roles that the study does not state from the simulation, if its rows contain them."""
    roles, columns = simulated.panel.roles, set(simulated.frame.columns)
    roles_implied: dict[str, Any] = {
        name: getattr(roles, name)
        for name in ("unit", "time", "outcome", "cohort")
        if getattr(data, name) is None and getattr(roles, name) in columns
    }
    if data.treated is not None:
        roles_implied.pop("cohort", None)
    if data.strata is None and set(roles.strata) <= columns:
        roles_implied["strata"] = list(roles.strata)
    return roles_implied


def _known(data: Data, frame: pd.DataFrame, notes: list[str], settings: Settings) -> None:
    """Refuse roles that are not columns; detect a header in a later row."""
    names_made = {
        *data.derive,
        *(stratum.name or f"{stratum.column}_group" for stratum in data.stratify),
    }
    names_made |= {settings.index.name} if settings.index is not None else set()
    wanted = [
        ("data", name, getattr(data, name)) for name in _ROLES if getattr(data, name) is not None
    ]
    wanted += [("data", name, x) for name in _LISTS for x in getattr(data, name) or ()]
    wanted += [("data", "stratify", stratum.column) for stratum in data.stratify]
    for name, plugin in settings.plugins.items():
        wanted += [(name, key, column) for key, column in plugin.number_columns]
        names_made |= {*plugin.row_columns, *plugin.panel_columns}
    for table, key, column in wanted:
        if column in frame.columns or column in names_made:
            continue
        row = further_down(column, frame)
        if key == "mediators" and column not in settings.data.mediators:
            table = "channels"
        if row is not None:
            raise StudyError(
                Message(
                    "'{}.{}' is {!r}, which is not a column name: it is a value in row {}",
                    table,
                    key,
                    column,
                    row,
                ),
                where=Message("row 1 reads {}", shown(frame.columns, 4)),
                hint=Message(
                    "if the column names are in that row, write header = {} in [data.read]", row
                ),
            )
        raise StudyError(
            Message("'{}.{}' is {!r}, which is not a column of the data", table, key, column),
            where="; ".join(note for note in notes if "sheets" in note),
            hint=nearest(column, [*frame.columns, *sorted(names_made)]),
        )


def _numeric(data: Data, frame: pd.DataFrame, settings: Settings) -> Iterable[str]:
    """Return the names of the columns that must be numeric."""
    lists = (getattr(data, name) for name in _LISTS if name != "strata")
    names = [str(data.outcome), *(name for some in lists for name in some)]
    names += [x for x in (data.weights, data.outcome_se, data.exposure) if x]
    names += [stratum.column for stratum in data.stratify]
    names += [column for table in settings.plugins.values() for _, column in table.number_columns]
    for name, expression in data.derive.items():
        try:
            names += numbers_of(expression)
        except SyntaxError:
            derive(frame, name, expression)
    return names


def _noted(panel: Panel, notes: list[str]) -> Panel:
    return replace(panel, notes=tuple(dict.fromkeys([*notes, *panel.notes]))) if notes else panel
