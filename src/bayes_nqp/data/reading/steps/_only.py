"""Select rows of one type: consolidated statements instead of those of the parent."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from bayes_nqp._core.exceptions import PanelError, shown
from bayes_nqp._core.i18n import Message
from bayes_nqp.data.reading._texts import distinct
from bayes_nqp.data.reading._values import is_text, plain
from bayes_nqp.data.reading.steps._step import Found, Reading, Step, some, step

_CALLED: Final = re.compile(r"报表类型|报表类别|typrep|(?:report|statement).?type", re.IGNORECASE)
_GROUP: Final = frozenset(("A", "合并报表", "合并", "合并财务报表", "consolidated"))
_PARENT: Final = frozenset(("B", "母公司报表", "母公司", "母公司财务报表", "parent"))


@step("only", place=74)
class Only(Step):
    """Step that keeps consolidated statements if parent-company statements also exist."""

    label = Message("Selected rows")
    text = 'Rows to keep, by the value of a column: { 报表类型 = "A" }.'
    kind = dict[str, str | list[str]]
    of = "row"

    def found(self, reading: Reading) -> Found | None:
        """Find a column that distinguishes consolidated and parent-company statements."""
        for name, column in reading.frame.items():
            if not _CALLED.search(str(name)) or not is_text(column):
                continue
            kinds = [x for x in distinct(column) if isinstance(x, str)]
            groups = [x for x in kinds if x.strip() in _GROUP]
            parents = [x for x in kinds if x.strip() in _PARENT]
            if len(groups) != 1 or not parents or len(kinds) > 1 + len(parents):
                continue
            count = int((~column.isin(groups)).sum())
            reason = Message(
                "{} distinguishes consolidated statements ({}) from parent-company "
                "statements, which are excluded ({})",
                name,
                groups[0],
                some(parents),
            )
            return Found({str(name): groups[0].strip()}, reason, count, some(parents), "")
        return None

    def applied(self, reading: Reading, value: Any) -> int:
        """Remove the other rows; raise an error for values that do not occur."""
        frame = reading.frame
        inside = np.ones(len(frame), dtype=bool)
        for name, wanted in value.items():
            labels = {str(x) for x in (wanted if isinstance(wanted, list) else [wanted])}
            cells = frame[name].map(plain, na_action="ignore")
            if lacking := labels - {*cells.dropna()}:
                raise PanelError(
                    Message("only: no row of {} contains {}", name, shown(sorted(lacking))),
                    hint=Message("its cells are {}", shown(sorted({*cells.dropna()}), 8)),
                )
            inside &= cells.isin(labels).to_numpy()
        reading.frame = frame[inside]
        return int((~inside).sum())
