"""The sampled parameters in order, and scales of coefficients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.i18n import Message
from bayes_nqp.numerics.parameters._prior import Prior, ScalePrior

FLAT = -2
"""Scale number of a coefficient with a flat prior."""
FIXED = -1
"""Scale number of a coefficient with a standard normal prior (its scale is in its column)."""


@dataclass(frozen=True)
class Scale:
    """The scale of some coefficients, in multiples of ``s``: estimated, or fixed.

    Parameters
    ----------
    name : str
        Name of the coefficients.
    prior : ScalePrior
        Its prior; a scale that is not estimated is fixed at the prior's centre.
    estimated : bool, default True
        If True, it is sampled.
    """

    name: str
    prior: ScalePrior
    estimated: bool = True

    @property
    def fixed(self) -> float:
        """Return the value if it is not estimated."""
        return self.prior.centre


@dataclass(frozen=True, slots=True)
class Parameter:
    """One sampled parameter.

    Parameters
    ----------
    in_outcome_units : bool, default True
        If True, it is stored times ``s``; False for a correlation or a ratio.
    folds : bool, default False
        True if it may vanish, so that its posterior can have its mode at zero: proposals are then
        made on its own scale and folded there.
    typical : float, optional, multiples of s
        A default value; the centre of the prior by default.
    meaning : Message, optional
        Its meaning, as the start of a sentence on its prior: ``Message("the ratio of …")``. By
        default the name is used.
    """

    name: str
    prior: Prior
    in_outcome_units: bool = True
    folds: bool = False
    typical: float | None = None
    meaning: Message | None = None


@dataclass(frozen=True)
class ParameterSpace:
    """The sampled parameters of a problem, in order.

    Points are (point, parameter) arrays of unconstrained values; values are on the parameters' own
    scales, in multiples of ``s``.
    """

    parameters: tuple[Parameter, ...]

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(p.name for p in self.parameters)

    @property
    def typical(self) -> Array:
        """Return a typical value of each (parameter), multiples of s."""
        values = [p.prior.centre if p.typical is None else p.typical for p in self.parameters]
        return np.array(values, dtype=np.float64)

    @property
    def folds(self) -> npt.NDArray[np.bool_]:
        """Return True for parameters that may vanish (parameter)."""
        return np.array([p.folds for p in self.parameters], dtype=bool)

    def constrain(self, points: Array) -> Array:
        """Return values at unconstrained points."""
        columns = [p.prior.constrain(points[..., k]) for k, p in enumerate(self.parameters)]
        return np.stack(columns, axis=-1) if columns else np.zeros_like(points)

    def unconstrain(self, values: Array) -> Array:
        """Return unconstrained points at values."""
        columns = [p.prior.unconstrain(values[..., k]) for k, p in enumerate(self.parameters)]
        return np.stack(columns, axis=-1) if columns else np.zeros_like(values)

    def log_prior(self, points: Array) -> Array:
        """Compute the log prior density of unconstrained points."""
        total = np.zeros(len(points))
        for k, parameter in enumerate(self.parameters):
            total += parameter.prior.log_density(points[:, k])
        return total

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw values from the prior."""
        columns: Sequence[Array] = [p.prior.draw(generator, size) for p in self.parameters]
        return np.stack(columns, axis=-1) if columns else np.zeros((size, 0))
