"""An error structure that no file of the library knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bayes_nqp import Priors
from bayes_nqp.designs.noise import Noise
from bayes_nqp.parameters import Normal, Parameter


@dataclass(frozen=True, slots=True)
class MovingAverage(Noise):
    """``e_t = z_t + theta z_{t-1}``."""

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        return (Parameter("theta", Normal(0.5), in_outcome_units=False),)

    def covariance(self, n_periods: int, values: np.ndarray) -> np.ndarray:
        theta = values[:, 0, None, None]
        beside = np.eye(n_periods, k=1) + np.eye(n_periods, k=-1)
        return (1.0 + theta**2) * np.eye(n_periods) + theta * beside


@dataclass(frozen=True, slots=True)
class StatedMovingAverage(MovingAverage):
    """The same, with its covariance on tensors."""

    def tensor_covariance(self, n_periods: int, values: Sequence[Any]) -> Any:
        (theta,) = values
        beside = np.eye(n_periods, k=1) + np.eye(n_periods, k=-1)
        return (1.0 + theta**2) * np.eye(n_periods) + theta * beside
