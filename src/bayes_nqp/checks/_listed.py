"""The list of checks, as a notebook and a console show it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from shutil import get_terminal_size
from textwrap import wrap

import pandas as pd

from bayes_nqp.checks._result import NOT_APPLICABLE, TINTS

__all__ = ["CheckTable"]

_CONSOLE = ("check", "verdict", "figure")
_NARROW = 60
"""Characters that the key figure has at the very least."""
_MORE = "columns besides: question, sentence"
_CELL = "text-align:left;vertical-align:top;padding:.2em .9em .2em 0;white-space:normal"


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
            f"{check:<{name}}  {said:<{verdict}}  "
            + f"\n{space}".join(wrap(figure, width, break_on_hyphens=False))
            for check, said, figure in lines
        ]
        return "\n".join([*(row.rstrip() for row in rows), _MORE])

    def __str__(self) -> str:
        return repr(self)

    def _repr_html_(self) -> str:
        if not {*_CONSOLE, "question", "sentence"} <= {*self.columns}:
            return str(pd.DataFrame(self).to_html())
        rows = []
        for row in self.itertuples(index=False):
            verdict = str(row.verdict)
            colour = TINTS.get(verdict, "#57606a")
            weight = "600" if verdict in ("fails", "in doubt") else "400"
            rows.append(
                f'<tr><td style="{_CELL}">{escape(str(row.question))}<br>'
                f"<code>{escape(str(row.check))}</code></td>"
                f'<td style="{_CELL};white-space:nowrap;color:{colour};font-weight:{weight}">'
                f'{escape(verdict)}</td><td style="{_CELL}">{escape(str(row.sentence))}'
                f'<br><small style="opacity:.75">{escape(str(row.figure))}</small></td></tr>'
            )
        counts = self["verdict"].value_counts()
        tally = ", ".join(
            f"{counts[one]} {one}" for one in (*TINTS, NOT_APPLICABLE) if one in counts.index
        )
        return (
            f"<div><strong>Checks</strong> {escape(tally)}"
            f'<table style="border-collapse:collapse;margin:.4em 0">{"".join(rows)}</table></div>'
        )
