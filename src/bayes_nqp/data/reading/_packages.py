"""Read files of Stata, SPSS and SAS with their labels."""

from __future__ import annotations

import datetime as dt
import importlib
import re
import warnings
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.i18n import Message, language_of, listed
from bayes_nqp._core.labels import ATTR, Labels
from bayes_nqp._core.process import alone
from bayes_nqp.data.reading._texts import distinct

PACKAGES: Final = {
    ".sav": "read_sav", ".zsav": "read_sav", ".por": "read_por", ".sas7bdat": "read_sas7bdat",
    ".xpt": "read_xport",
}  # fmt: skip
"""Suffixes of SPSS and SAS files, and the function of pyreadstat that reads them."""


_CODE: Final = re.compile(r"\.[a-z]")
"""Extended missing-value code in Stata."""


def read_package(path: Path) -> pd.DataFrame:
    """Read a file of SPSS or SAS; fully labelled codes are replaced by their labels.

    Parameters
    ----------
    path : Path
        Path with a suffix in `PACKAGES`.

    Raises
    ------
    ImportError
        If pyreadstat is not installed.
    """
    pyreadstat = importlib.import_module("pyreadstat")
    df: pd.DataFrame
    try:
        df, metadata = getattr(pyreadstat, PACKAGES[path.suffix.lower()])(str(path))
    except pyreadstat.ReadstatError as error:
        raise ValueError(str(error)) from error
    levels: dict[str, Mapping[Any, str]] = dict(metadata.variable_value_labels)
    for name in df.columns:
        column, names = df[name], levels.get(name, {})
        values = distinct(column)
        if values and {*values} <= {*names} and len({*names.values()}) == len(names):
            df[name] = column.map(names)
        elif values and all(isinstance(x, dt.date) for x in values):
            df[name] = pd.to_datetime(column)
    labels = _labels(df, metadata.column_names_to_labels, levels)
    if labels:
        df.attrs[ATTR] = labels.text
    return df


def _labelled(path: Path, notes: list[str]) -> pd.DataFrame:
    try:
        return pd.read_stata(path)
    except ValueError as error:
        if "label" not in str(error):
            raise
        notes.append(
            Message(
                "{}: codes were read instead of value labels, because some labels are repeated",
                path.name,
            )
        )
        return pd.read_stata(path, convert_categoricals=False)


def _dated(df: pd.DataFrame, path: Path) -> pd.DataFrame:
    """Keep integers if dates would contain only their years."""
    dated = [name for name in df.columns if df[name].dtype.kind == "M"]
    if dated:
        raw = pd.read_stata(path, columns=dated, convert_dates=False, convert_categoricals=False)
        for name in dated:
            if (raw[name].isna() | (raw[name] == df[name].dt.year)).all():
                df[name] = raw[name]
    return df


def _labels(
    df: pd.DataFrame, columns: Mapping[str, str | None], levels: Mapping[str, Mapping[Any, str]]
) -> Labels:
    """Return variable labels, and value labels that did not replace codes.

    The script of a label determines its language.
    """
    entries: list[tuple[str, str, str | None, str]] = [
        (language_of(label), name, None, label.strip())
        for name, label in columns.items()
        if label and label.strip() and label.strip() != name
    ]
    coded = [name for name in levels if name in df.columns and df[name].dtype.kind in "iuf"]
    entries += [
        (language_of(label), name, str(code), label.strip())
        for name in coded
        for code, label in levels[name].items()
    ]
    return Labels(tuple(entries))


def read_stata(path: Path, notes: list[str]) -> pd.DataFrame:
    """Read a Stata file.

    Parameters
    ----------
    notes : list of str
        Receives a message for each change.
    """
    with alone(), warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        df = _dated(_labelled(path, notes), path)
        with pd.read_stata(path, iterator=True) as reader:
            labels = _labels(df, reader.variable_labels(), reader.value_labels())
        _note_codes(df, path, notes)
    if any(issubclass(warning.category, UnicodeWarning) for warning in warned):
        notes.append(Message("{}: text that is not UTF-8 was read as Latin-1", path.name))
    for name in df.columns:
        column = df[name]
        if isinstance(column.dtype, pd.CategoricalDtype):
            df[name] = column.astype(column.cat.categories.dtype)
    if labels:
        df.attrs[ATTR] = labels.text
    return df


def _note_codes(df: pd.DataFrame, path: Path, notes: list[str]) -> None:
    """Report cells with the missing-value codes .a to .z, which are read as empty."""
    kinds = {name: df[name].dtype.kind for name in df.columns if df[name].isna().any()}
    gaps = [name for name, kind in kinds.items() if kind in {"f", "O"}]
    if not gaps:
        return
    raw = pd.read_stata(path, columns=gaps, convert_missing=True, convert_categoricals=False)
    sentences = []
    for name in gaps:
        codes = Counter(map(str, raw[name][df[name].isna().to_numpy()]))
        coded = sorted(code for code in codes if _CODE.fullmatch(code))
        counts = [Message("{} {}", code, codes[code]) for code in coded]
        if counts:
            sentences.append(Message("{} ({})", name, listed(counts, 4)))
    if sentences:
        notes.append(
            Message(
                "{}: missing-value codes were read as empty cells, which mean never "
                "treated in a cohort column: {}",
                path.name,
                listed(sentences, 6),
            )
        )
