"""Error structures of a unit's rows, one per file."""

from bayes_nqp.designs.noise._ar1 import AR1
from bayes_nqp.designs.noise._ar1_noise import AR1Noise
from bayes_nqp.designs.noise._iid import IID
from bayes_nqp.designs.noise._noise import Noise
from bayes_nqp.designs.noise._steps import Steps

__all__ = ["AR1", "IID", "AR1Noise", "Noise", "Steps"]
