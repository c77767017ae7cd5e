"""Tables of studies that other files register, and the schema with all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field, PlainSerializer, create_model

from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import Plugins
from bayes_nqp.data.panel import Panel
from bayes_nqp.data.reading import STEPS
from bayes_nqp.studies._data_keys import Data
from bayes_nqp.studies._keys import Keys, Names
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._study_table import StudyTable, Values

STUDY_TABLES: Final = Plugins[type[StudyTable]]("bayes_nqp.studies", "_table_")
"""Tables of studies by name, in the order in which they change rows."""


def study_table[T: StudyTable](name: str, *, place: float = 1000) -> Callable[[type[T]], type[T]]:
    """Register a table of study files.

    Parameters
    ----------
    name : str
        Name of the table, without brackets.
    place : float, default 1000
        Position among the tables, in ascending order.

    Returns
    -------
    callable
        Decorator of a `StudyTable`; it replaces an earlier table of the same package.

    Raises
    ------
    StudyError
        If all studies already have a table or key of that name.
    """
    if name in Settings.model_fields:
        raise StudyError(
            Message("name={!r} is already a table or key of all studies", name),
            hint="choose another name",
        )

    def decorate(kind: type[T]) -> type[T]:
        STUDY_TABLES.add(name, kind, place)
        return kind

    return decorate


def value_keys() -> dict[str, str]:
    """Return the keys that name values, each with the tables that define them."""
    kinds = [(kind.value_key, name) for name, kind in STUDY_TABLES.items() if kind.value_key]
    return {key: f"{name}.{key}" for key, name in reversed(kinds)}


def value_example(key: str) -> str:
    """Return an example table of a value, for hints."""
    return next(kind.value_example for kind in STUDY_TABLES.values() if kind.value_key == key)


def values_of(
    tables: Mapping[str, StudyTable], panel: Panel | None = None, folder: Path = Path()
) -> Values:
    """Make the values that designs and checks may name.

    Parameters
    ----------
    tables : mapping of str to StudyTable
        Tables of the study.
    panel : Panel, optional
        Without a panel, values for no units are made.
    folder : Path
        Folder of the study, to which relative paths refer.

    Returns
    -------
    mapping of str to mapping
        Values by every key that may name them; empty if the study has none.
    """
    values: dict[str, dict[str, Any]] = {key: {} for key in value_keys()}
    for table in tables.values():
        if table.value_key:
            values[table.value_key] |= (
                table.values_of_nobody() if panel is None else table.values_for(panel, folder)
            )
    return values


def settings_model() -> type[Settings]:
    """Return the schema with all registered tables."""
    fields: dict[str, Any] = {"data": (_data_model(), Field(description=_ROWS))}
    fields |= {
        name: (kind | None, Field(None, description=(kind.__doc__ or "").partition("\n")[0]))
        for name, kind in STUDY_TABLES.items()
    }
    return create_model(Settings.__name__, __base__=_Whole, __doc__=Settings.__doc__, **fields)


class _Whole(Settings):
    """Settings whose pickles store the values only, because the class is created on demand."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (dict(self.__dict__), self.model_fields_set)


def _data_model() -> type[Data]:
    """Return [data] with a key for every step of reading in [data.read]."""
    steps: dict[str, Any] = {
        key: (_kind(each.kind) | None, Field(None, description=each.text))
        for key, each in STEPS.items()
    }
    keys = create_model("Read", __base__=Keys, __doc__="Steps of reading.", **steps)
    plain = AfterValidator(lambda read: read.model_dump(exclude_none=True))
    kind: Any = Annotated[keys, plain, PlainSerializer(lambda read: read)]
    read: Any = (kind, Field(default_factory=dict, description=_READ))
    return create_model(Data.__name__, __base__=_WholeData, __doc__=Data.__doc__, read=read)


_ROWS: Final = Settings.model_fields["data"].description
_READ: Final = (
    "Steps by which cells are read; without one, its cells are as they stand in the file."
)


def _kind(kind: Any) -> Any:
    """Accept a single text instead of a list with one element."""
    return Names if kind == list[str] else kind


class _WholeData(Data):
    """Keys whose pickles store the values only, because the class is created on demand."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _data_again, (dict(self.__dict__), self.model_fields_set)


def _data_again(values: dict[str, Any], keys: set[str]) -> Data:
    return _data_model().model_construct(keys, **values)


def _again(values: dict[str, Any], keys: set[str]) -> Settings:
    return settings_model().model_construct(keys, **values)
