"""The design behind a design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bayes_nqp.designs.mediation import Mediation

if TYPE_CHECKING:
    from bayes_nqp.designs import Design, Estimator

__all__ = ["own_design"]


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
