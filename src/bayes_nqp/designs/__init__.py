"""Designs: one estimator a file; each plans equations and never samples."""

from bayes_nqp.designs._frame import unit_column
from bayes_nqp.designs._own import own_design, own_rows
from bayes_nqp.designs._plan import Equation, Plan
from bayes_nqp.designs.continuous_exposure import ContinuousExposure
from bayes_nqp.designs.mediation import Mediation
from bayes_nqp.designs.noise import AR1, IID, AR1Noise, Noise, Steps
from bayes_nqp.designs.staggered_did import StaggeredDiD
from bayes_nqp.designs.support import support

type Estimator = StaggeredDiD | ContinuousExposure
"""States the equation of an outcome, and of mediators alike."""

type Design = Estimator | Mediation
"""Whatever states the model of a panel."""

__all__ = [
    "AR1",
    "IID",
    "AR1Noise",
    "ContinuousExposure",
    "Design",
    "Equation",
    "Estimator",
    "Mediation",
    "Noise",
    "Plan",
    "StaggeredDiD",
    "Steps",
    "own_design",
    "own_rows",
    "support",
    "unit_column",
]
