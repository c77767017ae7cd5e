"""Simulate panels with known effects, stored as group-time effects.

All packages above `data` may import it.
"""

from bayes_nqp._core.lazy import attached

__getattr__, __dir__, _ = attached(__name__, __file__)

__all__ = [
    "CATALOGUE",
    "CHANNELS",
    "COHORTS",
    "CONTRASTS",
    "PROVINCE_CHANNELS",
    "SPATIAL_CHANNELS",
    "Channel",
    "Simulated",
    "SpatialChannel",
    "Spillover",
    "channels",
    "channels_in_space",
    "cities",
    "counts",
    "exits",
    "firm_productivity",
    "firms",
    "network",
    "provinces",
    "staggered",
    "triple_difference",
]
