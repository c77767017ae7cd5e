"""Panels whose true effects are known, in the schema of the waist."""

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
    "firm_productivity",
    "firms",
    "network",
    "provinces",
    "staggered",
]
