"""Designs: one estimator a file; each plans equations and never samples."""

from bayes_nqp.designs._facts import ChannelFacts as ChannelFacts
from bayes_nqp.designs._facts import Facts as Facts
from bayes_nqp.designs._frame import unit_column as unit_column
from bayes_nqp.designs._plan import Equation as Equation
from bayes_nqp.designs._plan import Plan as Plan
from bayes_nqp.designs.continuous_exposure import ContinuousExposure
from bayes_nqp.designs.mediation import Mediation
from bayes_nqp.designs.noise import AR1 as AR1
from bayes_nqp.designs.noise import IID as IID
from bayes_nqp.designs.noise import AR1Noise as AR1Noise
from bayes_nqp.designs.noise import Noise as Noise
from bayes_nqp.designs.noise import Steps as Steps
from bayes_nqp.designs.staggered_did import StaggeredDiD
from bayes_nqp.designs.support import support

type Estimator = StaggeredDiD | ContinuousExposure
"""States the equation of an outcome, and of mediators alike."""

type Design = Estimator | Mediation
"""Whatever states the model of a panel."""

__all__ = [
    "ContinuousExposure",
    "Design",
    "Estimator",
    "Mediation",
    "StaggeredDiD",
    "support",
]
