"""Checks of space: whether neighbours are alike beyond what the model has of them."""

from bayes_nqp.space.checks._decay import Decay, decay
from bayes_nqp.space.checks._decay import lengths_of as lengths_of
from bayes_nqp.space.checks._spatial_models import spatial_models as spatial_models
from bayes_nqp.space.checks._weights_probabilities import WeightsPosterior, weights_probabilities

__all__ = ["Decay", "WeightsPosterior", "decay", "weights_probabilities"]
