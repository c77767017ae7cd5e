"""Priors of positive values, and of values above an end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import gammaln

from bayes_nqp.arrays import Array
from bayes_nqp.language import Message, Numeral
from bayes_nqp.parameters._prior import LARGEST_LOG, LOWEST, Prior, ScalePrior


@dataclass(frozen=True, slots=True)
class HalfNormal(ScalePrior):
    """Half-normal prior of a positive value.

    Parameters
    ----------
    scale : float
        Standard deviation of the normal that is folded at zero.

    Raises
    ------
    StudyError
        If the scale is not a finite number above 0.
    """

    scale: float

    @property
    def kind(self) -> Message:
        """Half-normal."""
        return Message("half-normal")

    def log_pdf(self, value: Array) -> Array:
        """``log 2 N(x | 0, scale²)``."""
        ratio = value / self.scale
        return np.asarray(0.5 * np.log(2.0 / np.pi) - np.log(self.scale) - 0.5 * ratio**2)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw absolute values of normals."""
        return np.abs(generator.standard_normal(size)) * self.scale

    def variable(self, name: str) -> Any:
        """PyMC's half-normal."""
        import pymc as pm

        return pm.HalfNormal(name, sigma=self.scale)


@dataclass(frozen=True, slots=True)
class Gamma(Prior):
    """Gamma prior of what a value has above its lower end, sampled as the log of that.

    Parameters
    ----------
    shape, rate : float
        Of the gamma distribution.
    above : float, default 0
        The lower end.
    """

    shape: float
    rate: float
    above: float = 0.0

    def constrain(self, u: Array) -> Array:
        """``above + e^u``; far out it stops short of overflow."""
        return np.asarray(self.above + np.exp(np.clip(u, -LARGEST_LOG, LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Take the log of what is above the end, or of the least positive number in its place."""
        return np.asarray(np.log(np.maximum(value - self.above, LOWEST)))

    def log_density(self, u: Array) -> Array:
        """``a log b - log Γ(a) + a u - b e^u``."""
        constant = self.shape * np.log(self.rate) - gammaln(self.shape)
        return np.asarray(constant + self.shape * u - self.rate * (self.constrain(u) - self.above))

    def log_kernel(self, value: Array) -> Array:
        """``(a - 1) log(x - above) - b (x - above)``."""
        more = value - self.above
        return np.asarray((self.shape - 1.0) * np.log(more) - self.rate * more)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw from the gamma distribution, and add the end."""
        return self.above + generator.gamma(self.shape, 1.0 / self.rate, size)

    def variable(self, name: str) -> Any:
        """State what is above the end, and the value."""
        import pymc as pm

        more = pm.Gamma(f"{name}_less_{self.above:g}", alpha=self.shape, beta=self.rate)
        return pm.Deterministic(name, self.above + more)

    def words(self) -> Message:
        """Name shape and rate."""
        numbers = (Numeral(f"{x:g}") for x in (self.shape, self.rate))
        return Message("Gamma({}, {})", *numbers)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """What is above the end."""
        subject = meaning or Message("the prior of {}", name)
        return Message("{} less {}", subject, Numeral(f"{self.above:g}")) if self.above else subject

    @property
    def centre(self) -> float:
        """Its mean."""
        return self.above + self.shape / self.rate
