"""Designs, one estimator a file; a design states a model and neither fits nor samples it.

`model.codec`, the terms and all higher packages may import it.
"""

from bayes_nqp._core.lazy import discovered
from bayes_nqp.model.designs._design import Design
from bayes_nqp.model.designs._design import SingleEquation as SingleEquation
from bayes_nqp.model.designs._dynamics import before_of as before_of
from bayes_nqp.model.designs._dynamics import check_dynamics as check_dynamics
from bayes_nqp.model.designs._dynamics import check_first as check_first
from bayes_nqp.model.designs._dynamics import first_period as first_period
from bayes_nqp.model.designs._dynamics import without_first as without_first
from bayes_nqp.model.designs._leads import flat_deviations as flat_deviations
from bayes_nqp.model.designs._leads import lead_design as lead_design
from bayes_nqp.model.designs._leads import saturated_design as saturated_design
from bayes_nqp.model.designs._links import check_design as check_design
from bayes_nqp.model.designs._links import check_errors as check_errors
from bayes_nqp.model.designs._links import check_links as check_links
from bayes_nqp.model.designs._links import check_rows as check_rows
from bayes_nqp.model.designs._links import link_words as link_words
from bayes_nqp.model.designs._model import ModelSpec as ModelSpec
from bayes_nqp.model.designs._receivers import check_receivers as check_receivers
from bayes_nqp.model.designs._receivers import receivers_of as receivers_of
from bayes_nqp.model.designs.continuous_exposure import ContinuousExposure
from bayes_nqp.model.designs.mediation import Mediation
from bayes_nqp.model.designs.staggered_did import StaggeredDiD
from bayes_nqp.model.designs.triple_difference import GAP as GAP
from bayes_nqp.model.designs.triple_difference import TripleDifference
from bayes_nqp.model.errors import AR1 as AR1
from bayes_nqp.model.errors import Noise as Noise
from bayes_nqp.model.errors import Steps as Steps
from bayes_nqp.model.errors import parameters_of as parameters_of
from bayes_nqp.model.errors import structures as structures
from bayes_nqp.model.latent_factors import held_out_gains as held_out_gains
from bayes_nqp.model.latent_factors import net_rows as net_rows
from bayes_nqp.model.specification import SEVERAL as SEVERAL
from bayes_nqp.model.specification import Calendar as Calendar
from bayes_nqp.model.specification import ChannelFacts as ChannelFacts
from bayes_nqp.model.specification import DoseSpec as DoseSpec
from bayes_nqp.model.specification import EquationSpec as EquationSpec
from bayes_nqp.model.specification import Facts as Facts
from bayes_nqp.model.specification import LagSpec as LagSpec
from bayes_nqp.model.specification import LinkedSpec as LinkedSpec
from bayes_nqp.model.specification import MediatorSpec as MediatorSpec
from bayes_nqp.model.specification import Neighbours as Neighbours
from bayes_nqp.model.specification import Reach as Reach
from bayes_nqp.model.specification import Term as Term
from bayes_nqp.model.specification import Timing as Timing
from bayes_nqp.model.terms import AshenfelterDip as AshenfelterDip
from bayes_nqp.model.terms import DifferentialTrends as DifferentialTrends
from bayes_nqp.model.terms import Factors as Factors
from bayes_nqp.model.terms import NodeTimeEffects as NodeTimeEffects
from bayes_nqp.model.terms import PreAdoptionShift as PreAdoptionShift
from bayes_nqp.model.terms import SmoothResponse as SmoothResponse

type Estimator = StaggeredDiD | ContinuousExposure
"""States the equation of an outcome, and of mediators alike."""

__all__ = [
    "ContinuousExposure",
    "Design",
    "Estimator",
    "Mediation",
    "StaggeredDiD",
    "TripleDifference",
]

# Designs that no name here stands for register where they stand.
discovered(__name__, "")
