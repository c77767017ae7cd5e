"""Parameters that are sampled, with their priors and their transforms to an unconstrained scale.

Log densities include Jacobians and normalising constants, so marginal likelihoods are absolute. All
parts of `numerics` and all higher packages may import it.
"""

from bayes_nqp.numerics.parameters._prior import Gamma, HalfNormal, Prior, ScalePrior
from bayes_nqp.numerics.parameters._prior import Scaled as Scaled
from bayes_nqp.numerics.parameters._space import FIXED, FLAT, Parameter, ParameterSpace, Scale
from bayes_nqp.numerics.parameters._symmetric import Correlation, CutCorrelation, Normal
from bayes_nqp.numerics.parameters._validate import answered as answered
from bayes_nqp.numerics.parameters._validate import check_prior as check_prior
from bayes_nqp.numerics.parameters._validate import numbers as numbers
from bayes_nqp.numerics.parameters._validate import own as own

__all__ = [
    "FIXED",
    "FLAT",
    "Correlation",
    "CutCorrelation",
    "Gamma",
    "HalfNormal",
    "Normal",
    "Parameter",
    "ParameterSpace",
    "Prior",
    "Scale",
    "ScalePrior",
]
