"""``fit.report(dir)``: the report of a fit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute


@attribute("Fit")
def report(fit: nqp.Fit, dir: str | Path, **options: Any) -> Path:
    """Write a report of a fit: ``nqp.report(fit, dir)``.

    Parameters
    ----------
    dir : str or Path
        The folder to write; it must not be there.
    **options
        Of `report`: ``language``, ``formats``, ``checks``, ``by``, …

    Returns
    -------
    Path
        As `report` gives it.
    """
    return nqp.report(fit, dir, **options)
