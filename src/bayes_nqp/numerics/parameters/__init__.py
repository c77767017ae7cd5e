"""Parameters: the only home of the transforms and priors of what is sampled.

A parameter has a prior, and its prior an unconstrained scale: the log for a scale, the log odds of
``(1 + rho) / 2`` for a correlation, the value itself for a normal. Log densities are those of the
unconstrained value, Jacobians included and normalised, so that marginal likelihoods are absolute.
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
