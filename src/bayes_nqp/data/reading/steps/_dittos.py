"""Replace ditto marks by the cell above: 〃, 同上."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import texts_of
from bayes_nqp.data.reading._values import is_text
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_MARKS: Final = frozenset(("〃", "″", "〞", "＂", '"', "''", "々", "同上", "ditto", "do."))


@step("dittos", place=17)
class Dittos(Step):
    """Step that reads 〃 and 同上 as the cell above."""

    label = Message("Ditto marks")
    text = "Columns in which 〃 or 同上 repeats the cell above."
    kind = list[str]

    def found(self, reading: Reading) -> Found | None:
        """Find columns with ditto marks below a first cell that is not a mark."""
        names, count, example = [], 0, ""
        for name, column in reading.frame.items():
            if not is_text(column) or not any(x in texts_of(column).run_on for x in _MARKS):
                continue
            repeated = _repeated(column)
            if repeated.any() and not repeated.iloc[0]:
                names.append(str(name))
                count += int(repeated.sum())
                example = example or str(column[repeated].iloc[0])
        if not names:
            return None
        reason = Message("ditto marks (same as the cell above) in {}", some(names))
        return Found(names, reason, count, example, "↑")

    def applied(self, reading: Reading, value: Any) -> int:
        """Replace the marks by the cell above."""
        count = 0
        for name in value:
            column = reading.frame[name]
            repeated = _repeated(column)
            count += int(repeated.sum())
            read = column.mask(repeated).ffill().where(repeated, column)
            reading.frame = reading.frame.assign(**{name: read})
        return count


def _repeated(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.map(lambda x: isinstance(x, str) and x.strip() in _MARKS).astype(bool)
