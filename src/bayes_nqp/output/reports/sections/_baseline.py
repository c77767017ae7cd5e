"""Baseline regressions with controls added step by step, if they were requested."""

from __future__ import annotations

from collections.abc import Iterator

from bayes_nqp.inference.fitting import ROWS
from bayes_nqp.output.reports._content import Block, Heading, Paragraph
from bayes_nqp.output.reports._context import Context
from bayes_nqp.output.reports._posterior import printed
from bayes_nqp.output.reports._registry import section
from bayes_nqp.output.tables import Table


@section(place=25, needs=(ROWS,), exhibit=20)
def baseline(context: Context) -> Iterator[Block]:
    """Tabulate the baseline regressions, below a paragraph on their first and last column."""
    if context.baseline is None:
        return
    yield Heading(context.translate("Baseline regressions"))
    for numbered in context.table("baseline", **context.baseline):
        yield Paragraph(context.joined(_sentences(context, numbered.table)))
        yield numbered


def _sentences(context: Context, table: Table) -> Iterator[str]:
    """Compare the average effect of the columns, and state the two-way fixed effects."""
    cells = table.rows[0].cells
    fits = [cell.values for cell in cells if len(cell.values) > 2]
    sd = float(str(fits[0][1]))
    first, last = ([printed(float(str(x)), sd) for x in fits[k][:2]] for k in (0, -1))
    if len(fits) > 1:
        yield context.translate(
            "Under parallel trends, the average effect is {} (SD {}) in column (1) and {} (SD {}) "
            "in column ({}), in which controls are added step by step.",
            *first, *last, len(fits),
        )  # fmt: skip
    else:
        yield context.translate("Under parallel trends, the average effect is {} (SD {}).", *first)
    for cell in cells[len(fits) :]:
        coefficient, error = (printed(float(str(x)), sd) for x in cell.values)
        yield context.translate(
            "The two-way fixed effects regression gives {} (standard error {}).",
            coefficient, error,
        )  # fmt: skip
