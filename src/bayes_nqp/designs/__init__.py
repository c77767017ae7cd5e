"""Designs: one estimator a file; each plans equations and never samples."""

from bayes_nqp.designs.staggered_did import StaggeredDiD
from bayes_nqp.designs.support import support

__all__ = ["StaggeredDiD", "support"]
