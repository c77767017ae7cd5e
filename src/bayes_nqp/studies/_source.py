"""Where the rows of a study come from: a file, a dataset, or a simulation."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayes_nqp._core.exceptions import StudyError, nearest
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.io import text_path
from bayes_nqp.data import datasets
from bayes_nqp.data.reading import Reading, reading_of
from bayes_nqp.studies._schema import Settings
from bayes_nqp.studies._simulate import simulate
from bayes_nqp.studies._words import in_toml

if TYPE_CHECKING:
    from bayes_nqp.data.simulation import Simulated
    from bayes_nqp.studies._data_keys import Data


_KINDS = ("dataset", "file", "source", "simulation")
_CONTROL = re.compile(r"[\x01-\x1f\x7f]")


def source_of(data: Data, folder: Path) -> Path | None:
    """Find the file of a study.

    Parameters
    ----------
    folder : Path
        Of the study; relative paths start there.

    Returns
    -------
    Path or None
        None for a dataset or simulation of the library, or a table that stays in its engine.

    Raises
    ------
    StudyError
        If the study names several, or none.
    """
    if sum(getattr(data, kind) is not None for kind in _KINDS) != 1:
        raise StudyError(
            "[data] needs exactly one of 'dataset', 'file', 'source' and 'simulation'",
            hint='file = "cities.xlsx" (beside the study), dataset = "castle_doctrine", or '
            'simulation = "cities"',
        )
    if data.options and data.simulation is None:
        raise StudyError("[data.options] are for a simulation", hint="leave them out")
    for key in ("by", "baseline", "products", "memory", "shards"):
        if key in data.model_fields_set and data.source is None:
            raise StudyError(Message("'data.{}' is for a source, and there is none", key))
    if data.file is None:
        return None
    if _CONTROL.search(data.file):
        raise StudyError(
            Message(
                "'data.file' is {!r}: \\ and the letter after it were read as one sign", data.file
            ),
            hint="in a path, write / instead of \\, or use single quotes: 'C:\\data.xlsx'",
        )
    return folder / text_path(data.file, "'data.file'")


def datasets_of() -> list[str]:
    """Name the panels that the library brings."""
    makers = {name: getattr(datasets, name) for name in datasets.__all__}
    return [
        name
        for name, make in makers.items()
        if callable(make) and "as_frame" in signature(make).parameters
    ]


def rows_of(settings: Settings, folder: Path) -> tuple[pd.DataFrame, list[str], Simulated | None]:
    """Read or make the rows of a study.

    Parameters
    ----------
    folder : Path
        Of the study.
    """
    data = settings.data
    source = source_of(data, folder)
    if source is None:
        for key in ("read", "encoding"):
            if getattr(data, key):
                raise StudyError(Message("'data.{}' is for a file, and there is none", key))
        if data.simulation is not None:
            simulated = simulate(data.simulation, data.options, settings.plugins, folder)
            return simulated.frame, [], simulated
        return _dataset(str(data.dataset)), [], None
    frame, notes = _file(source, data)
    return frame, notes, None


def _dataset(name: str) -> pd.DataFrame:
    names = datasets_of()
    if name not in names:
        raise StudyError(
            Message("'data.dataset' is {!r}, which the library does not bring", name),
            hint=nearest(name, names),
        )
    frame: pd.DataFrame = getattr(datasets, name)(as_frame=True)
    return frame.copy()


def _file(source: Path, data: Data) -> tuple[pd.DataFrame, list[str]]:
    units = [data.unit] if isinstance(data.unit, str) else data.unit or []

    def roles(reading: Reading) -> dict[str, Any]:
        unit = data.unit
        if data.zones is not None and not {*units} & {*reading.frame.columns}:
            unit = data.zones.prefecture
        return {"unit": unit, "time": data.time, "strata": data.strata}

    with in_toml("data"):
        reading = reading_of(
            source, data.read, roles=roles, encoding=data.encoding, names=tuple(units)
        )
    return reading.frame.copy(), [*reading.notes, *reading.said]
