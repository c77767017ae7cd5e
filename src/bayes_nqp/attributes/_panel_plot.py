"""``panel.plot()``: who adopts when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bayes_nqp as nqp
from bayes_nqp.doors import attribute

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@attribute("Panel")
def plot(panel: nqp.Panel, **options: Any) -> Figure:
    """Draw units against time, by status and cohort: ``nqp.plots.adoption(panel)``.

    Parameters
    ----------
    **options
        Of `plots.adoption`: ``most``, ``title``, ``language``, ``ax``.

    Returns
    -------
    Figure
        To be shown by a notebook, or saved by its ``savefig``.
    """
    return nqp.plots.adoption(panel, **options)
