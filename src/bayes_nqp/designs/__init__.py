"""Designs: one estimator a file; each states a model and neither plans nor samples it."""

from bayes_nqp.designs._channels import ChannelFacts as ChannelFacts
from bayes_nqp.designs._design import Design
from bayes_nqp.designs._design import SingleEquation as SingleEquation
from bayes_nqp.designs._facts import Facts as Facts
from bayes_nqp.designs._facts import Term as Term
from bayes_nqp.designs._leads import flat_deviations as flat_deviations
from bayes_nqp.designs._leads import lead_design as lead_design
from bayes_nqp.designs._leads import saturated_design as saturated_design
from bayes_nqp.designs._model import ModelSpec as ModelSpec
from bayes_nqp.designs._series import held_out_gains as held_out_gains
from bayes_nqp.designs._series import net_rows as net_rows
from bayes_nqp.designs._spec import Calendar as Calendar
from bayes_nqp.designs._spec import DoseSpec as DoseSpec
from bayes_nqp.designs._spec import EquationSpec as EquationSpec
from bayes_nqp.designs._spec import LagSpec as LagSpec
from bayes_nqp.designs._spec import LinkedSpec as LinkedSpec
from bayes_nqp.designs._spec import MediatorSpec as MediatorSpec
from bayes_nqp.designs._spec import Neighbours as Neighbours
from bayes_nqp.designs._spec import Timing as Timing
from bayes_nqp.designs.continuous_exposure import ContinuousExposure
from bayes_nqp.designs.mediation import Mediation
from bayes_nqp.designs.noise import AR1 as AR1
from bayes_nqp.designs.noise import Noise as Noise
from bayes_nqp.designs.noise import Steps as Steps
from bayes_nqp.designs.noise import parameters_of as parameters_of
from bayes_nqp.designs.noise import structures as structures
from bayes_nqp.designs.staggered_did import StaggeredDiD
from bayes_nqp.designs.terms import DifferentialTrends as DifferentialTrends
from bayes_nqp.designs.terms import Dip as Dip
from bayes_nqp.designs.terms import Donut as Donut
from bayes_nqp.designs.terms import Factors as Factors
from bayes_nqp.designs.terms import LevelShift as LevelShift
from bayes_nqp.designs.terms import NodeShocks as NodeShocks
from bayes_nqp.designs.terms import Rings as Rings
from bayes_nqp.designs.terms import RingTerm as RingTerm
from bayes_nqp.designs.terms import SpatialLag as SpatialLag
from bayes_nqp.rooms import discovered

type Estimator = StaggeredDiD | ContinuousExposure
"""States the equation of an outcome, and of mediators alike."""

__all__ = ["ContinuousExposure", "Design", "Estimator", "Mediation", "StaggeredDiD"]

# Designs that no name here stands for register where they stand.
discovered(__name__, "")
