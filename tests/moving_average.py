"""An error structure that no file of the library knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dense import Dense

from bayes_nqp import Priors
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.model.errors import Noise
from bayes_nqp.numerics.parameters import Normal, Parameter


@register("errors")
@door
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


class DenseMovingAverage(Dense):
    """The rows of a design with these errors, written densely."""

    def error_covariance(self, p: dict[str, float]) -> np.ndarray:
        same = self.unit[:, None] == self.unit
        apart = np.abs(self.time[:, None] - self.time)
        theta = p["theta"]
        near = np.where(apart == 0, 1.0 + theta**2, np.where(apart == 1, theta, 0.0))
        return p["sigma"] ** 2 * same * near
