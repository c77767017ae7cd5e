"""``fit.plot()``: the picture of a fit, or another by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp._core import effects_schema as schema
from bayes_nqp._core.validation import attribute

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@attribute("Fit")
def plot(fit: nqp.Fit, name: str | None = None, **options: Any) -> Figure:
    """Draw a fit: ``nqp.plots.event_study(fit)``, or another of ``nqp.plots``.

    Parameters
    ----------
    name : str, optional
        Of the plot. By default "event_study", and "forest" where nobody adopts anything.
    **options
        Of the plot: ``by``, ``prob``, ``title``, ``language``, ``ax``, …

    Returns
    -------
    Figure
        To be shown by a notebook, or saved by its ``savefig``.

    Raises
    ------
    UnknownNameError
        If there is no such plot.
    """
    usual = "event_study" if schema.is_timed(fit.effects) else "forest"
    figure: Figure = getattr(nqp.plots, name or usual)(fit, **options)
    return figure
