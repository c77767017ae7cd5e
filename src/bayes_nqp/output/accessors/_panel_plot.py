"""``panel.plot()``: plot of treatment status and outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@attribute("Panel")
def plot(panel: nqp.Panel, name: str = "panel", **options: Any) -> Figure:
    """Draw who is treated when, and outcomes by cohort: ``nqp.plots.panel(panel)``.

    Parameters
    ----------
    name : str, default "panel"
        Of the plot; "adoption" has a named line a unit.
    **options
        Of the plot: ``title``, ``language``, …

    Returns
    -------
    Figure
        To be shown by a notebook, or saved by its ``savefig``.

    Raises
    ------
    UnknownNameError
        If there is no such plot.
    """
    figure: Figure = getattr(nqp.plots, name)(panel, **options)
    return figure
