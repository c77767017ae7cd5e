"""Samplers as values, and draws from a density or a PyMC model.

All packages above `numerics` may import it.
"""

from bayes_nqp.numerics.sampling._chains import Chains
from bayes_nqp.numerics.sampling._climb import Densities, Density, Mode, climb, newton
from bayes_nqp.numerics.sampling._importance import (
    LEAST_BRIEF,
    Importance,
    brief_importance,
    corrected_importance,
    importance,
    refit_importance,
)
from bayes_nqp.numerics.sampling._nuts import NUTS, sample_model

type Sampler = NUTS | Importance

__all__ = [
    "LEAST_BRIEF",
    "NUTS",
    "Chains",
    "Densities",
    "Density",
    "Importance",
    "Mode",
    "Sampler",
    "brief_importance",
    "climb",
    "corrected_importance",
    "importance",
    "newton",
    "refit_importance",
    "sample_model",
]
