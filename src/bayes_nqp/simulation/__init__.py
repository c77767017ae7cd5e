"""Panels whose true effects are known, in the schema of the waist."""

from bayes_nqp.simulation._channels import CHANNELS, Channel, channels
from bayes_nqp.simulation._simulated import Simulated
from bayes_nqp.simulation._staggered import COHORTS, staggered

__all__ = ["CHANNELS", "COHORTS", "Channel", "Simulated", "channels", "staggered"]
