from bayes_nqp.model.terms._ashenfelter_dip import AshenfelterDip as AshenfelterDip
from bayes_nqp.model.terms._cluster_time_effects import ClusterTimeEffects as ClusterTimeEffects
from bayes_nqp.model.terms._endpoint_effects import EndpointEffects as EndpointEffects
from bayes_nqp.model.terms._factors import Factors as Factors
from bayes_nqp.model.terms._node_time_effects import NodeTimeEffects as NodeTimeEffects
from bayes_nqp.model.terms._pre_adoption_shift import PreAdoptionShift as PreAdoptionShift
from bayes_nqp.model.terms._trends import DifferentialTrends as DifferentialTrends
from bayes_nqp.model.terms._unit_trends import UnitTrends as UnitTrends
