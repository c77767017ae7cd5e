"""Samplers as values, and running them on packed problems or PyMC models."""

from bayes_nqp.sampling._chains import Chains
from bayes_nqp.sampling._imh import IMH
from bayes_nqp.sampling._importance import Importance, importance
from bayes_nqp.sampling._mode import inverse_curvature, mode
from bayes_nqp.sampling._nuts import NUTS, sample_model
from bayes_nqp.sampling._sample import Sampler, sample_packed

__all__ = [
    "IMH",
    "NUTS",
    "Chains",
    "Importance",
    "Sampler",
    "importance",
    "inverse_curvature",
    "mode",
    "sample_model",
    "sample_packed",
]
