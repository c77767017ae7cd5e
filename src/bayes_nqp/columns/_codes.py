"""Codes in text files, whose zeros a reader of numbers would lose: 000001."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from bayes_nqp.columns._vocabulary import sounds_like

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
        if column.dtype != np.int64 or not sounds_like("unit", str(name)):
            continue
        lengths = {len(str(column.min())), len(str(column.max()))}
        if len(lengths) > 1 or _zeros(_read(path, place, how, _FIRST)):
            texts = _read(path, place, how)
            if _zeros(texts) and len(texts) == len(frame):
                frame.isetitem(place, texts.array)
    return frame


def _read(
    path: Path, place: int, how: Mapping[str, Any], rows: int | None = None
) -> pd.Series[Any]:
    """A column as it stands."""
    frame: pd.DataFrame = pd.read_csv(path, usecols=[place], dtype=str, nrows=rows, **how)
    return frame.iloc[:, 0]


def _zeros(texts: pd.Series[Any]) -> bool:
    return bool(texts.str.match(r"0\d").any())
