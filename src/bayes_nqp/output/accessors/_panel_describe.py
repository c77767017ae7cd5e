"""``panel.describe()``: descriptive statistics."""

from __future__ import annotations

from typing import Any

import bayes_nqp as nqp
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import attribute


@attribute("Panel")
def describe(panel: nqp.Panel, by: By = None, **options: Any) -> nqp.Table:
    """Tabulate descriptive statistics of a panel: ``nqp.table(panel, by=by)``.

    Parameters
    ----------
    by : str, sequence of str or mapping, optional
        Strata, or "treated" (ever-treated and never-treated units).
    **options
        Options of `table`: ``language``, ``digits``, ``title``.

    Returns
    -------
    Table
        Table; ``save("descriptives.docx")`` writes it to a file.
    """
    return nqp.table(panel, by=by, **options)
