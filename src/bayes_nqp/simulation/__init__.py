"""Panels whose true effects are known, in the schema of the waist."""

from bayes_nqp.simulation._simulated import Simulated
from bayes_nqp.simulation._staggered import COHORTS, staggered

__all__ = ["COHORTS", "Simulated", "staggered"]
