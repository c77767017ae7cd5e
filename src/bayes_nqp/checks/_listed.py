"""The list of checks, as a notebook and a console show it."""

from __future__ import annotations

from collections.abc import Callable
from shutil import get_terminal_size
from textwrap import wrap

import pandas as pd

from bayes_nqp.checks.shared import NOT_APPLICABLE, TINTS
from bayes_nqp.markup import html

_CONSOLE = ("check", "verdict", "figure")
_NARROW = 60
"""Characters that the key figure has at the very least."""
_MORE = "columns besides: question, sentence"


class CheckTable(pd.DataFrame):
    """A data frame of checks whose sentences a notebook shows whole, with coloured verdicts.

    A console shows check, verdict and key figure of each, none of them cut short. What is cut
    from it, and what is computed from it, is a plain data frame.
    """

    @property
    def _constructor(self) -> Callable[..., pd.DataFrame]:
        return pd.DataFrame

    def __repr__(self) -> str:
        if not {*_CONSOLE} <= {*self.columns}:
            return repr(pd.DataFrame(self))
        lines = [_CONSOLE, *self[[*_CONSOLE]].astype(str).itertuples(index=False, name=None)]
        name, verdict = (max(len(line[k]) for line in lines) for k in (0, 1))
        space = " " * (name + verdict + 4)
        width = max(get_terminal_size().columns - len(space), _NARROW)
        rows = [
            f"{check:<{name}}  {answer:<{verdict}}  "
            + f"\n{space}".join(wrap(figure, width, break_on_hyphens=False))
            for check, answer, figure in lines
        ]
        return "\n".join([*(row.rstrip() for row in rows), _MORE])

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        if not {*_CONSOLE, "question", "sentence"} <= {*self.columns}:
            return str(pd.DataFrame(self).to_html())
        counts = self["verdict"].value_counts()
        tally = ", ".join(
            f"{counts[verdict]} {verdict}"
            for verdict in (*TINTS, NOT_APPLICABLE)
            if verdict in counts.index
        )
        rows = list(self.itertuples(index=False))
        return html("checks/templates/checks.html", rows=rows, tally=tally, tints=TINTS)
