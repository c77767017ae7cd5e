"""Checks of spatial dependence, spatial spillovers and the choice of spatial weights.

`bayes_nqp.checks` finds its files and may import it; no other core package does.
"""

from bayes_nqp.space.checks._decay import Decay, decay
from bayes_nqp.space.checks._decay import lengths_of as lengths_of
from bayes_nqp.space.checks._spatial_models import spatial_models as spatial_models
from bayes_nqp.space.checks._weights_probabilities import WeightsPosterior, weights_probabilities

__all__ = ["Decay", "WeightsPosterior", "decay", "weights_probabilities"]
