"""``result.plot()``: plot of a check's evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@attribute("CheckResult")
def plot(result: nqp.CheckResult, **options: Any) -> Figure:
    """Draw the evidence of a check: ``nqp.plots.check(result)``.

    Parameters
    ----------
    **options
        Options of `plots.check`: ``prob``, ``title``, ``language``, ``ax``.

    Returns
    -------
    Figure
        Figure, displayed by a notebook or saved with ``savefig``.
    """
    return nqp.plots.check(result, **options)
