"""Data frames of results, printed with all columns, and with hints for missing columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from bayes_nqp._core.exceptions import UnknownLabelError, nearest
from bayes_nqp._core.validation import absent, answer

_ROWS: type[Any] = type(pd.DataFrame().loc)


class ResultFrame(pd.DataFrame):
    """A data frame that is printed with all its columns.

    Subsets and computed frames are plain data frames.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        most, least = pd.get_option("display.max_rows"), pd.get_option("display.min_rows")
        width = pd.get_option("display.width")
        return self.to_string(max_rows=most, min_rows=least, line_width=width, float_format=_short)

    if not TYPE_CHECKING:

        def __getitem__(self, key: Any) -> Any:
            try:
                return super().__getitem__(key)
            except KeyError:
                hint = answer("ResultFrame", str(key)) or nearest(str(key), self.columns)
                raise UnknownLabelError(f"the table has no column {key!r}", hint=hint) from None

        def __getattr__(self, name: str) -> Any:
            try:
                return super().__getattr__(name)
            except AttributeError:
                if name.startswith("_"):
                    raise
                raise absent("ResultFrame", name, self.columns) from None

        @property
        def loc(self) -> Any:
            """Select rows and columns by label, as pandas does."""
            return _Rows("loc", self)


class _Rows(_ROWS):  # type: ignore[misc]
    """Selection by label, with a hint if a group is used as the label of a row."""

    def __getitem__(self, key: Any) -> Any:
        try:
            return super().__getitem__(key)
        except KeyError:
            held = [x for x in self.obj if (self.obj[x].astype(object) == key).any()]
            column = held[0] if held else "region"
            hint = f"rows are numbered: table.set_index({column!r}).loc[…], or table.query(…)"
            raise UnknownLabelError(f"the table has no row {key!r}", hint=hint) from None


def _short(number: float) -> str:
    """Write a number with three decimals, or three digits if it is very small or large."""
    return f"{number:.3f}" if number == 0 or 1e-3 <= abs(number) < 1e6 else f"{number:.3g}"
