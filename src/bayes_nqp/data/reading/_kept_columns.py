"""Select the columns that a panel keeps: those that can be written to a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp._core.limits import limit
from bayes_nqp._core.texts import UNPRINTABLE
from bayes_nqp.data.reading._cells import CARRIED, SURROGATE, UNSORTED, admitted, fits, kinds
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import SourceRows

_LONG = 2**63


def admitted_frame(
    df: pd.DataFrame,
    named: list[tuple[str, str]],
    rows: Callable[[pd.DataFrame], SourceRows],
    notes: list[str],
) -> pd.DataFrame:
    """Reject invalid cells, clean names, and drop columns that cannot be written to a file.

    Parameters
    ----------
    df : DataFrame
        Data; not modified.
    named : list of tuple of two str
        Argument and column name.
    rows : callable
        Returns an object that describes the rows of a frame in messages.
    notes : list of str
        Receives a message for each change.
    """
    df = carried(df, {column for _, column in named}, notes)
    columns_left = rows(df)
    plain = {name: admitted(df[name], part, columns_left, notes) for part, name in named}
    changed = {name: column for name, column in plain.items() if column is not df[name]}
    return df.assign(**changed) if changed else df


def _native(df: pd.DataFrame) -> pd.DataFrame:
    """Replace columns of types that pandas cannot sort, compare or write."""
    out = df
    for place, dtype in enumerate(df.dtypes):
        arrow = str(dtype.pyarrow_dtype) if isinstance(dtype, pd.ArrowDtype) else ""
        if arrow.startswith("dictionary"):
            to: Any = object
        elif arrow == "halffloat" or dtype in (np.float16, np.longdouble):
            to = np.float64
        else:
            continue
        out = out.copy(deep=False) if out is df else out
        out.isetitem(place, df.iloc[:, place].astype(to).array)
    return out


def checked_names(named: list[tuple[str, str]]) -> None:
    """Reject column names that cannot be written to reports.

    Parameters
    ----------
    named : list of tuple of two str
        Argument and column name.
    """
    most = limit("name")
    for argument, column in named:
        wrong = UNPRINTABLE.search(column)
        if not column.strip():
            reason = Message("is blank")
        elif wrong is not None:
            reason = Message(
                "contains the character {!a}, which cannot be written to reports", wrong[0]
            )
        elif len(column) > most:
            reason = Message("has {:,} characters, and at most {:,} are allowed", len(column), most)
        else:
            continue
        raise PanelError(
            Message("{}={!r}: this column name {}", argument, column, reason),
            hint="rename the column: df = df.rename(columns={…})",
        )


def carried(df: pd.DataFrame, taken: set[str], notes: list[str]) -> pd.DataFrame:
    """Drop columns without a role that cannot be written to a file, and report this.

    Parameters
    ----------
    df : DataFrame
        Data; not modified.
    taken : set of str
        Columns with a role, which are always kept.
    notes : list of str
        Receives a message about the dropped columns.
    """
    df = _native(df)
    names: list[Any] = list(df.columns)
    twice = {x for x, count in Counter(names).items() if count > 1}
    out: dict[int, str] = {}
    for place, name in enumerate(names):
        if name in taken:
            continue
        why = "several columns have this name" if name in twice else _why_not(df.iloc[:, place])
        if isinstance(name, str) and SURROGATE.search(name):
            why = Message("its name was decoded with the wrong encoding")
        if why:
            out[place] = why
    if not out:
        return df
    columns_left = dict.fromkeys(Message("{!r} ({})", names[k], why) for k, why in out.items())
    notes.append(Message("columns not read: {}", shown(columns_left)))
    return df.iloc[:, [k for k in range(len(names)) if k not in out]]


def _why_not(column: pd.Series[Any]) -> str:
    """Return the reason why a column cannot be written to a file; "" if it can."""
    dtype = column.dtype
    if isinstance(dtype, pd.CategoricalDtype):
        dtype = dtype.categories.dtype
        column = pd.Series(column.cat.categories)
    if UNSORTED.match(str(dtype)) or dtype.kind in "cSV" or isinstance(dtype, pd.SparseDtype):
        return Message("its cells have the type {}", str(dtype))
    for kind in kinds(column):
        if not fits(kind, CARRIED):
            return Message("its cells have the type {}", kind.__name__)
    if dtype.kind == "O":
        if isinstance(dtype, pd.StringDtype):
            if dtype.storage == "pyarrow":  # UTF-8 does not allow half characters
                return ""
            wrong = SURROGATE.search(texts_of(column).joined)
            return Message("its text was decoded with the wrong encoding") if wrong else ""
        for x in column:
            if isinstance(x, str) and SURROGATE.search(x):
                return Message("its text was decoded with the wrong encoding")
            if isinstance(x, int) and not -_LONG <= x < _LONG:
                return Message("it contains integers that do not fit in 64 bits")
    return ""
