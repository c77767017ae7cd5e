"""Convert variables in rows (a column 指标 and a column of values) to columns."""

from __future__ import annotations

import re
from typing import Any, Final

import pandas as pd

from bayes_nqp._core.exceptions import PanelError
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._rows import left_out
from bayes_nqp.data.reading._texts import distinct
from bayes_nqp.data.reading._values import is_text, missing
from bayes_nqp.data.reading._vocabulary import sounds_like
from bayes_nqp.data.reading.steps._header import heading
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_CALLED: Final = re.compile(
    r"(?:统计)?(?:指标|变量|科目)(?:名称|名)?|(?:indicator|variable|series)(?:[ _.]?name)?",
    re.IGNORECASE,
)
_VALUES: Final = re.compile(
    r"数值|值|数据|指标值|values?|obs(?:ervation)?_?value|data", re.IGNORECASE
)
_MOST: Final = 200
"""Maximum number of variables."""
_SHARE: Final = 0.3
"""Minimum share of rows with a value of the variable in the converted table."""


@step("indicators", place=22)
class Indicators(Step):
    """Step that converts one row per variable to one column per variable."""

    label = Message("Variables as rows")
    text = (
        "Two columns of a table with one row per variable: the column of variable names and the "
        'column of values: ["指标", "数值"].'
    )
    kind = list[str]
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find a column of variable names with unique names given the other columns."""
        frame = reading.frame
        name = next((x for x in map(str, frame) if _CALLED.fullmatch(x)), None)
        if name is None or not is_text(frame[name]) or not frame.columns.is_unique:
            return None
        long = reading.taken["long"].value if "long" in reading.taken else ()
        called = [x for x in frame if x in long[1:] or _VALUES.fullmatch(str(x))]
        kinds = [x for x in distinct(frame[name]) if isinstance(x, str) and heading(x)]
        if (
            len(called) != 1
            or not 2 <= len(kinds) <= _MOST
            or len({*map(heading, kinds)}) < len(kinds)
        ):
            return None
        values = str(called[0])
        rows = frame[~missing(frame[name])]
        keys = _keys(rows, name, values)
        groups = rows.groupby(keys, sort=False, dropna=False).ngroup() if keys else None
        if groups is None or pd.DataFrame({"at": groups, "kind": rows[name]}).duplicated().any():
            return None
        if rows[name].value_counts().min() < _SHARE * groups.nunique():
            return None
        reason = Message(
            "{} names the variable in each row; {} variables become columns", name, len(kinds)
        )
        return Found(
            [name, values], reason, len(rows), some(kinds), some([heading(x) for x in kinds])
        )

    def applied(self, reading: Reading, value: Any) -> int:
        """Combine the variables of the same unit and period in one row."""
        name, values = [*value, "value"][:2]
        frame = reading.frame
        if values not in frame.columns:
            raise PanelError(
                Message("indicators: {!r} is not a column of the file", values),
                hint='the column of variable names and the column of values: ["指标", "数值"]',
            )
        bare = missing(frame[name])
        if bare.any():
            reading.notes.append(left_out(frame, bare, Message("without a variable name")))
        rows = frame[~bare]
        keys = _keys(rows, name, values)
        at = rows.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
        first = ~pd.Series(at).duplicated().to_numpy()
        wide = rows.loc[first, keys].copy()
        for kind in distinct(rows[name]):
            of = (rows[name] == kind).to_numpy()
            column = pd.Series(rows[values].array[of], index=at[of])
            if column.index.has_duplicates:
                raise PanelError(
                    Message(
                        "indicators: the variable {!r} appears twice with the same values"
                        " of the other columns",
                        str(kind),
                    ),
                    where=Message("row {}", str(rows.index[of][column.index.duplicated()][0])),
                    hint="remove one of these rows from the file",
                )
            wide[heading(kind)] = column.reindex(at[first]).array
        about = [x for x in map(str, frame.columns) if x not in (*keys, name, values)]
        if about:
            reading.notes.append(
                Message("columns that describe variables were excluded: {}", some(about))
            )
        for kind, unit in rows.groupby(name)[about[0]].first().items() if len(about) == 1 else ():
            reading.units[heading(kind)] = str(unit)
        reading.frame = wide.infer_objects()
        return len(rows)


def _keys(rows: pd.DataFrame, name: str, values: str) -> list[str]:
    """Return the columns that identify rows besides the variable, without its descriptions."""
    others = [str(x) for x in rows.columns if x not in (name, values)]
    columns = []
    for other in others:
        by_kind = rows.groupby(name)[other].nunique(dropna=False)
        varies = rows[other].nunique(dropna=False) > 1
        if not varies or by_kind.max() > 1 or sounds_like("time", other):
            columns.append(other)
    return columns
