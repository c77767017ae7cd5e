"""What was asked of which data, and what they can answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from bayes_nqp import plots
from bayes_nqp import vocabulary as v
from bayes_nqp.panel import Panel
from bayes_nqp.reports._content import Block, Heading, Paragraph, Tabulated
from bayes_nqp.reports._context import Context, Sketch
from bayes_nqp.tables._table import table

__all__ = ["data"]


def data(context: Context) -> Iterator[Block | Sketch]:
    """Describe the panel, adoption and support.

    Parameters
    ----------
    context : Context

    Yields
    ------
    Block or Sketch
    """
    say, panel = context.say, context.panel
    yield Heading(say["data"])
    if context.question:
        yield Paragraph(context.question)
    if panel is not None:
        yield Paragraph(context.joined(_sentences(context, panel)))
        yield Tabulated(table(panel, language=context.language), 0)
        if context.staggered:
            yield Sketch(
                "adoption",
                say["adoption_caption"],
                lambda: plots.adoption(panel, language=context.language),
                lambda: _adopted(panel),
            )
    support = context.found("support")
    if support is not None and isinstance(support.evidence, pd.DataFrame):
        cells = support.evidence
        known = cells[cells["identified"].astype(bool)]
        rows = int(known[v.ROWS].sum())
        yield Paragraph(
            context.joined(
                [
                    say["support_says" if context.staggered else "support_says_exposure"].format(
                        known=len(known), all=len(cells), rows=rows
                    ),
                    context.answer(support),
                ]
            )
        )


def _sentences(context: Context, panel: Panel) -> Iterator[str]:
    say, labels = context.say, panel.time_labels
    yield say["panel_says"].format(
        rows=panel.n_rows,
        units=panel.n_units,
        unit=panel.roles.unit,
        periods=panel.periods,
        first=labels[0],
        last=labels[-1],
    )
    treated = panel.cohort_codes >= 0
    if treated.any():
        cohorts = sorted(set(panel.cohort_codes[treated].tolist()))
        yield say["adoption_says"].format(
            treated=int(treated.sum()),
            cohorts=len(cohorts),
            first=labels[cohorts[0]],
            last=labels[cohorts[-1]],
            never=int((~treated).sum()),
        )
    if panel.dropped:
        separator = "、" if context.language == "zh" else ", "
        gaps = separator.join(f"{name} {count:,}" for name, count in panel.dropped.items())
        yield say["dropped_says"].format(gaps)
    used = int(np.count_nonzero(context.fit.plan.kept))
    if used < panel.n_rows:
        yield say["used_says"].format(used)


def _adopted(panel: Panel) -> pd.DataFrame:
    """Count units by cohort and strata."""
    frame = pd.DataFrame({"cohort": panel.cohort_labels})
    for name, codes in panel.strata_codes.items():
        frame[name] = panel.levels[name][codes]
    by = list(frame.columns)
    return frame.groupby(by, dropna=False, sort=True).size().rename("units").reset_index()
