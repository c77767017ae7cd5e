"""Correlation matrix of a panel's variables."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import stdtr

from bayes_nqp._core.i18n import Message
from bayes_nqp.data.panel import Panel
from bayes_nqp.output.tables._draft import TableDraft
from bayes_nqp.output.tables._kinds import Ask, kind
from bayes_nqp.output.tables._model import NOTHING, Cell, Column, Form, Table, decimals_for
from bayes_nqp.output.tables._parts import number
from bayes_nqp.output.tables._variables import labelled_variables

_MARKS: Final = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
"""p-values below which a correlation is marked."""
_NOTE_MARKS = Message(
    "*, ** and ***: p < 0.1, 0.05 and 0.01 for independent observations; observations of a unit "
    "are not independent."
)


@kind(Message("Correlation matrix"), of=("panel",), place=51)
def correlations(panel: Panel, ask: Ask) -> Table:
    """Tabulate means, SDs and the lower triangle of correlations of a panel's variables.

    With ``marks``, correlations have marks by the p-value of ``t = r √((n - 2) / (1 - r²))``.

    Raises
    ------
    PanelError
        If units are sums of units, or fewer than three observations have all variables.
    """
    translate, draft = ask.translate, TableDraft(ask)
    variables, mask = labelled_variables(panel, translate)
    names, rows = [label for label, _ in variables], int(mask.sum())
    x = np.column_stack([values for _, values in variables])
    spread = x.std(axis=0, ddof=1)
    z = (x - x.mean(axis=0)) / np.where(spread > 0.0, spread, np.nan)
    r = np.clip(z.T @ z / (rows - 1), -1.0, 1.0)
    digits = 3 if ask.digits is None else ask.digits
    for k, name in enumerate(names):
        decimals = decimals_for([spread[k]], ask.digits)
        cells = [number(x[:, k].mean(), decimals), number(spread[k], decimals)]
        cells += [
            _cell(float(r[k, j]), rows, digits, marks=ask.marks and j < k) for j in range(k + 1)
        ]
        cells += [NOTHING] * (len(names) - 1 - k)
        draft.row(f"({k + 1}) {name}", *cells)
    draft.note("Pearson correlations of {:,} observations that have all variables.", rows)
    draft.note(_NOTE_MARKS, when=ask.marks)
    draft.note("–: the variable does not vary.", when=bool((spread == 0.0).any()))
    heads = [translate("Mean"), translate("SD"), *(f"({k + 1})" for k in range(len(names)))]
    facts = {"panel_digest": panel.digest}
    title, stub = translate("Correlation matrix"), translate("Variable")
    return draft.finish("correlations", title, stub, map(Column, heads), facts)


def _cell(r: float, n: int, digits: int, *, marks: bool) -> Cell:
    if not marks or np.isnan(r):
        return number(r, digits)
    with np.errstate(divide="ignore"):
        t = abs(r) * np.sqrt((n - 2.0) / (1.0 - r**2))
    p = 2.0 * float(stdtr(n - 2.0, -t))
    mark = next((mark for limit, mark in _MARKS if p < limit), "")
    return Cell((r,), Form("{}" + mark, ("number",), ("",)), digits)
