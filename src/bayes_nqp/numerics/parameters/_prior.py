"""What a prior is: one of a scale, of positive values, or of values above an end."""

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
"""In place of a value of zero, which has no log."""
LARGEST_LOG = 345.0
"""Beyond which squares of exponentials overflow."""


class Prior(ABC):
    """A prior with the unconstrained scale on which its parameter is sampled."""

    __slots__ = ()

    @abstractmethod
    def constrain(self, u: Array) -> Array:
        """Value at an unconstrained one."""

    @abstractmethod
    def unconstrain(self, value: Array) -> Array:
        """Unconstrained value at a value."""

    @abstractmethod
    def log_density(self, u: Array) -> Array:
        """Log density of the unconstrained value."""

    @abstractmethod
    def log_kernel(self, value: Array) -> Array:
        """Log density of the value itself, up to a constant."""

    @abstractmethod
    def draw(self, generator: np.random.Generator, size: int) -> Array:
        """Values drawn from the prior."""

    @abstractmethod
    def variable(self, name: str) -> Any:
        """State the value as a variable of the PyMC model in context."""

    @property
    @abstractmethod
    def centre(self) -> float:
        """A value that is typical of the prior."""

    @abstractmethod
    def words(self) -> Message:
        """Name the distribution, as it follows on "is"."""

    def subject(self, name: str, meaning: Message | None) -> Message:
        """Say what has the distribution, given the name and the meaning of the parameter."""
        return meaning or Message("the prior of {}", name)


class Scaled:
    """A frozen dataclass with a scale, which factors multiply."""

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

    A new one is a family ``p(x / scale) / scale``. It states ``kind``, ``log_pdf``, ``draw`` and
    ``variable``; what is said, sampled and scaled follows.

    Parameters
    ----------
    scale : float
        A typical value, and the value itself where nothing is there to estimate it from.

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
        """Name the family, as "half-normal"; it goes before "with scale"."""

    @abstractmethod
    def log_pdf(self, value: Array) -> Array:
        """Log density of the value itself, normalised."""

    def constrain(self, u: Array) -> Array:
        """Take the exponential; far out it stops short of overflow."""
        return np.asarray(np.exp(np.clip(u, -LARGEST_LOG, LARGEST_LOG)))

    def unconstrain(self, value: Array) -> Array:
        """Take the log of a value, or of the least positive number in its place."""
        return np.asarray(np.log(np.maximum(value, LOWEST)))

    def log_density(self, u: Array) -> Array:
        """``log p(e^u) + u``, the last for ``dx / du``."""
        return np.asarray(self.log_pdf(self.constrain(u)) + u)

    def log_kernel(self, value: Array) -> Array:
        """``log p(x)``."""
        return self.log_pdf(value)

    @property
    def centre(self) -> float:
        """Its scale."""
        return self.scale

    @property
    def shorthand(self) -> float | ScalePrior:
        """What may be stated in its place: itself, but for the family that a number stands for."""
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
        """Half-normal."""
        return Message("half-normal")

    @property
    def shorthand(self) -> float:
        """Its scale."""
        return self.scale

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
