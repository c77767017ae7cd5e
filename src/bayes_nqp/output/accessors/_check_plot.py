"""``result.plot()``: what a check rests on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@attribute("CheckResult")
def plot(result: nqp.CheckResult, **options: Any) -> Figure:
    """Draw what a check rests on: ``nqp.plots.check(result)``.

    Parameters
    ----------
    **options
        Of `plots.check`: ``prob``, ``title``, ``language``, ``ax``.

    Returns
    -------
    Figure
        To be shown by a notebook, or saved by its ``savefig``.
    """
    return nqp.plots.check(result, **options)
