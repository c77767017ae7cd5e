"""Tables of studies that other files bring, and the schema with all of them."""

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
    """Let studies have a table.

    Parameters
    ----------
    name : str
        Of the table, without brackets.
    place : float, default 1000
        Where it stands among the others, from low to high.

    Returns
    -------
    callable
        The decorator of a `StudyTable`. It replaces an earlier one of its package.

    Raises
    ------
    StudyError
        If every study has a table or key of that name.
    """
    if name in Settings.model_fields:
        raise StudyError(
            Message("name={!r} is a table or key of every study", name), hint="another name for it"
        )

    def decorate(kind: type[T]) -> type[T]:
        STUDY_TABLES.add(name, kind, place)
        return kind

    return decorate


def value_keys() -> dict[str, str]:
    """Name the keys of designs and checks that name values, each with the tables that hold them."""
    kinds = [(kind.value_key, name) for name, kind in STUDY_TABLES.items() if kind.value_key]
    return {key: f"{name}.{key}" for key, name in reversed(kinds)}


def value_example(key: str) -> str:
    """Give what a table of a value may say, for hints."""
    return next(kind.value_example for kind in STUDY_TABLES.values() if kind.value_key == key)


def values_of(
    tables: Mapping[str, StudyTable], panel: Panel | None = None, folder: Path = Path()
) -> Values:
    """Make what designs and checks may name.

    Parameters
    ----------
    tables : mapping of str to StudyTable
        Those that the study has.
    panel : Panel, optional
        Without one, values of nobody.
    folder : Path
        Of the study, where relative paths start.

    Returns
    -------
    mapping of str to mapping
        By every key that may name values; empty where the study has none.
    """
    values: dict[str, dict[str, Any]] = {key: {} for key in value_keys()}
    for table in tables.values():
        if table.value_key:
            values[table.value_key] |= (
                table.values_of_nobody() if panel is None else table.values_for(panel, folder)
            )
    return values


def settings_model() -> type[Settings]:
    """Give the schema with every table that is registered."""
    fields: dict[str, Any] = {"data": (_data_model(), Field(description=_ROWS))}
    fields |= {
        name: (kind | None, Field(None, description=(kind.__doc__ or "").partition("\n")[0]))
        for name, kind in STUDY_TABLES.items()
    }
    return create_model(Settings.__name__, __base__=_Whole, __doc__=Settings.__doc__, **fields)


class _Whole(Settings):
    """Settings of which pickles hold the values, for their class is made where it is needed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (dict(self.__dict__), self.model_fields_set)


def _data_model() -> type[Data]:
    """Give [data] with a key for every step of reading in [data.read]."""
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
    """One text may stand for a list of one."""
    return Names if kind == list[str] else kind


class _WholeData(Data):
    """Keys of which pickles hold the values, for their class is made where it is needed."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _data_again, (dict(self.__dict__), self.model_fields_set)


def _data_again(values: dict[str, Any], keys: set[str]) -> Data:
    return _data_model().model_construct(keys, **values)


def _again(values: dict[str, Any], keys: set[str]) -> Settings:
    return settings_model().model_construct(keys, **values)
