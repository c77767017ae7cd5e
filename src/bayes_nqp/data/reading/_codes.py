"""Codes in text files, whose zeros a reader of numbers would lose: 000001."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.data.reading._vocabulary import sounds_like

_FIRST: Final = 1000
"""Rows that tell whether codes of one length begin with zeros."""


def with_zeros(frame: pd.DataFrame, path: Path, how: Mapping[str, Any]) -> pd.DataFrame:
    """Put codes that begin with zeros in the place of the numbers they were read as.

    Parameters
    ----------
    frame : DataFrame
        Is changed.
    how : mapping
        Arguments with which pandas read it.
    """
    for place, (name, column) in enumerate(frame.items()):
        if not sounds_like("unit", str(name)) or not _whole(column):
            continue
        lengths = {len(str(int(x))) for x in (column.min(), column.max())}
        if len(lengths) > 1 or zeros(_read(path, place, how, _FIRST)):
            texts = _read(path, place, how)
            if zeros(texts) and len(texts) == len(frame):
                frame.isetitem(place, texts.array)
    return frame


def _whole(column: pd.Series[Any]) -> bool:
    """Whether a column has whole numbers; those with an empty cell beside them are floats."""
    if column.dtype == np.int64:
        return len(column) > 0
    present = column.to_numpy()[column.notna()] if column.dtype == np.float64 else ()
    return len(present) > 0 and bool((np.mod(present, 1.0) == 0.0).all())


def _read(
    path: Path, place: int, how: Mapping[str, Any], rows: int | None = None
) -> pd.Series[Any]:
    """A column as it stands."""
    frame: pd.DataFrame = pd.read_csv(path, usecols=[place], dtype=str, nrows=rows, **how)
    return frame.iloc[:, 0]


def zeros(texts: pd.Series[Any]) -> bool:
    """Whether codes begin with zeros."""
    return bool(texts.str.match(r"0\d").any())
