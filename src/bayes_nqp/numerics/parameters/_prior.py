"""Priors of scales, of positive values, and of values above a lower bound."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from scipy.special import gammaln

from bayes_nqp._core.arrays import Array
from bayes_nqp._core.exceptions import StudyError
from bayes_nqp._core.i18n import Message, Numeral

LOWEST = 1e-300
"""Replaces a value of zero, which has no log."""
LARGEST_LOG = 345.0
"""Above it, squares of exponentials overflow."""


class Prior(ABC):
    """A prior with the unconstrained scale on which its parameter is sampled."""

    __slots__ = ()

    @abstractmethod
    def constrain(self, u: Array) -> Array:
        """Return the value at an unconstrained one."""

    @abstractmethod
    def unconstrain(self, value: Array) -> Array:
        """Return the unconstrained value at a value."""

    @abstractmethod
    def log_density(self, u: Array) -> Array:
        """Return the log density of the unconstrained value."""

    @abstractmethod
    def log_kernel(self, value: Array) -> Array:
        """Return the log density of the value itself, up to a constant."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw values from the prior."""

    @abstractmethod
    def variable(self, name: str) -> Any:
        """Add the value as a variable to the PyMC model in context."""

    @property
    @abstractmethod
    def centre(self) -> float:
        """Return a typical value of the prior."""

    @abstractmethod
    def words(self) -> Message:
        """Name the distribution, in a form that follows "is"."""

    def subject(self, name: str, meaning: Message | None) -> Message:
        """Name the quantity with this distribution, given the parameter's name and meaning."""
        return meaning or Message("the prior of {}", name)


class Scaled:
    """A frozen dataclass with a scale that can be multiplied by factors."""

    __slots__ = ()
    scale: Any

    def __mul__(self, factor: float) -> Self:
        changed: Self = replace(self, scale=self.scale * factor)  # type: ignore[type-var]
        return changed

    __rmul__ = __mul__

    def __truediv__(self, factor: float) -> Self:
        return self * (1.0 / factor)


class ScalePrior(Scaled, Prior):
    """A prior of a positive value, sampled on the log scale: a frozen dataclass with its scale.

    A subclass is a family ``p(x / scale) / scale``. It defines ``kind``, ``log_pdf``, ``draw`` and
    ``variable``; description, sampling and scaling follow.

    Parameters
    ----------
    scale : float
        A typical value, and the value itself if the parameter is not estimated.

    Raises
    ------
    StudyError
        If the scale is not a finite number above 0.
    """

    __slots__ = ()
    scale: float

    def __post_init__(self) -> None:
        if not 0.0 < self.scale < np.inf:
            raise StudyError(
                f"'scale' of {type(self).__name__} is {self.scale!r}",
                hint="a number above 0; 1.0 is wide",
            )

    @property
    @abstractmethod
    def kind(self) -> Message:
        """Name the family, as "half-normal"; it precedes "with scale"."""

    @abstractmethod
    def log_pdf(self, value: Array) -> Array:
        """Return the log density of the value itself, normalised."""

    def constrain(self, u: Array) -> Array:
        """Return the exponential, bounded below overflow."""
        return np.asarray(np.exp(np.clip(u, -LARGEST_LOG, LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Return the log of a value, or of the least positive number if it is zero."""
        return np.asarray(np.log(np.maximum(value, LOWEST)))

    def log_density(self, u: Array) -> Array:
        """Return ``log p(e^u) + u``, where the last term is the Jacobian ``dx / du``."""
        return np.asarray(self.log_pdf(self.constrain(u)) + u)

    def log_kernel(self, value: Array) -> Array:
        """Return ``log p(x)``."""
        return self.log_pdf(value)

    @property
    def centre(self) -> float:
        """Return the scale."""
        return self.scale

    @property
    def shorthand(self) -> float | ScalePrior:
        """Return the value that may replace the prior: itself, or a number for the default."""
        return self

    def words(self) -> Message:
        """Name the family and the scale."""
        scale = Numeral(f"{self.scale:g}")
        return Message("{kind} with scale {scale}", kind=self.kind, scale=scale)

    def over(self, scales: str) -> Message:
        """Name the family with scales in words, as "0.5s for cohorts"."""
        return Message("{kind} with scale {scales}", kind=self.kind, scales=scales)


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
        """Name the half-normal distribution."""
        return Message("half-normal")

    @property
    def shorthand(self) -> float:
        """Return the scale."""
        return self.scale

    def log_pdf(self, value: Array) -> Array:
        """Return ``log 2 N(x | 0, scale²)``."""
        ratio = value / self.scale
        return np.asarray(0.5 * np.log(2.0 / np.pi) - np.log(self.scale) - 0.5 * ratio**2)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw absolute values of normals."""
        return np.abs(generator.standard_normal(size)) * self.scale

    def variable(self, name: str) -> Any:
        """Add PyMC's half-normal."""
        import pymc as pm

        return pm.HalfNormal(name, sigma=self.scale)


@dataclass(frozen=True, slots=True)
class Gamma(Prior):
    """Gamma prior of a value's distance from its lower bound, sampled as the log of that distance.

    Parameters
    ----------
    shape, rate : float
        Of the gamma distribution.
    above : float, default 0
        The lower bound.
    """

    shape: float
    rate: float
    above: float = 0.0

    def constrain(self, u: Array) -> Array:
        """Return ``above + e^u``, bounded below overflow."""
        return np.asarray(self.above + np.exp(np.clip(u, -LARGEST_LOG, LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Return the log of the distance from the bound, or of the least positive number."""
        return np.asarray(np.log(np.maximum(value - self.above, LOWEST)))

    def log_density(self, u: Array) -> Array:
        """Return ``a log b - log Γ(a) + a u - b e^u``."""
        constant = self.shape * np.log(self.rate) - gammaln(self.shape)
        return np.asarray(constant + self.shape * u - self.rate * (self.constrain(u) - self.above))

    def log_kernel(self, value: Array) -> Array:
        """Return ``(a - 1) log(x - above) - b (x - above)``."""
        more = value - self.above
        return np.asarray((self.shape - 1.0) * np.log(more) - self.rate * more)

    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Draw from the gamma distribution, and add the bound."""
        return self.above + generator.gamma(self.shape, 1.0 / self.rate, size)

    def variable(self, name: str) -> Any:
        """Add the distance from the bound, and the value."""
        import pymc as pm

        more = pm.Gamma(f"{name}_less_{self.above:g}", alpha=self.shape, beta=self.rate)
        return pm.Deterministic(name, self.above + more)

    def words(self) -> Message:
        """Name shape and rate."""
        numbers = (Numeral(f"{x:g}") for x in (self.shape, self.rate))
        return Message("Gamma({}, {})", *numbers)

    def subject(self, name: str, meaning: Message | None) -> Message:
        """Name the distance from the bound."""
        subject = meaning or Message("the prior of {}", name)
        return Message("{} less {}", subject, Numeral(f"{self.above:g}")) if self.above else subject

    @property
    def centre(self) -> float:
        """Return the mean."""
        return self.above + self.shape / self.rate
