"""The key source of [data]: a panel of a table that stays in its database engine."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.backends import Address
from bayes_nqp.data.panel import Panel
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._result_store import store_folder
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._source import source_of
from bayes_nqp.studies._words import in_toml

_ROLES: Final = (
    "unit", "time", "outcome", "cohort", "strata", "covariates", "mediators", "moderators",
    "exposures", "by", "baseline", "products", "memory", "shards",
)  # fmt: skip
"""Keys that correspond to arguments of `Panel.from_table`."""
_KEYS: Final = {*_ROLES, "source", "never"}


def address_of(data: Data, folder: Path) -> Address | None:
    """Return the address of a study's table.

    Parameters
    ----------
    folder : Path
        Folder of the study, to which relative paths refer.

    Returns
    -------
    Address or None
        None if the rows are read into memory.

    Raises
    ------
    StudyError
        If the address contains a password.
    """
    if data.source is None:
        return None
    return Address.of(data.source).moved(lambda path: str(folder / path))


def table_panel(settings: Settings, data: Data, folder: Path) -> Panel:
    """Aggregate the table of a study in its engine.

    Raises
    ------
    StudyError
        If the study requires rows in memory.
    PanelError
        If the table cannot be read, or is malformed.
    """
    source_of(data, folder)
    for key, field in Data.model_fields.items():
        if key not in _KEYS and getattr(data, key) not in (None, [], {}, field.default):
            raise _refused(f"data.{key}")
    if isinstance(settings.data.unit, list) and len(settings.data.unit) > 1:
        raise _refused("data.unit")
    for name, table in settings.plugins.items():
        if table.number_columns or table.row_columns or table.panel_columns:
            raise _refused(name)
    if settings.index is not None:
        raise _refused("index")
    options: dict[str, Any] = {name: getattr(data, name) for name in _ROLES}
    options["strata"] = data.strata or ()
    if data.shards > 1 and (cache := store_folder()) is not None:
        options["store"] = cache / "tables"
    with in_toml("data"):
        return Panel.from_table(str(address_of(data, folder)), **options, never=data.never)


def _refused(key: str) -> StudyError:
    return StudyError(
        Message(
            "'{}' requires rows in memory, but rows of 'data.source' are not read into memory", key
        ),
        hint=Message(
            "create the column or a view of the table in its database engine, or use file = …"
        ),
    )
