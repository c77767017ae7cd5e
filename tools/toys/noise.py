"""Moving-average errors: a toy that `tools/price.py` puts into the house.

Goes to src/bayes_nqp/model/errors/_moving_average.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.i18n import Message
from bayes_nqp._core.plugins import register
from bayes_nqp._core.validation import door
from bayes_nqp.model.errors._noise import Noise
from bayes_nqp.numerics.parameters import HalfNormal, Normal, Parameter

if TYPE_CHECKING:
    from bayes_nqp.model.priors import Priors


Array = npt.NDArray[np.float64]


@register("errors")
@door
@dataclass(frozen=True, slots=True)
class MovingAverage(Noise):
    """``e_t = z_t + theta z_{t-1} + white w_t``, with innovations z and white noise w."""

    def parameters(self, n_periods: int, priors: Priors) -> tuple[Parameter, ...]:
        """``theta`` of the moving average, and ``white``, a ratio that may vanish."""
        ratio = Parameter(
            "white", HalfNormal(0.5), in_outcome_units=False, folds=True,
            meaning=Message("the ratio of white noise to shocks"),
        )  # fmt: skip
        return (Parameter("theta", Normal(0.5), in_outcome_units=False), ratio)

    def covariance(self, n_periods: int, values: Array) -> Array:
        """``(1 + theta² + white²) I``, and ``theta`` beside the diagonal."""
        theta, white = values[:, 0, None, None], values[:, 1, None, None]
        beside = np.eye(n_periods, k=1) + np.eye(n_periods, k=-1)
        return np.asarray((1.0 + theta**2 + white**2) * np.eye(n_periods) + theta * beside)

    def label(self) -> str:
        """Short name."""
        return Message("moving average")
