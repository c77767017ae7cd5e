"""``fit.table()``: the table of a fit, to be shown or saved."""

from __future__ import annotations

from typing import Any

import bayes_nqp as nqp
from bayes_nqp._core.types import By
from bayes_nqp._core.validation import attribute


@attribute("Fit")
def table(fit: nqp.Fit, kind: str | None = None, *, by: By = None, **options: Any) -> nqp.Table:
    """Build a table of a fit: ``nqp.table(fit, kind, by=by)``.

    Parameters
    ----------
    kind : str, optional
        "effects", "event_study", "estimands", "mediation", …; as in `table`.
    by : str, sequence of str or mapping, optional
        Groups, as in `table`.
    **options
        Options of `table`: ``language``, ``prob``, ``digits``, ``spread``, …

    Returns
    -------
    Table
        Table; ``save("table.docx")`` writes it to a file.
    """
    return nqp.table(fit, kind, by=by, **options)
