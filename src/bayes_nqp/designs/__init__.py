"""Designs: one estimator a file; each plans equations and never samples."""

from bayes_nqp.designs.mediation import Mediation
from bayes_nqp.designs.staggered_did import StaggeredDiD
from bayes_nqp.designs.support import support

type Design = StaggeredDiD | Mediation
"""Whatever states the model of a panel."""

__all__ = ["Design", "Mediation", "StaggeredDiD", "support"]
