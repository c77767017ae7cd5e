"""Make the column names of a file unique."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._worksheet import letters

MISSING_WORDS: Final = (
    "", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""Texts of missing values. Spreadsheet errors are excluded, because users must check them."""
_BREAK: Final = re.compile(
    r"([\u3000-\u9fff\uff00-\uffef])\s*[\r\n]+\s*|\s*[\r\n]+\s*([\u3000-\u9fff\uff00-\uffef]|$)"
    r"|\s*[\r\n]+\s*"
)
_NUMBERED: Final = re.compile(r"(.*)\.\d+")


def unbroken(name: str) -> str:
    """Write a column name in one line; Chinese lines are joined without a blank."""
    return _BREAK.sub(lambda x: x[1] or (" " if x[2] is None else x[2]), name)


def missing_words(columns: Sequence[Any], names: Collection[str]) -> dict[Any, Sequence[str]]:
    """Return the words for missing values by column; columns of names have none.

    Parameters
    ----------
    columns : sequence
        Column names as read.
    names : collection of str
        Columns in which NA and None are names, such as the country code NA of Namibia.
    """
    return {x: ("",) if str(x).strip() in names else MISSING_WORDS for x in columns}


def mangled(columns: Sequence[Any]) -> bool:
    """Return True if a reader may have numbered a column name that is not unique."""
    numbered = (_NUMBERED.fullmatch(str(name)) for name in columns)
    return any(x is not None and x[1] in columns for x in numbered)


def unmangled(columns: Sequence[Any], header: Sequence[Any]) -> list[Any]:
    """Restore the column names of the header, except for columns without a name."""
    if len(header) != len(columns):
        return list(columns)
    blank = [pd.isna(name) or not str(name).strip() for name in header]
    return [x if gone else name for x, name, gone in zip(columns, header, blank, strict=True)]


def apart(df: pd.DataFrame, source: str, notes: list[str]) -> pd.DataFrame:
    """Make equal column names unique by adding the letters of spreadsheet columns.

    Parameters
    ----------
    source : str
        Name of the file.
    notes : list of str
        Receives a message about the renamed columns.
    """
    twice = {name: n for name, n in Counter(df.columns).items() if n > 1}
    if not twice:
        return df
    names = [
        f"{name} [{letters(place + 1)}]" if name in twice else name
        for place, name in enumerate(df.columns)
    ]
    for name in twice:
        letters_of = [x for x, old in zip(names, df.columns, strict=True) if old == name]
        notes.append(
            Message(
                "{}: {!r} is the name of {} columns, which were renamed {}",
                source,
                name,
                len(letters_of),
                shown(letters_of),
            )
        )
    return df.set_axis(names, axis=1)
