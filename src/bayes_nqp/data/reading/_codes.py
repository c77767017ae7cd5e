"""Keep leading zeros of codes in text files: 000001."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.data.reading._vocabulary import sounds_like

_FIRST: Final = 1000
"""Number of rows searched for codes of equal length with leading zeros."""


def with_zeros(frame: pd.DataFrame, path: Path, how: Mapping[str, Any]) -> pd.DataFrame:
    """Replace numbers by the original codes if these start with zeros.

    Parameters
    ----------
    frame : DataFrame
        Data; modified in place.
    how : mapping
        Arguments of the call of pandas that read the file.
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
    """Return True if a column contains integers; with empty cells they are floats."""
    if column.dtype == np.int64:
        return len(column) > 0
    present = column.to_numpy()[column.notna()] if column.dtype == np.float64 else ()
    return len(present) > 0 and bool((np.mod(present, 1.0) == 0.0).all())


def _read(
    path: Path, place: int, how: Mapping[str, Any], rows: int | None = None
) -> pd.Series[Any]:
    """Read a column as text."""
    frame: pd.DataFrame = pd.read_csv(path, usecols=[place], dtype=str, nrows=rows, **how)
    return frame.iloc[:, 0]


def zeros(texts: pd.Series[Any]) -> bool:
    """Return True if codes start with zeros."""
    return bool(texts.str.match(r"0\d").any())
