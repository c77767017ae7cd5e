"""What a design with channels shares with one without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.designs.mediation import Mediation

if TYPE_CHECKING:
    from bayes_nqp.designs import Design, Estimator
    from bayes_nqp.panel import Panel

__all__ = ["own_design", "own_rows"]


def own_design(design: Design) -> Estimator:
    """Give the design of the outcome's own equation: without its channels, if it has any.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation

    Returns
    -------
    StaggeredDiD or ContinuousExposure
    """
    return design.design if isinstance(design, Mediation) else design


def own_rows(design: Design, panel: Panel) -> Panel:
    """Keep the rows of a panel that a design's equations use.

    Parameters
    ----------
    design : StaggeredDiD, ContinuousExposure or Mediation
    panel : Panel

    Returns
    -------
    Panel
        Of `Mediation`, the rows in which every mediator is observed; otherwise all.
    """
    return design.rows(panel) if isinstance(design, Mediation) else panel
