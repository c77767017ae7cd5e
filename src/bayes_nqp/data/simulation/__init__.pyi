from ._catalogue import CATALOGUE as CATALOGUE
from ._channels import CHANNELS as CHANNELS
from ._channels import channels as channels
from ._channels_in_space import SPATIAL_CHANNELS as SPATIAL_CHANNELS
from ._channels_in_space import SpatialChannel as SpatialChannel
from ._channels_in_space import channels_in_space as channels_in_space
from ._cities import CONTRASTS as CONTRASTS
from ._cities import cities as cities
from ._counts import counts as counts
from ._exits import exits as exits
from ._firms import firms as firms
from ._indicators import firm_productivity as firm_productivity
from ._mediated import Channel as Channel
from ._network import network as network
from ._provinces import PROVINCE_CHANNELS as PROVINCE_CHANNELS
from ._provinces import provinces as provinces
from ._spillover import Spillover as Spillover
from ._staggered import COHORTS as COHORTS
from ._staggered import staggered as staggered
from ._triple_difference import triple_difference as triple_difference
from ._truth import Simulated as Simulated

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
