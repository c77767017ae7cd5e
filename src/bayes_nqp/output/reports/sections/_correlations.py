"""Correlations and variance inflation factors, if the section is requested."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from bayes_nqp._core.i18n import Message, Numeral
from bayes_nqp._core.partial_failures import omitted
from bayes_nqp.inference.fitting import ROWS, UNITS
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._registry import section


@section(place=22, needs=(ROWS, UNITS), asked=True, exhibit=15)
def correlations(context: Context) -> Iterator[Block]:
    """Tabulate correlations and variance inflation factors, and state the largest ones."""
    panel = context.panel
    yield Heading(context.translate("Correlations and collinearity"))
    matrices = [*context.table("correlations", panel)]
    factors = [*context.table("vif", panel)]
    for found, sentence in ((matrices, _largest), (factors, _inflation)):
        for each in found:
            with omitted(Message("The table {}", each.table.kind)):
                if words := sentence(context, [(x.label, _numbers(x)) for x in each.table.rows]):
                    yield Paragraph(words)
            yield each


def _numbers(row: object) -> list[float]:
    """Return the numbers of a row of a table, without its words."""
    cells = getattr(row, "cells", ())
    return [float(x) for cell in cells for x in cell.values if isinstance(x, int | float)]


def _largest(context: Context, rows: list[tuple[str, list[float]]]) -> str:
    """State the largest correlation between explanatory variables; empty with fewer than two."""
    pairs = [
        (r, names)
        for i, (_, line) in enumerate(rows)
        for j, r in enumerate(line[2:])
        if 0 < j < i and np.isfinite(r)
        for names in [(rows[i][0], rows[j][0])]
    ]
    if not pairs:
        return ""
    r, names = max(pairs, key=lambda pair: abs(pair[0]))
    one, other = (name.split(" ", 1)[-1] for name in names)
    return context.translate(
        "The largest correlation between explanatory variables is {r}, between {one} and {other}.",
        r=Numeral(f"{r:z.3f}"), one=one, other=other,
    )  # fmt: skip


def _inflation(context: Context, rows: list[tuple[str, list[float]]]) -> str:
    """State the largest and the mean variance inflation factor; empty if none is finite."""
    *lines, (_, means) = [(name, line) for name, line in rows if line]
    if not lines:
        return ""
    name, line = lines[0]
    return context.translate(
        "The largest variance inflation factor is {most} ({name}); the mean is {mean}.",
        most=Numeral(f"{line[0]:.2f}"), name=name, mean=Numeral(f"{means[0]:.2f}"),
    )  # fmt: skip
