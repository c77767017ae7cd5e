"""Bayesian causal inference for policies that reach units at different times."""

import lazy_loader

from bayes_nqp.machine import place_for_pytensor

place_for_pytensor()
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
