"""Checks of space: whether neighbours are alike beyond what the model has of them."""

from bayes_nqp.checks.space._decay import Decay, decay
from bayes_nqp.checks.space._decay import lengths_of as lengths_of
from bayes_nqp.checks.space._spatial_models import spatial_models as spatial_models
from bayes_nqp.checks.space._weights_posterior import WeightsPosterior, weights_posterior

__all__ = ["Decay", "WeightsPosterior", "decay", "weights_posterior"]
