"""Simulate panels with known effects, in the form of the effects dataset.

All packages above `data` may import it.
"""

from bayes_nqp.data.simulation._catalogue import CATALOGUE
from bayes_nqp.data.simulation._channels import CHANNELS, channels
from bayes_nqp.data.simulation._channels_in_space import (
    SPATIAL_CHANNELS,
    SpatialChannel,
    channels_in_space,
)
from bayes_nqp.data.simulation._cities import CONTRASTS, cities
from bayes_nqp.data.simulation._firms import firms
from bayes_nqp.data.simulation._indicators import firm_productivity
from bayes_nqp.data.simulation._mediated import Channel
from bayes_nqp.data.simulation._network import network
from bayes_nqp.data.simulation._provinces import PROVINCE_CHANNELS, provinces
from bayes_nqp.data.simulation._spillover import Spillover
from bayes_nqp.data.simulation._staggered import COHORTS, staggered
from bayes_nqp.data.simulation._truth import Simulated

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
